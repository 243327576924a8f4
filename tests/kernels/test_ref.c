/*
 * test_ref.c - the __ref implementations against plain loops in double, packing there and back.
 */
#include "kt.h"

#include <math.h>
#include <string.h>

#define REF(op) ((__typeof__(((qg_kernels *)0)->op))kt_ref(#op))

static double *product(const float *x, const float *w, const float *bias, int m, int n, int k)
{
    double *y = kt_new((size_t)m * (size_t)n, sizeof *y, 8);
    for (int r = 0; r < m; r++) {
        for (int o = 0; o < n; o++) {
            double sum = (double)bias[o];
            for (int i = 0; i < k; i++)
                sum += (double)x[r * k + i] * (double)w[o * k + i];
            y[r * n + o] = sum;
        }
    }
    return y;
}

static void close_to(const char *what, const float *got, const double *want, size_t n, double tol)
{
    for (size_t i = 0; i < n; i++)
        qt_close(what, (double)got[i], want[i], tol, tol);
}

/* What gemm_f32 takes; F32 is the first. */
static const qg_panel_format float_formats[] = {QG_PANEL_F32, QG_PANEL_F16, QG_PANEL_BF16,
                                                QG_PANEL_S4, QG_PANEL_NF4};
enum { FLOAT_FORMATS = sizeof float_formats / sizeof float_formats[0] };

static void f32_product_of_every_format_equals_double_loops(void **state)
{
    (void)state;
    static const int shapes[][3] = {{3, 5, 7}, {4, 16, 32}, {2, 33, 300}, {1, 18, 768}};
    for (int i = 0; i < 4; i++) {
        for (int f = 0; f < FLOAT_FORMATS; f++, kt_release()) {
            int m = shapes[i][0], n = shapes[i][1], k = shapes[i][2];
            qg_panels w = kt_panels(float_formats[f], n, k, 24, 11);
            float *plain = kt_new((size_t)n * (size_t)k, sizeof *plain, 4);
            float *y = kt_floats((size_t)m * (size_t)n, 1, 1.0f);
            const float *x = kt_floats((size_t)m * (size_t)k, 12, 0.3f);
            qg_unpack_to_f32(plain, &w);
            REF(gemm_f32)(y, n, x, k, m, &w, kt_scratch(qg_gemm_scratch(&w)));
            close_to("y", y, product(x, plain, w.bias, m, n, k), (size_t)m * (size_t)n,
                     2e-6 * sqrt(k));
        }
    }
}

static void coded_weights_give_the_bits_of_their_f32_matrix(void **state)
{
    (void)state;
    const qg_kernels *kn = qg_kernels_get(NULL);
    for (int f = 1; f < FLOAT_FORMATS; f++, kt_release()) {
        int m = 13, n = 37, k = 520;
        qg_panels w = kt_panels(float_formats[f], n, k, 64, 11), plain = w;
        float *rows = kt_new((size_t)n * (size_t)k, sizeof *rows, 4);
        float *packed = kt_new(qg_panels_code_bytes(QG_PANEL_F32, n, k), 1, 64);
        qg_unpack_to_f32(rows, &w);
        qg_pack_f32(packed, rows, n, k);
        plain.format = QG_PANEL_F32;
        plain.codes = packed;
        const float *x = kt_floats((size_t)m * (size_t)k, 12, 1.0f);
        float *got = kt_floats((size_t)m * (size_t)n, 1, 1.0f),
              *want = kt_floats((size_t)m * (size_t)n, 1, 1.0f);
        void *scratch = kt_scratch(qg_gemm_scratch(&w));
        kn->gemm_f32(got, n, x, k, m, &w, scratch);
        kn->gemm_f32(want, n, x, k, m, &plain, scratch);
        qt_same("y", got, want, (size_t)m * (size_t)n, sizeof *got);
    }
}

