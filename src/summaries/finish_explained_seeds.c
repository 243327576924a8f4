/*
 * finish_explained_seeds.c - explanations of a model over the seeds of its training: what each seed
 * drifts, and how far two seeds are apart, which is the null of that.
 */
#include "drift_tests.h"
#include "explained_drift.h"

#include "qgrid/drift.h"
#include "qgrid/explained.h"
#include "qgrid/pooled.h"

#include <math.h>

/* What is taken of each text and seed. */
enum { OWN, REFERENCE, THAN_PTQ, COMPREHENSIVENESS, SUFFICIENCY, QUANTITIES };

typedef struct over_seeds {
    qg_results *r;
    const qg_cell *cell;
    int M, P, fp32, first, seeds;
    double *pooled[QUANTITIES];  /* [M, P, QG_POOLED] */
    double *of_seed[QUANTITIES]; /* [M, P, seeds] means */
    qg_drift_tests than_ptq, drift_and_seeds, reference_and_seeds;
    double *between; /* [M, QG_SUMMARIES] */
    int64_t *other_class;
} over_seeds;

static const qg_cell *cell_of(const over_seeds *x, int experiment, int precision, int method)
{
    return qg_plan_explain_cell(x->r->plan, experiment, precision, method);
}

static int reference_of(const over_seeds *x, int experiment)
{
    return x->r->plan->job->experiments[experiment].reference;
}

static qg_code make_tables(over_seeds *x)
{
    qg_arena *a = x->r->scratch;
    int64_t n = (int64_t)x->M * x->P;
    qg_drift_tests *test[] = {&x->than_ptq, &x->drift_and_seeds, &x->reference_and_seeds};
    for (int q = 0; q < QUANTITIES; q++) {
        QG_TRY(qg_undefined_numbers(&x->pooled[q], a, n * QG_POOLED));
        QG_TRY(qg_undefined_numbers(&x->of_seed[q], a, n * x->seeds));
    }
    for (int i = 0; i < 3; i++)
        QG_TRY(qg_drift_tests_make(test[i], x->r, x->P));
    QG_NEW(x->other_class, a, x->M);
    return qg_undefined_numbers(&x->between, a, (int64_t)x->M * QG_SUMMARIES);
}

/* ------------------------------------------------------------------------- two seeds of a model
 */

/* Mean of each text over the pairs of seeds that explain it for the same class. */
static qg_code between_seeds(double **out, over_seeds *x, int method)
{
    qg_text_means means;
    QG_TRY(qg_text_means_make(&means, x->r, x->first));
    for (int s = x->first; s < x->first + x->seeds; s++)
        for (int t = s + 1; t < x->first + x->seeds; t++) {
            qg_explained_drift d;
            qg_mark mark = qg_arena_mark(x->r->scratch);
            QG_TRY(qg_explained_drift_make(&d, x->r, cell_of(x, s, x->fp32, method),
                                           cell_of(x, t, x->fp32, method)));
            x->other_class[method] += d.other_class;
            QG_TRY(qg_text_means_add(&means, x->r, s, d.rho));
            qg_arena_release(x->r->scratch, mark);
        }
    *out = qg_text_means_take(&means);
    return qg_summarize(x->between + (int64_t)method * QG_SUMMARIES, *out, means.rows, 1,
                        &x->r->resampler, x->r->scratch);
}

/* --------------------------------------------------------------------------- quantities of texts
 */

