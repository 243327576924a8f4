/*
 * test_math.c - exp, tanh and GELU against double, densely.
 */
#include "qt.h"

#include "qgrid/kernel.h"
#include "kernels/v16_ref.h"
#include "kernels/math16.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 4096 };

static const qg_kernels *kernels(void)
{
    const char *why;
    const qg_kernels *k = qg_kernels_get(&why);
    assert_non_null(k);
    return k;
}

static void fn_exp(float *x, size_t n)
{
    kernels()->vexp(x, x, n);
}

static void fn_gelu(float *x, size_t n)
{
    kernels()->activation(x, n, QG_ACT_GELU);
}

static void fn_gelu_new(float *x, size_t n)
{
    kernels()->activation(x, n, QG_ACT_GELU_NEW);
}

static void fn_tanh(float *x, size_t n)
{
    kernels()->activation(x, n, QG_ACT_TANH);
}

static double want_gelu(double x)
{
    return x / 2 * (1 + erf(x / sqrt(2)));
}

static double want_gelu_new(double x)
{
    return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static double ulp(double want)
{
    float w = fabsf((float)want);
    return fmax((double)nextafterf(w, INFINITY) - (double)w, 0x1p-149);
}

static double unit_ulp(double x, double want)
{
    (void)x;
    return ulp(want);
}

static double unit_one(double x, double want)
{
    (void)x, (void)want;
    return 1;
}

static double unit_x(double x, double want)
{
    (void)want;
    return fmax(1, fabs(x));
}

/* Largest |f(x) - want(x)| / unit(x, want) over n values from lo to hi. */
static double worst(void (*f)(float *, size_t), double (*want)(double),
                    double (*unit)(double, double), double lo, double hi, int n)
{
    static float x[CHUNK], y[CHUNK];
    double top = 0;
    for (int at = 0; at < n; at += CHUNK) {
        for (int i = 0; i < CHUNK; i++)
            x[i] = (float)(lo + (hi - lo) * (double)(at + i) / (double)(n - 1));
        memcpy(y, x, sizeof y);
        f(y, CHUNK);
        for (int i = 0; i < CHUNK && at + i < n; i++) {
            double w = want((double)x[i]), e = fabs((double)y[i] - w) / unit((double)x[i], w);
            if (!(e <= top))
                top = e;
        }
    }
    return top;
}

static void below(const char *what, double got, double limit)
{
    print_message("%s: %.3g (allowed %.3g)\n", what, got, limit);
    if (!(got <= limit))
        fail_msg("%s: error %.4g, allowed %.4g", what, got, limit);
}

static void exp_is_within_one_and_a_half_ulp(void **state)
{
    (void)state;
    below("exp ulp, whole range", worst(fn_exp, exp, unit_ulp, -87.3, 88.72, 1 << 20), 1.5);
    below("exp ulp, around 0", worst(fn_exp, exp, unit_ulp, -1, 1, 1 << 20), 1.5);
    below("exp ulp, subnormal results", worst(fn_exp, exp, unit_ulp, -103.9, -87.3, 1 << 18), 1.5);
}

static void exp_has_defined_edges(void **state)
{
    (void)state;
    float x[] = {-INFINITY, -1e30f, -104.0f, -103.98f, 0.0f, -0.0f, 88.73f, 1e30f, INFINITY, NAN};
    kernels()->vexp(x, x, 10);
    const float want[] = {0, 0, 0, 0, 1, 1, INFINITY, INFINITY, INFINITY};
    qt_same("exp", x, want, 3, sizeof *x);
    qt_same("exp", x + 4, want + 4, 5, sizeof *x);
    assert_true(x[3] >= 0.0f && x[3] <= 0x1p-149f);
    assert_true(isnan(x[9]));
}

static void erf_gelu_is_within_2e_7(void **state)
{
    (void)state;
    below("gelu", worst(fn_gelu, want_gelu, unit_x, -12, 12, 1 << 20), 2e-7);
    below("gelu, wide", worst(fn_gelu, want_gelu, unit_x, -1e4, 1e4, 1 << 18), 2e-7);
    below("gelu near 0, ulp", worst(fn_gelu, want_gelu, unit_ulp, -1e-3, 1e-3, 1 << 18), 2);
}

static void tanh_gelu_is_within_3e_7(void **state)
{
    (void)state;
    below("gelu_new", worst(fn_gelu_new, want_gelu_new, unit_x, -12, 12, 1 << 20), 3e-7);
}

static void tanh_is_within_3_ulp(void **state)
{
    (void)state;
    below("tanh ulp", worst(fn_tanh, tanh, unit_ulp, -10, 10, 1 << 20), 3);
    below("tanh", worst(fn_tanh, tanh, unit_one, -100, 100, 1 << 18), 1e-7);
    below("tanh ulp near 0", worst(fn_tanh, tanh, unit_ulp, -1e-30, 1e-30, 1 << 16), 1);
}

static void activations_keep_nan_and_saturate(void **state)
{
    (void)state;
    static const qg_activation all[] = {QG_ACT_GELU, QG_ACT_GELU_NEW, QG_ACT_RELU, QG_ACT_TANH};
    for (size_t i = 0; i < 4; i++) {
        float x[] = {NAN, 1e38f, -1e38f, 0.0f};
        kernels()->activation(x, 4, all[i]);
        assert_true(isnan(x[0]));
        qt_close("large", (double)x[1], all[i] == QG_ACT_TANH ? 1 : (double)1e38f, 1e-7, 0);
        qt_close("small", (double)x[2], all[i] == QG_ACT_TANH ? -1 : 0, 0, 2e-16);
        qt_close("zero", (double)x[3], 0, 0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_one_and_a_half_ulp),
        cmocka_unit_test(exp_has_defined_edges),
        cmocka_unit_test(erf_gelu_is_within_2e_7),
        cmocka_unit_test(tanh_gelu_is_within_3e_7),
        cmocka_unit_test(tanh_is_within_3_ulp),
        cmocka_unit_test(activations_keep_nan_and_saturate),
    };
    return qt_run("math", tests, sizeof tests / sizeof tests[0]);
}