static void unpacking_gives_what_was_packed(void **state)
{
    (void)state;
    int n = 19, k = 21, groups = 3;
    int8_t *codes = kt_bytes((size_t)(n * k), 5, -8, 7);
    uint8_t *levels = (uint8_t *)kt_bytes((size_t)(n * k), 6, 0, 15);
    const float *scales = kt_floats((size_t)(n * groups), 7, 1.0f);
    float *packed_scales = kt_new(qg_panels_scale_count(QG_PANEL_S4, n, k, 8), sizeof(float), 64);
    uint8_t *panels = kt_new(qg_panels_code_bytes(QG_PANEL_S4, n, k), 1, 64);
    float *w = kt_new((size_t)(n * k), sizeof *w, 4);
    qg_panels p = {QG_PANEL_S4, n, k, 8, panels, packed_scales, NULL, NULL};
    qt_eq("scales", (long long)qg_panels_scale_count(QG_PANEL_S4, n, k, 8), 32 * groups);
    qg_pack_scales(packed_scales, scales, n, groups);
    qg_pack_s4(panels, codes, n, k);
    qg_unpack_to_f32(w, &p);
    for (int i = 0; i < n * k; i++)
        assert_true(w[i] == (float)codes[i] * scales[i / k * groups + i % k / 8]);
    qt_eq("padding", panels[qg_panels_code_bytes(QG_PANEL_S4, n, k) - 1], 0x88);
    p.format = QG_PANEL_NF4;
    qg_pack_nf4(panels, levels, n, k);
    qg_unpack_to_f32(w, &p);
    for (int i = 0; i < n * k; i++)
        assert_true(w[i] == qg_nf4_levels[levels[i]] * scales[i / k * groups + i % k / 8]);
    qt_eq("padding", panels[qg_panels_code_bytes(QG_PANEL_S4, n, k) - 1], 0x77);
    kt_release();

    qg_panels s = kt_panels(QG_PANEL_S8, n, k, 0, 8);
    float *v = kt_new((size_t)(n * k), sizeof *v, 4);
    qg_unpack_to_f32(v, &s);
    const int8_t *again = kt_bytes((size_t)(n * k), 8, -127, 127);
    for (int o = 0; o < n; o++) {
        int sum = 0;
        for (int i = 0; i < k; i++) {
            sum += again[o * k + i];
            assert_true(v[o * k + i] == (float)again[o * k + i] * s.scales[o]);
        }
        qt_eq("colsum", s.colsum[o], sum);
    }
    kt_release();
}

static void half_precision_bits_have_their_ieee_values(void **state)
{
    (void)state;
    static const uint16_t f16[] = {0x0000, 0x8000, 0x0001, 0x03ff, 0x0400,
                                   0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00};
    static const float want[] = {0.0f, -0.0f, 0x1p-24f, 0x1.ff8p-15f, 0x1p-14f,
                                 1.0f, -2.0f, 65504.0f, INFINITY,     -INFINITY};
    float got[10];
    REF(embed_f16)(got, f16, 0, 10);
    qt_same("f16", got, want, 10, sizeof *got);
    uint16_t nan = 0x7e01;
    REF(embed_f16)(got, &nan, 0, 1);
    assert_true(isnan(got[0]));
    static const uint16_t bf16[] = {0x3f80, 0xc000, 0x0001, 0x7f7f};
    static const float values[] = {1.0f, -2.0f, 0x1p-133f, 0x1.fep127f};
    uint16_t panels[16 * 4];
    float w[4];
    qg_pack_u16(panels, bf16, 1, 4);
    qg_panels p = {QG_PANEL_BF16, 1, 4, 0, panels, NULL, NULL, NULL};
    qg_unpack_to_f32(w, &p);
    qt_same("bf16", w, values, 4, sizeof *w);
}

static void bf16_product_is_that_of_the_rounded_matrices(void **state)
{
    (void)state;
    int m = 4, n = 18, k = 101, ld = qg_bf16_stride(k);
    qg_panels w = kt_panels(QG_PANEL_BF16_PAIRS, n, k, 0, 3);
    float *rows = kt_new((size_t)(n * k), sizeof *rows, 4),
          *y = kt_floats((size_t)(m * n), 1, 1.0f);
    const float *x = kt_floats((size_t)(m * k), 4, 1.0f);
    uint16_t *half = kt_new((size_t)(m * ld), sizeof *half, 64);
    qg_unpack_to_f32(rows, &w);
    REF(round_bf16)(half, ld, x, k, m, k);
    REF(gemm_bf16)(y, n, half, ld, m, &w);
    for (int r = 0; r < m; r++)
        for (int o = 0; o < n; o++) {
            double sum = (double)w.bias[o], size = fabs(sum);
            for (int i = 0; i < k; i++) {
                uint32_t bits = (uint32_t)half[r * ld + i] << 16;
                float a;
                memcpy(&a, &bits, sizeof a);
                sum += (double)a * (double)rows[o * k + i];
                size += fabs((double)a * (double)rows[o * k + i]);
            }
            qt_close("y", (double)y[r * n + o], sum, 0, 1e-6 * size);
        }
    kt_release();
}