/* Against the reference, and what that is more than what post-training quantization comes to. */
static qg_code read_reference(double *v[QUANTITIES], const over_seeds *x, const qg_cell *c)
{
    int reference = reference_of(x, c->experiment);
    qg_explained_drift d, ptq;
    QG_TRY(qg_undefined_numbers(&v[REFERENCE], x->r->scratch,
                                x->r->plan->explained[c->experiment].slots));
    QG_TRY(qg_undefined_numbers(&v[THAN_PTQ], x->r->scratch,
                                x->r->plan->explained[c->experiment].slots));
    if (reference < 0)
        return QG_OK;
    const qg_cell *base = cell_of(x, reference, x->fp32, c->method);
    QG_TRY(qg_explained_drift_make(&d, x->r, c, base));
    v[REFERENCE] = d.rho;
    if (c->precision == x->fp32)
        return QG_OK;
    QG_TRY(
        qg_explained_drift_make(&ptq, x->r, cell_of(x, reference, c->precision, c->method), base));
    for (int64_t i = 0; i < d.slots; i++)
        v[THAN_PTQ][i] = d.rho[i] - ptq.rho[i];
    return QG_OK;
}

static qg_code read_quantities(double *v[QUANTITIES], const over_seeds *x, const qg_cell *c)
{
    qg_results *r = x->r;
    QG_TRY(qg_drift_column(&v[OWN], r, c, QG_GROUP_DRIFT, "spearman"));
    QG_TRY(read_reference(v, x, c));
    if (r->plan->job->explain.faithful.n_k == 0) {
        int64_t slots = r->plan->explained[c->experiment].slots;
        QG_TRY(qg_undefined_numbers(&v[COMPREHENSIVENESS], r->scratch, slots));
        return qg_undefined_numbers(&v[SUFFICIENCY], r->scratch, slots);
    }
    QG_TRY(qg_drift_column(&v[COMPREHENSIVENESS], r, c, QG_GROUP_FAITHFULNESS,
                           "aopc_comprehensiveness"));
    return qg_drift_column(&v[SUFFICIENCY], r, c, QG_GROUP_FAITHFULNESS, "aopc_sufficiency");
}

/* ---------------------------------------------------------------------------------- over seeds */

/* One quantity: value [seeds], of each [slots]. */
static qg_code pool(over_seeds *x, int at, int quantity, const double *const *value,
                    const int64_t *count)
{
    const qg_job *job = x->r->plan->job;
    const qg_draws draws = {(int)job->bootstrap, (uint64_t)job->seed, NULL};
    double one[QG_POOLED];
    for (int s = 0; s < x->seeds; s++) {
        double summary[QG_SUMMARIES];
        QG_TRY(qg_summarize(summary, value[s], count[s], 1, &x->r->resampler, x->r->scratch));
        x->of_seed[quantity][(int64_t)at * x->seeds + s] = summary[QG_SUMMARY_mean];
    }
    QG_TRY(qg_pool(one, &(qg_seed_values){x->seeds, value, count}, &draws, x->r->scratch));
    for (int i = 0; i < QG_POOLED; i++)
        x->pooled[quantity][(int64_t)at * QG_POOLED + i] = one[i];
    return QG_OK;
}

/* The means of each text over the seeds. */
static qg_code means_of(double **out, int64_t *rows, const over_seeds *x,
                        const double *const *value)
{
    qg_text_means m;
    QG_TRY(qg_text_means_make(&m, x->r, x->first));
    for (int s = 0; s < x->seeds; s++)
        QG_TRY(qg_text_means_add(&m, x->r, x->first + s, value[s]));
    *rows = m.rows;
    *out = qg_text_means_take(&m);
    return QG_OK;
}

static qg_code test_all(over_seeds *x, int at, const double *const *value[QUANTITIES],
                        const double *between)
{
    double *own, *reference, *than_ptq, *zero;
    double margin = x->r->plan->job->margin.rho;
    int64_t rows;
    QG_TRY(means_of(&own, &rows, x, value[OWN]));
    QG_TRY(means_of(&reference, &rows, x, value[REFERENCE]));
    QG_TRY(means_of(&than_ptq, &rows, x, value[THAN_PTQ]));
    QG_NEW(zero, x->r->scratch, rows);
    QG_TRY(qg_drift_test(&x->drift_and_seeds, x->r, at, between, own, rows, margin));
    QG_TRY(qg_drift_test(&x->reference_and_seeds, x->r, at, between, reference, rows, margin));
    return qg_drift_test(&x->than_ptq, x->r, at, zero, than_ptq, rows, margin);
}

