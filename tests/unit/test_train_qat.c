/*
 * test_train_qat.c - the grid trained on is the grid deployed; ranges do not depend on who computes
 * a leaf.
 */
#include "train_rig.h"

#include "qgrid/kernel.h"
#include "train/qat/qat.h"

#include <math.h>
#include <string.h>

static qg_qat_options options(const char *precision, qg_qat_inputs inputs)
{
    return (qg_qat_options){{precision, qg_precision_find(precision), QG_EMBED_FP32}, inputs};
}

/* Bytes that packing would store, unpacked by the code that the kernels' tests use. */
static void deployed(qg_arena *a, float *out, const float *w, int n, int k, const qg_precision *p)
{
    int group = p->format == QG_PANEL_S8 ? k : qg_precision_group(p, k);
    int groups = (k + group - 1) / group;
    size_t count = (size_t)n * (size_t)k;
    void *codes = qg_arena_alloc(a, count, 4);
    void *panels = qg_arena_alloc(a, qg_panels_code_bytes(p->format, n, k), 1);
    float *scales = qg_arena_alloc(a, (size_t)(n * groups), sizeof *scales);
    size_t scale_count = qg_panels_scale_count(p->format, n, k, group);
    float *packed = qg_arena_alloc(a, scale_count, sizeof *packed);
    int32_t *colsum = qg_arena_alloc(a, (size_t)n + QG_NR, sizeof *colsum);
    qg_panels w_panels = {
        .format = p->format, .n = n, .k = k, .group = group, .codes = panels, .scales = packed};
    qg_precision_quantize(codes, scales, w, n, k, p);
    if (p->format == QG_PANEL_S8) {
        qg_pack_s8(panels, colsum, codes, n, k);
        memcpy(packed, scales, (size_t)n * sizeof *packed);
    } else {
        qg_pack_scales(packed, scales, n, groups);
        if (p->format == QG_PANEL_NF4)
            qg_pack_nf4(panels, codes, n, k);
        else
            qg_pack_s4(panels, codes, n, k);
    }
    qg_unpack_to_f32(out, &w_panels);
}

static void weights_are_those_of_the_deployed_model(void **state)
{
    (void)state;
    static const char *const names[] = {"int8",      "int8_tensor", "int4",       "int4_g32",
                                        "int4_g128", "nf4",         "int4_g32_a8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        rig r;
        qg_config c = rig_config();
        qg_qat_options o = options(names[i], QG_QAT_DEPLOYED);
        c.hidden = 36;
        c.ffn = 40; /* groups of 32 do not divide it */
        rig_random(&r, &c, 5, 1);
        qt_ok(qg_qat_create(&r.qat, &r.params, &o));
        qg_qat_prepare(r.qat, r.values);
        int quantized = 0;
        for (int p = 0; p < r.params.n; p++) {
            const qg_param *t = &r.params.param[p];
            size_t n = (size_t)t->rows * (size_t)t->columns;
            float *want = qg_arena_alloc(r.arena, n, sizeof *want);
            bool linear = t->columns > 1 && !strstr(t->name, "embeddings");
            memcpy(want, r.values + t->offset, n * sizeof *want);
            if (linear)
                deployed(r.arena, want, r.values + t->offset, t->rows, t->columns,
                         o.precision.scheme);
            for (size_t k = 0; k < n; k++)
                qt_close(t->name, (double)qg_qat_weights(r.qat)[t->offset + k], (double)want[k], 0,
                         0);
            quantized += linear;
        }
        qt_eq("Linear layers", quantized, 6 * c.layers + 2);
        rig_free(&r);
    }
}

static void embeddings_follow_their_precision(void **state)
{
    (void)state;
    for (int e = QG_EMBED_FP32; e <= QG_EMBED_INT8; e++) {
        rig r;
        qg_config c = rig_config();
        qg_qat_options o = options("int8", QG_QAT_DEPLOYED);
        o.precision.embeddings = e;
        rig_random(&r, &c, 5, 1);
        qt_ok(qg_qat_create(&r.qat, &r.params, &o));
        qg_qat_prepare(r.qat, r.values);
        double error = 0;
        for (int i = 0; i < c.vocab * c.hidden; i++)
            error = fmax(error, fabs((double)qg_qat_weights(r.qat)[i] - (double)r.values[i]));
        double most[] = {0, 1e-3, 1e-2}, least[] = {0, 1e-6, 1e-3};
        assert_true(error <= most[e] && error >= least[e]);
        rig_free(&r);
    }
}