static void s8_product_is_exact_before_the_epilogue(void **state)
{
    (void)state;
    int m = 4, n = 18, k = 100;
    for (int affine = 0; affine < 2; affine++, kt_release()) {
        qg_panels w = kt_panels(QG_PANEL_S8, n, k, 0, 3);
        const int8_t *codes = kt_bytes((size_t)(n * k), 3, -127, 127);
        qg_qrows x = kt_qrows(m, k, 4, affine);
        float *y = kt_floats((size_t)(m * n), 1, 1.0f);
        REF(gemm_s8)(y, n, &x, m, &w);
        for (int r = 0; r < m; r++) {
            for (int o = 0; o < n; o++) {
                long sum = 0;
                for (int i = 0; i < k; i++)
                    sum += (x.codes[r * x.ld + i] + (affine ? x.offset[r] : 0)) * codes[o * k + i];
                float want = fmaf((float)sum, x.scale[r] * w.scales[o], w.bias[o]);
                qt_same("y", &y[r * n + o], &want, 1, sizeof want);
            }
        }
    }
}

static void s4s8_product_adds_scaled_groups(void **state)
{
    (void)state;
    static const int groups[] = {32, 12, 1000};
    int m = 3, n = 18, k = 100;
    for (int g = 0; g < 3; g++, kt_release()) {
        qg_panels w = kt_panels(QG_PANEL_S4, n, k, groups[g], 3);
        qg_qrows x = kt_qrows(m, k, 4, false);
        float *plain = kt_new((size_t)(n * k), sizeof *plain, 4),
              *xf = kt_new((size_t)(m * k), sizeof *xf, 4);
        float *y = kt_floats((size_t)(m * n), 1, 1.0f);
        qg_unpack_to_f32(plain, &w);
        for (int i = 0; i < m * k; i++)
            xf[i] = (float)x.codes[i / k * x.ld + i % k] * x.scale[i / k];
        REF(gemm_s4s8)(y, n, &x, m, &w);
        close_to("y", y, product(xf, plain, w.bias, m, n, k), (size_t)(m * n), 1e-5);
    }
}

static void rows_are_quantized_by_the_formula(void **state)
{
    (void)state;
    int k = 77, m = 3;
    float *x = kt_floats((size_t)(m * k), 3, 2.0f);
    memset(x + k, 0, sizeof *x * (size_t)k); /* row of zeros: scale 1 */
    for (int i = 0; i < k; i++)
        x[2 * k + i] = i == 5 ? -254.0f : (float)(i - 30) + 1.0f; /* scale 2: ties at odd values */
    qg_qrows q = kt_qrows(m, k, 1, true);
    REF(quantize_rows)(&q, x, k, m, k);
    for (int r = 0; r < m; r++) {
        float top = 0.0f;
        for (int i = 0; i < k; i++)
            top = fmaxf(top, fabsf(x[r * k + i]));
        float scale = top / 127.0f > 0.0f ? top / 127.0f : 1.0f;
        qt_same("scale", &q.scale[r], &scale, 1, sizeof scale);
        for (int i = 0; i < q.ld; i++)
            qt_eq("code", q.codes[r * q.ld + i],
                  i < k ? (long long)rintf(x[r * k + i] / scale) : 0);
    }
    float lo, hi;
    REF(minmax)(&lo, &hi, x, k, m, k);
    qt_close("smallest", (double)lo, -254, 0, 0);
    qt_close("largest", (double)hi, 47, 0, 0);
    REF(quantize_affine)(&q, x, k, m, k, 0.05f, 100);
    for (int r = 0; r < m; r++) {
        qt_eq("offset", q.offset[r], 28);
        for (int i = 0; i < k; i++) {
            float u = fminf(fmaxf(100.0f + rintf(x[r * k + i] * (1.0f / 0.05f)), 0.0f), 255.0f);
            qt_eq("affine code", q.codes[r * q.ld + i], (long long)u - 128);
        }
    }
    kt_release();
}

