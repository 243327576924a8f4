/*
 * finish_explain.c - closing an explanation: measures of faithfulness summed up, drift against
 * fp32 with its floor and repeat.
 *
 * Everything is computed from what stands in the results file, in the order of the slots.
 */
#include "finish.h"

#include "qgrid/drift.h"
#include "qgrid/explained.h"

#include <math.h>
#include <string.h>

static qg_code summarize(double *out, qg_results *r, const double *v, int64_t n, int64_t stride)
{
    return qg_summarize(out, v, n, stride, &r->resampler, r->scratch);
}

/* ---------------------------------------------------------------------------------- faithfulness
 */

static qg_code sum_at_k(double *out, qg_results *r, qg_group_ref g, const char *name, int64_t slots)
{
    int64_t top = r->plan->job->explain.faithful.n_k;
    double *v;
    QG_NEW(v, r->scratch, slots * top);
    QG_TRY(qg_results_read(r, g, name, QG_STORE_F64, NULL, NULL, v));
    for (int64_t k = 0; k < top; k++)
        QG_TRY(summarize(out + k * QG_SUMMARIES, r, v + k, slots, top));
    return QG_OK;
}

static qg_code sum_faithfulness(qg_results *r, const qg_cell *c)
{
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_FAITHFULNESS);
    int64_t slots = r->plan->explained[c->experiment].slots;
    int64_t top = r->plan->job->explain.faithful.n_k;
    double *v, *all, *at_k, scalar[QG_FAITHFULS * QG_SUMMARIES];
    QG_NEW(v, r->scratch, slots);
    QG_NEW(all, r->scratch, slots * QG_FAITHFULS);
    QG_NEW(at_k, r->scratch, QG_FAITHFULS_AT_K * top * QG_SUMMARIES);
