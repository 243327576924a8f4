/*
 * finish_reference.c - an experiment against the fp32 of its reference: predictions.
 *
 * A variant is an experiment under a precision. Every one is compared with the same model, so that
 * training and quantization can be told apart.
 */
#include "drift_tests.h"

#include "qgrid/metrics.h"
#include "qgrid/statistics.h"

#include <math.h>

/* What is written of each precision [P]. */
typedef struct variants {
    int P;
    int64_t *both_right, *harmful, *beneficial, *neutral, *both_wrong;
    double *agreement, *mcnemar_p, *mcnemar_p_holm, *kl, *js, *tv;
    double *difference;                               /* [P, QG_COMPARED, QG_DIFFERENCES] */
    double *accuracy_equivalent, *accuracy_not_below; /* [P, QG_WITHINS] */
} variants;

static qg_code make_variants(variants *x, qg_arena *a, int P)
{
    int64_t **count[] = {&x->both_right, &x->harmful, &x->beneficial, &x->neutral, &x->both_wrong};
    double **number[] = {&x->agreement, &x->mcnemar_p, &x->mcnemar_p_holm, &x->kl, &x->js, &x->tv};
    x->P = P;
    for (size_t i = 0; i < sizeof count / sizeof count[0]; i++) {
        QG_NEW(*count[i], a, P);
        for (int k = 0; k < P; k++)
            (*count[i])[k] = -1;
    }
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++)
        QG_TRY(qg_undefined_numbers(number[i], a, P));
    QG_TRY(qg_undefined_numbers(&x->accuracy_equivalent, a, P * QG_WITHINS));
    QG_TRY(qg_undefined_numbers(&x->accuracy_not_below, a, P * QG_WITHINS));
    return qg_undefined_numbers(&x->difference, a, P * QG_COMPARED * QG_DIFFERENCES);
}

/* What became right, wrong, or wrong in another way. */
static void count_flips(variants *x, int i, const qg_predictions *reference,
                        const qg_predictions *of)
{
    qg_mcnemar m;
    qg_mcnemar_test(&m, of->label, reference->predicted, of->predicted, of->n, QG_ANY_CLASS);
    x->both_right[i] = m.both_right;
    x->harmful[i] = m.only_a;
    x->beneficial[i] = m.only_b;
    x->neutral[i] = 0;
    for (int64_t k = 0; k < of->n; k++)
        x->neutral[i] += of->label[k] >= 0 && of->label[k] != of->predicted[k] &&
                         of->label[k] != reference->predicted[k] &&
                         of->predicted[k] != reference->predicted[k];
    x->both_wrong[i] = m.both_wrong - x->neutral[i];
    x->mcnemar_p[i] = m.p_exact;
}

static qg_code compare_metrics(variants *x, qg_results *r, int i, const qg_predictions *reference,
                               const qg_predictions *of)
{
    const qg_job *job = r->plan->job;
    const qg_draws draws = {(int)job->bootstrap, (uint64_t)job->seed, NULL};
    qg_bootstrap d[QG_COMPARED];
    QG_TRY(qg_bootstrap_metrics(d, reference, of, job->absent, &draws, r->scratch));
    for (int m = 0; m < QG_COMPARED; m++) {
        double *out = x->difference + (i * QG_COMPARED + m) * QG_DIFFERENCES;
        out[QG_DIFFERENCE_difference] = d[m].difference;
        out[QG_DIFFERENCE_ci_low] = d[m].low;
        out[QG_DIFFERENCE_ci_high] = d[m].high;
        out[QG_DIFFERENCE_p] = d[m].p_two_sided;
    }
    return QG_OK;
}

static qg_code compare(variants *x, qg_results *r, int i, const qg_predictions *reference,
                       const qg_predictions *of)
{
    qg_divergence d;
    x->agreement[i] = qg_agreement(reference->predicted, of->predicted, of->n);
    qg_divergence_mean(&d, reference->probabilities, of->probabilities, of->n, of->K);
    x->kl[i] = d.kl;
    x->js[i] = d.js;
    x->tv[i] = d.tv;
    if (!qg_any_label(of))
        return QG_OK;
    count_flips(x, i, reference, of);
    QG_TRY(qg_accuracy_within(x->accuracy_equivalent + i * QG_WITHINS,
                              x->accuracy_not_below + i * QG_WITHINS, reference, of,
                              r->plan->job->margin.accuracy, r->scratch));
    return compare_metrics(x, r, i, reference, of);
}

/* A family for McNemar's tests, for each question about accuracy, and for the differences of
 * metrics. */
static qg_code adjust(variants *x, qg_arena *a)
{
    double *p, *holm;
    int n = x->P * QG_COMPARED;
    QG_TRY(qg_holm(x->mcnemar_p_holm, x->mcnemar_p, x->P, a));
    QG_TRY(qg_within_adjust(x->accuracy_equivalent, x->P, a));
    QG_TRY(qg_within_adjust(x->accuracy_not_below, x->P, a));
    QG_NEW(p, a, n);
    QG_NEW(holm, a, n);
    for (int i = 0; i < n; i++)
        p[i] = x->difference[i * QG_DIFFERENCES + QG_DIFFERENCE_p];
    QG_TRY(qg_holm(holm, p, n, a));
    for (int i = 0; i < n; i++)
        x->difference[i * QG_DIFFERENCES + QG_DIFFERENCE_p_holm] = holm[i];
    return QG_OK;
}

static qg_code write_variants(qg_results *r, qg_group_ref g, const variants *x)
{
#define WRITE(name, type)                                                                          \
    QG_TRY(qg_results_write(r, g, #name, QG_STORE_##type, NULL, NULL, x->name))
    WRITE(both_right, I64);
    WRITE(harmful, I64);
    WRITE(beneficial, I64);
    WRITE(neutral, I64);
    WRITE(both_wrong, I64);
    WRITE(agreement, F64);
    WRITE(mcnemar_p, F64);
    WRITE(mcnemar_p_holm, F64);
    WRITE(kl, F64);
    WRITE(js, F64);
    WRITE(tv, F64);
    WRITE(accuracy_equivalent, F64);
    WRITE(accuracy_not_below, F64);
#undef WRITE
    return qg_results_write(r, g, "metric_difference", QG_STORE_F64, NULL, NULL, x->difference);
}

static qg_code write_predictions(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int fp32 = qg_job_reference(p->job), reference = p->job->experiments[c->experiment].reference;
    qg_predictions base;
    variants x;
    QG_TRY(make_variants(&x, r->scratch, p->job->n_precisions));
    const qg_cell *f = &p->cells[qg_predict_cell(p, reference, fp32)];
    if (qg_finish_is_done(r, f)) {
        QG_TRY(qg_finish_read_predictions(&base, r, f));
        for (int i = 0; i < x.P; i++) {
            const qg_cell *v = &p->cells[qg_predict_cell(p, c->experiment, i)];
            qg_predictions of;
            if (!qg_finish_is_done(r, v))
                continue;
            qg_mark m = qg_arena_mark(r->scratch);
            QG_TRY(qg_finish_read_predictions(&of, r, v));
            QG_TRY(compare(&x, r, i, &base, &of));
            qg_arena_release(r->scratch, m);
        }
    }
    QG_TRY(adjust(&x, r->scratch));
    return write_variants(r, qg_cell_group(p, c, QG_GROUP_REFERENCE), &x);
}

qg_code qg_finish_reference(qg_results *r, const qg_cell *c)
{
    QG_TRY(write_predictions(r, c));
    return r->plan->explained ? qg_finish_reference_explained(r, c) : QG_OK;
}