/* Equation 3 of arXiv:1902.08153 value by value, in double. */
static void steps_equal_a_double_loop(void **state)
{
    (void)state;
    enum { K = 100 };
    float *x = kt_floats(K, 5, 4.0f), *dy = kt_floats(K, 6, 1.0f), *y = kt_floats(K, 7, 1.0f);
    x[0] = 3.5f; /* on and beyond the borders of the grid, a tie, a small negative number */
    x[1] = -4.0f;
    x[2] = 3.6f;
    x[3] = 0.25f;
    x[4] = -0.1f;
    qg_uniform g = {0.5f, 0.0f, -8.0f, 7.0f};
    float most = 0;
    double sum = 0, size = 0;
    REF(fake_quantize)(y, x, K, &g);
    for (int i = 0; i < K; i++) {
        double t = (double)x[i] / 0.5, code = fmin(fmax(rint(t), -8), 7);
        double slope = t <= -8 ? -8 : t >= 7 ? 7 : rint(t) - t;
        most = fmaxf(most, fabsf(x[i]));
        qt_close("value", (double)y[i], 0.5 * code, 0, 0);
        sum += (double)dy[i] * slope;
        size += fabs((double)dy[i] * slope);
    }
    assert_false(signbit(y[4])); /* a code has no -0 */
    qt_close("slope", (double)REF(fake_quantize_gradient)(dy, x, K, &g), sum, 0, 1e-6 * size);
    float top = REF(absmax)(x, K);
    qt_same("largest", &top, &most, 1, sizeof top);
    x[5] = NAN;
    REF(fake_quantize)(y, x, K, &g);
    assert_true(isnan(y[5]) && !isnan(y[6]));
    kt_release();
}

/* Whatever stands around it: a maximum that forgets NaN is a plausible scale. */
static void maxima_remember_what_is_not_finite(void **state)
{
    (void)state;
    static const float unfit[] = {NAN, -NAN, INFINITY, -INFINITY};
    enum { K = 70 };
    for (int i = 0; i < 4 * K; i++, kt_release()) {
        float *x = kt_floats(K, 8, 3.0f), lo, hi;
        x[i / 4] = unfit[i % 4];
        qg_qrows q = kt_qrows(1, K, 1, false);
        REF(quantize_rows)(&q, x, K, 1, K);
        REF(minmax)(&lo, &hi, x, K, 1, K);
        assert_true(isnan(lo) && isnan(hi));
        assert_true(isnan(x[i / 4]) ? isnan(q.scale[0]) : isinf(q.scale[0]));
        assert_true(isnan(x[i / 4]) ? isnan(REF(absmax)(x, K)) : isinf(REF(absmax)(x, K)));
    }
}

static void layernorm_equals_double(void **state)
{
    (void)state;
    int C = 100;
    float *x = kt_floats((size_t)C, 3, 2.0f), *r = kt_floats((size_t)C, 4, 2.0f),
          *y = kt_floats((size_t)C, 4, 1.0f);
    const float *gamma = kt_floats((size_t)C, 5, 1.0f), *beta = kt_floats((size_t)C, 6, 1.0f);
    for (int residual = 0; residual < 2; residual++) {
        double mean = 0, var = 0, want[100];
        for (int i = 0; i < C; i++)
            mean += ((double)x[i] + (residual ? (double)r[i] : 0)) / C;
        for (int i = 0; i < C; i++)
            var += pow((double)x[i] + (residual ? (double)r[i] : 0) - mean, 2) / C;
        for (int i = 0; i < C; i++)
            want[i] = ((double)x[i] + (residual ? (double)r[i] : 0) - mean) / sqrt(var + 0.01) *
                          (double)gamma[i] +
                      (double)beta[i];
        REF(layernorm)(y, x, residual ? r : NULL, gamma, beta, 1, C, 0.01f);
        close_to("y", y, want, (size_t)C, 1e-6);
    }
    kt_release();
}

