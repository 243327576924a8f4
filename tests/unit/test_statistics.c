/*
 * test_statistics.c - signed ranks, equivalence, power: against all signs, tables and closed forms.
 */
#include "qt_arena.h"

#include "qgrid/rng.h"
#include "qgrid/statistics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* ------------------------------------------------------------------------- Wilcoxon's signed ranks
 */

/* Mean rank of |d[i]| among the differences that are not 0. */
static double rank_of(const double *d, int n, int i)
{
    double below = 0, equal = 0;
    for (int j = 0; j < n; j++) {
        below += d[j] != 0 && fabs(d[j]) < fabs(d[i]);
        equal += d[j] != 0 && fabs(d[j]) == fabs(d[i]);
    }
    return below + (equal + 1) / 2;
}

/* By all signs of the ranks of those that are not 0. */
static void all_signs__ref(qg_signed_ranks *out, const double *d, int n)
{
    double rank[20], less = 0, greater = 0;
    *out = (qg_signed_ranks){0};
    for (int i = 0; i < n; i++)
        if (d[i] != 0) {
            rank[out->n] = rank_of(d, n, i);
            *(d[i] > 0 ? &out->plus : &out->minus) += rank[out->n++];
        }
    for (int signs = 0; signs < 1 << out->n; signs++) {
        double sum = 0;
        for (int i = 0; i < out->n; i++)
            sum += signs >> i & 1 ? rank[i] : 0;
        less += sum <= out->plus;
        greater += sum >= out->plus;
    }
    double all = 1 << out->n;
    out->p_less = less / all;
    out->p_greater = greater / all;
    out->p = fmin(1, 2 * fmin(less, greater) / all);
}

/* Differences of n texts from -range to range, in whole steps: many zeros and ties. */
static void steps(double *d, int n, int range, int stream)
{
    qg_rng r = qg_rng_make(5, "test/steps", (uint64_t)(1000 * range + stream));
    for (int i = 0; i < n; i++)
        d[i] = (double)qg_rng_below(&r, (uint64_t)(2 * range + 1)) - range;
}

static void small_samples_are_exact_with_zeros_and_ties(void **state)
{
    (void)state;
    static const int ranges[] = {1, 2, 5, 30, 100000};
    int zeros = 0, ties = 0;
    for (int n = 1; n <= 13; n++)
        for (size_t k = 0; k < sizeof ranges / sizeof ranges[0]; k++)
            for (int stream = 0; stream < 3; stream++) {
                double d[13];
                qg_signed_ranks got, want;
                steps(d, n, ranges[k], stream * 100 + n);
                all_signs__ref(&want, d, n);
                qt_ok(qg_wilcoxon(&got, d, n, arena));
                qt_eq("n", got.n, want.n);
                zeros += got.n < n;
                if (got.n == 0) {
                    qt_nan("p of zeros", got.p);
                    qt_nan("greater of zeros", got.p_greater);
                    qt_nan("less of zeros", got.p_less);
                    continue;
                }
                ties += ranges[k] < 10;
                qt_close("plus", got.plus, want.plus, 0, 0);
                qt_close("minus", got.minus, want.minus, 0, 0);
                qt_close("p", got.p, want.p, 1e-14, 0);
                qt_close("greater", got.p_greater, want.p_greater, 1e-14, 0);
                qt_close("less", got.p_less, want.p_less, 1e-14, 0);
                assert_true(got.p >= 2 * exp2(-(double)got.n) || got.n == 1);
            }
    assert_true(zeros > 30 && ties > 60);
}

/* Sizes 1 to n; the ranks of those below 0 add up to `minus`. */
static double p_of_rank_sum(int n, int minus)
{
    double d[64];
    qg_signed_ranks r;
    for (int i = n; i >= 1; i--) {
        d[i - 1] = minus >= i ? -i : i;
        minus -= minus >= i ? i : 0;
    }
    qt_ok(qg_wilcoxon(&r, d, n, arena));
    return r.p;
}

static void up_to_50_without_ties_the_rank_sum_is_exact(void **state)
{
    (void)state;
    for (int n = 1; n <= 50; n++) { /* one of 2^n signs on each side has all ranks */
        qt_close("all above", p_of_rank_sum(n, 0), fmin(1, 2 * exp2(-n)), 1e-14, 0);
        if (n >= 3) /* those with the sums 0, 1, 2, and 3 = 1 + 2 */
            qt_close("sum of 3", p_of_rank_sum(n, 3), fmin(1, 10 * exp2(-n)), 1e-14, 0);
    }
    /* Largest sum that is significant at 5 %, two-sided: Wilcoxon and Wilcox, Some rapid
     * approximate statistical procedures, 1964. */
    static const int table[][2] = {{6, 0},    {10, 8},   {15, 25},  {20, 52},  {25, 89},
                                   {30, 137}, {35, 195}, {40, 264}, {45, 343}, {50, 434}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_true(p_of_rank_sum(table[i][0], table[i][1]) <= 0.05);
        assert_true(p_of_rank_sum(table[i][0], table[i][1] + 1) > 0.05);
    }
}

