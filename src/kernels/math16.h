/*
 * math16.h - exp, erf, tanh and the activations on sixteen lanes; include after a v16 backend.
 *
 * Polynomials fitted for qgrid (weighted minimax by iterated least squares on Chebyshev nodes), one
 * fixed order of operations. Largest errors against double in a million samples of each range
 * (tests/kernels/test_math.c):
 *   exp       0.87 ulp in [-103.9, 88.7], subnormal results included; below 0, above infinity
 *   erf       6.1e-8 absolute; 0.97 ulp up to |x| = 1
 *   tanh      1.33 ulp; 7.2e-8 absolute
 *   gelu      1.1e-7 * max(1, |x|) absolute, also with tanh
 * NaN stays NaN in all of them.
 */
#ifndef QG_MATH16_H
#define QG_MATH16_H

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

/* |z| <= 1: z + z P(z^2). Else 1 - exp(P(|z|)), which is 1 from 4 on. */
static inline v16 v_erf(v16 z)
{
    v16 one = v_set1(1.0f), a = v_abs(z), s = v_mul(z, z);
    v16 p = v_set1(0x1.496a32p-14f);
    p = v_fma(p, s, v_set1(-0x1.a3f700p-11f));
    p = v_fma(p, s, v_set1(0x1.5405b2p-8f));
    p = v_fma(p, s, v_set1(-0x1.b7f90ep-6f));
    p = v_fma(p, s, v_set1(0x1.ce2cf8p-4f));
    p = v_fma(p, s, v_set1(-0x1.81273ep-2f));
    p = v_fma(p, s, v_set1(0x1.06eba8p-3f));
    v16 inner = v_fma(p, z, z);

    v16 t = v_min(v_set1(4.0f), a);
    v16 q = v_set1(0x1.852cd0p-13f);
    q = v_fma(q, t, v_set1(-0x1.814c94p-9f));
    q = v_fma(q, t, v_set1(0x1.654200p-6f));
    q = v_fma(q, t, v_set1(-0x1.a60a72p-4f));
    q = v_fma(q, t, v_set1(-0x1.46c586p-1f));
    q = v_fma(q, t, v_set1(-0x1.2085b2p+0f));
    q = v_fma(q, t, v_set1(-0x1.72e964p-12f));
    v16 outer = v_copysign(v_sub(one, v_exp(q)), z);
    return v_select_gt(a, one, outer, inner);
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

/* x/2 (1 + erf(x / sqrt 2)). Hendrycks, Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415. */
static inline v16 v_gelu(v16 x)
{
    v16 e = v_erf(v_mul(x, v_set1(0x1.6a09e6p-1f)));
    return v_mul(v_mul(x, v_set1(0.5f)), v_add(e, v_set1(1.0f)));
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

#endif
