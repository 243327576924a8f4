/*
 * probe_cues.c - how high the cues of minimal pairs rank in an explanation of their texts.
 */
#include "finish.h"

#include "qgrid/explained.h"
#include "qgrid/pair_scores.h"

#include <math.h>

/* The explained texts of a cell, and the cues in them. */
typedef struct ranking {
    const qg_minimal_pairs *pairs;
    qg_explained texts;
    int64_t W;     /* places of words of a slot */
    double *score; /* [slots, W] */
    int64_t *cues; /* [slots] */
    double *rank;  /* [slots] their mean */
    qg_ranked_cue *cue;
    int64_t n;
} ranking;

static qg_code begin(ranking *x, qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    const qg_dataset *d = &p->datasets[p->tokens[c->experiment]->dataset].data;
    *x = (ranking){.pairs = d->pairs, .W = p->explained[c->experiment].words};
    QG_TRY(qg_results_explained(&x->texts, r, c->experiment));
    int64_t slots = x->texts.slots;
    QG_NEW(x->score, r->scratch, slots * x->W);
    QG_NEW(x->cues, r->scratch, slots);
    QG_NEW(x->rank, r->scratch, slots);
    QG_NEW(x->cue, r->scratch, d->pairs->cue_splits[d->n]);
    return qg_results_read(r, qg_cell_group(p, c, QG_GROUP_ATTRIBUTIONS), "word_scores",
                           QG_STORE_F64, NULL, NULL, x->score);
}

/* A cue is where its best word is; false: none of its words has a score. */
static bool rank_cue(qg_ranked_cue *out, const double *rank, int words, const qg_cue_place *at)
{
    int scored = 0;
    out->rank = INFINITY;
    for (int w = at->first; w <= at->last && w < words; w++) {
        if (isnan(rank[w]))
            continue;
        out->rank = fmin(out->rank, rank[w]);
        scored++;
    }
    if (scored == 0)
        return false;
    out->chance = qg_cue_by_chance(scored, out->words);
    return true;
}

/* Cues that were cut off with the end of a long text do not count. */
static qg_code rank_slot(ranking *x, int64_t slot, qg_arena *scratch)
{
    const qg_minimal_pairs *p = x->pairs;
    int64_t row = x->texts.row[slot];
    int words = x->texts.words[slot], scored;
    double *rank, sum = 0;
    qg_mark m = qg_arena_mark(scratch);
    QG_NEW(rank, scratch, words);
    QG_TRY(qg_word_ranks(rank, &scored, x->score + slot * x->W, words, scratch));
    x->cues[slot] = 0;
    for (int64_t k = p->cue_splits[row]; k < p->cue_splits[row + 1]; k++) {
        qg_ranked_cue c = {.text = slot, .phenomenon = p->of_row[row], .words = scored};
        if (!rank_cue(&c, rank, words, &p->cue[k]))
            continue;
        sum += c.rank;
        x->cues[slot]++;
        x->cue[x->n++] = c;
    }
    x->rank[slot] = x->cues[slot] > 0 ? sum / (double)x->cues[slot] : (double)NAN;
    qg_arena_release(scratch, m);
    return QG_OK;
}

qg_code qg_finish_cues(qg_results *r, const qg_cell *c)
{
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_CUES);
    ranking x;
    double(*summary)[QG_CUE_SCORES];
    QG_TRY(begin(&x, r, c));
    for (int64_t i = 0; i < x.texts.slots; i++) {
        x.cues[i] = -1;
        x.rank[i] = (double)NAN;
        if (x.texts.row[i] >= 0)
            QG_TRY(rank_slot(&x, i, r->scratch));
    }
    QG_NEW(summary, r->scratch, x.pairs->n_phenomena + 1);
    for (int k = 0; k <= x.pairs->n_phenomena; k++)
        qg_cue_score(summary[k], x.cue, x.n, k - 1);
    QG_TRY(qg_results_write(r, g, "cues", QG_STORE_I64, NULL, NULL, x.cues));
    QG_TRY(qg_results_write(r, g, "rank", QG_STORE_F64, NULL, NULL, x.rank));
    return qg_results_write(r, g, "summary", QG_STORE_F64, NULL, NULL, summary);
}
