/*
 * test_perturb_methods.c - occlusion and LIME in closed form on a linear toy; what all methods on
 * perturbed texts have in common.
 */
#include "qt.h"

#include "perturb_rig.h"

#include "qgrid/rng.h"

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
    static const qg_masking over_nothing[] = {QG_MASKING_DELETE, QG_MASKING_HIDE};
    for (int i = 0; i < 2; i++) {
        o.masking = over_nothing[i];
        qt_ok(qg_occlusion(out, r.p, s, second_class, 2, &o));
        check_linear(&r, &s[0], &out[0], false, 1e-12);
    }
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

/* The first unit counts more but is rarely there: the ridge of the final fit (1) would rank it
 * second, 0.9 / 1.9 against 0.9 x 2.5 / 3.5; that of the selection (0.01) does not. */
static void lime_highest_weights_are_hardly_shrunk(void **state)
{
    (void)state;
    enum { N = 20 };
    qg_arena *a = qg_arena_create(0);
    uint8_t masks[N][2];
    double y[N], weight[N], coef[2];
    for (int i = 0; i < N; i++) {
        masks[i][0] = i % 10 == 0;
        masks[i][1] = i < 10;
        y[i] = 3 + 1.0 * masks[i][0] + 0.9 * masks[i][1];
        weight[i] = 0.5;
    }
    qg_lime_fit f = {.coef = coef};
    qg_lime_options o = qg_lime_defaults();
    o.features = 1;
    o.selection = QG_LIME_HIGHEST_WEIGHTS;
    qt_ok(qg_lime_solve(&f, masks[0], weight, y, N, 2, &o, a));
    qt_close("first", coef[0], 0.9 / 1.9, 0, 1e-12);
    qt_close("second", coef[1], 0, 0, 0);
    qt_close("intercept", f.intercept, 3 + 0.1 + 0.45 - 0.1 * 0.9 / 1.9, 0, 1e-12);
    o.selection = QG_LIME_FORWARD; /* by R2 the common one says more */
    qt_ok(qg_lime_solve(&f, masks[0], weight, y, N, 2, &o, a));
    qt_close("first", coef[0], 0, 0, 0);
    qt_close("second", coef[1], 0.9 * 2.5 / 3.5, 0, 1e-12);
    qt_close("R2", f.score, 1 - (0.9 + 2.5 * pow(0.9 / 3.5, 2)) / (0.9 + 2.5 * 0.81), 0, 1e-12);
    o.selection = QG_LIME_NONE; /* a weight that is no number */
    weight[3] = (double)NAN;
    qt_fails(qg_lime_solve(&f, masks[0], weight, y, N, 2, &o, a), QG_ENUMERIC, "LIME", NULL);
    qg_arena_destroy(a);
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
        qt_close("score", out.score[u], 0, 0, 0);
    qt_close("R2", out.fit, 1, 0, 0);
    qt_close("base", out.base, out.full, 0, 0);
    qt_close("delta", out.delta, 0, 0, 0);
    perturb_rig_end(&r);
}

/* A step of binary64 is rounding, one of binary32 is what the model says. */
static void lime_tells_rounding_from_a_slope(void **state)
{
    (void)state;
    enum { N = 200, U = 3 };
    static const double step[] = {0x1p-53, 0x1p-45, 0x1p-24}, p = 1.0 / 3;
    uint8_t masks[N][U];
    double y[N], weight[N], coef[U];
    qg_arena *a = qg_arena_create(0);
    qg_rng rng = qg_rng_make(1, "masks", 0);
    qg_lime_options o = qg_lime_defaults();
    qg_lime_fit f = {.coef = coef};
    for (int i = 0; i < (int)(sizeof step / sizeof step[0]); i++) {
        for (int row = 0; row < N; row++) {
            for (int u = 0; u < U; u++)
                masks[row][u] = (uint8_t)qg_rng_below(&rng, 2);
            y[row] = p + step[i] * masks[row][1];
            weight[row] = 1.0 / (1 + row);
        }
        o.selection = i % 2 ? QG_LIME_FORWARD : QG_LIME_NONE;
        o.ridge = 0;
        qt_ok(qg_lime_solve(&f, masks[0], weight, y, N, U, &o, a));
        qt_close("the others", fmax(fabs(coef[0]), fabs(coef[2])), 0, 0, i < 2 ? 0 : 1e-13);
        qt_close("the slope", coef[1], i < 2 ? 0 : step[i], 1e-6, 0);
    }
    qg_arena_destroy(a);
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(occlusion_is_exact_on_a_linear_model),
    cmocka_unit_test(occlusion_windows_share_their_drop),
    cmocka_unit_test(lime_without_ridge_recovers_a_linear_model),
    cmocka_unit_test(lime_forward_selection_takes_the_strongest),
    cmocka_unit_test(lime_highest_weights_are_hardly_shrunk),
    cmocka_unit_test(lime_of_a_constant_says_so),
    cmocka_unit_test(lime_tells_rounding_from_a_slope),
    cmocka_unit_test(lime_distances_and_weights),
    cmocka_unit_test(a_sample_has_the_same_bits_alone_and_among_others),
    cmocka_unit_test(draws_are_named_by_seed_and_sample_not_by_the_model),
    cmocka_unit_test(texts_of_no_unit_and_of_one),
    cmocka_unit_test(memory_that_runs_out_is_an_error),
};

QT_MAIN("perturb methods", tests)