static void token_inputs_are_those_of_the_deployed_kernels(void **state)
{
    (void)state;
    enum { M = 5, N = 70 };
    const qg_kernels *kernels = qg_kernels_get(NULL);
    static int8_t codes[M * 192] __attribute__((aligned(64)));
    static float x[M * N], y[M * N], scale[M];
    qg_qrows q = {codes, 192, scale, NULL};
    qg_rng rng = qg_rng_make(1, "tokens", 0);
    for (int i = 0; i < (M - 1) * N; i++)
        x[i] = (float)(exp(2 * qg_rng_normal(&rng)) * qg_rng_normal(&rng)); /* the last row is 0 */
    kernels->quantize_rows(&q, x, N, M, N);
    qg_tokens_forward(y, x, M, N);
    for (int r = 0; r < M; r++)
        for (int i = 0; i < N; i++)
            qt_close("value", (double)y[r * N + i], (double)((float)codes[r * 192 + i] * scale[r]),
                     0, 0);
    x[7] = NAN;
    qg_tokens_forward(y, x, M, N);
    assert_true(isnan(y[7])); /* never hidden */
}

static void text_inputs_are_those_of_the_deployed_kernels(void **state)
{
    (void)state;
    enum { M = 4, N = 33 };
    const qg_kernels *kernels = qg_kernels_get(NULL);
    static int8_t codes[M * 64] __attribute__((aligned(64)));
    static float x[M * N], y[M * N], scale[M];
    int32_t offset[M];
    qg_qrows q = {codes, 64, scale, offset};
    qg_rng rng = qg_rng_make(2, "texts", 0);
    float lo, hi, s;
    for (int i = 0; i < M * N; i++)
        x[i] = (float)(1 + 2 * qg_rng_normal(&rng));
    kernels->minmax(&lo, &hi, x, N, M, N);
    int zero = qg_text_levels(&s, lo, hi);
    kernels->quantize_affine(&q, x, N, M, N, s, zero);
    qg_text_forward(y, x, M, N, kernels);
    for (int r = 0; r < M; r++)
        for (int i = 0; i < N; i++)
            qt_close("value", (double)y[r * N + i],
                     (double)((float)(codes[r * 64 + i] + offset[r]) * scale[r]), 0, 0);
}

/* Codes outside -128..127 (-8..7): the largest weight of PyTorch's per-tensor grid, max / 127.5
 * wide, can round to 128; learned or frozen scales clip more. */
static void clipped_weights_get_no_gradient(void **state)
{
    (void)state;
    const float w[] = {1, -64, 63.7f, 63.8f, -64.3f, 0}, scales[] = {0.5f, 0.5f};
    const float want[] = {1, 2, 3, 0, 0, 6}, four[] = {1, 0, 0, 0, 0, 6};
    float d[] = {1, 2, 3, 4, 5, 6}, e[] = {1, 2, 3, 4, 5, 6}, f[] = {1, 2, 3, 4, 5, 6};
    qg_weights_backward(d, w, scales, 0, 6, 3, qg_precision_find("int8_tensor"), false);
    qg_weights_backward(e, w, scales, 0, 6, 3, qg_precision_find("int4_g32"), false);
    qg_weights_backward(f, w, scales, 4, 6, 3, qg_precision_find("int8_tensor"), false);
    for (int i = 0; i < 6; i++) {
        qt_close("8 bit", (double)d[i], (double)want[i], 0, 0);
        qt_close("4 bit", (double)e[i], (double)four[i], 0, 0);
    }
    qt_close("outside the slice", (double)f[3], 4, 0, 0);
}

static void slices_of_the_weight_gradient_equal_the_whole(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    qg_qat_options o = options("int4_g32", QG_QAT_DEPLOYED);
    rig_random(&r, &c, 5, 1);
    size_t n = r.params.count, kept = 0;
    qt_ok(qg_qat_create(&r.qat, &r.params, &o));
    qg_qat_prepare(r.qat, r.values);
    float *whole = r.block[0], *parts = qg_arena_alloc(r.arena, n, sizeof *parts);
    for (size_t i = 0; i < n; i++) {
        r.values[i] *= 2; /* many lie outside the grid that was prepared */
        whole[i] = parts[i] = 1;
    }
    qg_qat_weight_gradient(whole, r.qat, r.values, 0, n);
    for (size_t from = 0; from < n; from += 53) {
        size_t to = n - from < 53 ? n : from + 53;
        for (size_t i = from; i < to; i++)
            qt_close("not yet", (double)parts[i], 1, 0, 0);
        qg_qat_weight_gradient(parts, r.qat, r.values, from, to);
    }
    qt_same("gradient", parts, whole, n, sizeof *parts);
    for (size_t i = 0; i < n; i++)
        kept += whole[i] != 0;
    assert_true(kept > n / 2 && kept < n - 50);
    rig_free(&r);
}

