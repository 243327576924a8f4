/*
 * test_drift.c - drift of explanations, its floor, and statistics of it, on numbers worked out by
 * hand and on scipy's.
 */
#include "qt_arena.h"

#include "qgrid/drift.h"
#include "qgrid/rng.h"

#include <math.h>

/* A fresh one for each call. */
#define RESAMPLER(times, start, in) (&(qg_resampler){times, start, in, -1, 0, NULL})

#include <string.h>

static void all_are(const double *got, const double *want, int n, const char *const *names)
{
    for (int i = 0; i < n; i++) {
        if (isnan(want[i]))
            qt_nan(names[i], got[i]);
        else
            qt_close(names[i], got[i], want[i], 0, 1e-15);
    }
}

static void names_are_in_the_order_of_the_numbers(void **state)
{
    (void)state;
    assert_string_equal(qg_drift_names[QG_DRIFT_spearman], "spearman");
    assert_string_equal(qg_drift_names[QG_DRIFT_magnitude_shift], "magnitude_shift");
    assert_null(qg_drift_names[QG_DRIFTS]);
    assert_string_equal(qg_summary_names[QG_SUMMARY_n], "n");
    assert_string_equal(qg_summary_names[QG_SUMMARY_ci_high], "ci_high");
    assert_null(qg_summary_names[QG_SUMMARIES]);
}

static void drift_by_hand(void **state)
{
    (void)state;
    /* Ranks 3 1 4 2 5 and 2 3 4 1 5: squares of differences add up to 6; 2 of 10 pairs are swapped.
     * By magnitude words 4 1 2 and 4 2 3 are the top: of equals the earlier one. */
    static const double a[] = {0.2, -1, 0.5, -0.25, 2}, b[] = {-0.5, -0.25, 1, -1, 2};
    double got[QG_DRIFTS];
    const double want[] = {[QG_DRIFT_spearman] = 1 - 6 * 6.0 / (5 * 24),
                           [QG_DRIFT_kendall] = (8 - 2) / 10.0,
                           [QG_DRIFT_cosine] = 4.9 / sqrt(5.3525 * 6.3125),
                           [QG_DRIFT_jaccard_3] = 0.5,
                           [QG_DRIFT_jaccard_5] = 1,
                           [QG_DRIFT_jaccard_10] = 1,
                           [QG_DRIFT_top_1] = 1,
                           [QG_DRIFT_sign_flip] = 0.2,
                           [QG_DRIFT_magnitude_shift] = 2.7 / 3.95};
    static const double none[] = {1, 1, 1, 1, 1, 1, 1, 0, 0};
    static const double turned[] = {-1, -1, -1, 1, 1, 1, 1, 1, 2},
                        minus[] = {-0.2, 1, -0.5, 0.25, -2};
    qt_ok(qg_drift_of(got, a, b, 5, arena));
    all_are(got, want, QG_DRIFTS, qg_drift_names);
    qt_ok(qg_drift_of(got, a, a, 5, arena));
    all_are(got, none, QG_DRIFTS, qg_drift_names);
    qt_ok(qg_drift_of(got, a, minus, 5, arena));
    all_are(got, turned, QG_DRIFTS, qg_drift_names);
}

static void words_without_a_score_in_either_are_left_out(void **state)
{
    (void)state;
    static const double a[] = {NAN, 0.2, -1, 9, 0.5, -0.25, 2, NAN};
    static const double b[] = {5, -0.5, -0.25, NAN, 1, -1, 2, NAN};
    static const double x[] = {0.2, -1, 0.5, -0.25, 2}, y[] = {-0.5, -0.25, 1, -1, 2};
    double got[QG_DRIFTS], want[QG_DRIFTS];
    qt_ok(qg_drift_of(got, a, b, 8, arena));
    qt_ok(qg_drift_of(want, x, y, 5, arena));
    qt_same("drift", got, want, QG_DRIFTS, sizeof *got);
}

