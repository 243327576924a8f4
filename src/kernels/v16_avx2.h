/*
 * v16_avx2.h - sixteen f32 lanes as two AVX2 registers; the meaning of each function is in
 * v16_ref.h.
 */
#ifndef QG_V16_AVX2_H
#define QG_V16_AVX2_H

#include "kernels/v8_tree.h"

#include <stdint.h>
#include <string.h>

typedef struct v16 {
    __m256 a, b;
} v16;

typedef struct vi16 {
    __m256i a, b;
} vi16;

/* All ones in the first n lanes: the table read from 16 - n on. */
static inline vi16 v_mask(int n)
{
    static const int32_t ones[32] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                     -1, -1, -1, -1, -1, -1, -1, -1};
    const int32_t *p = ones + 16 - (n < 16 ? n : 16);
    return (vi16){_mm256_loadu_si256((const __m256i *)(const void *)p),
                  _mm256_loadu_si256((const __m256i *)(const void *)(p + 8))};
}

static inline v16 v_set1(float x)
{
    return (v16){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}

static inline v16 v_load(const float *p)
{
    return (v16){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}

static inline v16 v_keep_n(v16 x, int n, float fill)
{
    vi16 m = v_mask(n);
    __m256 f = _mm256_set1_ps(fill);
    return (v16){_mm256_blendv_ps(f, x.a, _mm256_castsi256_ps(m.a)),
                 _mm256_blendv_ps(f, x.b, _mm256_castsi256_ps(m.b))};
}

static inline v16 v_load_n(const float *p, int n, float fill)
{
    if (n >= 16)
        return v_load(p);
    vi16 m = v_mask(n);
    v16 x = {_mm256_maskload_ps(p, m.a),
             n > 8 ? _mm256_maskload_ps(p + 8, m.b) : _mm256_setzero_ps()};
    return v_keep_n(x, n, fill);
}

static inline void v_store(float *p, v16 x)
{
    _mm256_storeu_ps(p, x.a);
    _mm256_storeu_ps(p + 8, x.b);
}

static inline void v_store_n(float *p, v16 x, int n)
{
    if (n >= 16) {
        v_store(p, x);
        return;
    }
    vi16 m = v_mask(n);
    _mm256_maskstore_ps(p, m.a, x.a);
    if (n > 8)
        _mm256_maskstore_ps(p + 8, m.b, x.b);
}

#define V16_BINARY(name, op)                                                                       \
    static inline v16 name(v16 x, v16 y)                                                           \
    {                                                                                              \
        return (v16){op(x.a, y.a), op(x.b, y.b)};                                                  \
    }

V16_BINARY(v_add, _mm256_add_ps)
V16_BINARY(v_sub, _mm256_sub_ps)
V16_BINARY(v_mul, _mm256_mul_ps)
V16_BINARY(v_div, _mm256_div_ps)
V16_BINARY(v_max, _mm256_max_ps)
V16_BINARY(v_min, _mm256_min_ps)

static inline v16 v_fma(v16 x, v16 y, v16 z)
{
    return (v16){_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}

static inline v16 v_fnma(v16 x, v16 y, v16 z)
{
    return (v16){_mm256_fnmadd_ps(x.a, y.a, z.a), _mm256_fnmadd_ps(x.b, y.b, z.b)};
}

static inline void v8_transpose(__m256 r[8])
{
    __m256 a[8], b[8];
    for (int i = 0; i < 4; i++) {
        a[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        a[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        b[4 * i] = _mm256_shuffle_ps(a[4 * i], a[4 * i + 2], 0x44);
        b[4 * i + 1] = _mm256_shuffle_ps(a[4 * i], a[4 * i + 2], 0xee);
        b[4 * i + 2] = _mm256_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0x44);
        b[4 * i + 3] = _mm256_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
    }
}

/* Four blocks of 8 x 8: those off the diagonal change places. */
static inline void v_transpose(v16 r[16])
{
    __m256 a[4][8];
    for (int i = 0; i < 8; i++) {
        a[0][i] = r[i].a;
        a[1][i] = r[i + 8].a;
        a[2][i] = r[i].b;
        a[3][i] = r[i + 8].b;
    }
    for (int q = 0; q < 4; q++)
        v8_transpose(a[q]);
    for (int i = 0; i < 8; i++) {
        r[i] = (v16){a[0][i], a[1][i]};
        r[i + 8] = (v16){a[2][i], a[3][i]};
    }
}

static inline v16 v_abs(v16 x)
{
    __m256 sign = _mm256_set1_ps(-0.0f);
    return (v16){_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}

static inline v16 v_copysign(v16 mag, v16 s)
{
    __m256 sign = _mm256_set1_ps(-0.0f);
    return (v16){_mm256_or_ps(_mm256_andnot_ps(sign, mag.a), _mm256_and_ps(sign, s.a)),
                 _mm256_or_ps(_mm256_andnot_ps(sign, mag.b), _mm256_and_ps(sign, s.b))};
}

static inline v16 v_rint(v16 x)
{
    return (v16){_mm256_round_ps(x.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                 _mm256_round_ps(x.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}

static inline v16 v_select_gt(v16 p, v16 q, v16 x, v16 y)
{
    return (v16){_mm256_blendv_ps(y.a, x.a, _mm256_cmp_ps(p.a, q.a, _CMP_GT_OQ)),
                 _mm256_blendv_ps(y.b, x.b, _mm256_cmp_ps(p.b, q.b, _CMP_GT_OQ))};
}

static inline vi16 v_bits(v16 x)
{
    return (vi16){_mm256_castps_si256(x.a), _mm256_castps_si256(x.b)};
}

static inline v16 v_from_bits(vi16 x)
{
    return (v16){_mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)};
}

static inline vi16 vi_set1(int32_t x)
{
    return (vi16){_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}

static inline vi16 vi_add(vi16 x, vi16 y)
{
    return (vi16){_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)};
}

static inline vi16 vi_sub(vi16 x, vi16 y)
{
    return (vi16){_mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)};
}

static inline vi16 vi_max(vi16 x, vi16 y)
{
    return (vi16){_mm256_max_epi32(x.a, y.a), _mm256_max_epi32(x.b, y.b)};
}

static inline vi16 vi_low_half(vi16 x)
{
    return (vi16){_mm256_slli_epi32(x.a, 16), _mm256_slli_epi32(x.b, 16)};
}

static inline vi16 vi_high_half(vi16 x)
{
    __m256i m = _mm256_set1_epi32((int)0xffff0000);
    return (vi16){_mm256_and_si256(x.a, m), _mm256_and_si256(x.b, m)};
}

static inline vi16 vi_half(vi16 x)
{
    return (vi16){_mm256_srai_epi32(x.a, 1), _mm256_srai_epi32(x.b, 1)};
}

static inline vi16 vi_to_exponent(vi16 x)
{
    return (vi16){_mm256_slli_epi32(x.a, 23), _mm256_slli_epi32(x.b, 23)};
}

static inline float v_hsum(v16 x)
{
    return v8_sum(_mm256_add_ps(x.a, x.b));
}

static inline float v_hmax(v16 x)
{
    return v8_max(_mm256_max_ps(x.a, x.b));
}

static inline float v_hmin(v16 x)
{
    return v8_min(_mm256_min_ps(x.a, x.b));
}

static inline int32_t vi_hmax(vi16 x)
{
    return v8_imax(_mm256_max_epi32(x.a, x.b));
}

static inline void v_store_s8_n(int8_t *p, v16 x, int n)
{
    __m256i w = _mm256_packs_epi32(_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b));
    w = _mm256_permute4x64_epi64(w, 0xd8); /* packs works within 128-bit halves */
    __m128i c = _mm_packs_epi16(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1));
    memcpy(p, &c, (size_t)(n < 16 ? n : 16));
}

static inline void v_store_s8x4(int8_t *p, v16 a, v16 b, v16 c, v16 d)
{
    v_store_s8_n(p, a, 16);
    v_store_s8_n(p + 16, b, 16);
    v_store_s8_n(p + 32, c, 16);
    v_store_s8_n(p + 48, d, 16);
}

static inline __m256i v8_round_bf16(__m256 x)
{
    __m256i u = _mm256_castps_si256(x);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    u = _mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    return _mm256_srli_epi32(u, 16);
}

static inline void v_store_bf16_n(uint16_t *p, v16 x, int n)
{
    __m256i w = _mm256_packus_epi32(v8_round_bf16(x.a), v8_round_bf16(x.b));
    w = _mm256_permute4x64_epi64(w, 0xd8);
    memcpy(p, &w, sizeof *p * (size_t)(n < 16 ? n : 16));
}

static inline v16 v_from_int(vi16 x)
{
    return (v16){_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)};
}

static inline v16 v_load_s8_n(const int8_t *p, int n)
{
    __m128i c = _mm_setzero_si128();
    memcpy(&c, p, (size_t)(n < 16 ? n : 16));
    return v_from_int((vi16){_mm256_cvtepi8_epi32(c), _mm256_cvtepi8_epi32(_mm_srli_si128(c, 8))});
}

static inline v16 v_load_f16_n(const uint16_t *p, int n)
{
    __m128i c[2] = {_mm_setzero_si128(), _mm_setzero_si128()};
    memcpy(c, p, sizeof(uint16_t) * (size_t)(n < 16 ? n : 16));
    return (v16){_mm256_cvtph_ps(c[0]), _mm256_cvtph_ps(c[1])};
}

static inline v16 v_load_bf16_n(const uint16_t *p, int n)
{
    __m128i c[2] = {_mm_setzero_si128(), _mm_setzero_si128()};
    memcpy(c, p, sizeof(uint16_t) * (size_t)(n < 16 ? n : 16));
    return v_from_bits((vi16){_mm256_slli_epi32(_mm256_cvtepu16_epi32(c[0]), 16),
                              _mm256_slli_epi32(_mm256_cvtepu16_epi32(c[1]), 16)});
}

/* -------------------------------------------------------------- what only the products use */

static inline vi16 vi_load(const void *p)
{
    return (vi16){_mm256_loadu_si256(p), _mm256_loadu_si256((const __m256i *)p + 1)};
}

static inline vi16 vi_mul(vi16 x, vi16 y)
{
    return (vi16){_mm256_mullo_epi32(x.a, y.a), _mm256_mullo_epi32(x.b, y.b)};
}

/** Four bits of each lane from bit `shift` on. */
static inline vi16 vi_nibble(vi16 x, int shift)
{
    __m256i low = _mm256_set1_epi32(15);
    __m128i s = _mm_cvtsi32_si128(shift);
    return (vi16){_mm256_and_si256(_mm256_srl_epi32(x.a, s), low),
                  _mm256_and_si256(_mm256_srl_epi32(x.b, s), low)};
}

static inline __m256 v8_lookup(const float *table, __m256i index)
{
    __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), index);
    __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), index);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
}

/** table[index], index in 0..15. */
static inline v16 v_lookup(const float *table, vi16 index)
{
    return (v16){v8_lookup(table, index.a), v8_lookup(table, index.b)};
}

static inline v16 v_load_bf16(const uint16_t *p)
{
    const __m128i *q = (const __m128i *)(const void *)p;
    __m256i a = _mm256_cvtepu16_epi32(_mm_loadu_si128(q));
    __m256i b = _mm256_cvtepu16_epi32(_mm_loadu_si128(q + 1));
    return v_from_bits((vi16){_mm256_slli_epi32(a, 16), _mm256_slli_epi32(b, 16)});
}

#endif
