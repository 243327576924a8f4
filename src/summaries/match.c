/*
 * match.c - which texts two explanations have in common, and for which class.
 *
 * Scores for one class say nothing about those for another: only explanations of equal text and
 * class are compared, and the others are counted.
 */
#include "finish.h"

#include "qgrid/explained.h"

/* Of each slot of a cell: the row that it explains, -1 for none, and for which class. */
typedef struct slots {
    int64_t n, *row;
    int32_t *target;
} slots;

static qg_code read_slots(slots *out, qg_results *r, const qg_cell *c)
{
    qg_explained x;
    QG_TRY(qg_results_explained(&x, r, c->experiment));
    *out = (slots){.n = x.slots, .row = x.row};
    QG_NEW(out->target, r->scratch, x.slots);
    return qg_results_read(r, qg_cell_group(r->plan, c, QG_GROUP_ATTRIBUTIONS), "target",
                           QG_STORE_I32, NULL, NULL, out->target);
}

static void match_slots(qg_match *out, const slots *a, const slots *b, const int64_t *slot_of_row)
{
    for (int64_t i = 0; i < a->n; i++) {
        int64_t k = a->row[i] < 0 ? -1 : slot_of_row[a->row[i]];
        if (k < 0)
            continue;
        if (a->target[i] == b->target[k]) {
            out->slot[i] = k;
            out->same++;
        } else {
            out->other_class++;
        }
    }
}

qg_code qg_match_explanations(qg_match *out, qg_results *r, const qg_cell *a, const qg_cell *b)
{
    const qg_plan *p = r->plan;
    int64_t rows = p->datasets[p->tokens[a->experiment]->dataset].data.n, *slot_of_row;
    slots of_a, of_b;
    QG_ASSERT(p->tokens[a->experiment]->dataset == p->tokens[b->experiment]->dataset);
    *out = (qg_match){.n = p->explained[a->experiment].slots};
    QG_NEW(out->slot, r->scratch, out->n);
    for (int64_t i = 0; i < out->n; i++)
        out->slot[i] = -1;
    if (!qg_finish_is_done(r, a) || !qg_finish_is_done(r, b))
        return QG_OK;
    QG_TRY(read_slots(&of_a, r, a));
    QG_TRY(read_slots(&of_b, r, b));
    QG_NEW(slot_of_row, r->scratch, rows);
    for (int64_t i = 0; i < rows; i++)
        slot_of_row[i] = -1;
    for (int64_t k = 0; k < of_b.n; k++)
        if (of_b.row[k] >= 0)
            slot_of_row[of_b.row[k]] = k;
    match_slots(out, &of_a, &of_b, slot_of_row);
    return QG_OK;
}
