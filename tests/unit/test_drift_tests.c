/*
 * test_drift_tests.c - the three questions that are asked of paired numbers, and their families.
 */
#include "qt.h"

#include "summaries/drift_tests.h"

#include <math.h>

enum { METHODS = 3, PER = 2, N = 5 };

/* A job of three methods, of which the last looks at no model, and results that hold nothing. */
typedef struct rig {
    qg_arena *arena;
    qg_job job;
    qg_plan plan;
    qg_method_spec method[METHODS];
    qg_results results;
} rig;

static void start(rig *x)
{
    static const char *const names[METHODS] = {"lime", "occlusion", "random"};
    *x = (rig){.arena = qg_arena_create(0)};
    assert_non_null(x->arena);
    for (int m = 0; m < METHODS; m++)
        x->method[m].method = qg_method_find(names[m]);
    x->job.explain.n_methods = METHODS;
    x->job.explain.methods = x->method;
    x->plan.job = &x->job;
    x->results = (qg_results){
        .plan = &x->plan, .scratch = x->arena, .resampler = qg_resampler_make(200, 42, x->arena)};
}

static void end(rig *x)
{
    qg_arena_destroy(x->arena);
}

static void undefined(const double *tests, int at)
{
    if (!isnan(tests[at]))
        fail_msg("number %d is %g", at, tests[at]);
}

/* Differences 1 2 3 4 of hundredths: mean 2.5, sd sqrt(5/3). */
static void three_questions_of_the_same_differences(void **state)
{
    (void)state;
    static const double a[N] = {0.5, 0.25, NAN, 0.5, 0.75}, b[N] = {0.51, 0.27, 0.9, 0.53, 0.79};
    rig x;
    qg_drift_tests t;
    start(&x);
    qt_ok(qg_drift_tests_make(&t, &x.results, PER));
    qt_ok(qg_drift_test(&t, &x.results, 1, a, b, N, 0.05));
    const double *d = t.difference + QG_TESTS, *e = t.equivalent + QG_WITHINS,
                 *o = t.not_below + QG_WITHINS;
    double error = sqrt(5.0 / 3) / 2 * 0.01;
    qt_close("n", d[QG_TEST_n], 4, 0, 0);
    qt_close("difference", d[QG_TEST_difference], 0.025, 0, 1e-15);
    qt_close("p", d[QG_TEST_p], 2.0 / 16, 0, 1e-15); /* all four are above 0 */
    qt_close("rank biserial", d[QG_TEST_rank_biserial], 1, 0, 1e-15);
    qt_close("against", e[QG_WITHIN_against], 0.5, 0, 1e-15);
    qt_close("margin", e[QG_WITHIN_margin], 0.05, 0, 0);
    /* Student's t of 3 degrees of freedom: P(T > t) = 1/2 - (atan(u) + u / (1 + u^2)) / pi. */
    double u = 0.025 / error / sqrt(3), v = 0.075 / error / sqrt(3);
    qt_close("equivalent", e[QG_WITHIN_p], 0.5 - (atan(u) + u / (1 + u * u)) / M_PI, 1e-10, 0);
    qt_close("not below", o[QG_WITHIN_p], 0.5 - (atan(v) + v / (1 + v * v)) / M_PI, 1e-10, 0);
    qt_close("low", e[QG_WITHIN_low], 0.025 - 2.353363434801823 * error, 1e-12, 0);
    qt_close("high", e[QG_WITHIN_high], 0.025 + 2.353363434801823 * error, 1e-12, 0);
    assert_true(d[QG_TEST_detectable] > 2.8 * error && d[QG_TEST_detectable] < 6 * error);
    assert_true(d[QG_TEST_detectable] == e[QG_WITHIN_detectable]);
    end(&x);
}

static void what_is_asked_alone_has_no_other_answers(void **state)
{
    (void)state;
    static const double ones[N] = {1, 1, 1, 1, 1}, b[N] = {0.98, 1, 0.99, NAN, 0.97};
    rig x;
    qg_drift_tests t;
    start(&x);
    qt_ok(qg_drift_tests_make(&t, &x.results, PER));
    qt_ok(qg_drift_test_not_below(&t, &x.results, 2, ones, b, N, 0.05));
    qt_ok(qg_drift_tests_adjust(&t, &x.results));
    const double *o = t.not_below + 2 * QG_WITHINS;
    qt_close("n", o[QG_WITHIN_n], 4, 0, 0);
    qt_close("against", o[QG_WITHIN_against], 1, 0, 0);
    qt_close("difference", o[QG_WITHIN_difference], -0.015, 1e-12, 0);
    assert_true(o[QG_WITHIN_p] > 0 && o[QG_WITHIN_p] < 0.05);
    qt_close("alone in its family", o[QG_WITHIN_p_holm], o[QG_WITHIN_p], 0, 0);
    for (int at = 0; at < QG_TEST_family; at++)
        undefined(t.difference + 2 * QG_TESTS, at);
    for (int at = 0; at < QG_WITHIN_family; at++)
        undefined(t.equivalent + 2 * QG_WITHINS, at);
    end(&x);
}

