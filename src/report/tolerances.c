/*
 * tolerances.c - explanations that are less complete than was asked for.
 */
#include "table.h"

#include <math.h>
#include <string.h>

/* Of the texts whose tolerance was not reached: the most steps, and the largest |delta|. */
static qg_code worst_of(double *steps, double *delta, qg_reading *r, const qg_read_cell *c)
{
    qg_store_info info;
    char *path;
    int32_t *reached;
    int64_t *used;
    double *off;
    QG_TRY(qg_reading_path(&path, r, "/attributions/{model}/{dataset}/{precision}/{method}", c));
    const char *at = qg_arena_printf(r->arena, "%s/tolerance_reached", path);
    const char *of_steps = qg_arena_printf(r->arena, "%s/steps", path);
    const char *of_delta = qg_arena_printf(r->arena, "%s/delta", path);
    if (!at || !of_steps || !of_delta)
        return QG_ENOMEM;
    QG_TRY(qg_store_describe(&info, r->store, at));
    QG_NEW(reached, r->arena, info.shape[0]);
    QG_NEW(used, r->arena, info.shape[0]);
    QG_NEW(off, r->arena, info.shape[0]);
    QG_TRY(qg_store_read(r->store, at, QG_STORE_I32, NULL, NULL, reached));
    QG_TRY(qg_store_read(r->store, of_steps, QG_STORE_I64, NULL, NULL, used));
    QG_TRY(qg_store_read(r->store, of_delta, QG_STORE_F64, NULL, NULL, off));
    *steps = *delta = 0;
    for (int64_t i = 0; i < info.shape[0]; i++) {
        if (reached[i] != 0)
            continue;
        *steps = fmax(*steps, (double)used[i]);
        *delta = fmax(*delta, fabs(off[i]));
    }
    return QG_OK;
}

qg_code qg_table_tolerances(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"cell", NULL, QG_TEXT, 0},
        {"texts", NULL, QG_SIGNIFICANT, 6},
        {"steps", NULL, QG_SIGNIFICANT, 6},
        {"largest delta", NULL, QG_SIGNIFICANT, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_value *v;
        char *group;
        if (strcmp(c->kind, "explain") != 0)
            continue;
        QG_TRY(
            qg_reading_path(&group, r, "/attributions/{model}/{dataset}/{precision}/{method}", c));
        double missed = qg_table_count(r, group, "tolerance_missed");
        if (!(missed > 0))
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = c->name;
        v[1].number = missed;
        QG_TRY(worst_of(&v[2].number, &v[3].number, r, c));
    }
    return QG_OK;
}
