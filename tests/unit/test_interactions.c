/*
 * test_interactions.c - Shapley interactions of pairs: games whose pairs are known, a plain
 * solution of the constrained regression for any game, and what KernelSHAP makes of them.
 */
#include "qt.h"

#include "perturb_rig.h"

#include "qgrid/method.h"
#include "qgrid/rng.h"

#include <math.h>
#include <string.h>

enum { MOST = 8, PAIRS = MOST * (MOST - 1) / 2, TERMS = MOST + PAIRS };

static int place(int n, int i, int j)
{
    return i * n - i * (i + 1) / 2 + j - i - 1;
}

/* A game of singles and pairs; set: bit i where player i is present. */
typedef struct game {
    int n;
    double base, single[MOST], pair[PAIRS];
} game;

static game draw_game(int n, uint64_t seed)
{
    game g = {.n = n};
    qg_rng r = qg_rng_make(seed, "game", 0);
    g.base = qg_rng_normal(&r);
    for (int i = 0; i < n; i++)
        g.single[i] = qg_rng_normal(&r);
    for (int i = 0; i < n * (n - 1) / 2; i++)
        g.pair[i] = qg_rng_normal(&r);
    return g;
}

static double value(const game *g, uint32_t set)
{
    double v = g->base;
    for (int i = 0; i < g->n; i++)
        for (int j = i; j < g->n; j++)
            if (set >> i & 1 && set >> j & 1)
                v += i == j ? g->single[i] : g->pair[place(g->n, i, j)];
    return v;
}

static void set_to_mask(uint8_t *mask, uint32_t set, int n)
{
    for (int i = 0; i < n; i++)
        mask[i] = set >> i & 1;
}

/* All coalitions of v [2^n] with their weights. */
typedef struct all {
    uint8_t masks[(1 << MOST) * MOST];
    double weight[1 << MOST];
    qg_coalitions c;
} all;

static void every_coalition(all *x, const double *v, int n)
{
    for (uint32_t set = 0; set < 1U << n; set++) {
        int size = __builtin_popcount(set);
        set_to_mask(x->masks + (size_t)set * (size_t)n, set, n);
        x->weight[set] = size == 0 || size == n ? 0 : qg_shapley_kernel(n, size);
    }
    x->c = (qg_coalitions){x->masks, x->weight, v, 1 << n, n, v[0], v[(1 << n) - 1]};
}

/* The same by Lagrange's multiplier and elimination: terms, then the multiplier. */
static void reference(double *out, const double *v, int n)
{
    enum { SIDE = TERMS + 1 };
    static long double A[SIDE][SIDE + 1];
    int terms = n + n * (n - 1) / 2, side = terms + 1;
    memset(A, 0, sizeof A);
    for (uint32_t set = 1; set + 1 < 1U << n; set++) {
        double x[TERMS];
        long double w = qg_shapley_kernel(n, __builtin_popcount(set));
        for (int i = 0; i < n; i++) {
            x[i] = set >> i & 1;
            for (int j = i + 1; j < n; j++)
                x[n + place(n, i, j)] = (set >> i & 1) && (set >> j & 1);
        }
        for (int i = 0; i < terms; i++) {
            A[i][side] += w * x[i] * (v[set] - v[0]);
            for (int j = 0; j < terms; j++)
                A[i][j] += w * x[i] * x[j];
        }
    }
    for (int i = 0; i < terms; i++)
        A[i][terms] = A[terms][i] = 1;
    A[terms][side] = v[(1 << n) - 1] - v[0];
    for (int k = 0; k < side; k++) {
        int best = k;
        for (int i = k + 1; i < side; i++)
            best = fabsl(A[i][k]) > fabsl(A[best][k]) ? i : best;
        for (int j = 0; j <= side; j++) {
            long double t = A[k][j];
            A[k][j] = A[best][j];
            A[best][j] = t;
        }
        for (int i = 0; i < side; i++) {
            long double by = i == k ? 0 : A[i][k] / A[k][k];
            for (int j = k; j <= side; j++)
                A[i][j] -= by * A[k][j];
        }
    }
    for (int i = 0; i < terms; i++)
        out[i] = (double)(A[i][side] / A[i][i]);
}