/* Nothing, a single text, and no differences at all: no p that is not possible. */
static void few_texts_and_equal_ones(void **state)
{
    (void)state;
    static const double none[N] = {NAN, NAN, NAN, NAN, NAN}, one[N] = {NAN, 0.5, NAN, NAN, NAN},
                        all[N] = {0.5, 0.25, 1, 0.5, 0.75};
    rig x;
    qg_drift_tests t;
    start(&x);
    qt_ok(qg_drift_tests_make(&t, &x.results, PER));
    qt_ok(qg_drift_test(&t, &x.results, 0, none, all, N, 0.05));
    qt_ok(qg_drift_test(&t, &x.results, 1, all, one, N, 0.05));
    qt_ok(qg_drift_test(&t, &x.results, 2, all, all, N, 0.05));
    qt_ok(qg_drift_tests_adjust(&t, &x.results));
    for (int i = 0; i < 2; i++) {
        qt_close("n", t.difference[i * QG_TESTS + QG_TEST_n], i, 0, 0);
        undefined(t.difference + i * QG_TESTS, QG_TEST_p);
        undefined(t.equivalent + i * QG_WITHINS, QG_WITHIN_p);
        undefined(t.not_below + i * QG_WITHINS, QG_WITHIN_p_holm);
        qt_close("in no family", t.difference[i * QG_TESTS + QG_TEST_family], 0, 0, 0);
    }
    qt_close("no difference", t.difference[2 * QG_TESTS + QG_TEST_p], 1, 0, 0);
    qt_close("equal", t.equivalent[2 * QG_WITHINS + QG_WITHIN_p], 1.0 / 32, 0, 1e-15);
    qt_close("family", t.equivalent[2 * QG_WITHINS + QG_WITHIN_family], 1, 0, 0);
    qt_close("detectable", t.difference[2 * QG_TESTS + QG_TEST_detectable], 0, 0, 0);
    end(&x);
}

/* Of six tests the two of `random` count for nothing, nor does one that is undefined. */
static void random_is_in_no_family(void **state)
{
    (void)state;
    static const double p[METHODS * PER] = {0.01, 0.02, 0.03, NAN, 0.0001, 0.5};
    static const double holm[METHODS * PER] = {0.03, 0.04, 0.04, NAN, NAN, NAN};
    static const double bonferroni[METHODS * PER] = {0.03, 0.06, 0.09, NAN, NAN, NAN};
    static const double size[METHODS * PER] = {3, 3, 3, 0, 0, 0};
    rig x;
    qg_drift_tests t;
    start(&x);
    qt_ok(qg_drift_tests_make(&t, &x.results, PER));
    qt_eq("tests", t.n, METHODS * PER);
    for (int i = 0; i < t.n; i++)
        t.difference[i * QG_TESTS + QG_TEST_p] = t.equivalent[i * QG_WITHINS + QG_WITHIN_p] = p[i];
    qt_ok(qg_drift_tests_adjust(&t, &x.results));
    for (int i = 0; i < t.n; i++) {
        const double *d = t.difference + i * QG_TESTS, *e = t.equivalent + i * QG_WITHINS;
        const double got[] = {d[QG_TEST_p_holm],   d[QG_TEST_p_bonferroni], d[QG_TEST_family],
                              e[QG_WITHIN_p_holm], e[QG_WITHIN_family],     d[QG_TEST_p]};
        const double want[] = {holm[i], bonferroni[i], size[i], holm[i], size[i], p[i]};
        for (int k = 0; k < 6; k++) {
            if (isnan(want[k]))
                assert_true(isnan(got[k]));
            else
                qt_close("adjusted", got[k], want[k], 1e-15, 0);
        }
        qt_close("nothing was asked", t.not_below[i * QG_WITHINS + QG_WITHIN_family], 0, 0, 0);
    }
    end(&x);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(three_questions_of_the_same_differences),
    cmocka_unit_test(what_is_asked_alone_has_no_other_answers),
    cmocka_unit_test(few_texts_and_equal_ones),
    cmocka_unit_test(random_is_in_no_family),
};
QT_MAIN("drift_tests", tests)
