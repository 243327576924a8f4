/*
 * simd16.h - 16 lanes of f32 on any processor: one AVX-512 register, two AVX registers, or an array.
 *
 * Row operations are written once over these functions and compiled once per instruction set. Every
 * function is exact IEEE arithmetic on each lane, so all backends give the same bits:
 * v_max(a, b) is a > b ? a : b, v_min(a, b) is a < b ? a : b (as the x86 instructions).
 */
#ifndef QGRID_SIMD16_H
#define QGRID_SIMD16_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#define QG_INLINE static inline __attribute__((always_inline, unused))

#if defined(__AVX512F__)
typedef __m512 v16;
#elif defined(__AVX2__)
typedef struct {
    __m256 a, b;
} v16;
#else
typedef struct {
    float f[16];
} v16;
#endif

#if defined(__AVX512F__)

#define V_OP2(name, op)                                                                            \
    QG_INLINE v16 name(v16 x, v16 y)                                                               \
    {                                                                                              \
        return op(x, y);                                                                           \
    }
V_OP2(v_add, _mm512_add_ps)
V_OP2(v_sub, _mm512_sub_ps)
V_OP2(v_mul, _mm512_mul_ps)
V_OP2(v_div, _mm512_div_ps)
V_OP2(v_max, _mm512_max_ps)
V_OP2(v_min, _mm512_min_ps)
QG_INLINE v16 v_set1(float x)
{
    return _mm512_set1_ps(x);
}
QG_INLINE v16 v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
QG_INLINE void v_store(float *p, v16 x)
{
    _mm512_storeu_ps(p, x);
}
QG_INLINE v16 v_fma(v16 x, v16 y, v16 z)
{
    return _mm512_fmadd_ps(x, y, z);
}
QG_INLINE v16 v_sqrt(v16 x)
{
    return _mm512_sqrt_ps(x);
}
QG_INLINE v16 v_round(v16 x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
QG_INLINE v16 v_abs(v16 x)
{
    return _mm512_abs_ps(x);
}
/* x < y ? a : b */
QG_INLINE v16 v_lt(v16 x, v16 y, v16 a, v16 b)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, y, _CMP_LT_OQ), b, a);
}
/* |x| with the sign of y */
QG_INLINE v16 v_copysign(v16 x, v16 y)
{
    return _mm512_or_ps(_mm512_abs_ps(x), _mm512_and_ps(y, _mm512_set1_ps(-0.0f)));
}
/* 2^x for whole x in [-126, 127] */
QG_INLINE v16 v_pow2(v16 x)
{
    __m512i n = _mm512_add_epi32(_mm512_cvtps_epi32(x), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(n, 23));
}
QG_INLINE v16 v_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
QG_INLINE v16 v_load_bf16(const uint16_t *p)
{
    __m512i u = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(u, 16));
}
QG_INLINE v16 v_load_s8(const int8_t *p)
{
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
/* Whole values in [-128, 127]. */
QG_INLINE void v_store_s8(int8_t *p, v16 x)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x)));
}

#elif defined(__AVX2__)

#define V_OP2(name, op)                                                                            \
    QG_INLINE v16 name(v16 x, v16 y)                                                               \
    {                                                                                              \
        return (v16){op(x.a, y.a), op(x.b, y.b)};                                                  \
    }
V_OP2(v_add, _mm256_add_ps)
V_OP2(v_sub, _mm256_sub_ps)
V_OP2(v_mul, _mm256_mul_ps)
V_OP2(v_div, _mm256_div_ps)
V_OP2(v_max, _mm256_max_ps)
V_OP2(v_min, _mm256_min_ps)
QG_INLINE v16 v_set1(float x)
{
    return (v16){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
QG_INLINE v16 v_load(const float *p)
{
    return (v16){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
QG_INLINE void v_store(float *p, v16 x)
{
    _mm256_storeu_ps(p, x.a);
    _mm256_storeu_ps(p + 8, x.b);
}
QG_INLINE v16 v_fma(v16 x, v16 y, v16 z)
{
    return (v16){_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
QG_INLINE v16 v_sqrt(v16 x)
{
    return (v16){_mm256_sqrt_ps(x.a), _mm256_sqrt_ps(x.b)};
}
QG_INLINE v16 v_round(v16 x)
{
    return (v16){_mm256_round_ps(x.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                 _mm256_round_ps(x.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
QG_INLINE v16 v_abs(v16 x)
{
    __m256 sign = _mm256_set1_ps(-0.0f);
    return (v16){_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}
QG_INLINE v16 v_lt(v16 x, v16 y, v16 a, v16 b)
{
    return (v16){_mm256_blendv_ps(b.a, a.a, _mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ)),
                 _mm256_blendv_ps(b.b, a.b, _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ))};
}
QG_INLINE v16 v_copysign(v16 x, v16 y)
{
    __m256 sign = _mm256_set1_ps(-0.0f);
    return (v16){_mm256_or_ps(_mm256_andnot_ps(sign, x.a), _mm256_and_ps(sign, y.a)),
                 _mm256_or_ps(_mm256_andnot_ps(sign, x.b), _mm256_and_ps(sign, y.b))};
}
QG_INLINE __m256 v_pow2_half(__m256 x)
{
    __m256i n = _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(n, 23));
}
QG_INLINE v16 v_pow2(v16 x)
{
    return (v16){v_pow2_half(x.a), v_pow2_half(x.b)};
}
QG_INLINE v16 v_load_f16(const uint16_t *p)
{
    return (v16){_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p)),
                 _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p + 8)))};
}
QG_INLINE __m256 v_load_bf16_half(const uint16_t *p)
{
    __m256i u = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(u, 16));
}
QG_INLINE v16 v_load_bf16(const uint16_t *p)
{
    return (v16){v_load_bf16_half(p), v_load_bf16_half(p + 8)};
}
QG_INLINE v16 v_load_s8(const int8_t *p)
{
    __m128i u = _mm_loadu_si128((const __m128i *)(const void *)p);
    return (v16){_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(u)),
                 _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(u, 8)))};
}
QG_INLINE void v_store_s8(int8_t *p, v16 x)
{
    float f[16];
    v_store(f, x);
    for (int i = 0; i < 16; i++)
        p[i] = (int8_t)(int)f[i];
}

