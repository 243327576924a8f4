/*
 * warnings.c - cells that are done and whose numbers should not be trusted.
 */
#include "table.h"

#include <string.h>

qg_code qg_table_warnings(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"", NULL, QG_TEXT, 0}, {"cell", NULL, QG_TEXT, 0}, {"why", NULL, QG_TEXT, 0}};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_value *v;
        char *group;
        if (strcmp(c->kind, "predict") != 0 || c->state != QG_STATE_DONE)
            continue;
        QG_TRY(qg_reading_path(&group, r, "/metrics/{model}/{dataset}/{precision}", c));
        double same = qg_table_count(r, group, "same_logits");
        if (!(same > 0))
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = "warning";
        v[1].text = c->name;
        v[2].text = qg_arena_printf(
            r->arena, "%.0f texts have the logits, to the bit, of a text with other tokens", same);
        if (!v[2].text)
            return QG_ENOMEM;
    }
    return QG_OK;
}
