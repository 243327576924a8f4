/*
 * test_gemm.c - every implementation of the products equals __ref bit for bit, over awkward shapes
 * and all weight formats; memory ends right behind every operand.
 */
#include "kt.h"

#include <stdio.h>
#include <string.h>

typedef __typeof__(((qg_kernels *)0)->gemm_f32) gemm_f32_fn;
typedef __typeof__(((qg_kernels *)0)->gemm_s8) gemm_s8_fn;
typedef __typeof__(((qg_kernels *)0)->gemm_s4s8) gemm_s4s8_fn;

/* m, n, k: each size of 1 2 3 7 8 15 16 17 31 33 63 65 127 129 255 768 3072 in each place. */
static const int shapes[][3] = {
    {1, 1, 1},     {1, 2, 3},     {2, 1, 7},     {3, 3, 2},      {7, 15, 8},   {8, 16, 15},
    {15, 17, 16},  {16, 31, 17},  {17, 33, 31},  {31, 63, 33},   {33, 65, 63}, {63, 7, 65},
    {65, 8, 127},  {127, 3, 129}, {129, 33, 31}, {255, 17, 16},  {12, 32, 64}, {13, 48, 257},
    {1, 768, 255}, {2, 127, 768}, {3, 129, 255}, {5, 255, 512},  {1, 3, 3072}, {6, 20, 3072},
    {768, 16, 8},  {11, 40, 80},  {4, 64, 200},  {145, 33, 300}, {289, 5, 9},  {10, 24, 72},
    {9, 3072, 16},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static void run_f32(gemm_f32_fn fn, gemm_f32_fn ref, qg_panel_format f, int m, int n, int k,
                    int group)
{
    int ldx = k + 3, ldy = n + 5; /* the last row ends the memory: no slack behind it */
    uint64_t stream = (uint64_t)(m * 31 + n * 7 + k);
    qg_panels w = kt_panels(f, n, k, group, stream);
    w.act = (qg_activation)(m % 5);
    size_t xs = (size_t)(m - 1) * (size_t)ldx + (size_t)k,
           ys = (size_t)(m - 1) * (size_t)ldy + (size_t)n;
    const float *x = kt_floats(xs, stream + 5, 1.0f);
    float *got = kt_floats(ys, 9, 1.0f), *want = kt_floats(ys, 9, 1.0f);
    void *scratch = kt_scratch(qg_gemm_scratch(&w));
    ref(want, ldy, x, ldx, m, &w, scratch);
    fn(got, ldy, x, ldx, m, &w, scratch);
    char what[96];
    snprintf(what, sizeof what, "format %d m %d n %d k %d group %d", (int)f, m, n, k, group);
    qt_same(what, got, want, ys, sizeof *got);
    kt_release();
}

static void gemm_f32(void **state)
{
    gemm_f32_fn fn = (gemm_f32_fn)kt_fn(state), ref = (gemm_f32_fn)kt_ref("gemm_f32");
    for (int i = 0; i < SHAPES; i++)
        run_f32(fn, ref, QG_PANEL_F32, shapes[i][0], shapes[i][1], shapes[i][2], 0);
}

static void gemm_f32_of_coded_weights(void **state)
{
    gemm_f32_fn fn = (gemm_f32_fn)kt_fn(state), ref = (gemm_f32_fn)kt_ref("gemm_f32");
    static const qg_panel_format formats[] = {QG_PANEL_F16, QG_PANEL_BF16, QG_PANEL_S4,
                                              QG_PANEL_NF4};
    static const int groups[] = {1, 3, 8, 12, 16, 32, 64, 128, 100000};
    for (int i = 0; i < SHAPES; i++) {
        if (shapes[i][0] > 64)
            continue;
        for (int f = 0; f < 4; f++)
            run_f32(fn, ref, formats[f], shapes[i][0], shapes[i][1], shapes[i][2],
                    groups[(i + f) % 9]);
    }
}

static void run_s8(gemm_s8_fn fn, gemm_s8_fn ref, int m, int n, int k, bool affine)
{
    int ldy = n + 5;
    uint64_t stream = (uint64_t)(m * 31 + n * 7 + k);
    qg_panels w = kt_panels(QG_PANEL_S8, n, k, 0, stream);
    w.act = (qg_activation)(m % 5);
    qg_qrows x = kt_qrows(m, k, stream, affine);
    size_t ys = (size_t)(m - 1) * (size_t)ldy + (size_t)n;
    float *got = kt_floats(ys, 9, 1.0f), *want = kt_floats(ys, 9, 1.0f);
    ref(want, ldy, &x, m, &w);
    fn(got, ldy, &x, m, &w);
    char what[96];
    snprintf(what, sizeof what, "m %d n %d k %d affine %d", m, n, k, (int)affine);
    qt_same(what, got, want, ys, sizeof *got);
    kt_release();
}

static void gemm_s8(void **state)
{
    gemm_s8_fn fn = (gemm_s8_fn)kt_fn(state), ref = (gemm_s8_fn)kt_ref("gemm_s8");
    for (int i = 0; i < SHAPES; i++)
        run_s8(fn, ref, shapes[i][0], shapes[i][1], shapes[i][2], i % 2 == 1);
}

/* Codes at both ends everywhere, k up to the limit: saturation or a lost carry would show. */
static void gemm_s8_of_extreme_codes(void **state)
{
    gemm_s8_fn fn = (gemm_s8_fn)kt_fn(state), ref = (gemm_s8_fn)kt_ref("gemm_s8");
    static const int8_t pairs[][2] = {
        {127, 127}, {-127, 127}, {-128, -128}, {-128, 127}, {127, -128}};
    static const int ks[] = {4, 3072, 65536};
    for (int p = 0; p < 5; p++) {
        for (int i = 0; i < 3; i++) {
            int m = 13, n = 17, k = ks[i];
            qg_panels w = kt_panels(QG_PANEL_S8, n, k, 0, 1);
            qg_qrows x = kt_qrows(m, k, 1, true);
            int8_t *codes = kt_new((size_t)n * (size_t)k, 1, 1),
                   *packed = kt_new((size_t)32 * (size_t)k, 1, 64);
            int32_t *colsum = kt_new(32, sizeof *colsum, 4);
            memset(codes, pairs[p][1], (size_t)n * (size_t)k);
            qg_pack_s8(packed, colsum, codes, n, k);
            w.codes = packed, w.colsum = colsum;
            for (int r = 0; r < m; r++) {
                memset(x.codes + (size_t)r * (size_t)x.ld, pairs[p][0], (size_t)k);
                x.offset[r] = r % 3 == 0 ? -127 : r % 3 == 1 ? 128 : 0;
            }
            float *got = kt_floats((size_t)m * (size_t)n, 9, 1.0f),
                  *want = kt_floats((size_t)m * (size_t)n, 9, 1.0f);
            ref(want, n, &x, m, &w);
            fn(got, n, &x, m, &w);
            qt_same("extreme codes", got, want, (size_t)m * (size_t)n, sizeof *got);
            float sum = (float)((int64_t)k * (pairs[p][0] + 128) * pairs[p][1]);
            qt_close("one sum", (double)got[n],
                     (double)(sum * (x.scale[1] * w.scales[0]) + w.bias[0]), 1e-6, 1e-6);
            kt_release();
        }
    }
}

static void run_s4s8(gemm_s4s8_fn fn, gemm_s4s8_fn ref, int m, int n, int k, int group)
{
    int ldy = n + 5;
    uint64_t stream = (uint64_t)(m * 31 + n * 7 + k);
    qg_panels w = kt_panels(QG_PANEL_S4, n, k, group, stream);
    w.act = (qg_activation)(m % 5);
    qg_qrows x = kt_qrows(m, k, stream, false);
    size_t ys = (size_t)(m - 1) * (size_t)ldy + (size_t)n;
    float *got = kt_floats(ys, 9, 1.0f), *want = kt_floats(ys, 9, 1.0f);
    ref(want, ldy, &x, m, &w);
    fn(got, ldy, &x, m, &w);
    char what[96];
    snprintf(what, sizeof what, "m %d n %d k %d group %d", m, n, k, group);
    qt_same(what, got, want, ys, sizeof *got);
    kt_release();
}

static void gemm_s4s8(void **state)
{
    gemm_s4s8_fn fn = (gemm_s4s8_fn)kt_fn(state), ref = (gemm_s4s8_fn)kt_ref("gemm_s4s8");
    static const int groups[] = {32, 8, 100000, 16, 64, 12, 128, 1, 24};
    for (int i = 0; i < SHAPES; i++) {
        run_s4s8(fn, ref, shapes[i][0], shapes[i][1], shapes[i][2], groups[i % 9]);
        if (shapes[i][0] < 64)
            run_s4s8(fn, ref, shapes[i][0], shapes[i][1], shapes[i][2], groups[(i + 4) % 9]);
    }
    run_s4s8(fn, ref, 3, 5, 8192, 8);
}

/* What a row gives does not depend on the rows beside it. */
static void f32_rows_do_not_depend_on_their_block(void **state)
{
    (void)state;
    const qg_kernels *kn = qg_kernels_get(NULL);
    int m = 301, n = 40, k = 300;
    qg_panels w = kt_panels(QG_PANEL_NF4, n, k, 64, 3);
    const float *x = kt_floats((size_t)m * (size_t)k, 4, 1.0f);
    float *all = kt_floats((size_t)m * (size_t)n, 5, 1.0f), *one = kt_floats((size_t)n, 5, 1.0f);
    void *scratch = kt_scratch(qg_gemm_scratch(&w));
    kn->gemm_f32(all, n, x, k, m, &w, scratch);
    for (int r = 0; r < m; r++) {
        kn->gemm_f32(one, n, x + (size_t)r * (size_t)k, k, 1, &w, scratch);
        qt_same("row", one, all + (size_t)r * (size_t)n, (size_t)n, sizeof *one);
    }
    kt_release();
}

static void integer_rows_do_not_depend_on_their_block(void **state)
{
    (void)state;
    const qg_kernels *kn = qg_kernels_get(NULL);
    int m = 301, n = 40, k = 100;
    qg_panels w8 = kt_panels(QG_PANEL_S8, n, k, 0, 3), w4 = kt_panels(QG_PANEL_S4, n, k, 32, 3);
    qg_qrows x = kt_qrows(m, k, 4, false);
    float *all = kt_floats((size_t)m * (size_t)n, 5, 1.0f), *one = kt_floats((size_t)n, 5, 1.0f);
    for (int bits = 4; bits <= 8; bits += 4) {
        __typeof__(kn->gemm_s8) gemm = bits == 8 ? kn->gemm_s8 : kn->gemm_s4s8;
        gemm(all, n, &x, m, bits == 8 ? &w8 : &w4);
        for (int r = 0; r < m; r++) {
            qg_qrows row = {x.codes + (size_t)r * (size_t)x.ld, x.ld, x.scale + r, NULL};
            gemm(one, n, &row, 1, bits == 8 ? &w8 : &w4);
            qt_same("row", one, all + (size_t)r * (size_t)n, (size_t)n, sizeof *one);
        }
    }
    kt_release();
}

int main(void)
{
    struct CMUnitTest tests[KT_CASES];
    size_t n = kt_add(tests, 0, "gemm_f32", "equals_ref", gemm_f32);
    n = kt_add(tests, n, "gemm_f32", "of_coded_weights_equals_ref", gemm_f32_of_coded_weights);
    n = kt_add(tests, n, "gemm_s8", "equals_ref", gemm_s8);
    n = kt_add(tests, n, "gemm_s8", "of_extreme_codes_equals_ref", gemm_s8_of_extreme_codes);
    n = kt_add(tests, n, "gemm_s4s8", "equals_ref", gemm_s4s8);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(f32_rows_do_not_depend_on_their_block);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(integer_rows_do_not_depend_on_their_block);
    return qt_run("gemm", tests, n);
}
