/*
 * finish_decomposition.c - how much of a drift from the reference is training, and how much is
 * quantization: the control was trained alike, but without it.
 *
 * Of each text: total = 1 - rho(variant, reference), training = 1 - rho(control in fp32,
 * reference), quantization = total - training, over the texts where both are defined.
 */
#include "drift_tests.h"
#include "explained_drift.h"

#include "qgrid/pooled.h"

#include <math.h>

enum { TOTAL, TRAINING, QUANTIZATION, PARTS };

typedef struct decomposition {
    qg_results *r;
    const qg_job_decomposition *of;
    int M, P, fp32;
    double *part[PARTS];  /* [M, P, QG_POOLED] */
    double *share[PARTS]; /* [M, P, QG_SHARES]; none of the total */
    qg_drift_tests test;  /* of the rest */
} decomposition;

static const qg_cell *cell_of(const decomposition *x, int experiment, int precision, int method)
{
    return qg_plan_explain_cell(x->r->plan, experiment, precision, method);
}

static qg_code make_tables(decomposition *x)
{
    int64_t n = (int64_t)x->M * x->P;
    for (int i = 0; i < PARTS; i++) {
        QG_TRY(qg_undefined_numbers(&x->part[i], x->r->scratch, n * QG_POOLED));
        QG_TRY(qg_undefined_numbers(&x->share[i], x->r->scratch, n * QG_SHARES));
    }
    return qg_drift_tests_make(&x->test, x->r, x->P);
}

/* The parts of one seed [slots]. */
static qg_code split(double *v[PARTS], int64_t *slots, const decomposition *x,
                     const qg_job_pair *pair, int precision, int method)
{
    qg_results *r = x->r;
    int reference = r->plan->job->experiments[pair->a].reference;
    const qg_cell *base = cell_of(x, reference, x->fp32, method);
    qg_explained_drift of, control;
    QG_TRY(qg_explained_drift_make(&of, r, cell_of(x, pair->a, precision, method), base));
    QG_TRY(qg_explained_drift_make(&control, r, cell_of(x, pair->b, x->fp32, method), base));
    QG_ASSERT(of.slots == control.slots);
    *slots = of.slots;
    for (int i = 0; i < PARTS; i++)
        QG_TRY(qg_undefined_numbers(&v[i], r->scratch, of.slots));
    for (int64_t i = 0; i < of.slots; i++) {
        if (isnan(of.rho[i]) || isnan(control.rho[i]))
            continue;
        v[TOTAL][i] = 1 - of.rho[i];
        v[TRAINING][i] = 1 - control.rho[i];
        v[QUANTIZATION][i] = control.rho[i] - of.rho[i];
    }
    return QG_OK;
}

/* Whether there is less left than the control drifts, of the means of each text over the seeds. */
static qg_code test_rest(decomposition *x, int at, const double *const *training,
                         const double *const *total)
{
    qg_text_means means[2];
    double *mean[2];
    for (int i = 0; i < 2; i++) {
        QG_TRY(qg_text_means_make(&means[i], x->r, x->of->pair[0].a));
        for (int s = 0; s < x->of->n; s++)
            QG_TRY(qg_text_means_add(&means[i], x->r, x->of->pair[s].a,
                                     (i == 0 ? training : total)[s]));
        mean[i] = qg_text_means_take(&means[i]);
    }
    return qg_drift_test(&x->test, x->r, at, mean[0], mean[1], means[0].rows,
                         x->r->plan->job->margin.rho);
}

static qg_code sum_up(decomposition *x, int method, int precision)
{
    qg_results *r = x->r;
    const qg_job *job = r->plan->job;
    const qg_draws draws = {(int)job->bootstrap, (uint64_t)job->seed, NULL};
    int64_t *count, at = (int64_t)method * x->P + precision;
    const double **value[PARTS];
    qg_seed_values given[PARTS];
    QG_NEW(count, r->scratch, x->of->n);
    for (int i = 0; i < PARTS; i++)
        QG_NEW(value[i], r->scratch, x->of->n);
    for (int s = 0; s < x->of->n; s++) {
        double *v[PARTS];
        QG_TRY(split(v, &count[s], x, &x->of->pair[s], precision, method));
        for (int i = 0; i < PARTS; i++)
            value[i][s] = v[i];
    }
    for (int i = 0; i < PARTS; i++) {
        given[i] = (qg_seed_values){x->of->n, value[i], count};
        QG_TRY(qg_pool(x->part[i] + at * QG_POOLED, &given[i], &draws, r->scratch));
    }
    for (int i = TRAINING; i < PARTS; i++)
        QG_TRY(qg_pooled_share(x->share[i] + at * QG_SHARES, &given[i], &given[TOTAL], &draws,
                               r->scratch));
    return test_rest(x, (int)at, value[TRAINING], value[TOTAL]);
}

qg_code qg_finish_decomposition(qg_results *r, const qg_cell *c)
{
    static const char *const part[PARTS] = {"total", "training", "quantization"};
    static const char *const share[PARTS] = {NULL, "training_share", "quantization_share"};
    const qg_job *job = r->plan->job;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_DECOMPOSITION);
    decomposition x = {.r = r,
                       .of = &job->decompositions[c->method],
                       .M = job->explain.n_methods,
                       .P = job->n_precisions,
                       .fp32 = qg_job_reference(job)};
    QG_TRY(make_tables(&x));
    for (int i = 0; i < x.M * x.P; i++) {
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(sum_up(&x, i / x.P, i % x.P));
        qg_arena_release(r->scratch, mark);
    }
    QG_TRY(qg_drift_tests_adjust(&x.test, r));
    for (int i = 0; i < PARTS; i++)
        QG_TRY(qg_results_write(r, g, part[i], QG_STORE_F64, NULL, NULL, x.part[i]));
    for (int i = TRAINING; i < PARTS; i++)
        QG_TRY(qg_results_write(r, g, share[i], QG_STORE_F64, NULL, NULL, x.share[i]));
    return qg_results_write(r, g, "quantization_test", QG_STORE_F64, NULL, NULL, x.test.difference);
}
