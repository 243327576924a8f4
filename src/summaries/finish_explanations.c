/*
 * finish_explanations.c - tests over explanations: methods against each other, precisions against
 * each other, drift against its floor and repeat.
 */
#include "drift_tests.h"

#include "qgrid/drift.h"
#include "qgrid/explained.h"

#include <math.h>
#include <string.h>

/* --------------------------------------------------------------------- methods against each other
 */

static qg_code read_words(double **out, qg_results *r, const qg_cell *c)
{
    const qg_plan_explained *x = &r->plan->explained[c->experiment];
    *out = NULL;
    if (!qg_finish_is_done(r, c))
        return QG_OK;
    QG_NEW(*out, r->scratch, x->slots * x->words);
    return qg_results_read(r, qg_cell_group(r->plan, c, QG_GROUP_ATTRIBUTIONS), "word_scores",
                           QG_STORE_F64, NULL, NULL, *out);
}

/* Mean Spearman of two methods over the texts where it is defined. */
static qg_code agree(double *mean, int64_t *n, qg_results *r, const qg_explained *x, int64_t W,
                     const double *a, const double *b)
{
    double sum = 0, d[QG_DRIFTS];
    *n = 0;
    for (int64_t i = 0; i < x->slots; i++) {
        if (x->row[i] < 0)
            continue;
        qg_mark m = qg_arena_mark(r->scratch);
        QG_TRY(qg_drift_of(d, a + i * W, b + i * W, x->words[i], r->scratch));
        qg_arena_release(r->scratch, m);
        if (isnan(d[QG_DRIFT_spearman]))
            continue;
        sum += d[QG_DRIFT_spearman];
        ++*n;
    }
    *mean = *n ? sum / (double)*n : (double)NAN;
    return QG_OK;
}

static qg_code agreements(double *mean, int64_t *n, qg_results *r, const qg_cell *c,
                          const qg_explained *x, int precision)
{
    const qg_plan *p = r->plan;
    int M = p->job->explain.n_methods;
    double **word;
    qg_mark mark = qg_arena_mark(r->scratch);
    QG_NEW(word, r->scratch, M);
    for (int m = 0; m < M; m++)
        QG_TRY(read_words(&word[m], r, qg_plan_explain_cell(p, c->experiment, precision, m)));
    for (int i = 0; i < M; i++)
        for (int j = 0; j <= i; j++) {
            if (!word[i] || !word[j])
                continue;
            QG_TRY(agree(&mean[i * M + j], &n[i * M + j], r, x, p->explained[c->experiment].words,
                         word[i], word[j]));
            mean[j * M + i] = mean[i * M + j];
            n[j * M + i] = n[i * M + j];
        }
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}

static qg_code write_agreements(qg_results *r, const qg_cell *c)
{
    const qg_job *job = r->plan->job;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_EXPLANATIONS);
    int M = job->explain.n_methods, P = job->n_precisions;
    double *mean;
    int64_t *n;
    qg_explained x;
    QG_TRY(qg_results_explained(&x, r, c->experiment));
    QG_TRY(qg_undefined_numbers(&mean, r->scratch, P * M * M));
    QG_NEW(n, r->scratch, P * M * M);
    for (int i = 0; i < P; i++)
        QG_TRY(agreements(mean + i * M * M, n + i * M * M, r, c, &x, i));
    QG_TRY(qg_results_write(r, g, "agreement", QG_STORE_F64, NULL, NULL, mean));
    return qg_results_write(r, g, "agreement_n", QG_STORE_I64, NULL, NULL, n);
}

/* ------------------------------------------------------------------ precisions against each other
 */

/* A test of b against a as one of a against b. */
static void turn(double *out, const double *t)
{
    memcpy(out, t, QG_TESTS * sizeof *out);
    out[QG_TEST_difference] = -t[QG_TEST_difference];
    out[QG_TEST_ci_low] = -t[QG_TEST_ci_high];
    out[QG_TEST_ci_high] = -t[QG_TEST_ci_low];
    out[QG_TEST_rank_biserial] = -t[QG_TEST_rank_biserial];
}

/* Spreads tests of pairs a < b over both halves of [method, a, b], one number of each. */
static qg_code write_number(qg_results *r, qg_group_ref g, const char *name, const double *pair,
                            int number)
{
    const qg_job *job = r->plan->job;
    int M = job->explain.n_methods, P = job->n_precisions, at = 0;
    double *table, turned[QG_TESTS];
    QG_TRY(qg_undefined_numbers(&table, r->scratch, M * P * P));
    for (int m = 0; m < M; m++)
        for (int a = 0; a < P; a++)
            for (int b = a + 1; b < P; b++) {
                const double *t = pair + at++ * QG_TESTS;
                turn(turned, t);
                table[(m * P + a) * P + b] = t[number];
                table[(m * P + b) * P + a] = turned[number];
            }
    return qg_results_write(r, g, name, QG_STORE_F64, NULL, NULL, table);
}

