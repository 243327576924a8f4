/*
 * vmath.h - exp, erf, tanh and the activations on 16 lanes.
 *
 * Polynomials fitted for this project (weighted minimax by Lawson's algorithm, rounded to f32),
 * evaluated by Horner's rule with fma. Largest errors against double, measured densely by
 * tests/kernels/test_rowops.c: exp 2 ULP on [-86, 88]; erf 2.5e-7, tanh 2.5e-7 absolute;
 * GELU 3e-7 * max(1, |x|).
 */
#ifndef QGRID_VMATH_H
#define QGRID_VMATH_H

#include "simd16.h"

QG_INLINE v16 v_poly(v16 x, const float *c, int degree)
{
    v16 p = v_set1(c[degree]);
#pragma GCC unroll 8
    for (int i = degree - 1; i >= 0; i--)
        p = v_fma(p, x, v_set1(c[i]));
    return p;
}

/* e^x; below -86.5 it is 0, from 88.72 on infinity. x = n ln 2 + r, e^r = 1 + r + r^2 Q(r). */
QG_INLINE v16 v_exp(v16 x)
{
    static const float Q[] = {0.5f,           0.16666666f,    0.041666292f,
                              0.0083334986f, 0.0013944870f, 0.00019790141f};
    v16 low = v_set1(-86.5f), high = v_set1(88.72f);
    v16 t = v_min(v_max(x, low), high);
    v16 n = v_round(v_mul(t, v_set1(1.44269504f)));
    v16 r = v_fma(n, v_set1(-0.693145752f), t);
    r = v_fma(n, v_set1(-1.42860677e-6f), r);
    v16 p = v_add(v_set1(1.0f), v_fma(v_mul(r, r), v_poly(r, Q, 5), r));
    /* 2^n in two factors: n may be 128. */
    p = v_mul(v_mul(p, v_pow2(v_sub(n, v_set1(1.0f)))), v_set1(2.0f));
    p = v_lt(x, low, v_set1(0.0f), p);
    return v_lt(high, x, v_set1(INFINITY), p);
}

/* |x| <= 0.95: x + x P(x^2); above: 1 - exp(G(|x|)) with G = log erfc, |x| cut at 4. */
QG_INLINE v16 v_erf(v16 x)
{
    static const float P[] = {0.128379166f,     -0.376126260f,   0.112836003f,  -0.0268544443f,
                              0.00518953521f, -0.000802084163f, 0.0000788912002f};
    static const float G[] = {0.000183443670f, -1.12955678f,    -0.633262634f,   -0.108372472f,
                              0.0251789652f,   -0.00419361005f, 0.000439106137f, -0.0000214960928f};
    v16 a = v_min(v_abs(x), v_set1(4.0f));
    v16 small = v_fma(x, v_poly(v_mul(x, x), P, 6), x);
    v16 large = v_copysign(v_sub(v_set1(1.0f), v_exp(v_poly(a, G, 7))), x);
    return v_lt(a, v_set1(0.95f), small, large);
}

/* |x| < 0.625: x + x^3 P(x^2); above: 1 - 2 / (e^{2|x|} + 1), |x| cut at 10. */
QG_INLINE v16 v_tanh(v16 x)
{
    static const float P[] = {-0.333333313f, 0.133332103f,    -0.0539472029f,
                              0.0217029676f, -0.00818267465f, 0.00214753742f};
    v16 a = v_min(v_abs(x), v_set1(10.0f)), s = v_mul(x, x), one = v_set1(1.0f);
    v16 small = v_fma(v_mul(x, s), v_poly(s, P, 5), x);
    v16 e = v_exp(v_add(a, a));
    v16 large = v_copysign(v_sub(one, v_div(v_set1(2.0f), v_add(e, one))), x);
    return v_lt(a, v_set1(0.625f), small, large);
}

QG_INLINE v16 v_gelu(v16 x)
{
    v16 e = v_erf(v_mul(x, v_set1(0.707106781f)));
    v16 half = v_mul(x, v_set1(0.5f));
    return v_fma(half, e, half);
}

QG_INLINE v16 v_gelu_new(v16 x)
{
    v16 inner = v_fma(v_mul(v_mul(x, x), x), v_set1(0.044715f), x);
    v16 half = v_mul(x, v_set1(0.5f));
    return v_fma(half, v_tanh(v_mul(inner, v_set1(0.797884561f))), half);
}

#endif