static qg_code sum_up(over_seeds *x, int method, int precision, const double *between)
{
    const double **value[QUANTITIES];
    int64_t *count;
    QG_NEW(count, x->r->scratch, x->seeds);
    for (int q = 0; q < QUANTITIES; q++)
        QG_NEW(value[q], x->r->scratch, x->seeds);
    for (int s = 0; s < x->seeds; s++) {
        double *v[QUANTITIES];
        QG_TRY(read_quantities(v, x, cell_of(x, x->first + s, precision, method)));
        count[s] = x->r->plan->explained[x->first + s].slots;
        for (int q = 0; q < QUANTITIES; q++)
            value[q][s] = v[q];
    }
    for (int q = 0; q < QUANTITIES; q++)
        QG_TRY(pool(x, method * x->P + precision, q, value[q], count));
    const double *const *given[QUANTITIES];
    for (int q = 0; q < QUANTITIES; q++)
        given[q] = value[q];
    return test_all(x, method * x->P + precision, given, between);
}

static qg_code write_all(const over_seeds *x)
{
    static const char *const pooled[QUANTITIES] = {"drift", "reference_drift", "than_ptq",
                                                   "aopc_comprehensiveness", "aopc_sufficiency"};
    static const char *const of_seed[] = {"drift_of_seed", "reference_drift_of_seed"};
    qg_results *r = x->r;
    qg_group_ref g = qg_cell_group(r->plan, x->cell, QG_GROUP_EXPLAINED_SEEDS);
    for (int q = 0; q < QUANTITIES; q++)
        QG_TRY(qg_results_write(r, g, pooled[q], QG_STORE_F64, NULL, NULL, x->pooled[q]));
    for (int q = OWN; q <= REFERENCE; q++)
        QG_TRY(qg_results_write(r, g, of_seed[q], QG_STORE_F64, NULL, NULL, x->of_seed[q]));
    QG_TRY(qg_drift_tests_write(&x->than_ptq, r, g, "than_ptq_test"));
    QG_TRY(qg_drift_tests_write(&x->drift_and_seeds, r, g, "drift_and_seeds"));
    QG_TRY(qg_drift_tests_write(&x->reference_and_seeds, r, g, "reference_and_seeds"));
    QG_TRY(qg_results_write(r, g, "between_seeds", QG_STORE_F64, NULL, NULL, x->between));
    return qg_results_write(r, g, "between_seeds_other_class", QG_STORE_I64, NULL, NULL,
                            x->other_class);
}

qg_code qg_finish_explained_seeds(qg_results *r, const qg_cell *c)
{
    const qg_job *job = r->plan->job;
    const qg_seed_group *g = &job->experiments[c->experiment].seed_group;
    over_seeds x = {.r = r,
                    .cell = c,
                    .M = job->explain.n_methods,
                    .P = job->n_precisions,
                    .fp32 = qg_job_reference(job),
                    .first = g->first,
                    .seeds = g->n};
    QG_TRY(make_tables(&x));
    for (int m = 0; m < x.M; m++) {
        qg_mark of_method = qg_arena_mark(r->scratch);
        double *between;
        QG_TRY(between_seeds(&between, &x, m));
        for (int p = 0; p < x.P; p++) {
            qg_mark mark = qg_arena_mark(r->scratch);
            QG_TRY(sum_up(&x, m, p, between));
            qg_arena_release(r->scratch, mark);
        }
        qg_arena_release(r->scratch, of_method);
    }
    QG_TRY(qg_drift_tests_adjust(&x.than_ptq, r));
    QG_TRY(qg_drift_tests_adjust(&x.drift_and_seeds, r));
    QG_TRY(qg_drift_tests_adjust(&x.reference_and_seeds, r));
    return write_all(&x);
}
