/*
 * test_xai_parts.c - what the explainers stand on: random scores and subsets, symmetric systems.
 */
#include "qt.h"

#include "xai/perturb/perturb_methods.h"
#include "qgrid/rng.h"
#include "xai/perturb/draw.h"
#include "xai/perturb/least_squares.h"

#include <math.h>
#include <string.h>

static void random_scores_are_normal_and_named(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double x[N], y[N];
    double mean = 0, square = 0;
    qg_random_scores(x, N, QG_RANDOM_METHOD, 42, 7, 0, 2.5);
    for (int i = 0; i < N; i++) {
        mean += x[i] / N;
        square += x[i] * x[i] / N;
    }
    qt_close("mean", mean, 0, 0, 4 * 2.5 / sqrt(N));
    qt_close("variance", square, 6.25, 0.05, 0);
    qg_random_scores(y, N, QG_RANDOM_METHOD, 42, 7, 0, 2.5);
    qt_same("again", x, y, N, sizeof *x);
    qg_random_scores(y, 10, QG_RANDOM_METHOD, 42, 7, 1, 2.5);
    assert_true(memcmp(x, y, 10 * sizeof *x) != 0);
    qg_random_scores(y, 10, QG_RANDOM_METHOD, 42, 8, 0, 2.5);
    assert_true(memcmp(x, y, 10 * sizeof *x) != 0);
}

static void subsets_are_drawn_evenly(void **state)
{
    (void)state;
    enum { N = 5, DRAWS = 20000 };
    int order[N] = {0, 1, 2, 3, 4}, seen[1 << N] = {0}, kinds = 0;
    qg_rng r = qg_rng_make(1, "test/subsets", 0);
    for (int i = 0; i < DRAWS; i++) {
        uint8_t mask[N] = {0};
        int set = 0;
        qg_draw_subset(mask, 1, 2, order, N, &r);
        for (int u = 0; u < N; u++)
            set |= mask[u] << u;
        seen[set]++;
    }
    for (int set = 0; set < 1 << N; set++) {
        if (seen[set] == 0)
            continue;
        qt_eq("size", __builtin_popcount((unsigned)set), 2);
        qt_close("share", seen[set], DRAWS / 10.0, 0, 5 * sqrt(DRAWS * 0.1 * 0.9));
        kinds++;
    }
    qt_eq("subsets", kinds, 10);
}

enum { UNITS = 6, ROWS = 30000 };
static uint8_t masks[ROWS * UNITS];

/* How many rows have each number of ones, and in how many each unit is one. */
static void tally(int first, int *of_size, int *of_unit)
{
    memset(of_size, 0, (UNITS + 1) * sizeof *of_size);
    memset(of_unit, 0, UNITS * sizeof *of_unit);
    for (int row = first; row < ROWS; row++) {
        int ones = 0;
        for (int u = 0; u < UNITS; u++) {
            int bit = masks[row * UNITS + u];
            assert_true(bit <= 1);
            ones += bit;
            of_unit[u] += bit;
        }
        of_size[ones]++;
    }
}

static void check_share(const char *what, int count, double share)
{
    qt_close(what, count, ROWS * share, 0, 1 + 5 * sqrt(ROWS * share * (1 - share)));
}

static void lime_drops_one_to_all(void **state)
{
    (void)state;
    int of_size[UNITS + 1], of_unit[UNITS];
    qg_arena *a = qg_arena_create(0);
    qg_rng r = qg_rng_make(1, "test/lime", 0);
    qt_ok(qg_draw_lime(masks, ROWS, UNITS, &r, a));
    for (int u = 0; u < UNITS; u++)
        qt_eq("row 0", masks[u], 1);
    tally(1, of_size, of_unit);
    qt_eq("whole again", of_size[UNITS], 0);
    for (int s = 0; s < UNITS; s++)
        check_share("kept", of_size[s], 1.0 / UNITS);
    for (int u = 0; u < UNITS; u++) /* the mean of 0 .. UNITS - 1, by UNITS */
        check_share("unit", of_unit[u], (UNITS - 1) / 2.0 / UNITS);
    qg_arena_destroy(a);
}

static void coalitions_come_in_pairs_by_the_shapley_kernel(void **state)
{
    (void)state;
    int of_size[UNITS + 1], of_unit[UNITS];
    double total = 0;
    qg_arena *a = qg_arena_create(0);
    qg_rng r = qg_rng_make(1, "test/shapley", 0);
    qt_ok(qg_draw_shapley(masks, ROWS, UNITS, &r, a));
    for (int i = 0; i < ROWS; i += 2)
        for (int u = 0; u < UNITS; u++)
            qt_eq("pair", masks[i * UNITS + u] + masks[(i + 1) * UNITS + u], 1);
    tally(0, of_size, of_unit);
    for (int s = 1; s < UNITS; s++)
        total += 1.0 / (s * (UNITS - s));
    qt_eq("empty", of_size[0], 0);
    qt_eq("whole", of_size[UNITS], 0);
    for (int s = 1; s < UNITS; s++)
        check_share("size", of_size[s], 1.0 / (s * (UNITS - s)) / total);
    for (int u = 0; u < UNITS; u++)
        qt_eq("unit", of_unit[u], ROWS / 2);
    qg_arena_destroy(a);
}

static void symmetric_systems_regular_and_singular(void **state)
{
    (void)state;
    enum { N = 6 };
    qg_arena *a = qg_arena_create(0);
    double rows[N][N], A[N * N], b[N], x[N], want[N];
    qg_rng r = qg_rng_make(3, "test/solve", 0);
    for (int rank = N; rank >= 1; rank--) {
        memset(A, 0, sizeof A);
        memset(b, 0, sizeof b);
        memset(want, 0, sizeof want);
        for (int k = 0; k < rank; k++) {
            double c = qg_rng_normal(&r);
            for (int i = 0; i < N; i++) {
                rows[k][i] = qg_rng_normal(&r);
                want[i] += c * rows[k][i]; /* in the range of A, so the shortest solution */
            }
        }
        for (int k = 0; k < rank; k++)
            for (int i = 0; i < N; i++)
                for (int j = 0; j < N; j++)
                    A[i * N + j] += rows[k][i] * rows[k][j];
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                b[i] += A[i * N + j] * want[j];
        qt_ok(qg_solve_symmetric(x, A, b, N, a));
        qt_close_f64("x", x, want, N, 0, 1e-7);
    }
    memset(A, 0, sizeof A);
    qt_ok(qg_solve_symmetric(x, A, b, N, a));
    qt_close_f64("nothing known", x, (double[N]){0}, N, 0, 0);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_scores_are_normal_and_named),
    cmocka_unit_test(subsets_are_drawn_evenly),
    cmocka_unit_test(lime_drops_one_to_all),
    cmocka_unit_test(coalitions_come_in_pairs_by_the_shapley_kernel),
    cmocka_unit_test(symmetric_systems_regular_and_singular),
};

QT_MAIN("xai parts", tests)
