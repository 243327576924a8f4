/*
 * test_perturb_methods.c - occlusion, LIME, SHAP and random scores in closed form on a linear toy,
 * and against plain enumeration on its probabilities, which are not linear.
 */
#include "qt.h"

#include "perturb_rig.h"
#include "qgrid/rng.h"
#include "xai/draw.h"
#include "xai/least_squares.h"

#include <math.h>
#include <string.h>

static const int32_t first_class[] = {0, 0, 0, 0}, second_class[] = {1, 1, 1, 1};

static void check_linear(const perturb_rig *r, const qg_sample *s, const qg_attribution *got,
                         bool over_mask, double tol)
{
    qt_eq("units", got->n, s->units);
    for (int u = 0; u < s->units; u++)
        qt_close("score", got->score[u], perturb_rig_term(r, s, u, got->target, over_mask), 0, tol);
    qt_close("delta", got->delta, 0, 0, tol * s->units);
}

/* --------------------------------------------------------------------------------- occlusion */

static void occlusion_is_exact_on_a_linear_model(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 1, 0);
    qg_sample s[] = {perturb_rig_sample(r.a, "abcab", 0), perturb_rig_sample(r.a, "xyz", 1)};
    qg_attribution out[2];
    qg_occlusion_options o = {QG_MASKING_MASK, QG_EXPLAIN_LOGIT, 1, 1};
    qt_ok(qg_occlusion(out, r.p, s, second_class, 2, &o));
    for (int i = 0; i < 2; i++) {
        check_linear(&r, &s[i], &out[i], true, 1e-12);
        qt_close("base", out[i].base, perturb_rig_value(&r, &s[i], 0, 1, o.output), 0, 1e-12);
        qt_eq("evaluations", out[i].evaluations, s[i].units + 2);
        assert_true(isnan(out[i].fit));
    }
    o.masking = QG_MASKING_DELETE;
    qt_ok(qg_occlusion(out, r.p, s, second_class, 2, &o));
    check_linear(&r, &s[0], &out[0], false, 1e-12);
    perturb_rig_end(&r);
}

/* Five units, window 3, stride 2: windows 0-2 and 2-4. Six units: 0-2, 2-4, 3-5. */
static void occlusion_windows_share_their_drop(void **state)
{
    (void)state;
    perturb_rig r;
    double t[6];
    perturb_rig_start(&r, 1, 0);
    qg_sample s[] = {perturb_rig_sample(r.a, "abcde", 0), perturb_rig_sample(r.a, "abcdef", 1),
                     perturb_rig_sample(r.a, "ab", 2)};
    qg_attribution out[3];
    qg_occlusion_options o = {QG_MASKING_MASK, QG_EXPLAIN_LOGIT, 3, 2};
    qt_ok(qg_occlusion(out, r.p, s, first_class, 3, &o));
    for (int u = 0; u < 6; u++)
        t[u] = perturb_rig_term(&r, &s[1], u, 0, true);
    double w0 = t[0] + t[1] + t[2], w2 = t[2] + t[3] + t[4], w3 = t[3] + t[4] + t[5];
    double five[] = {w0, w0, (w0 + w2) / 2, w2, w2}, both = t[0] + t[1];
    double six[] = {w0, w0, (w0 + w2) / 2, (w2 + w3) / 2, (w2 + w3) / 2, w3};
    qt_close_f64("five", out[0].score, five, 5, 0, 1e-12);
    qt_close_f64("six", out[1].score, six, 6, 0, 1e-12);
    qt_close_f64("shorter than the window", out[2].score, (double[]){both, both}, 2, 0, 1e-12);
    perturb_rig_end(&r);
}

/* -------------------------------------------------------------------------------------- LIME */

static void lime_without_ridge_recovers_a_linear_model(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 2, 0);
    qg_sample s[] = {perturb_rig_sample(r.a, "abcabd", 10),
                     perturb_rig_sample(r.a, "nopqrstu", 11)};
    qg_attribution out[2];
    qg_lime_options o = qg_lime_defaults();
    o.output = QG_EXPLAIN_LOGIT;
    o.ridge = 0;
    o.selection = QG_LIME_NONE;
    qt_ok(qg_lime(out, r.p, s, second_class, 2, &o));
    for (int i = 0; i < 2; i++) {
        check_linear(&r, &s[i], &out[i], false, 1e-9);
        qt_close("R2", out[i].fit, 1, 0, 1e-9);
    }
    /* the ridge pulls all of it towards zero a little: what matters stays in order */
    o = qg_lime_defaults();
    o.output = QG_EXPLAIN_LOGIT;
    qt_ok(qg_lime(out, r.p, s, second_class, 2, &o));
    assert_true(out[0].fit > 0.95 && out[0].fit < 1);
    perturb_rig_end(&r);
}

