/*
 * explained_drift.c - how far explanations of different experiments are apart, text by text.
 */
#include "explained_drift.h"

#include "qgrid/drift.h"
#include "qgrid/explained.h"

#include <math.h>

/* The words' scores of a cell [slots, W], and the words of each slot. */
typedef struct scored {
    int64_t W;
    const int32_t *words;
    double *score;
} scored;

static qg_code read_scored(scored *out, qg_results *r, const qg_cell *c)
{
    qg_explained x;
    QG_TRY(qg_results_explained(&x, r, c->experiment));
    *out = (scored){.W = r->plan->explained[c->experiment].words, .words = x.words};
    QG_NEW(out->score, r->scratch, x.slots * out->W);
    return qg_results_read(r, qg_cell_group(r->plan, c, QG_GROUP_ATTRIBUTIONS), "word_scores",
                           QG_STORE_F64, NULL, NULL, out->score);
}

static qg_code compare(qg_explained_drift *out, qg_results *r, const qg_cell *of,
                       const qg_cell *reference, const qg_match *match)
{
    scored a, b;
    QG_TRY(read_scored(&a, r, of));
    QG_TRY(read_scored(&b, r, reference));
    for (int64_t i = 0; i < match->n; i++) {
        int64_t k = match->slot[i];
        if (k < 0)
            continue;
        /* A tokenizer that cuts earlier has scores of fewer words. */
        int words = a.words[i] < b.words[k] ? a.words[i] : b.words[k];
        QG_TRY(qg_drift_of(out->measure + i * QG_DRIFTS, b.score + k * b.W, a.score + i * a.W,
                           words, r->scratch));
        out->rho[i] = out->measure[i * QG_DRIFTS + QG_DRIFT_spearman];
    }
    return QG_OK;
}

qg_code qg_explained_drift_make(qg_explained_drift *out, qg_results *r, const qg_cell *of,
                                const qg_cell *reference)
{
    qg_match match;
    *out = (qg_explained_drift){.slots = r->plan->explained[of->experiment].slots};
    QG_TRY(qg_undefined_numbers(&out->measure, r->scratch, out->slots * QG_DRIFTS));
    QG_TRY(qg_undefined_numbers(&out->rho, r->scratch, out->slots));
    qg_mark m = qg_arena_mark(r->scratch);
    QG_TRY(qg_match_explanations(&match, r, of, reference));
    out->other_class = match.other_class;
    if (match.same > 0)
        QG_TRY(compare(out, r, of, reference, &match));
    qg_arena_release(r->scratch, m);
    return QG_OK;
}

qg_code qg_text_means_make(qg_text_means *out, qg_results *r, int experiment)
{
    const qg_plan *p = r->plan;
    *out = (qg_text_means){.rows = p->datasets[p->tokens[experiment]->dataset].data.n};
    QG_NEW(out->sum, r->scratch, out->rows);
    QG_NEW(out->n, r->scratch, out->rows);
    return QG_OK;
}

qg_code qg_text_means_add(qg_text_means *m, qg_results *r, int experiment, const double *v)
{
    qg_explained x;
    qg_mark mark = qg_arena_mark(r->scratch);
    QG_TRY(qg_results_explained(&x, r, experiment));
    for (int64_t i = 0; i < x.slots; i++)
        if (x.row[i] >= 0 && !isnan(v[i])) {
            m->sum[x.row[i]] += v[i];
            m->n[x.row[i]]++;
        }
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}

double *qg_text_means_take(qg_text_means *m)
{
    for (int64_t i = 0; i < m->rows; i++)
        m->sum[i] = m->n[i] > 0 ? m->sum[i] / (double)m->n[i] : (double)NAN;
    return m->sum;
}
