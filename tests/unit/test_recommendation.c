/*
 * test_recommendation.c - candidates by thresholds: who qualifies, in which order, and who is on
 * the Pareto front; numbers by hand.
 */
#include "qgrid/recommendation.h"

#include "qt.h"

#include <math.h>

#define UNKNOWN ((double)NAN)
enum { ALL = 5 };

/* drop, agreement, ECE, rho, comprehensiveness, ms, MB */
static const qg_candidate threshold = {{0.01, 0.97, 0.08, 0.90, 0.05, 15, 200}};
static const qg_candidate x[ALL] = {
    {{0.005, 0.99, 0.05, 0.95, 0.10, 10, 150}}, /* meets all */
    {{0.01, 0.97, 0.08, 0.90, 0.05, 15, 200}},  /* exactly the thresholds: meets all */
    {{0.02, 0.99, 0.05, 0.99, 0.10, 5, 100}},   /* loses too much */
    {{-0.02, 0.98, 0.01, 0.96, 0.04, 20, 120}}, /* better than the reference; not faithful, slow */
    {{0.0, 0.98, 0.01, UNKNOWN, 0.10, 4, 50}},  /* rho is not known */
};

static const qg_judgement *of(const qg_judgement *j, qg_lane lane, int i)
{
    return &j[(int)lane * ALL + i];
}

static void test_lanes(void **state)
{
    qg_judgement j[QG_RECOMMEND_LANES * ALL];
    (void)state;
    qg_recommend(j, x, ALL, &threshold);
    assert_int_equal(of(j, QG_LANE_EXPLANATIONS, 0)->place, 1);
    qt_close("score", of(j, QG_LANE_EXPLANATIONS, 0)->score, 0.945, 1e-12, 0);
    assert_int_equal(of(j, QG_LANE_EXPLANATIONS, 1)->place, 2);
    assert_int_equal(of(j, QG_LANE_EXPLANATIONS, 2)->fails, 1U << QG_CRITERION_macro_f1_drop);
    assert_int_equal(of(j, QG_LANE_EXPLANATIONS, 3)->fails, 1U << QG_CRITERION_comprehensiveness);
    qt_close("no reward", of(j, QG_LANE_EXPLANATIONS, 3)->score, 0.96, 1e-12, 0);
    assert_int_equal(of(j, QG_LANE_EXPLANATIONS, 4)->lacks, 1U << QG_CRITERION_rho);
    assert_int_equal(of(j, QG_LANE_EXPLANATIONS, 4)->place, 0);
    assert_int_equal(of(j, QG_LANE_LATENCY, 4)->place, 1); /* does not ask for rho */
    assert_int_equal(of(j, QG_LANE_LATENCY, 0)->place, 2);
    assert_int_equal(of(j, QG_LANE_LATENCY, 3)->place, 0);
    assert_int_equal(of(j, QG_LANE_SIZE, 4)->place, 1);
    assert_int_equal(of(j, QG_LANE_SIZE, 3)->place, 2);
    assert_int_equal(of(j, QG_LANE_SIZE, 0)->place, 3);
    assert_int_equal(of(j, QG_LANE_BALANCED, 0)->place, 1);
    qt_close("places", of(j, QG_LANE_BALANCED, 0)->score, -(1 + 2 + 3), 0, 0);
    assert_int_equal(of(j, QG_LANE_BALANCED, 1)->place, 2);
    assert_int_equal(of(j, QG_LANE_BALANCED, 4)->place, 0);
}

/* First those with a place, then those that fail by score, at last what is not known. */
static void test_order(void **state)
{
    qg_judgement j[QG_RECOMMEND_LANES * ALL];
    int order[ALL];
    static const int want[ALL] = {0, 1, 2, 3, 4};
    (void)state;
    qg_recommend(j, x, ALL, &threshold);
    qg_recommend_order(order, j + QG_LANE_EXPLANATIONS * ALL, ALL);
    for (int i = 0; i < ALL; i++)
        assert_int_equal(order[i], want[i]);
    static const int by_size[ALL] = {4, 3, 0, 1, 2};
    qg_recommend_order(order, j + QG_LANE_SIZE * ALL, ALL);
    for (int i = 0; i < ALL; i++)
        assert_int_equal(order[i], by_size[i]);
}

