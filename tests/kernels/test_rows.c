/*
 * test_rows.c - every implementation of the row operations and of attention equals __ref bit for
 * bit; memory ends right behind every operand.
 */
#include "kt.h"

#include "qgrid/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FN(op) __typeof__(((qg_kernels *)0)->op)

static const int sizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 65, 127, 129, 255, 768, 3072};
enum { SIZES = sizeof sizes / sizeof sizes[0], KINDS = 7, ROWS = 3 };

/* Rows of a kind: ordinary, all equal, zeros, denormal, huge, both zeros, ties of rounding. */
static float *data(size_t n, int kind, uint64_t stream)
{
    float *x = kt_floats(n, stream, kind == 3 ? 1e-40f : kind == 4 ? 1e38f : 3.0f);
    for (size_t i = 0; i < n; i++) {
        if (kind == 1)
            x[i] = 0.7f;
        else if (kind == 2)
            x[i] = 0.0f;
        else if (kind == 5)
            x[i] = x[i] > 0.0f ? 0.0f : -0.0f;
        else if (kind == 6)
            x[i] = i == 0 ? 127.0f : rintf(x[i] * 40.0f) + 0.5f;
    }
    return x;
}

static const char *label(int k, int kind)
{
    static char text[64];
    snprintf(text, sizeof text, "size %d kind %d", k, kind);
    return text;
}

#define EACH(k, kind)                                                                              \
    for (int i_ = 0, k = sizes[0]; i_ < SIZES; i_++, k = sizes[i_ < SIZES ? i_ : 0])               \
        for (int kind = 0; kind < KINDS; kind++, kt_release())

static qg_qrows empty_rows(int k)
{
    qg_qrows q = kt_qrows(ROWS, k, 1, true);
    memset(q.codes, 99, ROWS * (size_t)q.ld);
    return q;
}

static void same_rows(const char *what, const qg_qrows *got, const qg_qrows *want)
{
    qt_same(what, got->codes, want->codes, ROWS * (size_t)got->ld, 1);
    qt_same(what, got->scale, want->scale, ROWS, sizeof *got->scale);
    qt_same(what, got->offset, want->offset, ROWS, sizeof *got->offset);
}

static void quantize_rows(void **state)
{
    FN(quantize_rows) fn = (FN(quantize_rows))kt_fn(state);
    FN(quantize_rows) ref = (FN(quantize_rows))kt_ref("quantize_rows");
    EACH(k, kind)
    {
        const float *x = data((size_t)(2 * (k + 1) + k), kind, (uint64_t)k);
        qg_qrows got = empty_rows(k), want = empty_rows(k);
        fn(&got, x, k + 1, ROWS, k);
        ref(&want, x, k + 1, ROWS, k);
        same_rows(label(k, kind), &got, &want);
    }
}

/* Codes are those of a division: random numbers, and the floats around every tie of every row. */
static void quantize_rows_divides(void **state)
{
    FN(quantize_rows) fn = (FN(quantize_rows))kt_fn(state);
    enum { K = 127 * 2 * 5 + 1, TRIALS = 2000 };
    for (int t = 0; t < TRIALS; t++, kt_release()) {
        float *x = kt_floats(K, (uint64_t)t, ldexpf(1.0f, t % 160 - 80));
        float top = fabsf(x[0]);
        for (int i = 1; i < K; i++)
            top = fmaxf(top, fabsf(x[i]));
        float scale = top / 127.0f;
        for (int i = 0; i < 254 && t % 2; i++) {
            float tie = ((float)(i - 127) + 0.5f) * scale;
            x[i * 5] = tie;
            x[i * 5 + 1] = nextafterf(tie, INFINITY);
            x[i * 5 + 2] = nextafterf(tie, -INFINITY);
            x[i * 5 + 3] = nextafterf(x[i * 5 + 1], INFINITY);
            x[i * 5 + 4] = nextafterf(x[i * 5 + 2], -INFINITY);
        }
        x[K - 1] = top;
        qg_qrows q = kt_qrows(1, K, 1, false);
        fn(&q, x, K, 1, K);
        assert_true(q.scale[0] == scale);
        for (int i = 0; i < K; i++)
            if (q.codes[i] != (int8_t)rintf(x[i] / scale))
                fail_msg("%a / %a is code %d, not %g", (double)x[i], (double)scale, q.codes[i],
                         (double)rintf(x[i] / scale));
    }
}