static void clipped_inputs_get_no_gradient(void **state)
{
    (void)state;
    const float x[] = {-3, -1, 0, 0.5f, 2, 9}, dy[] = {1, 2, 3, 4, 5, 6};
    float y[6], dx[6];
    qg_affine grid = qg_affine_of((qg_range){-1, 2, true});
    qg_affine_forward(y, x, 6, grid);
    qg_affine_backward(dx, dy, x, 6, grid);
    const float want[] = {0, 2, 3, 4, 5, 0};
    for (int i = 0; i < 6; i++) {
        qt_close("gradient", (double)dx[i], (double)want[i], 0, 0);
        double inside = fmin(fmax((double)x[i], -1), 2);
        qt_close("value", (double)y[i], inside, 0, (double)grid.scale * 0.51);
    }
    qt_close("zero is exact", (double)y[2], 0, 0, 0);
}

/* Whoever computes a leaf, and in which order: ranges and gradients are the same bits. */
static void ranges_do_not_depend_on_the_order_of_leaves(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    qg_qat_options o = options("int8", QG_QAT_MOVING);
    rig_random(&r, &c, 5, 4);
    qt_ok(qg_qat_create(&r.qat, &r.params, &o));
    qg_train_batch b[4];
    float *grad[2][4];
    for (int l = 0; l < 4; l++) {
        b[l] = rig_batch(r.arena, &c, 3, 9, (uint64_t)l);
        for (int pass = 0; pass < 2; pass++)
            grad[pass][l] = qg_arena_alloc(r.arena, r.params.count, sizeof(float));
    }
    qg_step s = {0, 12};
    for (int step = 0; step < 3; step++) {
        qg_range *seen[2];
        qg_qat_prepare(r.qat, r.values);
        for (int pass = 0; pass < 2; pass++) {
            seen[pass] = qg_arena_alloc(r.arena, (size_t)r.params.sites, sizeof(qg_range));
            for (int i = 0; i < 4; i++) {
                int l = pass ? 3 - i : i;
                double loss;
                qt_ok(rig_net_gradient(grad[pass][l], &loss, NULL, r.net, qg_qat_weights(r.qat),
                                       r.qat, &b[(l + step) % 4], &s));
                qg_range_join(seen[pass], qg_net_seen(r.net), r.params.sites);
            }
        }
        for (int i = 0; i < r.params.sites; i++) {
            assert_true(seen[0][i].set);
            qt_same("lo", &seen[0][i].lo, &seen[1][i].lo, 1, sizeof(float));
            qt_same("hi", &seen[0][i].hi, &seen[1][i].hi, 1, sizeof(float));
        }
        for (int l = 0; l < 4; l++)
            qt_same("gradient", grad[0][l], grad[1][l], r.params.count, sizeof(float));
        qg_qat_observe(r.qat, seen[0]);
    }
    rig_free(&r);
}

static void frozen_ranges_stay(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    qg_qat_options o = options("int8", QG_QAT_MOVING);
    rig_random(&r, &c, 5, 2);
    qt_ok(qg_qat_create(&r.qat, &r.params, &o));
    qg_range kept[32];
    qg_train_batch b = rig_batch(r.arena, &c, 6, 9, 1);
    b.types = NULL;
    rig_gradient(&r, &b, 0);
    size_t n = (size_t)r.params.sites;
    memcpy(kept, qg_qat_ranges(r.qat), n * sizeof *kept);
    r.qat->frozen = true;
    b = rig_batch(r.arena, &c, 6, 9, 2);
    b.types = NULL;
    rig_gradient(&r, &b, 1);
    qt_same("frozen", qg_qat_ranges(r.qat), kept, n, sizeof *kept);
    r.qat->frozen = false;
    qt_ok(rig_net_forward(r.logits, r.net, qg_qat_weights(r.qat), r.qat, &b));
    qt_same("validation", qg_qat_ranges(r.qat), kept, n, sizeof *kept);
    rig_gradient(&r, &b, 1);
    assert_true(memcmp(qg_qat_ranges(r.qat), kept, n * sizeof *kept) != 0);
    rig_free(&r);
}

/* Options in steps: nothing is quantized or observed before `start`, nothing observed from `freeze`
 * on. */
static void ranges_move_from_start_to_freeze(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    qg_qat_options o = options("int8", QG_QAT_MOVING);
    o.start = 1;
    o.freeze = 3;
    rig_random(&r, &c, 5, 2);
    rig_qat(&r, &o);
    size_t n = (size_t)r.params.sites;
    qg_range kept[32] = {{0}};
    for (uint64_t step = 0; step < 5; step++) {
        qg_train_batch b = rig_batch(r.arena, &c, 6, 9, step);
        b.types = NULL;
        rig_gradient(&r, &b, step);
        bool same = memcmp(qg_qat_ranges(r.qat), kept, n * sizeof *kept) == 0;
        qt_eq("ranges rest", same, step < 1 || step >= 3);
        qt_eq("plain weights", qg_qat_weights(r.qat) == r.values, step < 1);
        memcpy(kept, qg_qat_ranges(r.qat), n * sizeof *kept);
    }
    rig_free(&r);
}