/* One head of attention in double. */
static void plain_attention(double *out, double *p, const float *q, const float *k, const float *v,
                            int ld, int n, int D)
{
    for (int r = 0; r < n; r++) {
        double top = -INFINITY, sum = 0;
        for (int j = 0; j < n; j++) {
            double s = 0;
            for (int d = 0; d < D; d++)
                s += (double)q[r * ld + d] * (double)k[j * ld + d];
            p[r * n + j] = s / sqrt(D);
            top = fmax(top, p[r * n + j]);
        }
        for (int j = 0; j < n; j++)
            sum += p[r * n + j] = exp(p[r * n + j] - top);
        for (int d = 0; d < D; d++)
            out[r * D + d] = 0;
        for (int j = 0; j < n; j++) {
            p[r * n + j] /= sum;
            for (int d = 0; d < D; d++)
                out[r * D + d] += p[r * n + j] * (double)v[j * ld + d];
        }
    }
}

static void attention_equals_double(void **state)
{
    (void)state;
    static const int shapes[][3] = {{1, 1, 4}, {5, 3, 20}, {40, 2, 64}, {270, 2, 16}};
    for (int i = 0; i < 4; i++, kt_release()) {
        int n = shapes[i][0], H = shapes[i][1], D = shapes[i][2], ld = 3 * H * D;
        const float *x = kt_floats((size_t)(n * ld), 3, 2.0f);
        float *out = kt_floats((size_t)(n * H * D), 4, 1.0f),
              *probs = kt_floats((size_t)(H * n * n), 4, 1.0f);
        double *want = kt_new((size_t)(n * D), sizeof *want, 8),
               *p = kt_new((size_t)(n * n), sizeof *p, 8);
        REF(attention)
        (out, H * D, x, x + H * D, x + 2 * H * D, ld, n, H, D, probs,
         kt_scratch(qg_attention_scratch(n, D)));
        for (int h = 0; h < H; h++) {
            const float *q = x + h * D;
            plain_attention(want, p, q, q + H * D, q + 2 * H * D, ld, n, D);
            close_to("probability", probs + h * n * n, p, (size_t)(n * n), 3e-6);
            for (int r = 0; r < n; r++)
                close_to("out", out + r * H * D + h * D, want + r * D, (size_t)D, 3e-6);
        }
    }
}

static void matmul_equals_double(void **state)
{
    (void)state;
    enum { M = 9, N = 35, K = 70 };
    const float *a = kt_floats((size_t)M * K, 3, 2.0f), *b = kt_floats((size_t)K * N, 4, 2.0f);
    float *y = kt_floats((size_t)M * N, 5, 1.0f);
    double *want = kt_new((size_t)M * N, sizeof *want, 8);
    for (int turned = 0; turned < 2; turned++) {
        for (int i = 0; i < M * N; i++) {
            want[i] = 0;
            for (int k = 0; k < K; k++)
                want[i] += 0.25 * (double)a[turned ? k * M + i / N : i / N * K + k] *
                           (double)b[k * N + i % N];
        }
        REF(matmul)(y, N, a, turned ? 1 : K, turned ? M : 1, b, N, M, N, K, 0.25f);
        close_to("y", y, want, (size_t)M * N, 1e-5);
    }
    kt_release();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_product_of_every_format_equals_double_loops),
        cmocka_unit_test(coded_weights_give_the_bits_of_their_f32_matrix),
        cmocka_unit_test(unpacking_gives_what_was_packed),
        cmocka_unit_test(half_precision_bits_have_their_ieee_values),
        cmocka_unit_test(bf16_product_is_that_of_the_rounded_matrices),
        cmocka_unit_test(s8_product_is_exact_before_the_epilogue),
        cmocka_unit_test(s4s8_product_adds_scaled_groups),
        cmocka_unit_test(rows_are_quantized_by_the_formula),
        cmocka_unit_test(steps_equal_a_double_loop),
        cmocka_unit_test(maxima_remember_what_is_not_finite),
        cmocka_unit_test(layernorm_equals_double),
        cmocka_unit_test(attention_equals_double),
        cmocka_unit_test(matmul_equals_double),
    };
    return qt_run("ref", tests, sizeof tests / sizeof tests[0]);
}
