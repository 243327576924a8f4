/*
 * drift_tests.c - what tests over explanations have in common: the columns that they read, the
 * questions, their families.
 */
#include "drift_tests.h"

#include "qgrid/drift.h"
#include "qgrid/statistics.h"

#include <math.h>
#include <stdio.h>

qg_code qg_drift_tests_make(qg_drift_tests *out, qg_results *r, int per_method)
{
    int n = r->plan->job->explain.n_methods * per_method;
    *out = (qg_drift_tests){.n = n, .per_method = per_method};
    QG_TRY(qg_undefined_numbers(&out->difference, r->scratch, n * QG_TESTS));
    QG_TRY(qg_undefined_numbers(&out->equivalent, r->scratch, n * QG_WITHINS));
    return qg_undefined_numbers(&out->not_below, r->scratch, n * QG_WITHINS);
}

/* Differences b - a of the texts where both are defined, *m of them, and the mean of their a. */
static qg_code differences(double **out, int64_t *m, double *against, const double *a,
                           const double *b, int64_t n, qg_arena *arena)
{
    double sum = 0;
    *m = 0;
    QG_NEW(*out, arena, n);
    for (int64_t i = 0; i < n; i++)
        if (!isnan(b[i] - a[i])) {
            (*out)[(*m)++] = b[i] - a[i];
            sum += a[i];
        }
    *against = *m > 0 ? sum / (double)*m : (double)NAN;
    return QG_OK;
}

static void put_within(double *out, const qg_equivalence *e, double against, double margin)
{
    out[QG_WITHIN_n] = (double)e->n;
    out[QG_WITHIN_against] = against;
    out[QG_WITHIN_difference] = e->mean;
    out[QG_WITHIN_low] = e->low;
    out[QG_WITHIN_high] = e->high;
    out[QG_WITHIN_margin] = margin;
    out[QG_WITHIN_detectable] = e->detectable;
}

/* The tests with a margin of the differences b - a; equivalence only if it is asked. */
static qg_code test_within(qg_equivalence *e, qg_drift_tests *t, qg_results *r, int i,
                           const double *a, const double *b, int64_t n, double margin)
{
    double *d, against, *not_below = t->not_below + i * QG_WITHINS;
    int64_t m;
    qg_mark mark = qg_arena_mark(r->scratch);
    QG_TRY(differences(&d, &m, &against, a, b, n, r->scratch));
    qg_equivalence_test(e, d, m, margin);
    put_within(not_below, e, against, margin);
    not_below[QG_WITHIN_p] = e->p_low;
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}

qg_code qg_drift_test_not_below(qg_drift_tests *t, qg_results *r, int i, const double *a,
                                const double *b, int64_t n, double margin)
{
    qg_equivalence e;
    return test_within(&e, t, r, i, a, b, n, margin);
}

qg_code qg_drift_test(qg_drift_tests *t, qg_results *r, int i, const double *a, const double *b,
                      int64_t n, double margin)
{
    qg_paired_drift d;
    qg_equivalence e;
    double *difference = t->difference + i * QG_TESTS, *equivalent = t->equivalent + i * QG_WITHINS;
    QG_TRY(qg_paired_drift_test(&d, a, b, n, 1, &r->resampler, r->scratch));
    QG_TRY(test_within(&e, t, r, i, a, b, n, margin));
    difference[QG_TEST_n] = (double)d.n;
    difference[QG_TEST_difference] = d.difference;
    difference[QG_TEST_ci_low] = d.ci_low;
    difference[QG_TEST_ci_high] = d.ci_high;
    difference[QG_TEST_p] = d.p_wilcoxon;
    difference[QG_TEST_rank_biserial] = d.rank_biserial;
    difference[QG_TEST_detectable] = e.detectable;
    put_within(equivalent, &e, t->not_below[i * QG_WITHINS + QG_WITHIN_against], margin);
    equivalent[QG_WITHIN_p] = e.p;
    return QG_OK;
}

qg_code qg_accuracy_within(double *equivalent, double *not_below, const qg_predictions *a,
                           const qg_predictions *b, double margin, qg_arena *scratch)
{
    qg_equivalence e;
    double *d;
    int64_t n = 0, right = 0;
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(d, scratch, a->n);
    for (int64_t i = 0; i < a->n; i++) {
        if (a->label[i] < 0)
            continue;
        int was = a->predicted[i] == a->label[i], is = b->predicted[i] == a->label[i];
        right += was;
        d[n++] = is - was;
    }
    qg_equivalence_test(&e, d, n, margin);
    double against = n > 0 ? (double)right / (double)n : (double)NAN;
    put_within(equivalent, &e, against, margin);
    put_within(not_below, &e, against, margin);
    equivalent[QG_WITHIN_p] = e.p;
    not_below[QG_WITHIN_p] = e.p_low;
    qg_arena_release(scratch, mark);
    return QG_OK;
}

/* -------------------------------------------------------------------------------------- families
 */

/* The p values of a family in tests of `width` numbers: NaN where a test is in none. Returns how
 * many there are. */