static void round_bf16(void **state)
{
    FN(round_bf16) fn = (FN(round_bf16))kt_fn(state);
    FN(round_bf16) ref = (FN(round_bf16))kt_ref("round_bf16");
    EACH(k, kind)
    {
        int ld = qg_bf16_stride(k);
        const float *x = data((size_t)(2 * (k + 1) + k), kind, (uint64_t)k);
        uint16_t *got = kt_new(ROWS * (size_t)ld, sizeof *got, 64);
        uint16_t *want = kt_new(ROWS * (size_t)ld, sizeof *want, 64);
        memset(got, 99, ROWS * (size_t)ld * sizeof *got);
        fn(got, ld, x, k + 1, ROWS, k);
        ref(want, ld, x, k + 1, ROWS, k);
        qt_same(label(k, kind), got, want, ROWS * (size_t)ld, sizeof *got);
        for (int i = 0; i < k; i++)
            assert_int_equal(want[i], qg_f32_to_bf16(x[i]));
    }
}

static void minmax(void **state)
{
    FN(minmax) fn = (FN(minmax))kt_fn(state), ref = (FN(minmax))kt_ref("minmax");
    EACH(k, kind)
    {
        const float *x = data((size_t)(2 * (k + 1) + k), kind, (uint64_t)k);
        float got[2], want[2];
        fn(&got[0], &got[1], x, k + 1, ROWS, k);
        ref(&want[0], &want[1], x, k + 1, ROWS, k);
        qt_same(label(k, kind), got, want, 2, sizeof *got);
    }
}

static void quantize_affine(void **state)
{
    FN(quantize_affine) fn = (FN(quantize_affine))kt_fn(state);
    FN(quantize_affine) ref = (FN(quantize_affine))kt_ref("quantize_affine");
    EACH(k, kind)
    {
        const float *x = data((size_t)(2 * (k + 1) + k), kind, (uint64_t)k);
        qg_qrows got = empty_rows(k), want = empty_rows(k);
        fn(&got, x, k + 1, ROWS, k, 0.031f, k % 256);
        ref(&want, x, k + 1, ROWS, k, 0.031f, k % 256);
        same_rows(label(k, kind), &got, &want);
    }
}

static void absmax(void **state)
{
    FN(absmax) fn = (FN(absmax))kt_fn(state), ref = (FN(absmax))kt_ref("absmax");
    EACH(k, kind)
    {
        const float *x = data((size_t)k, kind, (uint64_t)k);
        float got = fn(x, k), want = ref(x, k);
        qt_same(label(k, kind), &got, &want, 1, sizeof got);
    }
}

/* Step lengths that clip a lot, a little and nothing; divided, and times the reciprocal. */
static qg_uniform steps(const float *x, int k, int trial)
{
    float most = ((FN(absmax))kt_ref("absmax"))(x, k);
    float scale = (most > 0.0f ? most : 1.0f) / (trial < 2 ? 3.0f : trial < 4 ? 8.0f : 300.0f);
    scale = scale > 0.0f ? scale : 0x1p-149f;
    return (qg_uniform){scale, trial % 2 ? 1.0f / scale : 0.0f, -8.0f, 7.0f};
}

static void fake_quantize(void **state)
{
    FN(fake_quantize)
    fn = (FN(fake_quantize))kt_fn(state), ref = (FN(fake_quantize))kt_ref("fake_quantize");
    EACH(k, kind)
    for (int trial = 0; trial < 6; trial++) {
        const float *x = data((size_t)k, kind, (uint64_t)k);
        float *got = kt_floats((size_t)k, 1, 1.0f), *want = kt_floats((size_t)k, 2, 1.0f);
        qg_uniform g = steps(x, k, trial);
        fn(got, x, k, &g);
        ref(want, x, k, &g);
        qt_same(label(k, kind), got, want, (size_t)k, sizeof *got);
    }
}

