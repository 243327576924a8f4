/*
 * unfinished.c - cells that are not done, and why; units that were begun in vain.
 */
#include "table.h"

#include "qgrid/units_read.h"

static qg_code add_cells(qg_table *t, const qg_reading *r, bool open_too)
{
    static const qg_column columns[] = {
        {"state", NULL, QG_TEXT, 0},
        {"cell", NULL, QG_TEXT, 0},
        {"why", NULL, QG_TEXT, 0},
    };
    qg_listed_cell *listed;
    qg_listed_group *group;
    int n = 0, n_groups;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    QG_NEW(listed, r->arena, r->n);
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (c->state == QG_STATE_DONE || (c->state == QG_STATE_OPEN && !open_too))
            continue;
        const char *why = qg_read_cell_why(r, c);
        if (!why)
            return QG_ENOMEM;
        listed[n++] = (qg_listed_cell){c->name, c->kind, qg_read_cell_state(c), why};
    }
    QG_TRY(qg_listed_groups(&group, &n_groups, r->arena, listed, n));
    for (int i = 0; i < n_groups; i++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = group[i].like.state;
        v[1].text = qg_listed_group_text(r->arena, &group[i]);
        v[2].text = group[i].like.why;
        if (!v[1].text)
            return QG_ENOMEM;
    }
    return QG_OK;
}

qg_code qg_table_unfinished(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    (void)none;
    return add_cells(t, r, false);
}

qg_code qg_table_to_do(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    (void)none;
    return add_cells(t, r, true);
}

/* A column of /timing/units, or zeros where the file has none. */
static qg_code read_counts(uint8_t **out, qg_reading *r, const char *path, int n)
{
    qg_store_info info;
    QG_NEW(*out, r->arena, n);
    if (!qg_store_has(r->store, path))
        return QG_OK;
    QG_TRY(qg_store_describe(&info, r->store, path));
    if (info.type != QG_STORE_U8 || info.ndim != 1 || info.shape[0] != n)
        return QG_OK;
    return qg_store_read(r->store, path, QG_STORE_U8, NULL, NULL, *out);
}

qg_code qg_table_attempts(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"", NULL, QG_TEXT, 0}, {"unit", NULL, QG_TEXT, 0}, {"attempts", NULL, QG_TEXT, 0}};
    qg_read_units units;
    uint8_t *attempts, *dropped;
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    QG_TRY(qg_units_read(&units, r->store, r->arena));
    QG_TRY(read_counts(&attempts, r, "/timing/units/attempts", units.n));
    QG_TRY(read_counts(&dropped, r, "/timing/units/dropped", units.n));
    for (int u = 0; u < units.n; u++) {
        qg_value *v;
        if (units.state[u] != QG_STATE_OPEN || attempts[u] + dropped[u] == 0)
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = "unit";
        v[1].text = qg_arena_printf(r->arena, "%s, rows %lld to %lld", units.cell[u],
                                    (long long)units.first[u],
                                    (long long)(units.first[u] + units.count[u] - 1));
        v[2].text = qg_arena_printf(r->arena,
                                    "ranks died on it or lacked memory %d times, it was dropped "
                                    "unfinished %d times",
                                    attempts[u], dropped[u]);
        if (!v[1].text || !v[2].text)
            return QG_ENOMEM;
    }
    return QG_OK;
}
