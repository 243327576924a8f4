/*
 * test_pooled.c - numbers of texts under several seeds: means of means, intervals of two levels,
 * shares of a total.
 */
#include "qt_arena.h"

#include "qgrid/pooled.h"

#include <math.h>

static const qg_draws draws = {400, 7, NULL};
static const double none = (double)NAN;

static void seeds_count_alike_whatever_texts_they_have(void **state)
{
    (void)state;
    const double a[] = {1, 2, none, 3}, b[] = {none, 5}, c[] = {none};
    const double *value[] = {a, b, c};
    const int64_t count[] = {4, 2, 1};
    double out[QG_POOLED];
    qt_ok(qg_pool(out, &(qg_seed_values){3, value, count}, &draws, arena));
    const double want[] = {
        [QG_POOLED_seeds] = 2,      [QG_POOLED_n] = 4,        [QG_POOLED_mean] = 3.5,
        [QG_POOLED_sd] = sqrt(4.5), [QG_POOLED_median] = 3.5, [QG_POOLED_min] = 2,
        [QG_POOLED_max] = 5};
    qt_close_f64("numbers", out, want, QG_POOLED_max + 1, 1e-15, 0);
    qt_close("pooled", out[QG_POOLED_pooled], 11.0 / 4, 1e-15, 0);
    qt_close("consistency", out[QG_POOLED_consistency], 1, 0, 0);
    /* Resamples of seeds: both the first, both the second, one of each. */
    assert_true(out[QG_POOLED_ci_low] >= 1 && out[QG_POOLED_ci_low] < 2.5);
    qt_close("ci_high", out[QG_POOLED_ci_high], 5, 0, 0);
}

static void one_seed_has_the_interval_of_its_texts(void **state)
{
    (void)state;
    const double a[] = {-4, -4, -4, -4}, b[] = {0, 1};
    const double *one[] = {a}, *other[] = {b};
    const int64_t four = 4, two = 2;
    double out[QG_POOLED];
    qt_ok(qg_pool(out, &(qg_seed_values){1, one, &four}, &draws, arena));
    qt_close("mean", out[QG_POOLED_mean], -4, 0, 0);
    qt_close("ci_low", out[QG_POOLED_ci_low], -4, 0, 0);
    qt_close("ci_high", out[QG_POOLED_ci_high], -4, 0, 0);
    qt_close("consistency", out[QG_POOLED_consistency], 0, 0, 0);
    qt_nan("sd", out[QG_POOLED_sd]);
    qt_ok(qg_pool(out, &(qg_seed_values){1, other, &two}, &draws, arena));
    qt_close("ci_low", out[QG_POOLED_ci_low], 0, 0, 0);
    qt_close("ci_high", out[QG_POOLED_ci_high], 1, 0, 0);
}

static void of_nothing_nothing_is_known(void **state)
{
    (void)state;
    const double a[] = {none, none};
    const double *value[] = {a};
    const int64_t count = 2;
    double out[QG_POOLED];
    for (int seeds = 0; seeds < 2; seeds++) {
        qt_ok(qg_pool(out, &(qg_seed_values){seeds, value, &count}, &draws, arena));
        qt_close("seeds", out[QG_POOLED_seeds], 0, 0, 0);
        qt_close("n", out[QG_POOLED_n], 0, 0, 0);
        for (int i = QG_POOLED_mean; i < QG_POOLED; i++)
            qt_nan(qg_pooled_names[i], out[i]);
    }
}

static void a_fixed_part_of_every_text_is_that_share(void **state)
{
    (void)state;
    const double total_a[] = {1, 3, 0.5, none}, part_a[] = {0.25, 0.75, 0.125, 9};
    const double total_b[] = {7, 2}, part_b[] = {1.75, none};
    const double *total[] = {total_a, total_b}, *part[] = {part_a, part_b};
    const int64_t count[] = {4, 2};
    const qg_seed_values p = {2, part, count}, t = {2, total, count};
    double share[3];
    qt_ok(qg_pooled_share(share, &p, &t, &draws, arena));
    for (int i = 0; i < 3; i++)
        qt_close("share", share[i], 0.25, 1e-15, 0);
    qt_ok(qg_pooled_share(share, &t, &t, &draws, arena));
    for (int i = 0; i < 3; i++)
        qt_close("all", share[i], 1, 0, 0);
}

static void shares_are_of_the_means_of_seeds(void **state)
{
    (void)state;
    const double total_a[] = {1, 3}, part_a[] = {1, 0}, total_b[] = {4}, part_b[] = {-1};
    const double *total[] = {total_a, total_b}, *part[] = {part_a, part_b};
    const int64_t count[] = {2, 1};
    const qg_seed_values p = {2, part, count}, t = {2, total, count};
    double share[3];
    qt_ok(qg_pooled_share(share, &p, &t, &draws, arena));
    qt_close("share", share[0], (0.5 - 1) / (2 + 4), 1e-15, 0);
    qt_close("least", share[1], -0.25, 1e-15, 0); /* the second seed twice */
    assert_true(share[2] > share[0] && share[2] <= 1);
}

static void there_is_no_share_of_nothing(void **state)
{
    (void)state;
    const double zero[] = {0, 0}, some[] = {-1, 2}, part[] = {1, 1};
    const double *of_zero[] = {zero}, *of_some[] = {some}, *of_part[] = {part};
    const int64_t count = 2;
    double share[3];
    qt_ok(qg_pooled_share(share, &(qg_seed_values){1, of_part, &count},
                          &(qg_seed_values){1, of_zero, &count}, &draws, arena));
    for (int i = 0; i < 3; i++)
        qt_nan("share of 0", share[i]);
    qt_ok(qg_pooled_share(share, &(qg_seed_values){1, of_part, &count},
                          &(qg_seed_values){1, of_some, &count}, &draws, arena));
    qt_close("share", share[0], 2, 0, 0);
    qt_nan("low", share[1]); /* the first text twice has a total below 0 */
    qt_nan("high", share[2]);
}

static const struct CMUnitTest tests[] = {
    CASE(seeds_count_alike_whatever_texts_they_have),
    CASE(one_seed_has_the_interval_of_its_texts),
    CASE(of_nothing_nothing_is_known),
    CASE(a_fixed_part_of_every_text_is_that_share),
    CASE(shares_are_of_the_means_of_seeds),
    CASE(there_is_no_share_of_nothing),
};
QT_MAIN("pooled", tests)