static void fake_quantize_gradient(void **state)
{
    FN(fake_quantize_gradient) fn = (FN(fake_quantize_gradient))kt_fn(state);
    FN(fake_quantize_gradient) ref = (FN(fake_quantize_gradient))kt_ref("fake_quantize_gradient");
    EACH(k, kind)
    for (int trial = 0; trial < 6; trial++) {
        const float *x = data((size_t)k, kind, (uint64_t)k), *dy = data((size_t)k, 0, 7);
        qg_uniform g = steps(x, k, trial);
        float got = fn(dy, x, k, &g), want = ref(dy, x, k, &g);
        qt_same(label(k, kind), &got, &want, 1, sizeof got);
    }
}

static void layernorm(void **state)
{
    FN(layernorm) fn = (FN(layernorm))kt_fn(state), ref = (FN(layernorm))kt_ref("layernorm");
    EACH(C, kind)
    {
        if (kind == 4) /* the squares overflow: NaN in both */
            continue;
        size_t n = (size_t)C * ROWS;
        float *x = data(n, kind, (uint64_t)C), *want = kt_floats(n, 1, 1.0f),
              *got = kt_floats(n, 2, 1.0f);
        const float *r = data(n, 0, 77), *gamma = data((size_t)C, 0, 78),
                    *beta = data((size_t)C, 0, 79);
        fn(got, x, NULL, gamma, beta, ROWS, C, 1e-12f);
        ref(want, x, NULL, gamma, beta, ROWS, C, 1e-12f);
        qt_same(label(C, kind), got, want, n, sizeof *got);
        ref(want, x, r, gamma, beta, ROWS, C, 1e-12f);
        fn(x, x, r, gamma, beta, ROWS, C, 1e-12f);
        qt_same("in place with residual", x, want, n, sizeof *x);
    }
}

static void activation(void **state)
{
    FN(activation) fn = (FN(activation))kt_fn(state), ref = (FN(activation))kt_ref("activation");
    static const qg_activation all[] = {QG_ACT_GELU, QG_ACT_GELU_NEW, QG_ACT_RELU, QG_ACT_TANH};
    EACH(n, kind)
    {
        for (int a = 0; a < 4; a++) {
            float *got = data((size_t)n, kind, 5), *want = data((size_t)n, kind, 5);
            fn(got, (size_t)n, all[a]);
            ref(want, (size_t)n, all[a]);
            qt_same(label(n, kind), got, want, (size_t)n, sizeof *got);
        }
    }
}

static void vexp(void **state)
{
    FN(vexp) fn = (FN(vexp))kt_fn(state), ref = (FN(vexp))kt_ref("vexp");
    for (int i = 0; i < SIZES; i++, kt_release()) {
        size_t n = (size_t)sizes[i];
        float *x = kt_floats(n, 3, 80.0f), *got = kt_floats(n, 4, 1.0f),
              *want = kt_floats(n, 4, 1.0f);
        x[0] = -INFINITY;
        x[n / 2] = n > 1 ? INFINITY : x[0];
        fn(got, x, n);
        ref(want, x, n);
        qt_same("exp", got, want, n, sizeof *got);
    }
}

static void embed_f32(void **state)
{
    FN(embed_f32) fn = (FN(embed_f32))kt_fn(state), ref = (FN(embed_f32))kt_ref("embed_f32");
    for (int i = 0; i < SIZES; i++, kt_release()) {
        size_t C = (size_t)sizes[i];
        const float *table = kt_floats(C * 3, 3, 1.0f);
        float *got = kt_floats(C, 4, 1.0f), *want = kt_floats(C, 4, 1.0f);
        fn(got, table, 2, sizes[i]);
        ref(want, table, 2, sizes[i]);
        qt_same("row", got, want, C, sizeof *got);
        qt_same("row", got, table + 2 * C, C, sizeof *got);
    }
}

/* All 65536 bit patterns but NaN, in rows of each size. */
static void embed_f16(void **state)
{
    FN(embed_f16) fn = (FN(embed_f16))kt_fn(state), ref = (FN(embed_f16))kt_ref("embed_f16");
    for (int i = 0; i < SIZES; i++, kt_release()) {
        size_t C = (size_t)sizes[i];
        int rows = i == SIZES - 1 ? 22 : 3;
        uint16_t *table = kt_new(C * (size_t)rows, sizeof *table, 2);
        for (size_t j = 0; j < C * (size_t)rows; j++)
            table[j] = (j & 0x7fff) > 0x7c00 ? 0 : (uint16_t)j;
        for (int r = 0; r < rows; r++) {
            float *got = kt_floats(C, 4, 1.0f), *want = kt_floats(C, 4, 1.0f);
            fn(got, table, r, sizes[i]);
            ref(want, table, r, sizes[i]);
            qt_same("row", got, want, C, sizeof *got);
        }
    }
}