static void lime_forward_selection_takes_the_strongest(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 3, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdefg", 10);
    qg_attribution out;
    qg_lime_options o = qg_lime_defaults();
    o.output = QG_EXPLAIN_LOGIT;
    for (o.features = 1; o.features <= 7; o.features++) {
        int chosen = 0;
        double least = INFINITY, most_left = 0;
        qt_ok(qg_lime(&out, r.p, &s, first_class, 1, &o));
        for (int u = 0; u < 7; u++) {
            double t = fabs(perturb_rig_term(&r, &s, u, 0, false));
            chosen += out.score[u] != 0;
            if (out.score[u] != 0)
                least = fmin(least, t);
            else
                most_left = fmax(most_left, t);
        }
        qt_eq("chosen", chosen, o.features);
        /* samples are not quite balanced: near ties may fall either way */
        assert_true(least > 0.8 * most_left);
    }
    perturb_rig_end(&r);
}

static void lime_of_a_constant_says_so(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 3, 0);
    memset(r.toy.u, 0, sizeof r.toy.u);
    qg_sample s = perturb_rig_sample(r.a, "abcdefg", 10);
    qg_attribution out;
    qg_lime_options o = qg_lime_defaults();
    qt_ok(qg_lime(&out, r.p, &s, first_class, 1, &o));
    for (int u = 0; u < 7; u++)
        qt_close("score", out.score[u], 0, 0, 1e-15);
    qt_close("R2", out.fit, 1, 0, 0);
    qt_close("base", out.base, out.full, 0, 1e-14);
    perturb_rig_end(&r);
}

static void lime_distances_and_weights(void **state)
{
    (void)state;
    qt_close("whole", qg_lime_distance(5, 5), 0, 0, 0);
    qt_close("nothing", qg_lime_distance(0, 5), 100, 0, 0);
    qt_close("a quarter", qg_lime_distance(2, 8), 50, 0, 1e-12);
    qt_close("weight", qg_lime_weight(0, 25), 1, 0, 0);
    qt_close("weight", qg_lime_weight(50, 25), exp(-2), 1e-14, 0);
}

/* -------------------------------------------------------------------------------------- SHAP */

/* Mean over all orders of the players that `allowed` admits of what each adds when it comes. */
typedef struct orders {
    const double *v;
    int n, count;
    double phi[8];
    bool (*allowed)(const int *order, int n);
} orders;

static void walk(orders *w, int *order, int at)
{
    if (at < w->n) {
        for (int i = at; i < w->n; i++) {
            int t = order[at];
            order[at] = order[i], order[i] = t;
            walk(w, order, at + 1);
            t = order[at];
            order[at] = order[i], order[i] = t;
        }
        return;
    }
    if (w->allowed && !w->allowed(order, w->n))
        return;
    uint32_t set = 0;
    w->count++;
    for (int i = 0; i < w->n; i++) {
        w->phi[order[i]] += w->v[set | 1U << order[i]] - w->v[set];
        set |= 1U << order[i];
    }
}

static void mean_over_orders(orders *w, const perturb_rig *r, const qg_sample *s, int k)
{
    int order[8];
    static double v[1 << 8];
    for (uint32_t set = 0; set < 1U << s->units; set++)
        v[set] = perturb_rig_value(r, s, set, k, QG_EXPLAIN_PROBABILITY);
    for (int i = 0; i < s->units; i++)
        order[i] = i;
    w->v = v;
    w->n = s->units;
    walk(w, order, 0);
    for (int i = 0; i < w->n; i++)
        w->phi[i] /= w->count;
}

static void kernel_shap_is_the_mean_over_all_orders(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 4, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdea", 1);
    qg_attribution out;
    orders w = {0};
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qt_ok(qg_kernel_shap(&out, r.p, &s, second_class, 1, &o));
    mean_over_orders(&w, &r, &s, 1);
    qt_eq("orders", w.count, 720);
    qt_close_f64("phi", out.score, w.phi, 6, 0, 1e-13);
    qt_eq("evaluations", out.evaluations, 2 + 64);
    /* the two ends are coalitions too, and count once */
    qt_eq("forwards", qg_perturb_count(r.p).distinct, 64);
    perturb_rig_end(&r);
}