static void what_is_undefined_is_nan(void **state)
{
    (void)state;
    static const double a[] = {2, 1}, b[] = {-1, -3}, zero[] = {0, 0}, tiny[] = {1e-7, -1e-6};
    const struct {
        const double *a, *b;
        int n;
        double want[QG_DRIFTS];
    } cases[] = {
        {a, b, 0, {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}},
        {a, b, 1, {NAN, NAN, -1, 1, 1, 1, 1, 1, 1.5}},
        {a, zero, 2, {NAN, NAN, NAN, 1, 1, 1, 1, NAN, 1}},
        {zero, a, 2, {NAN, NAN, NAN, 1, 1, 1, 1, NAN, NAN}},
        {tiny, tiny, 2, {1, 1, 1, 1, 1, 1, 1, NAN, 0}},
        {a, tiny, 2, {1, 1, -8e-7 / sqrt(5 * (1e-14 + 1e-12)), 1, 1, 1, 0, NAN, 3.0000009 / 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got[QG_DRIFTS];
        qt_ok(qg_drift_of(got, cases[i].a, cases[i].b, cases[i].n, arena));
        all_are(got, cases[i].want, QG_DRIFTS, qg_drift_names);
    }
}

/* Mean of draws within 4 standard errors of what permutations and coins give. */
static void near(const char *what, double got, double mean, double variance, int draws)
{
    qt_close(what, got, mean, 0, 4 * sqrt(variance / draws));
}

static void the_floor_is_what_chance_gives(void **state)
{
    (void)state;
    enum { N = 12, DRAWS = 4000 };
    double a[N], got[QG_DRIFTS], again[QG_DRIFTS], jaccard = 0, square = 0;
    static const double overlap[] = {84, 108, 27, 1}; /* C(3, i) C(9, 3 - i), of C(12, 3) = 220 */
    for (int i = 0; i < N; i++)
        a[i] = (i % 2 ? -1 : 1) * (1 + i) / 16.0;
    for (int i = 1; i < 4; i++) {
        double j = i / (6.0 - i);
        jaccard += overlap[i] / 220 * j;
        square += overlap[i] / 220 * j * j;
    }
    qt_ok(qg_drift_floor(got, a, N, 42, 7, DRAWS, arena));
    near("spearman", got[QG_DRIFT_spearman], 0, 1.0 / (N - 1), DRAWS);
    near("kendall", got[QG_DRIFT_kendall], 0, 2 * (2 * N + 5) / (9.0 * N * (N - 1)), DRAWS);
    near("cosine", got[QG_DRIFT_cosine], 0, 1.0 / N, DRAWS);
    near("jaccard", got[QG_DRIFT_jaccard_3], jaccard, square - jaccard * jaccard, DRAWS);
    near("top", got[QG_DRIFT_top_1], 1.0 / N, 1.0 / N, DRAWS);
    near("signs", got[QG_DRIFT_sign_flip], 0.5, 0.25 / N, DRAWS);
    qt_ok(qg_drift_floor(again, a, N, 42, 7, DRAWS, arena));
    qt_same("again", again, got, QG_DRIFTS, sizeof *got);
    qt_ok(qg_drift_floor(again, a, N, 42, 8, DRAWS, arena));
    assert_true(again[QG_DRIFT_cosine] != got[QG_DRIFT_cosine]);
}

static void the_floor_is_a_mean_of_drifts_to_random_scores(void **state)
{
    (void)state;
    static const double a[] = {3, NAN, 1, 5}; /* the population's variance of 3 1 5 is 8/3 */
    double want[QG_DRIFTS] = {0}, got[QG_DRIFTS], one[QG_DRIFTS], r[4];
    for (int draw = 0; draw < 3; draw++) {
        qg_random_scores(r, 4, QG_RANDOM_FLOOR, 1, 2, draw, sqrt(8.0 / 3));
        qt_ok(qg_drift_of(one, a, r, 4, arena));
        for (int d = 0; d < QG_DRIFTS; d++)
            want[d] += one[d] / 3;
    }
    qt_ok(qg_drift_floor(got, a, 4, 1, 2, 3, arena));
    qt_close_f64("floor", got, want, QG_DRIFTS, 0, 1e-14);
    qt_ok(qg_drift_floor(got, a, 4, 1, 2, 0, arena));
    qt_nan("no draws", got[QG_DRIFT_spearman]);

    qg_random_scores(r, 1, QG_RANDOM_FLOOR, 1, 2, 0, 1); /* a single word, and none */
    qt_ok(qg_drift_floor(got, a, 1, 1, 2, 1, arena));
    qt_nan("spearman of one", got[QG_DRIFT_spearman]);
    qt_close("shift of one", got[QG_DRIFT_magnitude_shift], fabs(r[0] - 3) / 3, 1e-15, 0);
    qt_ok(qg_drift_floor(got, a, 0, 1, 2, 5, arena));
    for (int d = 0; d < QG_DRIFTS; d++)
        qt_nan(qg_drift_names[d], got[d]);
}

/* Whatever is compared with the floor, and however often it is drawn: about 0. */
static void the_floor_of_random_scores_is_chance_with_few_draws_too(void **state)
{
    (void)state;
    enum { N = 8, KEYS = 500 };
    static const int draws[] = {1, 2, 4, 30};
    static const char *const streams[] = {QG_RANDOM_METHOD, "another"};
    double a[N], got[QG_DRIFTS];
    for (int s = 0; s < 2; s++)
        for (int k = 0; k < 4; k++) {
            double rho = 0, top = 0, n = (double)KEYS * draws[k];
            for (uint64_t key = 0; key < KEYS; key++) {
                qg_random_scores(a, N, streams[s], 42, key, 0, 2.5);
                qt_ok(qg_drift_floor(got, a, N, 42, key, draws[k], arena));
                rho += got[QG_DRIFT_spearman] / KEYS;
                top += got[QG_DRIFT_top_1] / KEYS;
            }
            qt_close("rho", rho, 0, 0, 4 * sqrt(1.0 / (N - 1) / n));
            qt_close("top", top, 1.0 / N, 0, 4 * sqrt(1.0 / N / n));
        }
}

static void a_repeat_is_the_drift_of_two_draws_unless_nothing_was_drawn(void **state)
{
    (void)state;
    static const double a[] = {3, NAN, 1, 5, 2}, b[] = {2, NAN, 1, 5, 3};
    double want[QG_DRIFTS], got[QG_DRIFTS];
    qt_ok(qg_drift_of(want, a, b, 5, arena));
    qt_ok(qg_drift_repeat(got, a, b, 5, arena));
    qt_close("rho", got[QG_DRIFT_spearman], 0.8, 0, 1e-15); /* 1 - 6 * 2 / (4 * 15) */
    qt_same("drift", got, want, QG_DRIFTS, sizeof *got);
    qt_ok(qg_drift_repeat(got, a, a, 5, arena));
    for (int d = 0; d < QG_DRIFTS; d++)
        qt_nan(qg_drift_names[d], got[d]);
    qt_ok(qg_drift_repeat(got, a, b, 0, arena));
    qt_nan("of no words", got[QG_DRIFT_jaccard_3]);
}

/* ------------------------------------------------------------------------- numbers over texts */

static void summary_by_hand(void **state)
{
    (void)state;
    static const double v[] = {4, 99, NAN, 99, 1, 99, 7, 99, 2, 99};
    double got[QG_SUMMARIES];
    qt_ok(qg_summarize(got, v, 5, 2, RESAMPLER(200, 42, arena), arena));
    const double want[] = {4, 3.5, sqrt(21.0 / 3), 3, 1, 7};
    all_are(got, want, 6, qg_summary_names);
    assert_true(got[QG_SUMMARY_ci_low] >= 1 && got[QG_SUMMARY_ci_low] < 3.5);
    assert_true(got[QG_SUMMARY_ci_high] <= 7 && got[QG_SUMMARY_ci_high] > 3.5);

    static const double one[] = {1, 4, NAN, 4, 4, 4, 4, 4},
                        none[] = {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    qt_ok(qg_summarize(got, v, 1, 1, RESAMPLER(50, 42, arena), arena));
    all_are(got, one, QG_SUMMARIES, qg_summary_names);
    qt_ok(qg_summarize(got, v, 0, 1, RESAMPLER(50, 42, arena), arena));
    all_are(got, none, QG_SUMMARIES, qg_summary_names);
    qt_ok(qg_summarize(got, v + 2, 1, 1, RESAMPLER(50, 42, arena), arena));
    all_are(got, none, QG_SUMMARIES, qg_summary_names);
}

static void the_bootstrap_of_a_constant_is_a_point(void **state)
{
    (void)state;
    double v[30], got[QG_SUMMARIES];
    for (int i = 0; i < 30; i++)
        v[i] = 0.1;
    qt_ok(qg_summarize(got, v, 30, 1, RESAMPLER(500, 42, arena), arena));
    qt_close("sd", got[QG_SUMMARY_sd], 0, 0, 1e-15);
    qt_same("low", &got[QG_SUMMARY_ci_low], &got[QG_SUMMARY_mean], 1, sizeof *got);
    qt_same("high", &got[QG_SUMMARY_ci_high], &got[QG_SUMMARY_mean], 1, sizeof *got);
}

static void the_bootstrap_of_many_is_the_normal_interval(void **state)
{
    (void)state;
    enum { N = 400, RESAMPLES = 4000 };
    double v[N], got[QG_SUMMARIES], again[QG_SUMMARIES];
    qg_rng r = qg_rng_make(3, "test/drift", 0);
    for (int i = 0; i < N; i++)
        v[i] = qg_rng_uniform(&r);
    qt_ok(qg_summarize(got, v, N, 1, RESAMPLER(RESAMPLES, 42, arena), arena));
    double error = got[QG_SUMMARY_sd] / sqrt(N);
    /* A percentile p of R normal draws has the standard error sqrt(p (1 - p) / R) / density: 0.042
     * of the spread at 2.5 % of 4000. */
    qt_close("low", got[QG_SUMMARY_ci_low], got[QG_SUMMARY_mean] - 1.95996 * error, 0, 0.2 * error);
    qt_close("high", got[QG_SUMMARY_ci_high], got[QG_SUMMARY_mean] + 1.95996 * error, 0,
             0.2 * error);
    qt_ok(qg_summarize(again, v, N, 1, RESAMPLER(RESAMPLES, 42, arena), arena));
    qt_same("again", again, got, QG_SUMMARIES, sizeof *got);
    qt_ok(qg_summarize(again, v, N, 1, RESAMPLER(RESAMPLES, 43, arena), arena));
    assert_true(again[QG_SUMMARY_ci_low] != got[QG_SUMMARY_ci_low]);
}

/* Kept draws, and draws of too many values to keep, are those of the streams. */
static void a_resampler_draws_what_its_streams_say(void **state)
{
    (void)state;
    enum { N = 5000, RESAMPLES = 4000 };
    static double v[N], mean[RESAMPLES];
    double got[QG_SUMMARIES], fresh[QG_SUMMARIES];
    qg_resampler r = qg_resampler_make(RESAMPLES, 42, arena);
    qg_rng base = qg_rng_make(42, "bootstrap/mean", 0);
    for (int i = 0; i < N; i++)
        v[i] = (i * 7919) % 1000;
    static const int sizes[] = {40, 7, N, 40, 41};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        int n = sizes[s];
        double least = 1e9, most = 0;
        for (int i = 0; i < RESAMPLES; i++) {
            qg_rng rng = qg_rng_stream(&base, (uint64_t)i);
            mean[i] = 0;
            for (int k = 0; k < n; k++)
                mean[i] += v[qg_rng_below(&rng, (uint64_t)n)];
            mean[i] /= n;
        }
        qt_ok(qg_summarize(got, v, n, 1, &r, arena));
        for (int i = 0; i < RESAMPLES; i++) {
            int below = 0;
            for (int k = 0; k < RESAMPLES && below < RESAMPLES; k++)
                below += mean[k] < mean[i];
            if (below <= 99 && mean[i] > most)
                most = mean[i]; /* the 100th from below: 2.5 % lies between it and the next */
            if (below >= 100 && mean[i] < least)
                least = mean[i];
        }
        assert_true(got[QG_SUMMARY_ci_low] >= most && got[QG_SUMMARY_ci_low] <= least);
        qt_ok(qg_summarize(fresh, v, n, 1, RESAMPLER(RESAMPLES, 42, arena), arena));
        qt_same("kept", got, fresh, QG_SUMMARIES, sizeof *got);
    }
}

static void paired_by_hand(void **state)
{
    (void)state;
    /* Differences 1 -2 3 5 of four texts; the ranks of those below 0 add up to 2. Of 16 sign
     * patterns 3 have a sum of at most 2. */
    static const double a[] = {0, 9, 2, 9, 1, 9, NAN, 9, 0, 9, 3, 9};
    static const double b[] = {1, 9, 0, 9, 4, 9, 1, 9, 5, 9, NAN, 9};
    qg_paired_drift t;
    qt_ok(qg_paired_drift_test(&t, a, b, 6, 2, RESAMPLER(300, 42, arena), arena));
    qt_eq("texts", t.n, 4);
    qt_close("difference", t.difference, 7.0 / 4, 0, 1e-15);
    qt_close("p", t.p_wilcoxon, 2 * 3.0 / 16, 0, 1e-15);
    qt_close("rank biserial", t.rank_biserial, (8 - 2) / 10.0, 0, 1e-15);
    assert_true(t.ci_low >= -2 && t.ci_low < t.difference);
    assert_true(t.ci_high <= 5 && t.ci_high > t.difference);

    /* With two that do not differ: ranks and p of 1 2 3 5 are as before. */
    static const double c[] = {0, 2, 1, 0, 8, 8}, d[] = {1, 0, 4, 5, 8, 8};
    qt_ok(qg_paired_drift_test(&t, c, d, 6, 1, RESAMPLER(300, 42, arena), arena));
    qt_eq("texts", t.n, 6);
    qt_close("rank biserial", t.rank_biserial, 0.6, 0, 1e-15);
    qt_close("p", t.p_wilcoxon, 2 * 3.0 / 16, 0, 1e-15);
}

static void pairs_that_are_too_few_or_equal(void **state)
{
    (void)state;
    static const double a[] = {1, NAN, 2}, b[] = {3, 1, NAN}, equal[] = {1, 2, 3};
    qg_paired_drift t;
    qt_ok(qg_paired_drift_test(&t, a, b, 3, 1, RESAMPLER(20, 42, arena), arena));
    qt_eq("texts", t.n, 1);
    qt_close("difference", t.difference, 2, 0, 0);
    qt_close("low", t.ci_low, 2, 0, 0);
    qt_close("high", t.ci_high, 2, 0, 0);
    qt_nan("p", t.p_wilcoxon);
    qt_nan("effect", t.rank_biserial);

    qt_ok(qg_paired_drift_test(&t, equal, equal, 3, 1, RESAMPLER(20, 42, arena), arena));
    qt_close("p of equals", t.p_wilcoxon, 1, 0, 0);
    qt_close("effect of equals", t.rank_biserial, 0, 0, 0);
    qt_close("high of equals", t.ci_high, 0, 0, 0);

    qt_ok(qg_paired_drift_test(&t, a, b, 0, 1, RESAMPLER(20, 42, arena), arena));
    qt_eq("texts", t.n, 0);
    qt_nan("difference", t.difference);
    qt_nan("low", t.ci_low);
    qt_nan("p", t.p_wilcoxon);
}

static void adjusted_p_values_by_hand(void **state)
{
    (void)state;
    static const double p[] = {0.01, NAN, 0.04, 0.03, 0.005, 0.6};
    /* Sorted 0.005 0.01 0.03 0.04 0.6 times 5 4 3 2 1, then never falling. */
    static const double holm[] = {0.04, NAN, 0.09, 0.09, 0.025, 0.6};
    static const double bonferroni[] = {0.05, NAN, 0.2, 0.15, 0.025, 1};
    static const char *const place[] = {"0", "1", "2", "3", "4", "5"};
    double got[6];
    qt_ok(qg_holm(got, p, 6, arena));
    all_are(got, holm, 6, place);
    qg_bonferroni(got, p, 6);
    all_are(got, bonferroni, 6, place);

    static const double large[] = {0.9, 0.5, 0.5}, ones[] = {1, 1, 1}, unknown[] = {NAN};
    qt_ok(qg_holm(got, large, 3, arena));
    all_are(got, ones, 3, place);
    memcpy(got, p, sizeof got); /* in place */
    qt_ok(qg_holm(got, got, 6, arena));
    all_are(got, holm, 6, place);
    qt_ok(qg_holm(got, unknown, 1, arena));
    qt_nan("unknown", got[0]);
}

static qg_code everything(qg_arena *a, void *ctx)
{
    static const double x[] = {1, 2, 4, -1}, y[] = {2, 1, 3, -5};
    double drift[QG_DRIFTS], summary[QG_SUMMARIES], p[4];
    qg_paired_drift t;
    (void)ctx;
    QG_TRY(qg_drift_floor(drift, x, 4, 1, 2, 2, a));
    QG_TRY(qg_summarize(summary, x, 4, 1, RESAMPLER(5, 1, a), a));
    QG_TRY(qg_paired_drift_test(&t, x, y, 4, 1, RESAMPLER(5, 1, a), a));
    return qg_holm(p, (const double[]){0.1, 0.2, 0.3, 0.4}, 4, a);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    qt_torture(everything, NULL);
    size_t before = qg_arena_used(arena);
    qt_ok(everything(arena, NULL));
    size_t tables = 2 * (5 * 4 * sizeof(uint32_t) + 64); /* of the resamplers, aligned */
    assert_true(qg_arena_used(arena) - before <= tables);
}

static const struct CMUnitTest tests[] = {
    CASE(names_are_in_the_order_of_the_numbers),
    CASE(drift_by_hand),
    CASE(words_without_a_score_in_either_are_left_out),
    CASE(what_is_undefined_is_nan),
    CASE(the_floor_is_what_chance_gives),
    CASE(the_floor_is_a_mean_of_drifts_to_random_scores),
    CASE(the_floor_of_random_scores_is_chance_with_few_draws_too),
    CASE(summary_by_hand),
    CASE(a_repeat_is_the_drift_of_two_draws_unless_nothing_was_drawn),
    CASE(the_bootstrap_of_a_constant_is_a_point),
    CASE(the_bootstrap_of_many_is_the_normal_interval),
    CASE(a_resampler_draws_what_its_streams_say),
    CASE(paired_by_hand),
    CASE(pairs_that_are_too_few_or_equal),
    CASE(adjusted_p_values_by_hand),
    CASE(memory_may_run_out_anywhere),
};
QT_MAIN("drift", tests)