/* Its rows are the upper halves of floats: all 65536 of them. */
static void embed_bf16(void **state)
{
    FN(embed_bf16) fn = (FN(embed_bf16))kt_fn(state), ref = (FN(embed_bf16))kt_ref("embed_bf16");
    for (int i = 0; i < SIZES; i++, kt_release()) {
        size_t C = (size_t)sizes[i];
        int rows = i == SIZES - 1 ? 22 : 3;
        uint16_t *table = kt_new(C * (size_t)rows, sizeof *table, 2);
        for (size_t j = 0; j < C * (size_t)rows; j++)
            table[j] = (uint16_t)j;
        for (int r = 0; r < rows; r++) {
            float *got = kt_floats(C, 4, 1.0f), *want = kt_floats(C, 4, 1.0f);
            fn(got, table, r, sizes[i]);
            ref(want, table, r, sizes[i]);
            qt_same("row", got, want, C, sizeof *got);
            for (size_t j = 0; j < C; j++)
                assert_true(qg_f32_to_bf16(got[j]) == table[(size_t)r * C + j] || isnan(got[j]));
        }
    }
}

static void embed_s8(void **state)
{
    FN(embed_s8) fn = (FN(embed_s8))kt_fn(state), ref = (FN(embed_s8))kt_ref("embed_s8");
    for (int i = 0; i < SIZES; i++, kt_release()) {
        size_t C = (size_t)sizes[i];
        const int8_t *table = kt_bytes(C * 3, 3, -128, 127);
        const float *scale = kt_floats(3, 4, 0.1f);
        float *got = kt_floats(C, 4, 1.0f), *want = kt_floats(C, 4, 1.0f);
        fn(got, table, scale, 2, sizes[i]);
        ref(want, table, scale, 2, sizes[i]);
        qt_same("row", got, want, C, sizeof *got);
    }
}

static void attention(void **state)
{
    FN(attention) fn = (FN(attention))kt_fn(state), ref = (FN(attention))kt_ref("attention");
    static const int shapes[][3] = {/* n, H, D */
                                    {1, 1, 1},    {2, 2, 3},    {3, 4, 16},  {7, 3, 20},
                                    {8, 2, 64},   {15, 1, 32},  {16, 2, 16}, {17, 5, 8},
                                    {33, 4, 20},  {63, 2, 64},  {65, 3, 7},  {127, 2, 32},
                                    {145, 1, 64}, {300, 2, 17}, {20, 1, 300}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++, kt_release()) {
        int n = shapes[i][0], H = shapes[i][1], D = shapes[i][2], C = H * D, ld = 3 * C + 1,
            ldo = C + 2;
        size_t count = (size_t)(n - 1) * (size_t)ld + (size_t)(3 * C);
        size_t outs = (size_t)(n - 1) * (size_t)ldo + (size_t)C,
               ps = (size_t)H * (size_t)n * (size_t)n;
        const float *x = kt_floats(count, 7, 2.0f);
        float *got = kt_floats(outs, 8, 1.0f), *want = kt_floats(outs, 8, 1.0f);
        float *p = kt_floats(ps, 9, 1.0f), *wp = kt_floats(ps, 9, 1.0f);
        void *scratch = kt_scratch(qg_attention_scratch(n, D));
        ref(want, ldo, x, x + C, x + 2 * C, ld, n, H, D, wp, scratch);
        fn(got, ldo, x, x + C, x + 2 * C, ld, n, H, D, p, scratch);
        qt_same(label(n, D), got, want, outs, sizeof *got);
        qt_same("probabilities", p, wp, ps, sizeof *p);
        memset(got, 0x55, outs * sizeof *got);
        fn(got, ldo, x, x + C, x + 2 * C, ld, n, H, D, NULL, scratch);
        for (int r = 0; r < n; r++)
            qt_same("without probabilities", got + (size_t)r * (size_t)ldo,
                    want + (size_t)r * (size_t)ldo, (size_t)C, sizeof *got);
    }
}