static void shap_efficiency_symmetry_dummy(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 5, 0);
    /* a at both ends are symmetric; the third is [MASK] itself and changes nothing */
    qg_sample s = perturb_rig_sample(r.a, "ab#ca", 1);
    qg_attribution out[2];
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qg_partition_shap_options po = qg_partition_shap_defaults();
    qt_ok(qg_kernel_shap(&out[0], r.p, &s, first_class, 1, &o));
    qt_ok(qg_partition_shap(&out[1], r.p, &s, first_class, 1, &po));
    qt_close("symmetry", out[0].score[0], out[0].score[4], 0, 1e-14);
    assert_true(fabs(out[0].score[0]) > 1e-3);
    for (int i = 0; i < 2; i++) {
        qt_close("efficiency", out[i].delta, 0, 0, 1e-14);
        qt_close("dummy", out[i].score[2], 0, 0, 1e-15);
    }
    perturb_rig_end(&r);
}

static void shap_is_exact_on_a_linear_model(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 6, 0);
    qg_sample s[] = {perturb_rig_sample(r.a, "abcdefghijkl", 1), perturb_rig_sample(r.a, "abc", 2)};
    qg_attribution out[2];
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qg_partition_shap_options po = qg_partition_shap_defaults();
    o.output = po.output = QG_EXPLAIN_LOGIT;
    qt_ok(qg_kernel_shap(out, r.p, s, first_class, 2, &o));
    qt_eq("drawn", out[0].evaluations, 1002);
    qt_eq("all", out[1].evaluations, 10);
    for (int i = 0; i < 2; i++)
        check_linear(&r, &s[i], &out[i], true, 1e-12);
    qt_ok(qg_partition_shap(out, r.p, s, first_class, 2, &po));
    for (int i = 0; i < 2; i++)
        check_linear(&r, &s[i], &out[i], true, 1e-12);
    perturb_rig_end(&r);
}

static void too_few_coalitions_still_add_up(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 6, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdefghijkl", 1);
    qg_attribution out;
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    o.coalitions = 3;
    qt_ok(qg_kernel_shap(&out, r.p, &s, first_class, 1, &o));
    qt_eq("pairs", out.evaluations, 2 + 4);
    qt_close("efficiency", out.delta, 0, 0, 1e-12);
    perturb_rig_end(&r);
}

static void drawn_coalitions_come_close_to_shapley(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 7, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdefgh", 1);
    qg_attribution exact, drawn;
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qt_ok(qg_kernel_shap(&exact, r.p, &s, first_class, 1, &o));
    o.exact_units = 0;
    o.coalitions = 4000;
    qt_ok(qg_kernel_shap(&drawn, r.p, &s, first_class, 1, &o));
    double largest = 0;
    for (int u = 0; u < 8; u++)
        largest = fmax(largest, fabs(exact.score[u]));
    qt_close_f64("phi", drawn.score, exact.score, 8, 0, 0.03 * largest);
    perturb_rig_end(&r);
}

/* Orders in which every group of ((0,1),(2,(3,4))) comes in one piece. */
static bool in_one_piece(const int *order, int n, uint32_t members)
{
    int first = n, last = -1, count = 0;
    for (int i = 0; i < n; i++) {
        if (!(members >> order[i] & 1))
            continue;
        first = i < first ? i : first;
        last = i;
        count++;
    }
    return last - first + 1 == count;
}

static bool keeps_groups(const int *order, int n)
{
    return in_one_piece(order, n, 3) && in_one_piece(order, n, 28) && in_one_piece(order, n, 24);
}

static void partition_shap_is_the_mean_over_orders_that_keep_groups(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 8, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcde", 1);
    qg_attribution out;
    orders w = {.allowed = keeps_groups};
    qg_partition_shap_options o = qg_partition_shap_defaults();
    qt_ok(qg_partition_shap(&out, r.p, &s, second_class, 1, &o));
    mean_over_orders(&w, &r, &s, 1);
    qt_eq("orders", w.count, 16);
    qt_close_f64("phi", out.score, w.phi, 5, 0, 1e-13);
    perturb_rig_end(&r);
}

