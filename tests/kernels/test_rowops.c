/*
 * test_rowops.c - row operations: accuracy of __ref against double, equal bits everywhere else.
 */
#include "qt.h"

#include "kernels/kernels_internal.h"
#include "qgrid/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int sizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 255, 768};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static float *random_row(qg_arena *a, size_t n, uint64_t stream, float scale)
{
    qg_rng r = qg_rng_make(2, "test/rowops", stream);
    float *x = qg_arena_alloc(a, n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = scale * (float)qg_rng_normal(&r);
    return x;
}

static void check_function(const char *what, void (*fn)(float *, size_t), double (*exact)(double),
                           double lo, double hi, double atol, double rtol)
{
    enum { N = 200000 };
    float *y = malloc(N * sizeof *y);
    double worst = 0;
    for (int i = 0; i < N; i++)
        y[i] = (float)(lo + (hi - lo) * i / (N - 1));
    float *x = malloc(N * sizeof *x);
    memcpy(x, y, N * sizeof *x);
    fn(y, N);
    for (int i = 0; i < N; i++) {
        double want = exact((double)x[i]), err = fabs((double)y[i] - want);
        double allowed = atol * fmax(1, fabs((double)x[i])) + rtol * fabs(want);
        if (!(err <= allowed))
            fail_msg("%s(%.9g) = %.9g, want %.9g", what, (double)x[i], (double)y[i], want);
        if (err / allowed > worst)
            worst = err / allowed;
    }
    print_message("%s: %.0f %% of the allowed error\n", what, 100 * worst);
    free(x);
    free(y);
}

static void do_exp(float *x, size_t n)
{
    qg_vexp__ref(x, x, n);
}
static void do_gelu(float *x, size_t n)
{
    qg_activation__ref(x, n, QG_ACT_GELU);
}
static void do_gelu_new(float *x, size_t n)
{
    qg_activation__ref(x, n, QG_ACT_GELU_NEW);
}
static void do_tanh(float *x, size_t n)
{
    qg_activation__ref(x, n, QG_ACT_TANH);
}
static void do_relu(float *x, size_t n)
{
    qg_activation__ref(x, n, QG_ACT_RELU);
}
static double gelu(double x)
{
    return 0.5 * x * (1 + erf(x / sqrt(2)));
}
static double gelu_new(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
static double relu(double x)
{
    return x > 0 ? x : 0;
}

static void functions_are_as_accurate_as_stated(void **state)
{
    (void)state;
    check_function("exp", do_exp, exp, -86, 88, 0, 2 * 1.2e-7);
    check_function("tanh", do_tanh, tanh, -12, 12, 2.5e-7 / 12, 2e-7);
    check_function("gelu", do_gelu, gelu, -12, 12, 3e-7, 0);
    check_function("gelu_new", do_gelu_new, gelu_new, -12, 12, 3e-7, 0);
    check_function("relu", do_relu, relu, -12, 12, 0, 0);
    float edge[] = {-200, -86.6f, 88.8f, 0, -0.0f};
    qg_vexp__ref(edge, edge, 5);
    qt_close("exp(-200)", (double)edge[0], 0, 0, 0);
    qt_close("exp(-86.6)", (double)edge[1], 0, 0, 0);
    assert_true(isinf(edge[2]));
    qt_close("exp(0)", (double)edge[3], 1, 0, 0);
    qt_close("exp(-0)", (double)edge[4], 1, 0, 0);
}

static void layernorm_and_softmax_are_right(void **state)
{
    (void)state;
    for (int s = 1; s < N_SIZES; s++) {
        int C = sizes[s];
        qg_arena *a = qg_arena_create(0);
        size_t n = (size_t)C;
        float *x = random_row(a, n, 1, 2), *r = random_row(a, n, 2, 1), *g = random_row(a, n, 3, 1);
        float *b = random_row(a, n, 4, 1), *y = qg_arena_alloc(a, n, sizeof *y);
        double mean = 0, var = 0, sum = 0;
        qg_layernorm__ref(y, x, r, g, b, 1, C, 1e-12f);
        for (int i = 0; i < C; i++)
            mean += (double)(x[i] + r[i]) / C;
        for (int i = 0; i < C; i++)
            var += ((double)(x[i] + r[i]) - mean) * ((double)(x[i] + r[i]) - mean) / C;
        for (int i = 0; i < C; i++)
            qt_close("layernorm", (double)y[i],
                     ((double)(x[i] + r[i]) - mean) / sqrt(var + 1e-12) * (double)g[i] +
                         (double)b[i],
                     2e-6, 1e-5);
        memcpy(y, x, n * sizeof *y);
        qg_softmax_row__ref(y, C, 0.5f);
        for (int i = 0; i < C; i++)
            sum += exp(0.5 * (double)x[i]);
        for (int i = 0; i < C; i++)
            qt_close("softmax", (double)y[i], exp(0.5 * (double)x[i]) / sum, 1e-6, 1e-7);
        qg_arena_destroy(a);
    }
}

static void quantization_of_rows_is_exact(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    int8_t codes[3 * 64];
    float scale[3];
    qg_qrows q = {codes, 64, scale, NULL};
    float x[3 * 5] = {1, -2, 0.5f, 1.999f, -0.25f, 0, 0, -0.0f, 0, 0, 127, 63.5f, -64.5f, 62.5f, 1e-30f};
    static const int8_t want[] = {64, -127, 32, 127, -16, 0, 0, 0, 0, 0, 127, 64, -64, 62, 0};
    memset(codes, 77, sizeof codes);
    qg_quantize_rows__ref(&q, x, 5, 3, 5);
    for (int i = 0; i < 15; i++)
        qt_eq("code", codes[i / 5 * 64 + i % 5], want[i]);
    for (int r = 0; r < 3; r++)
        for (int i = 5; i < 64; i++)
            qt_eq("padding", codes[r * 64 + i], 0);
    qt_close("scale", (double)scale[0], (double)(2.0f / 127.0f), 0, 0);
    qt_close("scale of zeros", (double)scale[1], 1, 0, 0);
    qg_arena_destroy(a);
}

static void reference_attention_is_right(void **state)
{
    (void)state;
    static const int shapes[][3] = {{1, 1, 16}, {5, 2, 20}, {33, 3, 32}, {70, 1, 64}};
    for (int s = 0; s < 4; s++) {
        int n = shapes[s][0], H = shapes[s][1], D = shapes[s][2], C = H * D;
        qg_arena *a = qg_arena_create(0);
        size_t size = (size_t)(n * C);
        float *q = random_row(a, size, 1, 1), *k = random_row(a, size, 2, 1);
        float *v = random_row(a, size, 3, 1), *out = qg_arena_alloc(a, size, sizeof *out);
        float *probs = qg_arena_alloc(a, (size_t)(H * n * n), sizeof *probs);
        double *p = qg_arena_alloc(a, (size_t)n, sizeof *p);
        qg_attention__ref(out, C, q, k, v, C, n, H, D, probs,
                          qg_arena_alloc(a, qg_attention_scratch(n, D), 1));
        for (int h = 0; h < H; h++)
            for (int i = 0; i < n; i++) {
                double sum = 0;
                for (int j = 0; j < n; j++) {
                    double dot = 0;
                    for (int d = 0; d < D; d++)
                        dot += (double)q[i * C + h * D + d] * (double)k[j * C + h * D + d];
                    p[j] = exp(dot / sqrt(D));
                    sum += p[j];
                }
                for (int j = 0; j < n; j++)
                    qt_close("probability", (double)probs[(h * n + i) * n + j], p[j] / sum, 1e-5,
                             1e-7);
                for (int d = 0; d < D; d++) {
                    double want = 0;
                    for (int j = 0; j < n; j++)
                        want += p[j] / sum * (double)v[j * C + h * D + d];
                    qt_close("attention", (double)out[i * C + h * D + d], want, 1e-5, 1e-5);
                }
            }
        qg_arena_destroy(a);
    }
}

/* ------------------------------------------------------------- equal bits: one test a kernel */

typedef void check_fn(qg_arena *a, void (*fn)(void), int n);

static void same_vexp(qg_arena *a, void (*fn)(void), int n)
{
    float *x = random_row(a, (size_t)n, 5, 20), *y = random_row(a, (size_t)n, 6, 1);
    float *z = random_row(a, (size_t)n, 6, 1);
    qg_vexp__ref(z, x, (size_t)n);
    ((void (*)(float *, const float *, size_t))fn)(y, x, (size_t)n);
    qt_same("exp", y, z, (size_t)n, sizeof *y);
}

static void same_activation(qg_arena *a, void (*fn)(void), int n)
{
    for (int act = QG_ACT_GELU; act <= QG_ACT_TANH; act++) {
        float *x = random_row(a, (size_t)n, 7, 3), *y = random_row(a, (size_t)n, 7, 3);
        x[0] = y[0] = -0.0f;
        qg_activation__ref(x, (size_t)n, (qg_activation)act);
        ((void (*)(float *, size_t, qg_activation))fn)(y, (size_t)n, (qg_activation)act);
        qt_same("activation", y, x, (size_t)n, sizeof *y);
    }
}

static void same_layernorm(qg_arena *a, void (*fn)(void), int n)
{
    size_t size = (size_t)(3 * n);
    float *x = random_row(a, size, 8, 1), *r = random_row(a, size, 9, 1);
    float *g = random_row(a, (size_t)n, 10, 1), *b = random_row(a, (size_t)n, 11, 1);
    float *y = random_row(a, size, 12, 1), *z = random_row(a, size, 12, 1);
    for (int with = 0; with < 2; with++) {
        qg_layernorm__ref(z, x, with ? r : NULL, g, b, 3, n, 1e-5f);
        ((void (*)(float *, const float *, const float *, const float *, const float *, int, int,
                   float))fn)(y, x, with ? r : NULL, g, b, 3, n, 1e-5f);
        qt_same("layernorm", y, z, size, sizeof *y);
    }
}

static void same_quantize_rows(qg_arena *a, void (*fn)(void), int n)
{
    int ld = (n + 63) / 64 * 64;
    float *x = random_row(a, (size_t)(4 * n), 13, 1), s1[4], s2[4];
    memset(x, 0, (size_t)n * sizeof *x);
    x[n] = 1e-38f;
    int8_t *c1 = qg_arena_alloc(a, (size_t)(4 * ld), 1), *c2 = qg_arena_alloc(a, (size_t)(4 * ld), 1);
    qg_qrows q1 = {c1, ld, s1, NULL}, q2 = {c2, ld, s2, NULL};
    qg_quantize_rows__ref(&q1, x, n, 4, n);
    ((void (*)(qg_qrows *, const float *, int, int, int))fn)(&q2, x, n, 4, n);
    qt_same("codes", c2, c1, (size_t)(4 * ld), 1);
    qt_same("scales", s2, s1, 4, sizeof *s1);
}

static void same_quantize_affine(qg_arena *a, void (*fn)(void), int n)
{
    int ld = (n + 63) / 64 * 64;
    float *x = random_row(a, (size_t)(4 * n), 14, 1), s1[4], s2[4];
    int32_t o1[4], o2[4];
    int8_t *c1 = qg_arena_alloc(a, (size_t)(4 * ld), 1), *c2 = qg_arena_alloc(a, (size_t)(4 * ld), 1);
    qg_qrows q1 = {c1, ld, s1, o1}, q2 = {c2, ld, s2, o2};
    qg_quantize_affine__ref(&q1, x, n, 4, n, 0.02f, 113);
    ((void (*)(qg_qrows *, const float *, int, int, int, float, int))fn)(&q2, x, n, 4, n, 0.02f,
                                                                         113);
    qt_same("codes", c2, c1, (size_t)(4 * ld), 1);
    qt_same("offsets", o2, o1, 4, sizeof *o1);
}

static void same_minmax(qg_arena *a, void (*fn)(void), int n)
{
    float *x = random_row(a, (size_t)(3 * n), 15, 1), lo, hi, lo2, hi2, least = x[0], most = x[0];
    qg_minmax__ref(&lo, &hi, x, n, 3, n);
    ((void (*)(float *, float *, const float *, int, int, int))fn)(&lo2, &hi2, x, n, 3, n);
    for (int i = 0; i < 3 * n; i++) {
        least = fminf(least, x[i]);
        most = fmaxf(most, x[i]);
    }
    qt_same("min", &lo2, &least, 1, sizeof lo);
    qt_same("max", &hi2, &most, 1, sizeof hi);
    qt_same("ref min", &lo, &least, 1, sizeof lo);
    qt_same("ref max", &hi, &most, 1, sizeof hi);
}

static void same_embed_f32(qg_arena *a, void (*fn)(void), int n)
{
    float *t = random_row(a, (size_t)(3 * n), 16, 1), *x = random_row(a, (size_t)n, 17, 1);
    ((void (*)(float *, const float *, int32_t, int))fn)(x, t, 2, n);
    qt_same("row", x, t + 2 * n, (size_t)n, sizeof *x);
}

static void same_embed_f16(qg_arena *a, void (*fn)(void), int n)
{
    uint16_t *t = qg_arena_alloc(a, (size_t)(3 * n), sizeof *t);
    float *x = random_row(a, (size_t)n, 17, 1), *y = random_row(a, (size_t)n, 17, 1);
    for (int i = 0; i < 3 * n; i++)
        t[i] = (uint16_t)((uint32_t)i * 2654435761u >> 17);
    qg_embed_f16__ref(y, t, 2, n);
    ((void (*)(float *, const uint16_t *, int32_t, int))fn)(x, t, 2, n);
    qt_same("row", x, y, (size_t)n, sizeof *x);
}

static void same_embed_s8(qg_arena *a, void (*fn)(void), int n)
{
    int8_t *t = qg_arena_alloc(a, (size_t)(3 * n), 1);
    float scale[] = {1, 2, 0.3f}, *x = random_row(a, (size_t)n, 17, 1);
    for (int i = 0; i < 3 * n; i++)
        t[i] = (int8_t)(i * 37 % 255 - 127);
    ((void (*)(float *, const int8_t *, const float *, int32_t, int))fn)(x, t, scale, 2, n);
    for (int i = 0; i < n; i++)
        qt_close("row", (double)x[i], (double)((float)t[2 * n + i] * 0.3f), 0, 0);
}

static void same_attention(qg_arena *a, void (*fn)(void), int n)
{
    static const int heads[][2] = {{1, 16}, {2, 20}, {3, 64}};
    for (int s = 0; s < 3 && n < 300; s++) {
        int H = heads[s][0], D = heads[s][1], C = H * D;
        size_t size = (size_t)(n * C), np = (size_t)(H * n * n);
        float *q = random_row(a, size, 18, 1), *k = random_row(a, size, 19, 1);
        float *v = random_row(a, size, 20, 1), *x = random_row(a, size, 21, 1);
        float *y = random_row(a, size, 21, 1), *p1 = qg_arena_alloc(a, np, sizeof *p1);
        float *p2 = qg_arena_alloc(a, np, sizeof *p2);
        void *scratch = qg_arena_alloc(a, qg_attention_scratch(n, D), 1);
        qg_attention__ref(y, C, q, k, v, C, n, H, D, p1, scratch);
        ((void (*)(float *, int, const float *, const float *, const float *, int, int, int, int,
                   float *, void *))fn)(x, C, q, k, v, C, n, H, D, p2, scratch);
        qt_same("attention", x, y, size, sizeof *x);
        qt_same("probabilities", p2, p1, np, sizeof *p1);
    }
}

static const struct {
    const char *op;
    check_fn *check;
} checks[] = {
    {"vexp", same_vexp},
    {"activation", same_activation},
    {"layernorm", same_layernorm},
    {"quantize_rows", same_quantize_rows},
    {"quantize_affine", same_quantize_affine},
    {"minmax", same_minmax},
    {"embed_f32", same_embed_f32},
    {"embed_f16", same_embed_f16},
    {"embed_s8", same_embed_s8},
    {"attention", same_attention},
};
enum { N_CHECKS = sizeof checks / sizeof checks[0] };

static void same_bits(void **state)
{
    const qg_kernel_info *info = *state;
    int c = 0;
    if (!info->supported)
        skip();
    while (strcmp(checks[c].op, info->op) != 0)
        c++;
    for (int s = 0; s < N_SIZES; s++) {
        qg_arena *a = qg_arena_create(0);
        checks[c].check(a, info->fn, sizes[s]);
        qg_arena_destroy(a);
    }
}

int main(void)
{
    static struct CMUnitTest tests[96] = {
        cmocka_unit_test(functions_are_as_accurate_as_stated),
        cmocka_unit_test(layernorm_and_softmax_are_right),
        cmocka_unit_test(quantization_of_rows_is_exact),
        cmocka_unit_test(reference_attention_is_right),
    };
    static char names[96][64];
    size_t n = 4;
    int count;
    const qg_kernel_info *k = qg_kernel_list(&count);
    for (int i = 0; i < count; i++)
        for (int c = 0; c < N_CHECKS; c++)
            if (strcmp(k[i].op, checks[c].op) == 0) {
                snprintf(names[n], sizeof names[n], "%s__%s_gives_the_bits_of_ref", k[i].op,
                         k[i].isa);
                tests[n] = (struct CMUnitTest){names[n], same_bits, NULL, NULL,
                                               (void *)(uintptr_t)&k[i]};
                n++;
            }
    return qt_run("rowops", tests, n);
}