static qg_code write_counts(qg_results *r, qg_group_ref g, const double *pair)
{
    const qg_job *job = r->plan->job;
    int M = job->explain.n_methods, P = job->n_precisions, at = 0;
    int64_t *table;
    QG_NEW(table, r->scratch, M * P * P);
    for (int m = 0; m < M; m++)
        for (int a = 0; a < P; a++)
            for (int b = a + 1; b < P; b++) {
                double n = pair[at++ * QG_TESTS + QG_TEST_n];
                table[(m * P + a) * P + b] = table[(m * P + b) * P + a] = (int64_t)n;
            }
    return qg_results_write(r, g, "drift_n", QG_STORE_I64, NULL, NULL, table);
}

static qg_code write_precisions(qg_results *r, const qg_cell *c)
{
    static const struct {
        const char *name;
        int number;
    } numbers[] = {{"drift_difference", QG_TEST_difference},
                   {"drift_ci_low", QG_TEST_ci_low},
                   {"drift_ci_high", QG_TEST_ci_high},
                   {"drift_p", QG_TEST_p},
                   {"drift_p_holm", QG_TEST_p_holm},
                   {"drift_p_bonferroni", QG_TEST_p_bonferroni},
                   {"drift_rank_biserial", QG_TEST_rank_biserial}};
    const qg_plan *p = r->plan;
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_EXPLANATIONS);
    int M = p->job->explain.n_methods, P = p->job->n_precisions, n = 0;
    int64_t slots = p->explained[c->experiment].slots;
    double *tests, **drift;
    QG_TRY(qg_undefined_numbers(&tests, r->scratch, M * P * (P - 1) / 2 * QG_TESTS));
    QG_NEW(drift, r->scratch, P);
    for (int m = 0; m < M; m++) {
        qg_mark mark = qg_arena_mark(r->scratch);
        for (int i = 0; i < P; i++)
            QG_TRY(qg_drift_column(&drift[i], r, qg_plan_explain_cell(p, c->experiment, i, m),
                                   QG_GROUP_DRIFT, "spearman"));
        for (int a = 0; a < P; a++)
            for (int b = a + 1; b < P; b++)
                QG_TRY(qg_drift_test(tests + n++ * QG_TESTS, r, drift[a], drift[b], slots));
        qg_arena_release(r->scratch, mark);
    }
    QG_TRY(qg_drift_adjust(tests, n, r->scratch));
    QG_TRY(write_counts(r, g, tests));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        QG_TRY(write_number(r, g, numbers[i].name, tests, numbers[i].number));
    return QG_OK;
}

static qg_code write_bounds(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_EXPLANATIONS);
    int M = p->job->explain.n_methods, P = p->job->n_precisions;
    int64_t slots = p->explained[c->experiment].slots;
    double *above, *from_repeat;
    QG_TRY(qg_undefined_numbers(&above, r->scratch, M * P * QG_TESTS));
    QG_TRY(qg_undefined_numbers(&from_repeat, r->scratch, M * P * QG_TESTS));
    for (int i = 0; i < M * P; i++) {
        const qg_cell *k = qg_plan_explain_cell(p, c->experiment, i % P, i / P);
        double *drift, *floor, *repeat;
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(qg_drift_column(&drift, r, k, QG_GROUP_DRIFT, "spearman"));
        QG_TRY(qg_drift_bound(&floor, r, k, "floor"));
        QG_TRY(qg_drift_bound(&repeat, r, k, "repeat"));
        QG_TRY(qg_drift_test(above + i * QG_TESTS, r, floor, drift, slots));
        QG_TRY(qg_drift_test(from_repeat + i * QG_TESTS, r, repeat, drift, slots));
        qg_arena_release(r->scratch, mark);
    }
    QG_TRY(qg_drift_adjust(above, M * P, r->scratch));
    QG_TRY(qg_drift_adjust(from_repeat, M * P, r->scratch));
    QG_TRY(qg_results_write(r, g, "above_floor", QG_STORE_F64, NULL, NULL, above));
    return qg_results_write(r, g, "from_repeat", QG_STORE_F64, NULL, NULL, from_repeat);
}

qg_code qg_finish_explanations(qg_results *r, const qg_cell *c)
{
    QG_TRY(write_agreements(r, c));
    QG_TRY(write_precisions(r, c));
    return write_bounds(r, c);
}