static void partition_shap_keeps_to_its_evaluations(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 8, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdefghijkl", 1);
    qg_attribution out;
    qg_partition_shap_options o = qg_partition_shap_defaults();
    for (o.evaluations = 2; o.evaluations < 60; o.evaluations += 3) {
        qt_ok(qg_partition_shap(&out, r.p, &s, first_class, 1, &o));
        qt_close("efficiency", out.delta, 0, 0, 1e-13);
        assert_true(out.evaluations <= o.evaluations && out.evaluations > o.evaluations - 2);
        if (o.evaluations == 2)
            for (int u = 0; u < 12; u++)
                qt_close("equal shares", out.score[u], (out.full - out.base) / 12, 0, 1e-15);
    }
    perturb_rig_end(&r);
}

/* ------------------------------------------------------------------------------- all of them */

enum { METHODS = 4 };

static void run_method(int method, qg_attribution *out, qg_perturber *p, const qg_sample *s, int n,
                       uint64_t seed)
{
    qg_occlusion_options occlusion = {QG_MASKING_MASK, QG_EXPLAIN_PROBABILITY, 2, 1};
    qg_lime_options lime = qg_lime_defaults();
    qg_kernel_shap_options shap = qg_kernel_shap_defaults();
    qg_partition_shap_options partition = qg_partition_shap_defaults();
    lime.samples = 50;
    shap.coalitions = 50;
    shap.exact_units = 4;
    partition.evaluations = 40;
    lime.seed = shap.seed = seed;
    if (method == 0)
        qt_ok(qg_occlusion(out, p, s, second_class, n, &occlusion));
    else if (method == 1)
        qt_ok(qg_lime(out, p, s, second_class, n, &lime));
    else if (method == 2)
        qt_ok(qg_kernel_shap(out, p, s, second_class, n, &shap));
    else
        qt_ok(qg_partition_shap(out, p, s, second_class, n, &partition));
}

static void a_sample_has_the_same_bits_alone_and_among_others(void **state)
{
    (void)state;
    for (int method = 0; method < METHODS; method++) {
        perturb_rig many, one;
        perturb_rig_start(&many, 9, 0);
        qg_sample s[] = {
            perturb_rig_sample(many.a, "abcdefgh", 1), perturb_rig_sample(many.a, "a", 2),
            perturb_rig_sample(many.a, "hgfedcba", 3), perturb_rig_sample(many.a, "", 4)};
        qg_attribution together[4], alone;
        run_method(method, together, many.p, s, 4, 42);
        for (int i = 3; i >= 0; i--) {
            perturb_rig_start(&one, 9, 11);
            run_method(method, &alone, one.p, &s[i], 1, 42);
            qt_same("scores", alone.score, together[i].score, (size_t)alone.n, sizeof(double));
            qt_same("base", &alone.base, &together[i].base, 1, sizeof(double));
            qt_same("delta", &alone.delta, &together[i].delta, 1, sizeof(double));
            perturb_rig_end(&one);
        }
        perturb_rig_end(&many);
    }
}

static void draws_are_named_by_seed_and_sample_not_by_the_model(void **state)
{
    (void)state;
    for (int method = 1; method <= 2; method++) {
        perturb_rig r, other;
        perturb_rig_start(&r, 9, 0);
        perturb_rig_start(&other, 10, 0);
        qg_sample s = perturb_rig_sample(r.a, "abcdefgh", 1), t = s;
        qg_attribution a, b, c, d;
        t.key = 2;
        run_method(method, &a, r.p, &s, 1, 42);
        int64_t distinct = qg_perturb_count(r.p).distinct;
        run_method(method, &d, other.p, &s, 1, 42);
        qt_eq("another model, the same texts", qg_perturb_count(other.p).distinct, distinct);
        run_method(method, &b, r.p, &s, 1, 42);
        qt_eq("nothing new", qg_perturb_count(r.p).distinct, distinct);
        qt_same("scores", a.score, b.score, 8, sizeof(double));
        run_method(method, &c, r.p, &s, 1, 43);
        assert_true(memcmp(a.score, c.score, 8 * sizeof(double)) != 0);
        run_method(method, &c, r.p, &t, 1, 42);
        assert_true(memcmp(a.score, c.score, 8 * sizeof(double)) != 0);
        perturb_rig_end(&r);
        perturb_rig_end(&other);
    }
}