static void fifty_differences_as_scipy_has_them(void **state)
{
    (void)state;
    static const double d[] = {
        2.2691,  0.1563,  -0.0192, 0.5203,  0.3679, 0.3766,  -0.4073, 1.4317,  1.2391,  0.1378,
        0.6647,  1.0084,  1.3822,  0.7428,  1.0451, 0.0868,  -0.7194, -0.1453, 1.3692,  1.3277,
        0.4963,  -0.2174, 0.6577,  2.0134,  1.7045, -0.3336, 0.3065,  -1.1017, -0.7856, 0.5383,
        0.3748,  1.3148,  1.6176,  1.1849,  1.6698, -0.1971, -0.7789, 0.8505,  3.0287,  0.7068,
        -0.8017, 0.5924,  1.7756,  -0.6844, 1.1534, -0.2612, 1.6228,  1.1354,  0.6541,  2.3501};
    qg_signed_ranks r;
    qt_ok(qg_wilcoxon(&r, d, 50, arena));
    qt_close("p", r.p, 0.0000136759, 0, 5e-11);
    qt_close("greater", r.p_greater, r.p / 2, 1e-14, 0);
    qt_close("less", r.p_less, 1, 0, 1e-5);
}

static void beyond_it_is_normal_with_tie_correction(void **state)
{
    (void)state;
    double d[60];
    qg_signed_ranks r;
    for (int i = 0; i < 51; i++)
        d[i] = i % 3 ? i + 1 : -i - 1;
    qt_ok(qg_wilcoxon(&r, d, 51, arena));
    double z = (r.plus - 51 * 52 / 4.0) / sqrt(51 * 52 * 103 / 24.0);
    qt_close("p", r.p, erfc(fabs(z) / sqrt(2)), 1e-12, 0);
    qt_close("greater", r.p_greater, erfc(z / sqrt(2)) / 2, 1e-12, 0);
    qt_close("less", r.p_less, erfc(-z / sqrt(2)) / 2, 1e-12, 0);

    /* 14 equal ones, 3 of them below 0, and zeros: rank 7.5 each, variance 14 * 7.5^2 / 4. */
    for (int i = 0; i < 20; i++)
        d[i] = i < 3 ? -0.25 : i < 14 ? 0.25 : 0;
    qt_ok(qg_wilcoxon(&r, d, 20, arena));
    qt_close("plus", r.plus, 11 * 7.5, 0, 0);
    z = (11 * 7.5 - 52.5) / sqrt(14 * 7.5 * 7.5 / 4);
    qt_close("p of equals", r.p, erfc(z / sqrt(2)), 1e-12, 0);

    /* Zeros alone make it approximate, too: 14 sizes without ties. */
    for (int i = 0; i < 15; i++)
        d[i] = i;
    qt_ok(qg_wilcoxon(&r, d, 15, arena));
    qt_close("p with a zero", r.p, erfc(52.5 / sqrt(14 * 15 * 29 / 24.0) / sqrt(2)), 1e-12, 0);
}

/* ---------------------------------------------------------------------------- equivalence, power
 */

static void equivalence_of_two_and_three_by_hand(void **state)
{
    (void)state;
    qg_equivalence t;
    /* Mean 0.01, error sd / sqrt(2) = 0.01: t of 3 and 1 from either end of the margin of 0.02;
     * with one degree of freedom P(T > t) is 1/2 - atan(t) / pi. */
    qg_equivalence_test(&t, (const double[]){0, 0.02}, 2, 0.02);
    double pi = acos(-1);
    qt_eq("n", t.n, 2);
    qt_close("mean", t.mean, 0.01, 1e-14, 0);
    qt_close("sd", t.sd, 0.02 / sqrt(2), 1e-14, 0);
    qt_close("low", t.p_low, 0.5 - atan(3) / pi, 1e-12, 0);
    qt_close("high", t.p_high, 0.5 - atan(1) / pi, 1e-12, 0);
    qt_close("p", t.p, 0.25, 1e-12, 0);
    qt_close("interval", t.high - t.mean, 0.01 * tan(pi * 0.45), 1e-12, 0);
    /* With two, 1/2 - t / (2 sqrt(2 + t^2)). */
    qg_equivalence_test(&t, (const double[]){-1, 0, 1}, 3, 2);
    double x = 2 * sqrt(3);
    qt_close("p of three", t.p, 0.5 - x / (2 * sqrt(2 + x * x)), 1e-12, 0);
    qt_close("both sides", t.p_low, t.p_high, 1e-14, 0);
}

static void the_interval_is_inside_where_p_is_small(void **state)
{
    (void)state;
    double d[30];
    int inside = 0, outside = 0;
    qg_rng r = qg_rng_make(7, "test/equivalence", 0);
    for (int n = 2; n <= 30; n++)
        for (int k = 0; k < 20; k++) {
            qg_equivalence t;
            for (int i = 0; i < n; i++)
                d[i] = qg_rng_normal(&r) + 0.1 * k;
            qg_equivalence_test(&t, d, n, 1);
            bool is = t.low > -1 && t.high < 1;
            assert_true(is == (t.p < 0.05));
            assert_true(t.p >= t.p_low && t.p >= t.p_high);
            *(is ? &inside : &outside) += 1;
        }
    assert_true(inside > 50 && outside > 50);
}