static int family(double *p, const qg_drift_tests *t, const qg_job *job, const double *tests,
                  int width, int at)
{
    int size = 0;
    for (int i = 0; i < t->n; i++) {
        bool control = job->explain.methods[i / t->per_method].method->control;
        p[i] = control ? (double)NAN : tests[i * width + at];
        size += !isnan(p[i]);
    }
    return size;
}

/* Adjusted p values of tests with a margin, those of a family of `size`: the others are NaN in p.
 */
static qg_code put_adjusted(double *tests, const double *p, int n, int size, qg_arena *a)
{
    double *holm;
    QG_NEW(holm, a, n);
    QG_TRY(qg_holm(holm, p, n, a));
    for (int i = 0; i < n; i++) {
        tests[i * QG_WITHINS + QG_WITHIN_p_holm] = holm[i];
        tests[i * QG_WITHINS + QG_WITHIN_family] = isnan(p[i]) ? 0 : size;
    }
    return QG_OK;
}

static qg_code adjust_within(double *tests, const qg_drift_tests *t, qg_results *r)
{
    double *p;
    QG_NEW(p, r->scratch, t->n);
    int size = family(p, t, r->plan->job, tests, QG_WITHINS, QG_WITHIN_p);
    return put_adjusted(tests, p, t->n, size, r->scratch);
}

qg_code qg_within_adjust(double *tests, int n, qg_arena *scratch)
{
    double *p;
    int size = 0;
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(p, scratch, n);
    for (int i = 0; i < n; i++) {
        p[i] = tests[i * QG_WITHINS + QG_WITHIN_p];
        size += !isnan(p[i]);
    }
    QG_TRY(put_adjusted(tests, p, n, size, scratch));
    qg_arena_release(scratch, mark);
    return QG_OK;
}

static qg_code adjust_difference(double *tests, const qg_drift_tests *t, qg_results *r)
{
    double *p, *holm, *bonferroni;
    QG_NEW(p, r->scratch, t->n);
    QG_NEW(holm, r->scratch, t->n);
    QG_NEW(bonferroni, r->scratch, t->n);
    int size = family(p, t, r->plan->job, tests, QG_TESTS, QG_TEST_p);
    QG_TRY(qg_holm(holm, p, t->n, r->scratch));
    qg_bonferroni(bonferroni, p, t->n);
    for (int i = 0; i < t->n; i++) {
        tests[i * QG_TESTS + QG_TEST_p_holm] = holm[i];
        tests[i * QG_TESTS + QG_TEST_p_bonferroni] = bonferroni[i];
        tests[i * QG_TESTS + QG_TEST_family] = isnan(p[i]) ? 0 : size;
    }
    return QG_OK;
}

qg_code qg_drift_tests_adjust(qg_drift_tests *t, qg_results *r)
{
    qg_mark mark = qg_arena_mark(r->scratch);
    QG_TRY(adjust_difference(t->difference, t, r));
    QG_TRY(adjust_within(t->equivalent, t, r));
    QG_TRY(adjust_within(t->not_below, t, r));
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}

qg_code qg_drift_tests_write(const qg_drift_tests *t, qg_results *r, qg_group_ref g,
                             const char *name)
{
    char other[QG_NAME_SIZE];
    QG_TRY(qg_results_write(r, g, name, QG_STORE_F64, NULL, NULL, t->difference));
    snprintf(other, sizeof other, "%s_equivalent", name);
    QG_TRY(qg_results_write(r, g, other, QG_STORE_F64, NULL, NULL, t->equivalent));
    snprintf(other, sizeof other, "%s_not_below", name);
    return qg_results_write(r, g, other, QG_STORE_F64, NULL, NULL, t->not_below);
}

/* --------------------------------------------------------------------------------------- columns
 */

qg_code qg_drift_column(double **out, qg_results *r, const qg_cell *c, qg_group group,
                        const char *name)
{
    QG_TRY(qg_undefined_numbers(out, r->scratch, r->plan->explained[c->experiment].slots));
    bool is_reference = c->precision == qg_job_reference(r->plan->job);
    if (!qg_finish_is_done(r, c) || (group == QG_GROUP_DRIFT && is_reference))
        return QG_OK;
    return qg_results_read(r, qg_cell_group(r->plan, c, group), name, QG_STORE_F64, NULL, NULL,
                           *out);
}

/* The Spearman drift's bound, of a table [slots, QG_DRIFTS]. */
qg_code qg_drift_bound(double **out, qg_results *r, const qg_cell *c, const char *name)
{
    int64_t slots = r->plan->explained[c->experiment].slots;
    double *table;
    QG_TRY(qg_undefined_numbers(out, r->scratch, slots));
    if (!qg_finish_is_done(r, c) || c->precision == qg_job_reference(r->plan->job))
        return QG_OK;
    QG_NEW(table, r->scratch, slots * QG_DRIFTS);
    QG_TRY(qg_results_read(r, qg_cell_group(r->plan, c, QG_GROUP_DRIFT), name, QG_STORE_F64, NULL,
                           NULL, table));
    for (int64_t i = 0; i < slots; i++)
        (*out)[i] = table[i * QG_DRIFTS + QG_DRIFT_spearman];
    return QG_OK;
}