/* Both ways of lying of a, columns below and above the lanes, rows below and above a block. */
static void matmul(void **state)
{
    FN(matmul) fn = (FN(matmul))kt_fn(state), ref = (FN(matmul))kt_ref("matmul");
    static const int shapes[][3] = {/* m, n, k */
                                    {1, 1, 1},    {2, 15, 3},  {3, 16, 64},  {4, 17, 5},
                                    {5, 31, 1},   {8, 32, 7},  {9, 33, 64},  {12, 63, 2},
                                    {57, 64, 57}, {7, 65, 30}, {64, 57, 64}, {130, 96, 129}};
    for (size_t i = 0; i < 2 * (sizeof shapes / sizeof shapes[0]); i++, kt_release()) {
        int m = shapes[i / 2][0], n = shapes[i / 2][1], k = shapes[i / 2][2];
        bool turned = i % 2;
        int lda = (turned ? m : k) + 2, ldb = n + 3, ldy = n + 1;
        ptrdiff_t row = turned ? 1 : lda, step = turned ? lda : 1;
        size_t ys = (size_t)(m - 1) * (size_t)ldy + (size_t)n;
        size_t as = (size_t)(m - 1) * (size_t)row + (size_t)(k - 1) * (size_t)step + 1;
        size_t bs = (size_t)(k - 1) * (size_t)ldb + (size_t)n;
        const float *a = kt_floats(as, 7, 2.0f), *b = kt_floats(bs, 8, 2.0f);
        float *got = kt_floats(ys, 9, 1.0f), *want = kt_floats(ys, 9, 1.0f);
        ref(want, ldy, a, row, step, b, ldb, m, n, k, 0.3f);
        fn(got, ldy, a, row, step, b, ldb, m, n, k, 0.3f);
        qt_same(label(m, n), got, want, ys, sizeof *got);
    }
}

static void transpose(void **state)
{
    FN(transpose) fn = (FN(transpose))kt_fn(state), ref = (FN(transpose))kt_ref("transpose");
    static const int shapes[][2] = {{1, 1},   {3, 15},  {15, 3}, {16, 16},
                                    {17, 33}, {57, 64}, {64, 20}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++, kt_release()) {
        int m = shapes[i][0], n = shapes[i][1], ldx = n + 3, ldt = (m + 15) / 16 * 16 + 16;
        size_t xs = (size_t)(m - 1) * (size_t)ldx + (size_t)n;
        size_t ts = (size_t)n * (size_t)ldt;
        const float *x = kt_floats(xs, 7, 2.0f);
        float *got = kt_floats(ts, 9, 1.0f), *want = kt_floats(ts, 9, 1.0f);
        ref(want, ldt, x, ldx, m, n);
        fn(got, ldt, x, ldx, m, n);
        qt_same(label(m, n), got, want, ts, sizeof *got);
        for (int r = 0; r < ldt - 16; r++)
            for (int c = 0; c < n; c++) {
                float is = r < m ? x[r * ldx + c] : 0;
                qt_same("element", &got[c * ldt + r], &is, 1, sizeof is);
            }
    }
}

int main(void)
{
    static const struct {
        const char *op;
        CMUnitTestFunction fn;
    } ops[] = {
        {"quantize_rows", quantize_rows},
        {"round_bf16", round_bf16},
        {"minmax", minmax},
        {"quantize_affine", quantize_affine},
        {"absmax", absmax},
        {"fake_quantize", fake_quantize},
        {"fake_quantize_gradient", fake_quantize_gradient},
        {"layernorm", layernorm},
        {"activation", activation},
        {"vexp", vexp},
        {"embed_f32", embed_f32},
        {"embed_f16", embed_f16},
        {"embed_bf16", embed_bf16},
        {"embed_s8", embed_s8},
        {"attention", attention},
        {"matmul", matmul},
        {"transpose", transpose},
    };
    struct CMUnitTest tests[KT_CASES];
    size_t n = 0;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        n = kt_add(tests, n, ops[i].op, "equals_ref", ops[i].fn);
    n = kt_add(tests, n, "quantize_rows", "divides", quantize_rows_divides);
    return qt_run("rows", tests, n);
}