static void equal_differences_have_the_sign_test(void **state)
{
    (void)state;
    double d[10];
    qg_equivalence t;
    for (int i = 0; i < 10; i++)
        d[i] = 0.1;
    qg_equivalence_test(&t, d, 10, 0.2);
    qt_close("p within", t.p, exp2(-10), 0, 0);
    qt_close("sd", t.sd, 0, 0, 0);
    qt_close("detectable", t.detectable, 0, 0, 0);
    qg_equivalence_test(&t, d, 10, 0.1);
    qt_close("p at the margin", t.p, 1, 0, 0);
    qt_close("not below it", t.p_low, exp2(-10), 0, 0);
    qg_equivalence_test(&t, d, 1, 0.2);
    qt_close("mean of one", t.mean, 0.1, 0, 0);
    qt_nan("p of one", t.p);
    qt_nan("detectable of one", t.detectable);
    qg_equivalence_test(&t, d, 0, 0.2);
    qt_nan("mean of none", t.mean);
}

/* P(T <= t) for t >= 0 of a noncentral t, by its series (Lenth, Appl. Statist. 38, 1989). */
static double noncentral_t__ref(double t, double df, double shift)
{
    double half = shift * shift / 2, x = t * t / (t * t + df), sum = gsl_cdf_ugaussian_P(-shift);
    for (int j = 0; j < 400; j++) {
        double p = exp(-half + j * log(half) - lgamma(j + 1.0)) / 2;
        double q = shift / sqrt(2) * exp(-half + j * log(half) - lgamma(j + 1.5)) / 2;
        sum += p * gsl_cdf_beta_P(x, j + 0.5, df / 2) + q * gsl_cdf_beta_P(x, j + 1.0, df / 2);
    }
    return sum;
}

static void power_is_that_of_a_noncentral_t(void **state)
{
    (void)state;
    static const int sizes[] = {2, 3, 5, 10, 30, 150, 1000, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (double shift = 0.5; shift <= 6; shift += 0.5) {
            double n = sizes[i], t = gsl_cdf_tdist_Pinv(0.975, n - 1);
            /* P(T < -t) of a shift is P(T > t) of its opposite. */
            double want =
                1 - noncentral_t__ref(t, n - 1, shift) + 1 - noncentral_t__ref(t, n - 1, -shift);
            qt_close("power", qg_paired_power(shift * 3 / sqrt(n), 3, sizes[i]), want, 1e-9, 1e-11);
        }
    qt_close("no effect", qg_paired_power(0, 1, 12), 0.05, 0, 1e-12);
    /* 34 pairs are what power analysis programs give for d = 0.5 and 80 %. */
    assert_true(qg_paired_power(0.5, 1, 34) >= 0.8 && qg_paired_power(0.5, 1, 33) < 0.8);
    qt_nan("of one text", qg_paired_power(1, 1, 1));
}

static void the_detectable_difference_has_the_power(void **state)
{
    (void)state;
    static const int sizes[] = {2, 3, 7, 30, 500};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        double d = qg_detectable_difference(0.2, sizes[i]);
        qt_close("power", qg_paired_power(d, 0.2, sizes[i]), 0.8, 0, 1e-10);
        qt_close("twice the spread", qg_detectable_difference(0.4, sizes[i]), 2 * d, 1e-12, 0);
    }
    /* Of many texts 2.80 standard errors: the normal's 97.5 % and 80 %. */
    qt_close("many", qg_detectable_difference(1, 1000000) * 1000,
             gsl_cdf_ugaussian_Pinv(0.975) + gsl_cdf_ugaussian_Pinv(0.8), 1e-5, 0);
    qt_nan("of one text", qg_detectable_difference(1, 1));
}

static qg_code ranks(qg_arena *a, void *ctx)
{
    static const double v[] = {1, 2, 0, -4};
    qg_signed_ranks r;
    (void)ctx;
    return qg_wilcoxon(&r, v, 4, a);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    qt_torture(ranks, NULL);
    size_t before = qg_arena_used(arena);
    qt_ok(ranks(arena, NULL));
    qt_eq("scratch that is left", (long long)(qg_arena_used(arena) - before), 0);
}

static const struct CMUnitTest tests[] = {
    CASE(small_samples_are_exact_with_zeros_and_ties),
    CASE(up_to_50_without_ties_the_rank_sum_is_exact),
    CASE(fifty_differences_as_scipy_has_them),
    CASE(beyond_it_is_normal_with_tie_correction),
    CASE(equivalence_of_two_and_three_by_hand),
    CASE(the_interval_is_inside_where_p_is_small),
    CASE(equal_differences_have_the_sign_test),
    CASE(power_is_that_of_a_noncentral_t),
    CASE(the_detectable_difference_has_the_power),
    CASE(memory_may_run_out_anywhere),
};
QT_MAIN("statistics", tests)