/* Equal scores have places in their order, none twice. */
static void test_ties(void **state)
{
    qg_candidate same[3] = {x[0], x[0], x[0]};
    qg_judgement j[QG_RECOMMEND_LANES * 3];
    (void)state;
    qg_recommend(j, same, 3, &threshold);
    for (int lane = 0; lane < QG_RECOMMEND_LANES; lane++)
        for (int i = 0; i < 3; i++)
            assert_int_equal(j[lane * 3 + i].place, i + 1);
}

/* What has no threshold is not asked for: not the lane, nor in the others. */
static void test_without(void **state)
{
    qg_candidate without = threshold;
    qg_judgement j[QG_RECOMMEND_LANES * ALL];
    (void)state;
    without.value[QG_CRITERION_rho] = UNKNOWN;
    without.value[QG_CRITERION_latency_ms] = UNKNOWN;
    assert_false(qg_lane_asked(&without, QG_LANE_EXPLANATIONS));
    assert_false(qg_lane_asked(&without, QG_LANE_LATENCY));
    assert_true(qg_lane_asked(&without, QG_LANE_SIZE));
    assert_false(qg_lane_asked(&without, QG_LANE_BALANCED)); /* it were the same as size */
    qg_recommend(j, x, ALL, &without);
    assert_int_equal(of(j, QG_LANE_SIZE, 4)->place, 1);
    assert_int_equal(of(j, QG_LANE_EXPLANATIONS, 0)->place, 0);
    assert_int_equal(of(j, QG_LANE_LATENCY, 0)->place, 0);
    assert_int_equal(of(j, QG_LANE_BALANCED, 0)->place, 0);
}

/* A number that is not known never passes, whatever it is. */
static void test_unknown_never_passes(void **state)
{
    static const qg_lane asks[QG_CRITERIA][2] = {
        {QG_LANE_SIZE, QG_LANE_BALANCED},         {QG_LANE_SIZE, QG_LANE_BALANCED},
        {QG_LANE_SIZE, QG_LANE_BALANCED},         {QG_LANE_EXPLANATIONS, QG_LANE_BALANCED},
        {QG_LANE_EXPLANATIONS, QG_LANE_BALANCED}, {QG_LANE_LATENCY, QG_LANE_BALANCED},
        {QG_LANE_SIZE, QG_LANE_BALANCED},
    };
    (void)state;
    for (int c = 0; c < QG_CRITERIA; c++) {
        qg_candidate one = x[0];
        qg_judgement j[QG_RECOMMEND_LANES];
        one.value[c] = UNKNOWN;
        qg_recommend(j, &one, 1, &threshold);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(j[asks[c][i]].place, 0);
            assert_int_equal(j[asks[c][i]].lacks, 1U << c);
        }
    }
}

static void test_front(void **state)
{
    bool front[ALL];
    qg_candidate without = threshold;
    (void)state;
    qg_pareto_front(front, x, ALL, &threshold);
    assert_true(front[0]);  /* none has less drop at 10 ms */
    assert_false(front[1]); /* the first is better in everything */
    assert_true(front[2]);
    assert_true(front[3]);
    assert_false(front[4]); /* rho is not known */
    without.value[QG_CRITERION_rho] = UNKNOWN;
    qg_pareto_front(front, x, ALL, &without);
    assert_false(front[0]); /* the last is better, and that is all that is asked for */
    assert_false(front[2]);
    assert_true(front[3]);
    assert_true(front[4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_unknown_never_passes),
        cmocka_unit_test(test_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