/* ------------------------------------------------------------------------------- the regression */

static void kernel_weights_are_those_of_the_shapley_kernel(void **state)
{
    (void)state;
    qt_close("1 of 2", qg_shapley_kernel(2, 1), 0.5, 1e-15, 0);
    qt_close("1 of 4", qg_shapley_kernel(4, 1), 3.0 / (4 * 3), 1e-15, 0);
    qt_close("2 of 4", qg_shapley_kernel(4, 2), 3.0 / (6 * 4), 1e-15, 0);
    qt_close("2 of 5", qg_shapley_kernel(5, 2), qg_shapley_kernel(5, 3), 1e-15, 0);
}

static void a_game_of_pairs_is_found_exactly(void **state)
{
    (void)state;
    static all x;
    for (int n = 2; n <= MOST; n++) {
        double v[1 << MOST], single[MOST], pair[PAIRS];
        game g = draw_game(n, (uint64_t)n);
        qg_arena *a = qg_arena_create(0);
        for (uint32_t set = 0; set < 1U << n; set++)
            v[set] = value(&g, set);
        every_coalition(&x, v, n);
        qt_ok(qg_faith_shap(single, pair, &x.c, a));
        qt_close_f64("single", single, g.single, (size_t)n, 0, 1e-9);
        qt_close_f64("pair", pair, g.pair, (size_t)(n * (n - 1) / 2), 0, 1e-9);
        qg_arena_destroy(a);
    }
}

/* Some coalitions, each of weight 1, determine it as well. */
static void some_coalitions_are_enough(void **state)
{
    (void)state;
    enum { N = 3 * TERMS };
    uint8_t masks[N * MOST];
    double v[N], single[MOST], pair[PAIRS];
    game g = draw_game(MOST, 77);
    qg_arena *a = qg_arena_create(0);
    qg_rng r = qg_rng_make(5, "masks", 0);
    for (int i = 0; i < N; i++) {
        uint32_t set = 1 + (uint32_t)qg_rng_below(&r, (1 << MOST) - 2);
        set_to_mask(masks + i * MOST, set, MOST);
        v[i] = value(&g, set);
    }
    qg_coalitions c = {masks, NULL, v, N, MOST, value(&g, 0), value(&g, (1 << MOST) - 1)};
    qt_ok(qg_faith_shap(single, pair, &c, a));
    qt_close_f64("single", single, g.single, MOST, 0, 1e-9);
    qt_close_f64("pair", pair, g.pair, PAIRS, 0, 1e-9);
    qg_arena_destroy(a);
}

static void any_game_is_fitted_as_elimination_does(void **state)
{
    (void)state;
    static all x;
    for (int n = 2; n <= 6; n++) {
        double v[1 << MOST], single[MOST], pair[PAIRS], want[TERMS], sum = 0;
        int pairs = n * (n - 1) / 2;
        qg_arena *a = qg_arena_create(0);
        qg_rng r = qg_rng_make(9, "values", (uint64_t)n);
        for (int set = 0; set < 1 << n; set++)
            v[set] = qg_rng_normal(&r);
        every_coalition(&x, v, n);
        qt_ok(qg_faith_shap(single, pair, &x.c, a));
        reference(want, v, n);
        qt_close_f64("single", single, want, (size_t)n, 0, 1e-9);
        qt_close_f64("pair", pair, want + n, (size_t)pairs, 0, 1e-9);
        for (int i = 0; i < n + pairs; i++)
            sum += want[i];
        qt_close("efficiency", sum, v[(1 << n) - 1] - v[0], 0, 1e-9);
        qg_arena_destroy(a);
    }
}

