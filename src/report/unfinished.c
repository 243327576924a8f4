/*
 * unfinished.c - cells that are not done, and why.
 */
#include "table.h"

static qg_code add_cells(qg_table *t, const qg_reading *r, bool open_too)
{
    static const qg_column columns[] = {
        {"state", NULL, QG_TEXT, 0},
        {"cell", NULL, QG_TEXT, 0},
        {"why", NULL, QG_TEXT, 0},
    };
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_value *v;
        if (c->state == QG_STATE_DONE || (c->state == QG_STATE_OPEN && !open_too))
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = qg_read_cell_state(c);
        v[1].text = c->name;
        v[2].text = c->error;
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