#define X(name, doc)                                                                               \
    QG_TRY(qg_results_read(r, g, #name, QG_STORE_F64, NULL, NULL, v));                             \
    for (int64_t i = 0; i < slots; i++)                                                            \
        all[i * QG_FAITHFULS + QG_FAITHFUL_##name] = v[i];                                         \
    QG_TRY(summarize(scalar + QG_FAITHFUL_##name * QG_SUMMARIES, r, v, slots, 1));
    QG_FAITHFUL_LIST(X)
#undef X
#define X(name, doc)                                                                               \
    QG_TRY(sum_at_k(at_k + QG_FAITHFUL_AT_K_##name * top * QG_SUMMARIES, r, g, #name, slots));
    QG_FAITHFUL_AT_K_LIST(X)
#undef X
    QG_TRY(qg_finish_explained_by_group(r, c, QG_GROUP_FAITHFULNESS_BY_GROUP, all, QG_FAITHFULS));
    QG_TRY(qg_results_write(r, g, "summary", QG_STORE_F64, NULL, NULL, scalar));
    return qg_results_write(r, g, "summary_at_k", QG_STORE_F64, NULL, NULL, at_k);
}

/* ----------------------------------------------------------------------------------------- drift
 */

/* The explanations of a cell, slot by slot. */
typedef struct scores {
    double *word; /* [slots, W] */
    int32_t *target, *predicted;
} scores;

static qg_code read_scores(scores *out, qg_results *r, const qg_cell *c)
{
    const qg_plan_explained *x = &r->plan->explained[c->experiment];
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_ATTRIBUTIONS);
    QG_NEW(out->word, r->scratch, x->slots * x->words);
    QG_NEW(out->target, r->scratch, x->slots);
    QG_NEW(out->predicted, r->scratch, x->slots);
    QG_TRY(qg_results_read(r, g, "word_scores", QG_STORE_F64, NULL, NULL, out->word));
    QG_TRY(qg_results_read(r, g, "target", QG_STORE_I32, NULL, NULL, out->target));
    return qg_results_read(r, g, "predicted", QG_STORE_I32, NULL, NULL, out->predicted);
}

/* Numbers [slots, QG_DRIFTS]. */
typedef struct drifts {
    double *drift, *floor, *repeat;
    int32_t *flipped;
} drifts;

static qg_code make_drifts(drifts *d, qg_arena *a, int64_t slots)
{
    double **tables[] = {&d->drift, &d->floor, &d->repeat};
    for (int t = 0; t < 3; t++)
        QG_TRY(qg_undefined_numbers(tables[t], a, slots * QG_DRIFTS));
    QG_NEW(d->flipped, a, slots);
    return QG_OK;
}

/* The explanations of a precision, those of fp32, and those drawn once more, twice. */
typedef struct compared {
    scores of, reference;
    double *again[QG_REPEATS]; /* [slots, words]; NULL: the method draws nothing */
} compared;

static qg_code read_repeats(compared *out, qg_results *r, const qg_cell *f)
{
    static const char *const names[QG_REPEATS] = {"word_scores_a", "word_scores_b"};
    const qg_plan_explained *x = &r->plan->explained[f->experiment];
    qg_group_ref g = qg_cell_group(r->plan, f, QG_GROUP_REPEAT);
    if (qg_plan_repeats(r->plan, f) == 0)
        return QG_OK;
    for (int i = 0; i < QG_REPEATS; i++) {
        QG_NEW(out->again[i], r->scratch, x->slots * x->words);
        QG_TRY(qg_results_read(r, g, names[i], QG_STORE_F64, NULL, NULL, out->again[i]));
    }
    return QG_OK;
}

/* Explanations of different classes are not compared. */
static qg_code compare_slot(drifts *d, qg_results *r, const qg_cell *c, const compared *with,
                            const qg_explained *x, int64_t slot)
{
    const scores *of = &with->of, *reference = &with->reference;
    int64_t row = x->row[slot];
    int words = x->words[slot];
    const qg_plan *p = r->plan;
    const qg_plan_tokens *t = p->tokens[c->experiment];
    const qg_explain_options *o = &p->job->explain;
    int64_t at = slot * p->explained[c->experiment].words, to = slot * QG_DRIFTS;
    uint64_t key = qg_explain_key(t->ids + t->splits[row], t->splits[row + 1] - t->splits[row]);
    const double *a = reference->word + at;
    d->flipped[slot] = of->predicted[slot] != reference->predicted[slot];
    QG_TRY(qg_drift_floor(d->floor + to, a, words, (uint64_t)o->seed, key, (int)o->floor_draws,
                          r->scratch));
    if (with->again[0])
        QG_TRY(qg_drift_repeat(d->repeat + to, with->again[0] + at, with->again[1] + at, words,
                               r->scratch));
    if (of->target[slot] != reference->target[slot])
        return QG_OK;
    return qg_drift_of(d->drift + to, a, of->word + at, words, r->scratch);
}

static qg_code write_columns(qg_results *r, qg_group_ref g, const double *drift, int64_t slots)
{
    double *v;
    QG_ASSERT(slots >= 0);
    QG_NEW(v, r->scratch, slots);
#define X(name, doc)                                                                               \
    for (int64_t i = 0; i < slots; i++)                                                            \
        v[i] = drift[i * QG_DRIFTS + QG_DRIFT_##name];                                             \
    QG_TRY(qg_results_write(r, g, #name, QG_STORE_F64, NULL, NULL, v));
    QG_DRIFT_LIST(X)
#undef X
    return QG_OK;
}

/* Rows of the summary: the drift of all texts, of those whose prediction is as fp32's and of the
 * others, and both bounds. */
static qg_code write_summary(qg_results *r, qg_group_ref g, const drifts *d, int64_t slots)
{
    double *v, out[QG_SUBSETS][QG_DRIFTS][QG_SUMMARIES];
    QG_NEW(v, r->scratch, slots * QG_DRIFTS);
    for (int s = 0; s < QG_SUBSETS; s++) {
        const double *from = s == QG_SUBSET_floor    ? d->floor
                             : s == QG_SUBSET_repeat ? d->repeat
                                                     : d->drift;
        for (int64_t i = 0; i < slots * QG_DRIFTS; i++) {
            int32_t flipped = d->flipped[i / QG_DRIFTS];
            bool out_of_it = (s == QG_SUBSET_unflipped && flipped != 0) ||
                             (s == QG_SUBSET_flipped && flipped != 1);
            v[i] = out_of_it ? (double)NAN : from[i];
        }
        for (int m = 0; m < QG_DRIFTS; m++)
            QG_TRY(summarize(out[s][m], r, v + m, slots, QG_DRIFTS));
    }
    return qg_results_write(r, g, "summary", QG_STORE_F64, NULL, NULL, out);
}

/* Drift of a cell against that of fp32. */
static qg_code write_drift(qg_results *r, const qg_cell *c, const qg_cell *f)
{
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_DRIFT);
    int64_t slots = r->plan->explained[c->experiment].slots;
    compared with = {0};
    qg_explained x;
    drifts d;
    QG_TRY(qg_results_explained(&x, r, c->experiment));
    QG_TRY(make_drifts(&d, r->scratch, slots));
    QG_TRY(read_scores(&with.of, r, c));
    QG_TRY(read_scores(&with.reference, r, f));
    QG_TRY(read_repeats(&with, r, f));
    for (int64_t i = 0; i < slots; i++) {
        d.flipped[i] = -1;
        if (x.row[i] >= 0)
            QG_TRY(compare_slot(&d, r, c, &with, &x, i));
    }
    QG_TRY(write_columns(r, g, d.drift, slots));
    QG_TRY(qg_finish_explained_by_group(r, c, QG_GROUP_DRIFT_BY_GROUP, d.drift, QG_DRIFTS));
    QG_TRY(qg_results_write(r, g, "flipped", QG_STORE_I32, NULL, NULL, d.flipped));
    QG_TRY(qg_results_write(r, g, "floor", QG_STORE_F64, NULL, NULL, d.floor));
    QG_TRY(qg_results_write(r, g, "repeat", QG_STORE_F64, NULL, NULL, d.repeat));
    return write_summary(r, g, &d, slots);
}

/* Whichever comes last, an explanation or that of fp32, completes the pair. */
static qg_code write_drifts(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int reference = qg_job_reference(p->job);
    const qg_cell *f = qg_plan_explain_cell(p, c->experiment, reference, c->method);
    if (!qg_finish_task_done(r, f->task))
        return QG_OK;
    for (int i = 0; i < p->job->n_precisions; i++) {
        const qg_cell *other = qg_plan_explain_cell(p, c->experiment, i, c->method);
        if (i == reference || (other != c && f != c) || !qg_finish_task_done(r, other->task))
            continue;
        qg_mark m = qg_arena_mark(r->scratch);
        QG_TRY(write_drift(r, other, f));
        qg_arena_release(r->scratch, m);
    }
    return QG_OK;
}

static qg_code count_missed(qg_results *r, const qg_cell *c)
{
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_ATTRIBUTIONS);
    int64_t slots = r->plan->explained[c->experiment].slots, missed = 0;
    int32_t *reached;
    QG_NEW(reached, r->scratch, slots);
    QG_TRY(qg_results_read(r, g, "tolerance_reached", QG_STORE_I32, NULL, NULL, reached));
    for (int64_t i = 0; i < slots; i++)
        missed += reached[i] == 0;
    return qg_results_write(r, g, "tolerance_missed", QG_STORE_I64, NULL, NULL, &missed);
}

qg_code qg_finish_explanation(qg_results *r, const qg_cell *c)
{
    QG_TRY(count_missed(r, c));
    if (r->plan->job->explain.faithful.n_k > 0)
        QG_TRY(sum_faithfulness(r, c));
    if (r->plan->datasets[r->plan->tokens[c->experiment]->dataset].data.pairs)
        QG_TRY(qg_finish_cues(r, c));
    return write_drifts(r, c);
}