/* ------------------------------------------------------------------------------------ KernelSHAP
 */

static qg_attribution explained(perturb_rig *r, const qg_sample *s, const qg_kernel_shap_options *o)
{
    static const int32_t target[] = {1};
    qg_attribution out;
    qt_ok(qg_kernel_shap(&out, r->p, s, target, 1, o));
    return out;
}

static void the_strongest_pairs_come_first(void **state)
{
    (void)state;
    enum { N = 6, ALL = N * (N - 1) / 2 };
    double v[1 << N], want[TERMS];
    perturb_rig r;
    perturb_rig_start(&r, 21, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdef", 3);
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qt_eq("none by default", explained(&r, &s, &o).pairs, 0);
    for (uint32_t set = 0; set < 1 << N; set++)
        v[set] = perturb_rig_value(&r, &s, set, 1, QG_EXPLAIN_PROBABILITY);
    reference(want, v, N);
    o.pairs = 100;
    qg_attribution whole = explained(&r, &s, &o);
    qt_eq("pairs", whole.pairs, ALL);
    for (int i = 0; i < ALL; i++) {
        const qg_unit_pair *p = &whole.pair[i];
        assert_true(0 <= p->first && p->first < p->second && p->second < N);
        qt_close("pair", p->score, want[N + place(N, p->first, p->second)], 0, 1e-9);
        assert_true(i == 0 || fabs(p->score) <= fabs(p[-1].score));
    }
    assert_true(fabs(whole.pair[0].score) > 1e-3);
    o.pairs = 4;
    qg_attribution few = explained(&r, &s, &o);
    qt_eq("pairs", few.pairs, 4);
    qt_same("the same", few.pair, whole.pair, 4, sizeof *few.pair);
    o.output = QG_EXPLAIN_LOGIT; /* linear: no words need each other */
    few = explained(&r, &s, &o);
    for (int i = 0; i < few.pairs; i++)
        qt_close("logit", few.pair[i].score, 0, 0, 1e-12);
    memset(r.toy.u, 0, sizeof r.toy.u);
    qg_kernel_shap_options constant = {.exact_units = 4, .coalitions = 200, .pairs = 20};
    qt_ok(qg_perturber_make(&r.p, r.a, &r.model, (qg_specials){0, 1, 2, 3, 4}, 0));
    few = explained(&r, &s, &constant);
    qt_eq("pairs", few.pairs, ALL);
    for (int i = 0; i < few.pairs; i++)
        qt_close("constant", few.pair[i].score, 0, 0, 0);
    perturb_rig_end(&r);
}

/* Drawn coalitions come close to all of them; too few of them say nothing of pairs. */
static void drawn_coalitions_give_pairs_if_there_are_enough(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 22, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdef", 3), one = perturb_rig_sample(r.a, "a", 4);
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    o.pairs = 1;
    double exact = explained(&r, &s, &o).pair[0].score;
    qt_eq("one word", explained(&r, &one, &o).pairs, 0);
    o.exact_units = 0;
    o.coalitions = 20000;
    qt_close("drawn", explained(&r, &s, &o).pair[0].score, exact, 0.05, 0);
    o.coalitions = 2 * (6 + 15);
    qt_eq("enough", explained(&r, &s, &o).pairs, 1);
    o.coalitions -= 2;
    qt_eq("too few", explained(&r, &s, &o).pairs, 0);
    perturb_rig_end(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(kernel_weights_are_those_of_the_shapley_kernel),
    cmocka_unit_test(a_game_of_pairs_is_found_exactly),
    cmocka_unit_test(some_coalitions_are_enough),
    cmocka_unit_test(any_game_is_fitted_as_elimination_does),
    cmocka_unit_test(the_strongest_pairs_come_first),
    cmocka_unit_test(drawn_coalitions_give_pairs_if_there_are_enough),
};
QT_MAIN("interactions", tests)