#else

#define V_OP2(name, expression)                                                                    \
    QG_INLINE v16 name(v16 x, v16 y)                                                               \
    {                                                                                              \
        v16 r;                                                                                     \
        for (int i = 0; i < 16; i++)                                                               \
            r.f[i] = expression;                                                                   \
        return r;                                                                                  \
    }
V_OP2(v_add, x.f[i] + y.f[i])
V_OP2(v_sub, x.f[i] - y.f[i])
V_OP2(v_mul, x.f[i] * y.f[i])
V_OP2(v_div, x.f[i] / y.f[i])
V_OP2(v_max, x.f[i] > y.f[i] ? x.f[i] : y.f[i])
V_OP2(v_min, x.f[i] < y.f[i] ? x.f[i] : y.f[i])
V_OP2(v_copysign, copysignf(x.f[i], y.f[i]))
QG_INLINE v16 v_set1(float x)
{
    v16 r;
    for (int i = 0; i < 16; i++)
        r.f[i] = x;
    return r;
}
QG_INLINE v16 v_load(const float *p)
{
    v16 r;
    memcpy(r.f, p, sizeof r.f);
    return r;
}
QG_INLINE void v_store(float *p, v16 x)
{
    memcpy(p, x.f, sizeof x.f);
}
QG_INLINE v16 v_fma(v16 x, v16 y, v16 z)
{
    v16 r;
    for (int i = 0; i < 16; i++)
        r.f[i] = fmaf(x.f[i], y.f[i], z.f[i]);
    return r;
}
QG_INLINE v16 v_sqrt(v16 x)
{
    for (int i = 0; i < 16; i++)
        x.f[i] = sqrtf(x.f[i]);
    return x;
}
QG_INLINE v16 v_round(v16 x)
{
    for (int i = 0; i < 16; i++)
        x.f[i] = rintf(x.f[i]);
    return x;
}
QG_INLINE v16 v_abs(v16 x)
{
    for (int i = 0; i < 16; i++)
        x.f[i] = fabsf(x.f[i]);
    return x;
}
QG_INLINE v16 v_lt(v16 x, v16 y, v16 a, v16 b)
{
    for (int i = 0; i < 16; i++)
        a.f[i] = x.f[i] < y.f[i] ? a.f[i] : b.f[i];
    return a;
}
QG_INLINE v16 v_pow2(v16 x)
{
    for (int i = 0; i < 16; i++) {
        uint32_t bits = (uint32_t)((int)x.f[i] + 127) << 23;
        memcpy(&x.f[i], &bits, sizeof bits);
    }
    return x;
}
QG_INLINE v16 v_load_bf16(const uint16_t *p)
{
    v16 r;
    for (int i = 0; i < 16; i++) {
        uint32_t bits = (uint32_t)p[i] << 16;
        memcpy(&r.f[i], &bits, sizeof bits);
    }
    return r;
}
float qg_f16_to_f32(uint16_t h); /* core/dtype.c */
QG_INLINE v16 v_load_f16(const uint16_t *p)
{
    v16 r;
    for (int i = 0; i < 16; i++)
        r.f[i] = qg_f16_to_f32(p[i]);
    return r;
}
QG_INLINE v16 v_load_s8(const int8_t *p)
{
    v16 r;
    for (int i = 0; i < 16; i++)
        r.f[i] = (float)p[i];
    return r;
}
QG_INLINE void v_store_s8(int8_t *p, v16 x)
{
    for (int i = 0; i < 16; i++)
        p[i] = (int8_t)(int)x.f[i];
}

#endif

/* The first n (1 to 15) values, the other lanes `fill`; reads nothing beyond them. */
QG_INLINE v16 v_loadn(const float *p, int n, float fill)
{
#if defined(__AVX512F__)
    return _mm512_mask_loadu_ps(_mm512_set1_ps(fill), (__mmask16)((1u << n) - 1), p);
#else
    float t[16];
    for (int i = 0; i < 16; i++)
        t[i] = fill;
    memcpy(t, p, (size_t)n * sizeof *p);
    return v_load(t);
#endif
}

QG_INLINE void v_storen(float *p, v16 x, int n)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x);
#else
    float t[16];
    v_store(t, x);
    memcpy(p, t, (size_t)n * sizeof *p);
#endif
}

/* Lane j with j + 8, then + 4, + 2, + 1. */
#define V_TREE(name, join)                                                                         \
    QG_INLINE float name(v16 x)                                                                    \
    {                                                                                              \
        float t[16];                                                                               \
        v_store(t, x);                                                                             \
        for (int step = 8; step > 0; step /= 2)                                                    \
            for (int i = 0; i < step; i++) {                                                       \
                float a = t[i], b = t[i + step];                                                   \
                t[i] = join;                                                                       \
            }                                                                                      \
        return t[0];                                                                               \
    }
V_TREE(v_sum, a + b)
V_TREE(v_largest, a > b ? a : b)
V_TREE(v_smallest, a < b ? a : b)

#endif