static void texts_of_no_unit_and_of_one(void **state)
{
    (void)state;
    for (int method = 0; method < METHODS; method++) {
        perturb_rig r;
        perturb_rig_start(&r, 11, 0);
        qg_sample s[] = {perturb_rig_sample(r.a, "", 1), perturb_rig_sample(r.a, "q", 2)};
        qg_attribution out[2];
        run_method(method, out, r.p, s, 2, 42);
        qt_eq("no scores", out[0].n, 0);
        qt_close("base", out[0].base, out[0].full, 0, 0);
        qt_close("delta", out[0].delta, 0, 0, 0);
        qt_eq("one score", out[1].n, 1);
        if (method != 1)
            qt_close("score", out[1].score[0], out[1].full - out[1].base, 0, 1e-15);
        else
            assert_true(isfinite(out[1].score[0]) && out[1].score[0] != 0);
        perturb_rig_end(&r);
    }
}

/* The toy of the perturber's arena that fails: all memory of all methods. */
static qg_code run_all(qg_arena *a, void *ctx)
{
    perturb_rig *r = ctx;
    qg_perturber *p;
    qg_attribution out;
    qg_sample s = perturb_rig_sample(r->a, "abcdefgh", 1);
    qg_occlusion_options occlusion = {QG_MASKING_MASK, QG_EXPLAIN_PROBABILITY, 1, 1};
    qg_lime_options lime = qg_lime_defaults();
    qg_kernel_shap_options shap = qg_kernel_shap_defaults();
    qg_partition_shap_options partition = qg_partition_shap_defaults();
    shap.coalitions = lime.samples = 20;
    shap.exact_units = 0;
    QG_TRY(qg_perturber_make(&p, a, &r->model, (qg_specials){0, 1, 2, 3, 4}, 0));
    QG_TRY(qg_occlusion(&out, p, &s, first_class, 1, &occlusion));
    QG_TRY(qg_lime(&out, p, &s, first_class, 1, &lime));
    QG_TRY(qg_kernel_shap(&out, p, &s, first_class, 1, &shap));
    return qg_partition_shap(&out, p, &s, first_class, 1, &partition);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 9, 0);
    qt_torture(run_all, &r);
    perturb_rig_end(&r);
}

/* ----------------------------------------------------------------------------------- helpers */

static void random_scores_are_normal_and_named(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double x[N], y[N];
    double mean = 0, square = 0;
    qg_random_scores(x, N, 42, 7, 0, 2.5);
    for (int i = 0; i < N; i++) {
        mean += x[i] / N;
        square += x[i] * x[i] / N;
    }
    qt_close("mean", mean, 0, 0, 4 * 2.5 / sqrt(N));
    qt_close("variance", square, 6.25, 0.05, 0);
    qg_random_scores(y, N, 42, 7, 0, 2.5);
    qt_same("again", x, y, N, sizeof *x);
    qg_random_scores(y, 10, 42, 7, 1, 2.5);
    assert_true(memcmp(x, y, 10 * sizeof *x) != 0);
    qg_random_scores(y, 10, 42, 8, 0, 2.5);
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
    cmocka_unit_test(occlusion_is_exact_on_a_linear_model),
    cmocka_unit_test(occlusion_windows_share_their_drop),
    cmocka_unit_test(lime_without_ridge_recovers_a_linear_model),
    cmocka_unit_test(lime_forward_selection_takes_the_strongest),
    cmocka_unit_test(lime_of_a_constant_says_so),
    cmocka_unit_test(lime_distances_and_weights),
    cmocka_unit_test(kernel_shap_is_the_mean_over_all_orders),
    cmocka_unit_test(shap_efficiency_symmetry_dummy),
    cmocka_unit_test(shap_is_exact_on_a_linear_model),
    cmocka_unit_test(too_few_coalitions_still_add_up),
    cmocka_unit_test(drawn_coalitions_come_close_to_shapley),
    cmocka_unit_test(partition_shap_is_the_mean_over_orders_that_keep_groups),
    cmocka_unit_test(partition_shap_keeps_to_its_evaluations),
    cmocka_unit_test(a_sample_has_the_same_bits_alone_and_among_others),
    cmocka_unit_test(draws_are_named_by_seed_and_sample_not_by_the_model),
    cmocka_unit_test(texts_of_no_unit_and_of_one),
    cmocka_unit_test(memory_that_runs_out_is_an_error),
    cmocka_unit_test(random_scores_are_normal_and_named),
    cmocka_unit_test(subsets_are_drawn_evenly),
    cmocka_unit_test(symmetric_systems_regular_and_singular),
};

QT_MAIN("perturb methods", tests)
