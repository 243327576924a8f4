/*
 * math16.h - exp, tanh and the activations on sixteen lanes; include after a v16 backend.
 *
 * Polynomials fitted for qgrid (weighted minimax by iterated least squares on Chebyshev nodes), one
 * fixed order of operations. Largest errors against double in a million samples of each range
 * (tests/kernels/test_math.c):
 *   exp       0.87 ulp in [-103.9, 88.7], subnormal results included; below 0, above infinity
 *   tanh      1.33 ulp; 7.2e-8 absolute
 *   gelu      1.1e-7 * max(1, |x|) absolute, also with tanh
 * NaN stays NaN in all of them.
 */
#ifndef QG_MATH16_H
#define QG_MATH16_H

#include "qgrid/kernel.h"

/*
 * e^x = 2^n e^r with n = rint(x / ln 2), |r| <= ln 2 / 2. Adding 1.5 * 2^23 leaves n in the low
 * bits. 2^n is applied in two halves: each is a normal number, and a subnormal result is rounded
 * once.
 */
static inline v16 v_exp(v16 x)
{
    x = v_min(v_set1(89.0f), v_max(v_set1(-104.0f), x));
    v16 magic = v_set1(0x1.8p23f);
    v16 t = v_fma(x, v_set1(0x1.715476p0f), magic);
    v16 n = v_sub(t, magic);
    v16 r = v_fma(n, v_set1(-0x1.62e400p-1f), x); /* ln 2 in two parts, n * high is exact */
    r = v_fma(n, v_set1(-0x1.7f7d1cp-20f), r);

    v16 p = v_set1(0x1.6a2352p-10f);
    p = v_fma(p, r, v_set1(0x1.123a6cp-7f));
    p = v_fma(p, r, v_set1(0x1.5558f4p-5f));
    p = v_fma(p, r, v_set1(0x1.555490p-3f));
    p = v_fma(p, r, v_set1(0x1.fffffcp-2f));
    p = v_fma(p, r, v_set1(1.0f));
    p = v_fma(p, r, v_set1(1.0f));

    vi16 whole = vi_sub(v_bits(t), v_bits(magic)), half = vi_half(whole), bias = vi_set1(127);
    p = v_mul(p, v_from_bits(vi_to_exponent(vi_add(half, bias))));
    return v_mul(p, v_from_bits(vi_to_exponent(vi_add(vi_sub(whole, half), bias))));
}

/* |x| <= 0.625: x + x s P(s), s = x^2. Else 1 - 2 / (exp(2 |x|) + 1). */
static inline v16 v_tanh(v16 x)
{
    v16 one = v_set1(1.0f), a = v_abs(x), s = v_mul(x, x);
    v16 p = v_set1(-0x1.75e1ccp-8f);
    p = v_fma(p, s, v_set1(0x1.52269cp-6f));
    p = v_fma(p, s, v_set1(-0x1.b83c5ap-5f));
    p = v_fma(p, s, v_set1(0x1.110726p-3f));
    p = v_fma(p, s, v_set1(-0x1.555532p-2f));
    v16 inner = v_fma(v_mul(p, s), x, x);

    v16 e = v_exp(v_add(a, a));
    v16 outer = v_copysign(v_sub(one, v_div(v_set1(2.0f), v_add(e, one))), x);
    return v_select_gt(a, v_set1(0.625f), outer, inner);
}

/*
 * x/2 (1 + erf(x / sqrt 2)) = max(0, x) - a q(a), a = |x| and q(a) = erfc(a / sqrt 2) / 2, the
 * upper tail of the normal distribution: 2^P(a) with log2 q fitted in [0, 8], where q is 2^-55. The
 * power is split as in v_exp; with the signs of its polynomial turned it gives -q. Hendrycks,
 * Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415.
 */
static inline v16 v_gelu(v16 x)
{
    v16 a = v_min(v_abs(x), v_set1(8.0f)), magic = v_set1(0x1.8p23f);
    v16 q = v_set1(-0x1.740f38p-19f);
    q = v_fma(q, a, v_set1(0x1.43f9a2p-15f));
    q = v_fma(q, a, v_set1(-0x1.7ed4b4p-13f));
    q = v_fma(q, a, v_set1(-0x1.31e906p-13f));
    q = v_fma(q, a, v_set1(0x1.cfb2b4p-8f));
    q = v_fma(q, a, v_set1(-0x1.ae1f06p-5f));
    q = v_fma(q, a, v_set1(-0x1.d639d0p-2f));
    q = v_fma(q, a, v_set1(-0x1.26aedep+0f));
    q = v_fma(q, a, v_set1(-1.0f));

    v16 t = v_add(q, magic), f = v_sub(q, v_sub(t, magic));
    v16 p = v_set1(-0x1.41fbbcp-13f);
    p = v_fma(p, f, v_set1(-0x1.5f3e54p-10f));
    p = v_fma(p, f, v_set1(-0x1.3b2d4cp-7f));
    p = v_fma(p, f, v_set1(-0x1.c6aee8p-5f));
    p = v_fma(p, f, v_set1(-0x1.ebfbdcp-3f));
    p = v_fma(p, f, v_set1(-0x1.62e430p-1f));
    p = v_fma(p, f, v_set1(-1.0f));
    p = v_from_bits(vi_add(v_bits(p), vi_to_exponent(v_bits(t))));
    return v_fma(a, p, v_max(v_set1(0.0f), x));
}

/* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), the same paper's approximation. */
static inline v16 v_gelu_new(v16 x)
{
    v16 cube = v_mul(v_mul(x, x), x);
    v16 u = v_mul(v_fma(v_set1(0.044715f), cube, x), v_set1(0x1.988454p-1f));
    return v_mul(v_mul(x, v_set1(0.5f)), v_add(v_tanh(u), v_set1(1.0f)));
}

static inline v16 v_relu(v16 x)
{
    return v_max(v_set1(0.0f), x);
}

static inline v16 v_activate(v16 x, qg_activation act)
{
    switch (act) {
    case QG_ACT_GELU:
        return v_gelu(x);
    case QG_ACT_GELU_NEW:
        return v_gelu_new(x);
    case QG_ACT_RELU:
        return v_relu(x);
    case QG_ACT_TANH:
        return v_tanh(x);
    case QG_ACT_NONE:
        break;
    }
    return x;
}

#endif