/* With moving ranges a text feels the texts of its leaf, with frozen ones it does not. */
static void frozen_ranges_do_not_see_the_batch(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    qg_qat_options o = options("int8", QG_QAT_MOVING);
    rig_random(&r, &c, 5, 1);
    qt_ok(qg_qat_create(&r.qat, &r.params, &o));
    int32_t ids[2][6] = {{2, 7, 3, 2, 9, 3}, {2, 7, 3, 2, 21, 3}};
    int32_t splits[] = {0, 3, 6}, label[] = {1, 2};
    int64_t sample[] = {1, 2};
    float logits[2][3];
    for (int frozen = 0; frozen < 2; frozen++) {
        for (int i = 0; i < 2; i++) {
            qg_train_batch b = {2, ids[i], NULL, splits, NULL, label, sample};
            if (!frozen)
                memset(qg_qat_ranges(r.qat), 0, (size_t)r.params.sites * sizeof(qg_range));
            rig_gradient(&r, &b, 0);
            memcpy(logits[i], r.logits, sizeof logits[i]);
        }
        qt_eq("same logits", memcmp(logits[0], logits[1], sizeof logits[0]) == 0, frozen);
        r.qat->frozen = true;
    }
    rig_free(&r);
}

/* Every scheme trains: the loss of a batch falls. */
static void every_scheme_learns_a_batch(void **state)
{
    (void)state;
    for (int i = 0; qg_precisions[i]; i++) {
        rig r;
        qg_config c = rig_config();
        qg_qat_options o = options(qg_precision_name(qg_precisions[i]), QG_QAT_DEPLOYED);
        rig_random(&r, &c, 5, 2);
        qt_ok(qg_qat_create(&r.qat, &r.params, &o));
        r.schedule = (qg_schedule){QG_SCHEDULE_CONSTANT, 1e-2, 0, 0};
        qg_train_batch b = rig_batch(r.arena, &c, 8, 9, 1);
        b.types = NULL;
        rig_step(&r, &b, 0);
        double first = r.loss;
        for (uint64_t s = 1; s < 40; s++)
            rig_step(&r, &b, s);
        if (!(r.loss < 0.3 * first))
            fail_msg("%s: loss %g at first, %g in the end", o.precision.name, first, r.loss);
        rig_free(&r);
    }
}

/* Down to the smallest numbers there are: levels are finite, and gradients pass. Scales of the very
 * smallest are rounded so much that they clip some. int8_tensor has PyTorch's least scale, under
 * which all levels are 0. */
static void tiny_weights_keep_their_gradient(void **state)
{
    (void)state;
    enum { N = 3, COLUMNS = 70, COUNT = N * COLUMNS };
    for (int i = 0; qg_precisions[i]; i++)
        for (int e = -149; e <= -120; e++) {
            const qg_precision *p = qg_precisions[i];
            float w[COUNT], y[COUNT], d[COUNT], scales[COUNT];
            uint32_t codes[COUNT];
            qg_rng r = qg_rng_make(5, p->name, (uint64_t)(e + 149));
            for (int k = 0; k < COUNT; k++) {
                w[k] = ldexpf((float)qg_rng_normal(&r), e);
                d[k] = 1;
            }
            w[7] = 0;
            qg_weights_forward(y, scales, codes, w, N, COLUMNS, p);
            qg_weights_backward(d, w, scales, 0, COUNT, COLUMNS, p, false);
            int passed = 0;
            for (int k = 0; k < COUNT; k++) {
                assert_true(isfinite(y[k]) && fabsf(y[k]) < 0x1p-110f);
                passed += d[k] == 1;
            }
            if (e >= -133)
                qt_eq(p->name, passed, COUNT);
            assert_true(passed > COUNT / 2);
        }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tiny_weights_keep_their_gradient),
    cmocka_unit_test(weights_are_those_of_the_deployed_model),
    cmocka_unit_test(embeddings_follow_their_precision),
    cmocka_unit_test(token_inputs_are_those_of_the_deployed_kernels),
    cmocka_unit_test(text_inputs_are_those_of_the_deployed_kernels),
    cmocka_unit_test(clipped_weights_get_no_gradient),
    cmocka_unit_test(slices_of_the_weight_gradient_equal_the_whole),
    cmocka_unit_test(clipped_inputs_get_no_gradient),
    cmocka_unit_test(ranges_do_not_depend_on_the_order_of_leaves),
    cmocka_unit_test(frozen_ranges_stay),
    cmocka_unit_test(ranges_move_from_start_to_freeze),
    cmocka_unit_test(frozen_ranges_do_not_see_the_batch),
    cmocka_unit_test(every_scheme_learns_a_batch),
};
QT_MAIN("train_qat", tests)
