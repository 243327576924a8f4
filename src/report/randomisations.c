/*
 * randomisations.c - parameter-randomisation checks: one row each, of a model whose classifier
 * alone and of one whose parameters all were drawn anew.
 */
#include "table.h"

#include <string.h>

/* Mean of a row of one of the summaries of a check; the last row where `row` is NULL. */
static qg_code read_mean(qg_value *out, qg_reading *r, const qg_read_cell *c, const char *summary,
                         const char *row)
{
    qg_matrix m;
    char *path;
    const char *pattern = qg_arena_printf(
        r->arena, "/randomisation/{model}/{dataset}/{precision}/{method}/%s", summary);
    if (!pattern)
        return QG_ENOMEM;
    QG_TRY(qg_reading_path(&path, r, pattern, c));
    QG_TRY(qg_matrix_read(&m, r, path, NULL, "drawn_part", "summary_statistic"));
    if (!row && m.rows > 0 && m.row)
        row = m.row[m.rows - 1];
    out->number = qg_matrix_at(&m, NULL, row, "mean");
    return QG_OK;
}

static qg_code read_rise(qg_value *out, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    char *path;
    QG_TRY(qg_reading_path(
        &path, r, "/randomisation/{model}/{dataset}/{precision}/{method}/complexity_summary", c));
    QG_TRY(qg_matrix_read(&m, r, path, NULL, "summary_statistic", NULL));
    out->number = qg_matrix_at(&m, NULL, "mean", NULL);
    return QG_OK;
}

qg_code qg_table_randomisations(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"explanation", NULL, QG_TEXT, 0}, {"classifier", NULL, QG_FIXED, 3},
        {"all parts", NULL, QG_FIXED, 3},  {"all, smooth", NULL, QG_FIXED, 3},
        {"complexity", NULL, QG_FIXED, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_value *v;
        if (strcmp(c->kind, "randomise") != 0 || c->state != QG_STATE_DONE)
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = qg_arena_printf(r->arena, "%s/%s/%s", c->experiment, c->precision, c->method);
        if (!v[0].text)
            return QG_ENOMEM;
        QG_TRY(read_mean(&v[1], r, c, "summary", "classifier"));
        QG_TRY(read_mean(&v[2], r, c, "summary", NULL));
        QG_TRY(read_mean(&v[3], r, c, "smooth_summary", NULL));
        QG_TRY(read_rise(&v[4], r, c));
    }
    return QG_OK;
}
