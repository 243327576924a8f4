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

/* A number of a test of b against a, and which one it is, times `sign`, of a against b. */
typedef struct number {
    const char *name;
    int at, back;
    double sign;
} number;

/* Spreads a number of tests of pairs a < b, `width` numbers each, over both halves of
 * [method, a, b]. */
static qg_code write_number(qg_results *r, qg_group_ref g, const double *pair, int width,
                            const number *x)
{
    const qg_job *job = r->plan->job;
    int M = job->explain.n_methods, P = job->n_precisions, at = 0;
    double *table;
    QG_TRY(qg_undefined_numbers(&table, r->scratch, M * P * P));
    for (int m = 0; m < M; m++)
        for (int a = 0; a < P; a++)
            for (int b = a + 1; b < P; b++) {
                const double *t = pair + at++ * width;
                table[(m * P + a) * P + b] = t[x->at];
                table[(m * P + b) * P + a] = x->sign * t[x->back];
            }
    return qg_results_write(r, g, x->name, QG_STORE_F64, NULL, NULL, table);
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

/* Tests of each method between all pairs of precisions a < b. */
static qg_code test_precisions(qg_drift_tests *t, qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int M = p->job->explain.n_methods, P = p->job->n_precisions, n = 0;
    int64_t slots = p->explained[c->experiment].slots;
    double **drift;
    QG_TRY(qg_drift_tests_make(t, r, P * (P - 1) / 2));
    QG_NEW(drift, r->scratch, P);
    for (int m = 0; m < M; m++) {
        qg_mark mark = qg_arena_mark(r->scratch);
        for (int i = 0; i < P; i++)
            QG_TRY(qg_drift_column(&drift[i], r, qg_plan_explain_cell(p, c->experiment, i, m),
                                   QG_GROUP_DRIFT, "spearman"));
        for (int a = 0; a < P; a++)
            for (int b = a + 1; b < P; b++)
                QG_TRY(qg_drift_test(t, r, n++, drift[a], drift[b], slots, p->job->margin.rho));
        qg_arena_release(r->scratch, mark);
    }
    return qg_drift_tests_adjust(t, r);
}

static qg_code write_precisions(qg_results *r, const qg_cell *c)
{
#define BACK(id, back, sign)                                                                       \
    {                                                                                              \
        "drift_" #id, QG_TEST_##id, QG_TEST_##back, sign                                           \
    }
#define SAME(id)                                                                                   \
    {                                                                                              \
        "drift_" #id, QG_TEST_##id, QG_TEST_##id, 1                                                \
    }
    static const number tests[] = {BACK(difference, difference, -1),
                                   BACK(ci_low, ci_high, -1),
                                   BACK(ci_high, ci_low, -1),
                                   BACK(rank_biserial, rank_biserial, -1),
                                   SAME(p),
                                   SAME(p_holm),
                                   SAME(p_bonferroni),
                                   SAME(detectable),
                                   SAME(family)};
    static const number within[] = {
        {"drift_equivalent_p", QG_WITHIN_p, QG_WITHIN_p, 1},
        {"drift_equivalent_p_holm", QG_WITHIN_p_holm, QG_WITHIN_p_holm, 1}};
#undef BACK
#undef SAME
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_EXPLANATIONS);
    qg_drift_tests t;
    QG_TRY(test_precisions(&t, r, c));
    QG_TRY(write_counts(r, g, t.difference));
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        QG_TRY(write_number(r, g, t.difference, QG_TESTS, &tests[i]));
    for (size_t i = 0; i < sizeof within / sizeof within[0]; i++)
        QG_TRY(write_number(r, g, t.equivalent, QG_WITHINS, &within[i]));
    return QG_OK;
}

/* ---------------------------------------------------------------------- drift against its bounds
 */

/* What the drift must not be below: the repeat, and 1 where nothing is drawn. */
static qg_code steady(double **out, qg_results *r, const double *repeat, int64_t slots)
{
    QG_NEW(*out, r->scratch, slots);
    for (int64_t i = 0; i < slots; i++)
        (*out)[i] = isnan(repeat[i]) ? 1 : repeat[i];
    return QG_OK;
}

/* Test i of both bounds: of a method and a precision. */
static qg_code test_bounds(qg_drift_tests *floors, qg_drift_tests *repeats, qg_results *r,
                           const qg_cell *c, int i)
{
    int P = r->plan->job->n_precisions;
    const qg_cell *k = qg_plan_explain_cell(r->plan, c->experiment, i % P, i / P);
    int64_t slots = r->plan->explained[c->experiment].slots;
    double margin = r->plan->job->margin.rho, *drift, *floor, *repeat, *same;
    qg_mark mark = qg_arena_mark(r->scratch);
    QG_TRY(qg_drift_column(&drift, r, k, QG_GROUP_DRIFT, "spearman"));
    QG_TRY(qg_drift_bound(&floor, r, k, "floor"));
    QG_TRY(qg_drift_bound(&repeat, r, k, "repeat"));
    QG_TRY(steady(&same, r, repeat, slots));
    QG_TRY(qg_drift_test(floors, r, i, floor, drift, slots, margin));
    QG_TRY(qg_drift_test(repeats, r, i, repeat, drift, slots, margin));
    QG_TRY(qg_drift_test_not_below(repeats, r, i, same, drift, slots, margin));
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}

static qg_code write_bounds(qg_results *r, const qg_cell *c)
{
    const qg_job *job = r->plan->job;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_EXPLANATIONS);
    qg_drift_tests floors, repeats;
    QG_TRY(qg_drift_tests_make(&floors, r, job->n_precisions));
    QG_TRY(qg_drift_tests_make(&repeats, r, job->n_precisions));
    for (int i = 0; i < job->explain.n_methods * job->n_precisions; i++)
        QG_TRY(test_bounds(&floors, &repeats, r, c, i));
    QG_TRY(qg_drift_tests_adjust(&floors, r));
    QG_TRY(qg_drift_tests_adjust(&repeats, r));
    QG_TRY(qg_results_write(r, g, "above_floor", QG_STORE_F64, NULL, NULL, floors.difference));
    QG_TRY(qg_results_write(r, g, "from_repeat", QG_STORE_F64, NULL, NULL, repeats.difference));
    QG_TRY(qg_results_write(r, g, "as_repeat", QG_STORE_F64, NULL, NULL, repeats.equivalent));
    return qg_results_write(r, g, "not_below_repeat", QG_STORE_F64, NULL, NULL, repeats.not_below);
}

/* Texts that a precision explains for another class than fp32: they have no drift. */
static qg_code write_other_class(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int M = p->job->explain.n_methods, P = p->job->n_precisions;
    int64_t *other;
    QG_NEW(other, r->scratch, M * P);
    for (int i = 0; i < M * P; i++) {
        qg_match match;
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(qg_match_explanations(
            &match, r, qg_plan_explain_cell(p, c->experiment, qg_job_reference(p->job), i / P),
            qg_plan_explain_cell(p, c->experiment, i % P, i / P)));
        other[i] = match.other_class;
        qg_arena_release(r->scratch, mark);
    }
    return qg_results_write(r, qg_cell_group(p, c, QG_GROUP_EXPLANATIONS), "other_class",
                            QG_STORE_I64, NULL, NULL, other);
}

qg_code qg_finish_explanations(qg_results *r, const qg_cell *c)
{
    QG_TRY(write_agreements(r, c));
    QG_TRY(write_precisions(r, c));
    QG_TRY(write_other_class(r, c));
    return write_bounds(r, c);
}
