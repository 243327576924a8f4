/*
 * test_faithfulness.c - measures of faithfulness on numbers worked out by hand.
 */
#include "qt.h"

#include "qgrid/faithfulness.h"

#include <math.h>

static void units_are_ordered_by_score_or_magnitude(void **state)
{
    (void)state;
    static const double score[] = {0.5, -2, NAN, 0.5, 1, NAN, -0.5};
    static const int32_t by_score[] = {4, 0, 3, 6, 1, 2, 5}, by_magnitude[] = {1, 4, 0, 3, 6, 2, 5};
    int32_t order[7];
    qg_score_order(order, score, 7, false);
    qt_same("score", order, by_score, 7, sizeof *order);
    qg_score_order(order, score, 7, true);
    qt_same("magnitude", order, by_magnitude, 7, sizeof *order);
}

static void lengths_are_counts_or_fractions(void **state)
{
    (void)state;
    static const struct {
        double k;
        int n, want;
    } cases[] = {{3, 10, 3},     {3, 2, 2},    {1, 1, 1},   {0.1, 10, 1},  {0.11, 10, 2},
                 {0.07, 100, 7}, {0.01, 5, 1}, {0.5, 7, 4}, {0.999, 3, 3}, {5, 0, 0},
                 {0.5, 0, 0},    {0.2, 10, 2}, {0.7, 10, 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        qt_eq("count", qg_top_count(cases[i].k, cases[i].n), cases[i].want);
}

static void the_top_goes_or_stays(void **state)
{
    (void)state;
    static const int32_t order[] = {2, 0, 3, 1};
    static const uint8_t without[] = {0, 1, 0, 1}, only[] = {1, 0, 1, 0}, all[] = {1, 1, 1, 1};
    uint8_t present[4];
    qg_present_by_order(present, order, 4, 2, false);
    qt_same("without", present, without, 4, 1);
    qg_present_by_order(present, order, 4, 2, true);
    qt_same("only", present, only, 4, 1);
    qg_present_by_order(present, order, 4, 0, false);
    qt_same("none taken", present, all, 4, 1);
    qg_present_by_order(present, order, 4, 4, true);
    qt_same("all left", present, all, 4, 1);
}

static void erasers_measures(void **state)
{
    (void)state;
    qg_faithfulness f = qg_faithfulness_of(0.8, 0.2, 0.7);
    qt_close("comprehensiveness", f.comprehensiveness, 0.6, 0, 1e-15);
    qt_close("sufficiency", f.sufficiency, 0.1, 0, 1e-15);
    qt_close("confidence", f.confidence, 0.7, 0, 0);
    qt_close("log odds", f.log_odds, -log(4), 0, 1e-15);
    f = qg_faithfulness_of(0.5, 0, 1);
    qt_close("log odds of nothing", f.log_odds, log(2e-15), 1e-12, 0);
}

static void areas(void **state)
{
    (void)state;
    static const double p[] = {0.6, 0.4, 0.1}, curve[] = {0.9, 0.5, 0.3, 0.1};
    qt_close("aopc", qg_aopc(0.9, p, 3), (0.3 + 0.5 + 0.8) / 3, 0, 1e-15);
    assert_true(isnan(qg_aopc(0.9, p, 0)));
    qt_close("normalised", qg_aopc_normalised(0.3, 0.1, 0.5), 0.5, 0, 1e-15);
    assert_true(isnan(qg_aopc_normalised(0.3, 0.3, 0.3)));
    qt_close("area", qg_curve_area(curve, 4), (0.7 + 0.4 + 0.2) / 3, 0, 1e-15);
    assert_true(isnan(qg_curve_area(curve, 1)));
}

static void infidelity_is_none_for_exact_scores(void **state)
{
    (void)state;
    static const double expected[] = {1, -2, 0.5}, twice[] = {2, -4, 1}, off[] = {1, -1, 0.5};
    qt_close("exact", qg_infidelity(expected, expected, 3, false), 0, 0, 0);
    qt_close("off", qg_infidelity(expected, off, 3, false), 1.0 / 3, 0, 1e-15);
    qt_close("twice", qg_infidelity(expected, twice, 3, false), (1 + 4 + 0.25) / 3, 0, 1e-15);
    qt_close("twice, scaled", qg_infidelity(expected, twice, 3, true), 0, 0, 1e-30);
    qt_close("off, scaled", qg_infidelity(expected, off, 3, true), (2.25 - 3.25 * 3.25 / 5.25) / 3,
             0, 1e-15);
    assert_true(isnan(qg_infidelity(expected, off, 0, true)));
}

static void sensitivity_is_the_worst_of_all(void **state)
{
    (void)state;
    static const double score[] = {3, 4}, near[] = {3, 4, 3, 5, 0, 4}, none[] = {0, 0};
    static const double broken[] = {3, NAN, 3, 4};
    qt_close("worst", qg_sensitivity_max(score, near, 3, 2), 0.6, 0, 1e-15);
    qt_close("same", qg_sensitivity_max(score, near, 1, 2), 0, 0, 0);
    assert_true(isnan(qg_sensitivity_max(none, near, 3, 2)));
    assert_true(isnan(qg_sensitivity_max(score, near, 0, 2)));
    assert_true(isnan(qg_sensitivity_max(score, broken, 2, 2)));
}

static void complexity_is_the_entropy_of_a_histogram(void **state)
{
    (void)state;
    static const double even[] = {0, 1, 2, 3}, two[] = {0, 0, 0, 9}, same[] = {2, 2, 2};
    qt_close("a bin each", qg_complexity(even, 4, 4), log(4), 0, 1e-15);
    qt_close("two bins", qg_complexity(even, 4, 2), log(2), 0, 1e-15);
    qt_close("three and one", qg_complexity(two, 4, 10), 0.75 * log(4.0 / 3) + 0.25 * log(4), 0,
             1e-15);
    qt_close("all equal", qg_complexity(same, 3, 10), 0, 0, 0);
    assert_true(isnan(qg_complexity(same, 0, 10)));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(units_are_ordered_by_score_or_magnitude),
    cmocka_unit_test(lengths_are_counts_or_fractions),
    cmocka_unit_test(the_top_goes_or_stays),
    cmocka_unit_test(erasers_measures),
    cmocka_unit_test(areas),
    cmocka_unit_test(infidelity_is_none_for_exact_scores),
    cmocka_unit_test(sensitivity_is_the_worst_of_all),
    cmocka_unit_test(complexity_is_the_entropy_of_a_histogram),
};
QT_MAIN("faithfulness", tests)
