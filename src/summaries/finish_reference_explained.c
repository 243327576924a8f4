/*
 * finish_reference_explained.c - an experiment against the fp32 of its reference: explanations of
 * the same texts for the same class.
 */
#include "drift_tests.h"
#include "explained_drift.h"

#include "qgrid/drift.h"

#include <math.h>

/* What is written of each method and precision [M, P]. */
typedef struct comparison {
    qg_results *r;
    const qg_cell *cell;
    int M, P, fp32, reference; /* the experiment */
    double *drift;             /* [M, P, QG_SUMMARIES] */
    int64_t *other_class;      /* [M, P] */
    qg_drift_tests than_ptq;
} comparison;

static const qg_cell *cell_of(const comparison *x, int experiment, int precision, int method)
{
    return qg_plan_explain_cell(x->r->plan, experiment, precision, method);
}

static qg_code write_drift(const comparison *x, const qg_cell *c, const qg_explained_drift *d)
{
    qg_results *r = x->r;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_REFERENCE_DRIFT);
    double *v, summary[QG_DRIFTS][QG_SUMMARIES];
    QG_NEW(v, r->scratch, d->slots);
    for (int m = 0; m < QG_DRIFTS; m++) {
        for (int64_t i = 0; i < d->slots; i++)
            v[i] = d->measure[i * QG_DRIFTS + m];
        QG_TRY(qg_results_write(r, g, qg_drift_names[m], QG_STORE_F64, NULL, NULL, v));
        QG_TRY(qg_summarize(summary[m], v, d->slots, 1, &r->resampler, r->scratch));
    }
    return qg_results_write(r, g, "summary", QG_STORE_F64, NULL, NULL, summary);
}

/* Both are of the same texts, slot by slot: the same experiment chose them. */
static qg_code write_flipped(const comparison *x, const qg_cell *c, const qg_cell *base)
{
    qg_results *r = x->r;
    int64_t slots = r->plan->explained[c->experiment].slots;
    int32_t *mine, *other;
    QG_NEW(mine, r->scratch, slots);
    QG_NEW(other, r->scratch, slots);
    QG_TRY(qg_results_read(r, qg_cell_group(r->plan, c, QG_GROUP_ATTRIBUTIONS), "predicted",
                           QG_STORE_I32, NULL, NULL, mine));
    QG_TRY(qg_results_read(r, qg_cell_group(r->plan, base, QG_GROUP_ATTRIBUTIONS), "predicted",
                           QG_STORE_I32, NULL, NULL, other));
    for (int64_t i = 0; i < slots; i++)
        mine[i] = mine[i] < 0 || other[i] < 0 ? -1 : mine[i] != other[i];
    return qg_results_write(r, qg_cell_group(r->plan, c, QG_GROUP_REFERENCE_DRIFT), "flipped",
                            QG_STORE_I32, NULL, NULL, mine);
}

/* What the reference's own model comes to under the same precision: post-training quantization. */
static qg_code compare_with_ptq(comparison *x, int i, const qg_explained_drift *d)
{
    int method = i / x->P, precision = i % x->P;
    const qg_cell *base = cell_of(x, x->reference, x->fp32, method);
    qg_explained_drift ptq;
    if (precision == x->fp32)
        return QG_OK;
    QG_TRY(qg_explained_drift_make(&ptq, x->r, cell_of(x, x->reference, precision, method), base));
    QG_ASSERT(ptq.slots == d->slots);
    return qg_drift_test(&x->than_ptq, x->r, i, ptq.rho, d->rho, d->slots,
                         x->r->plan->job->margin.rho);
}

static qg_code compare(comparison *x, int i)
{
    int method = i / x->P, precision = i % x->P;
    const qg_cell *c = cell_of(x, x->cell->experiment, precision, method);
    const qg_cell *base = cell_of(x, x->reference, x->fp32, method);
    qg_explained_drift d;
    x->other_class[i] = -1;
    if (!qg_finish_is_done(x->r, c) || !qg_finish_is_done(x->r, base))
        return QG_OK;
    QG_TRY(qg_explained_drift_make(&d, x->r, c, base));
    x->other_class[i] = d.other_class;
    QG_TRY(qg_summarize(x->drift + (int64_t)i * QG_SUMMARIES, d.rho, d.slots, 1, &x->r->resampler,
                        x->r->scratch));
    QG_TRY(write_drift(x, c, &d));
    QG_TRY(write_flipped(x, c, base));
    return compare_with_ptq(x, i, &d);
}

/* Faithfulness of the variants minus that of the reference, on the texts of equal class. */
static qg_code write_faithfulness(const comparison *x, const char *name)
{
    qg_results *r = x->r;
    qg_drift_tests tests;
    double *mine, *other;
    QG_TRY(qg_drift_tests_make(&tests, r, x->P));
    for (int i = 0; i < x->M * x->P; i++) {
        const qg_cell *c = cell_of(x, x->cell->experiment, i % x->P, i / x->P);
        const qg_cell *base = cell_of(x, x->reference, x->fp32, i / x->P);
        qg_match match;
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(qg_match_explanations(&match, r, c, base));
        QG_TRY(qg_drift_column(&mine, r, c, QG_GROUP_FAITHFULNESS, name));
        QG_TRY(qg_drift_column(&other, r, base, QG_GROUP_FAITHFULNESS, name));
        for (int64_t k = 0; k < match.n; k++)
            mine[k] = match.slot[k] < 0 ? (double)NAN : mine[k];
        QG_TRY(qg_drift_test(&tests, r, i, other, mine, match.n, r->plan->job->margin.aopc));
        qg_arena_release(r->scratch, mark);
    }
    QG_TRY(qg_drift_tests_adjust(&tests, r));
    return qg_results_write(r, qg_cell_group(r->plan, x->cell, QG_GROUP_REFERENCE_EXPLAINED), name,
                            QG_STORE_F64, NULL, NULL, tests.difference);
}

qg_code qg_finish_reference_explained(qg_results *r, const qg_cell *c)
{
    const qg_job *job = r->plan->job;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_REFERENCE_EXPLAINED);
    comparison x = {.r = r,
                    .cell = c,
                    .M = job->explain.n_methods,
                    .P = job->n_precisions,
                    .fp32 = qg_job_reference(job),
                    .reference = job->experiments[c->experiment].reference};
    int64_t n = (int64_t)x.M * x.P;
    QG_TRY(qg_undefined_numbers(&x.drift, r->scratch, n * QG_SUMMARIES));
    QG_TRY(qg_drift_tests_make(&x.than_ptq, r, x.P));
    QG_NEW(x.other_class, r->scratch, n);
    for (int i = 0; i < n; i++) {
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(compare(&x, i));
        qg_arena_release(r->scratch, mark);
    }
    QG_TRY(qg_drift_tests_adjust(&x.than_ptq, r));
    QG_TRY(qg_results_write(r, g, "drift", QG_STORE_F64, NULL, NULL, x.drift));
    QG_TRY(qg_results_write(r, g, "other_class", QG_STORE_I64, NULL, NULL, x.other_class));
    QG_TRY(qg_drift_tests_write(&x.than_ptq, r, g, "than_ptq"));
    if (job->explain.faithful.n_k == 0)
        return QG_OK;
    QG_TRY(write_faithfulness(&x, "aopc_comprehensiveness"));
    return write_faithfulness(&x, "aopc_sufficiency");
}
