/*
 * finish_comparison.c - the predictions of an experiment's precisions, compared in pairs.
 */
#include "finish.h"

#include "qgrid/drift.h"
#include "qgrid/statistics.h"

#include <math.h>
#include <string.h>

/* All that is said of b against a. */
typedef struct pair {
    qg_mcnemar all, *of_class; /* [K] */
    qg_bootstrap metric[QG_COMPARED];
    qg_paired_drift confidence;
    double agreement;
} pair;

/* Datasets [P, P], and where their numbers stand in a pair x. */
#define METRIC_LIST(X, name)                                                                       \
    X(name##_difference, x->metric[QG_COMPARED_##name].difference)                                 \
    X(name##_ci_low, x->metric[QG_COMPARED_##name].low)                                            \
    X(name##_ci_high, x->metric[QG_COMPARED_##name].high)                                          \
    X(name##_p, x->metric[QG_COMPARED_##name].p_two_sided)
#define NUMBER_LIST(X)                                                                             \
    X(agreement, x->agreement)                                                                     \
    X(odds_ratio, x->all.odds_ratio)                                                               \
    X(mcnemar_p, x->all.p_exact)                                                                   \
    X(accuracy_difference, x->metric[QG_COMPARED_accuracy].difference)                             \
    X(ci_low, x->metric[QG_COMPARED_accuracy].low)                                                 \
    X(ci_high, x->metric[QG_COMPARED_accuracy].high)                                               \
    X(bootstrap_p, x->metric[QG_COMPARED_accuracy].p_two_sided)                                    \
    METRIC_LIST(X, macro_f1)                                                                       \
    METRIC_LIST(X, nll)                                                                            \
    METRIC_LIST(X, ece)                                                                            \
    X(confidence_difference, x->confidence.difference)                                             \
    X(confidence_ci_low, x->confidence.ci_low)                                                     \
    X(confidence_ci_high, x->confidence.ci_high)                                                   \
    X(confidence_p, x->confidence.p_wilcoxon)
#define COUNT_LIST(X) X(both_right) X(only_a) X(only_b) X(both_wrong)

enum {
#define X(name, value) NUMBER_##name,
    NUMBER_LIST(X)
#undef X
        NUMBERS
};
enum {
#define X(name) COUNT_##name,
    COUNT_LIST(X)
#undef X
        COUNTS
};

/* Families of tests: the pairs a < b of one measure; within classes, of all classes. */
static const struct {
    int p;
    const char *adjusted;
} families[] = {{NUMBER_mcnemar_p, "mcnemar_p_holm"},   {NUMBER_bootstrap_p, "bootstrap_p_holm"},
                {NUMBER_macro_f1_p, "macro_f1_p_holm"}, {NUMBER_nll_p, "nll_p_holm"},
                {NUMBER_ece_p, "ece_p_holm"},           {NUMBER_confidence_p, "confidence_p_holm"}};

typedef struct tables {
    int P, K;
    double *number[NUMBERS]; /* [P, P] */
    int64_t *count[COUNTS];  /* [P, P] */
    double *class_p;         /* [K, P, P], as the other two */
    int64_t *class_only_a, *class_only_b;
} tables;

static qg_code unknown_counts(int64_t **out, qg_arena *a, int64_t n)
{
    QG_NEW(*out, a, n);
    for (int64_t i = 0; i < n; i++)
        (*out)[i] = -1;
    return QG_OK;
}

static qg_code make_tables(tables *x, qg_arena *a, int P, int K)
{
    *x = (tables){.P = P, .K = K};
    for (int i = 0; i < NUMBERS; i++)
        QG_TRY(qg_undefined_numbers(&x->number[i], a, P * P));
    for (int i = 0; i < COUNTS; i++)
        QG_TRY(unknown_counts(&x->count[i], a, P * P));
    QG_TRY(qg_undefined_numbers(&x->class_p, a, K * P * P));
    QG_TRY(unknown_counts(&x->class_only_a, a, K * P * P));
    return unknown_counts(&x->class_only_b, a, K * P * P);
}

/* The predictions of one precision; none, if its cell is not done. */
typedef struct side {
    qg_predictions of;
    double *confidence; /* [n] */
} side;

static qg_code read_side(side *out, qg_results *r, const qg_cell *c)
{
    QG_TRY(qg_finish_read_predictions(&out->of, r, c));
    QG_NEW(out->confidence, r->scratch, out->of.n);
    for (int64_t i = 0; i < out->of.n; i++)
        out->confidence[i] = qg_confidence(out->of.probabilities + i * out->of.K, out->of.K);
    return QG_OK;
}

static void test_labels(pair *x, const qg_predictions *a, const qg_predictions *b)
{
    qg_mcnemar_test(&x->all, a->label, a->predicted, b->predicted, a->n, QG_ANY_CLASS);
    for (int k = 0; k < a->K; k++)
        qg_mcnemar_test(&x->of_class[k], a->label, a->predicted, b->predicted, a->n, k);
}

static void turn_mcnemar(qg_mcnemar *m)
{
    int64_t only_a = m->only_a;
    m->only_a = m->only_b;
    m->only_b = only_a;
    if (m->only_a + m->only_b > 0)
        m->odds_ratio = (double)m->only_a / (double)m->only_b;
}

/* The pair of a against b; 0 - x, so that 0 stays 0. */
static void turn(pair *x, int K)
{
    turn_mcnemar(&x->all);
    for (int k = 0; k < K; k++)
        turn_mcnemar(&x->of_class[k]);
    for (int m = 0; m < QG_COMPARED; m++) {
        qg_bootstrap *s = &x->metric[m];
        *s =
            (qg_bootstrap){0 - s->difference, 0 - s->high, 0 - s->low, (double)NAN, s->p_two_sided};
    }
    qg_paired_drift *d = &x->confidence;
    *d = (qg_paired_drift){d->n,          0 - d->difference, 0 - d->ci_high,
                           0 - d->ci_low, d->p_wilcoxon,     0 - d->rank_biserial};
}

static void put(tables *t, int a, int b, const pair *x, bool labelled)
{
    int at = a * t->P + b;
#define X(name, value) t->number[NUMBER_##name][at] = value;
    NUMBER_LIST(X)
#undef X
    if (!labelled)
        return;
#define X(name) t->count[COUNT_##name][at] = x->all.name;
    COUNT_LIST(X)
#undef X
    for (int k = 0; k < t->K; k++) {
        int in_class = k * t->P * t->P + at;
        t->class_p[in_class] = x->of_class[k].p_exact;
        t->class_only_a[in_class] = x->of_class[k].only_a;
        t->class_only_b[in_class] = x->of_class[k].only_b;
    }
}

static qg_code compare(tables *t, qg_results *r, int i, int j, const side *a, const side *b)
{
    const qg_job *job = r->plan->job;
    const double none = (double)NAN;
    const qg_draws draws = {(int)job->bootstrap, (uint64_t)job->seed, NULL};
    bool labelled = qg_any_label(&a->of);
    qg_mark mark = qg_arena_mark(r->scratch);
    pair x = {.all = {.p_exact = none, .odds_ratio = none}};
    QG_NEW(x.of_class, r->scratch, t->K);
    for (int m = 0; m < QG_COMPARED; m++)
        x.metric[m] = (qg_bootstrap){none, none, none, none, none};
    x.agreement = qg_agreement(a->of.predicted, b->of.predicted, a->of.n);
    QG_TRY(qg_paired_drift_test(&x.confidence, a->confidence, b->confidence, a->of.n, 1,
                                &r->resampler, r->scratch));
    if (labelled) {
        test_labels(&x, &a->of, &b->of);
        QG_TRY(qg_bootstrap_metrics(x.metric, &a->of, &b->of, job->absent, &draws, r->scratch));
    }
    put(t, i, j, &x, labelled);
    turn(&x, t->K);
    if (i != j)
        put(t, j, i, &x, labelled);
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}

static qg_code write_holm(qg_results *r, qg_group_ref g, const char *name, const double *p,
                          int blocks)
{
    int P = r->plan->job->n_precisions;
    double *adjusted;
    QG_TRY(qg_undefined_numbers(&adjusted, r->scratch, blocks * P * P));
    QG_TRY(qg_finish_holm(adjusted, p, blocks, P, r->scratch));
    return qg_results_write(r, g, name, QG_STORE_F64, NULL, NULL, adjusted);
}

static qg_code write_tables(qg_results *r, qg_group_ref g, const tables *t)
{
#define X(name, value)                                                                             \
    QG_TRY(qg_results_write(r, g, #name, QG_STORE_F64, NULL, NULL, t->number[NUMBER_##name]));
    NUMBER_LIST(X)
#undef X
#define X(name)                                                                                    \
    QG_TRY(qg_results_write(r, g, #name, QG_STORE_I64, NULL, NULL, t->count[COUNT_##name]));
    COUNT_LIST(X)
#undef X
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        QG_TRY(write_holm(r, g, families[i].adjusted, t->number[families[i].p], 1));
    QG_TRY(write_holm(r, g, "class_mcnemar_p_holm", t->class_p, t->K));
    QG_TRY(qg_results_write(r, g, "class_mcnemar_p", QG_STORE_F64, NULL, NULL, t->class_p));
    QG_TRY(qg_results_write(r, g, "class_only_a", QG_STORE_I64, NULL, NULL, t->class_only_a));
    return qg_results_write(r, g, "class_only_b", QG_STORE_I64, NULL, NULL, t->class_only_b);
}

qg_code qg_finish_comparison(qg_results *r, const qg_cell *c)
{
    int P = r->plan->job->n_precisions;
    tables t;
    side *of;
    QG_TRY(make_tables(&t, r->scratch, P, r->plan->job->K));
    QG_NEW(of, r->scratch, P);
    for (int i = 0; i < P; i++) {
        int cell = qg_predict_cell(r->plan, c->experiment, i);
        if (r->cell_state[cell] == QG_STATE_DONE)
            QG_TRY(read_side(&of[i], r, &r->plan->cells[cell]));
    }
    for (int i = 0; i < P; i++)
        for (int j = i; j < P; j++)
            if (of[i].confidence && of[j].confidence)
                QG_TRY(compare(&t, r, i, j, &of[i], &of[j]));
    return write_tables(r, qg_cell_group(r->plan, c, QG_GROUP_PAIRED), &t);
}

qg_code qg_finish_holm(double *out, const double *p, int blocks, int n, qg_arena *scratch)
{
    double *family, *adjusted;
    int size = 0, at = 0;
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(family, scratch, blocks * n * n);
    QG_NEW(adjusted, scratch, blocks * n * n);
    for (int block = 0; block < blocks; block++)
        for (int a = 0; a < n; a++)
            for (int b = a + 1; b < n; b++)
                family[size++] = p[(block * n + a) * n + b];
    QG_TRY(qg_holm(adjusted, family, size, scratch));
    for (int block = 0; block < blocks; block++)
        for (int a = 0; a < n; a++)
            for (int b = a + 1; b < n; b++)
                out[(block * n + a) * n + b] = out[(block * n + b) * n + a] = adjusted[at++];
    qg_arena_release(scratch, mark);
    return QG_OK;
}
