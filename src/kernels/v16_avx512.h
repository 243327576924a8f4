/*
 * v16_avx512.h - sixteen f32 lanes as one AVX-512 register; meanings are in v16_ref.h.
 */
#ifndef QG_V16_AVX512_H
#define QG_V16_AVX512_H

#include "kernels/v8_tree.h"

#include <stdint.h>
#include <string.h>

typedef __m512 v16;
typedef __m512i vi16;

static inline __mmask16 v_mask(int n)
{
    return (__mmask16)(n < 16 ? (1u << n) - 1u : 0xffffu);
}

static inline v16 v_set1(float x)
{
    return _mm512_set1_ps(x);
}

static inline v16 v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline v16 v_load_n(const float *p, int n, float fill)
{
    return _mm512_mask_loadu_ps(_mm512_set1_ps(fill), v_mask(n), p);
}

static inline v16 v_keep_n(v16 x, int n, float fill)
{
    return _mm512_mask_blend_ps(v_mask(n), _mm512_set1_ps(fill), x);
}

static inline void v_store(float *p, v16 x)
{
    _mm512_storeu_ps(p, x);
}

static inline void v_store_n(float *p, v16 x, int n)
{
    _mm512_mask_storeu_ps(p, v_mask(n), x);
}

static inline v16 v_add(v16 x, v16 y)
{
    return _mm512_add_ps(x, y);
}

static inline v16 v_sub(v16 x, v16 y)
{
    return _mm512_sub_ps(x, y);
}

static inline v16 v_mul(v16 x, v16 y)
{
    return _mm512_mul_ps(x, y);
}

static inline v16 v_div(v16 x, v16 y)
{
    return _mm512_div_ps(x, y);
}

static inline v16 v_max(v16 x, v16 y)
{
    return _mm512_max_ps(x, y);
}

static inline v16 v_min(v16 x, v16 y)
{
    return _mm512_min_ps(x, y);
}

static inline v16 v_fma(v16 x, v16 y, v16 z)
{
    return _mm512_fmadd_ps(x, y, z);
}

static inline v16 v_fnma(v16 x, v16 y, v16 z)
{
    return _mm512_fnmadd_ps(x, y, z);
}

/* Rows become columns: within quarters of 4 x 4, then the quarters. */
static inline void v_transpose(v16 r[16])
{
    __m512 a[16], b[16];
    for (int i = 0; i < 8; i++) {
        a[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        a[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 4; i++) {
        b[4 * i] = _mm512_shuffle_ps(a[4 * i], a[4 * i + 2], 0x44);
        b[4 * i + 1] = _mm512_shuffle_ps(a[4 * i], a[4 * i + 2], 0xee);
        b[4 * i + 2] = _mm512_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0x44);
        b[4 * i + 3] = _mm512_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0xee);
    }
    for (int i = 0; i < 4;
         i++) { /* column 4 q + i: quarter q of b[i], b[i + 4], b[i + 8], b[i + 12] */
        __m512 low01 = _mm512_shuffle_f32x4(b[i], b[i + 4], 0x44);
        __m512 high01 = _mm512_shuffle_f32x4(b[i], b[i + 4], 0xee);
        __m512 low23 = _mm512_shuffle_f32x4(b[i + 8], b[i + 12], 0x44);
        __m512 high23 = _mm512_shuffle_f32x4(b[i + 8], b[i + 12], 0xee);
        r[i] = _mm512_shuffle_f32x4(low01, low23, 0x88);
        r[i + 4] = _mm512_shuffle_f32x4(low01, low23, 0xdd);
        r[i + 8] = _mm512_shuffle_f32x4(high01, high23, 0x88);
        r[i + 12] = _mm512_shuffle_f32x4(high01, high23, 0xdd);
    }
}

static inline v16 v_abs(v16 x)
{
    return _mm512_abs_ps(x);
}

static inline v16 v_copysign(v16 mag, v16 s)
{
    __m512 sign = _mm512_set1_ps(-0.0f);
    return _mm512_or_ps(_mm512_andnot_ps(sign, mag), _mm512_and_ps(sign, s));
}

static inline v16 v_rint(v16 x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline v16 v_select_gt(v16 p, v16 q, v16 x, v16 y)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(p, q, _CMP_GT_OQ), y, x);
}

static inline vi16 v_bits(v16 x)
{
    return _mm512_castps_si512(x);
}

static inline v16 v_from_bits(vi16 x)
{
    return _mm512_castsi512_ps(x);
}

static inline vi16 vi_set1(int32_t x)
{
    return _mm512_set1_epi32(x);
}

static inline vi16 vi_add(vi16 x, vi16 y)
{
    return _mm512_add_epi32(x, y);
}

static inline vi16 vi_sub(vi16 x, vi16 y)
{
    return _mm512_sub_epi32(x, y);
}

static inline vi16 vi_max(vi16 x, vi16 y)
{
    return _mm512_max_epi32(x, y);
}

static inline vi16 vi_low_half(vi16 x)
{
    return _mm512_slli_epi32(x, 16);
}

static inline vi16 vi_high_half(vi16 x)
{
    return _mm512_and_si512(x, _mm512_set1_epi32((int)0xffff0000));
}

static inline vi16 vi_half(vi16 x)
{
    return _mm512_srai_epi32(x, 1);
}

static inline vi16 vi_to_exponent(vi16 x)
{
    return _mm512_slli_epi32(x, 23);
}

static inline float v_hsum(v16 x)
{
    return v8_sum(_mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)));
}

static inline float v_hmax(v16 x)
{
    return v8_max(_mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)));
}

static inline float v_hmin(v16 x)
{
    return v8_min(_mm256_min_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)));
}

static inline int32_t vi_hmax(vi16 x)
{
    return v8_imax(_mm256_max_epi32(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1)));
}

static inline void v_store_s8_n(int8_t *p, v16 x, int n)
{
    __m128i c = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x)); /* to memory it would be slow */
    _mm_mask_storeu_epi8(p, v_mask(n), c);
}

/* Packing works within 128-bit quarters: each of the result's holds four codes of a, b, c and d. */
static inline void v_store_s8x4(int8_t *p, v16 a, v16 b, v16 c, v16 d)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i ab = _mm512_packs_epi32(_mm512_cvtps_epi32(a), _mm512_cvtps_epi32(b));
    __m512i cd = _mm512_packs_epi32(_mm512_cvtps_epi32(c), _mm512_cvtps_epi32(d));
    _mm512_storeu_si512(p, _mm512_permutexvar_epi32(order, _mm512_packs_epi16(ab, cd)));
}

static inline void v_store_bf16_n(uint16_t *p, v16 x, int n)
{
    __m512i u = v_bits(x), odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    u = _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    __m256i half = _mm512_cvtepi32_epi16(_mm512_srli_epi32(u, 16));
    _mm256_mask_storeu_epi16(p, v_mask(n), half);
}

static inline v16 v_from_int(vi16 x)
{
    return _mm512_cvtepi32_ps(x);
}

static inline v16 v_load_s8_n(const int8_t *p, int n)
{
    return v_from_int(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(v_mask(n), p)));
}

static inline v16 v_load_f16_n(const uint16_t *p, int n)
{
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(v_mask(n), p));
}

static inline v16 v_load_bf16_n(const uint16_t *p, int n)
{
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(v_mask(n), p));
    return v_from_bits(_mm512_slli_epi32(wide, 16));
}

/* -------------------------------------------------------------- what only the products use */

static inline vi16 vi_load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static inline vi16 vi_mul(vi16 x, vi16 y)
{
    return _mm512_mullo_epi32(x, y);
}

/** Four bits of each lane from bit `shift` on. */
static inline vi16 vi_nibble(vi16 x, int shift)
{
    return _mm512_and_si512(_mm512_srl_epi32(x, _mm_cvtsi32_si128(shift)), _mm512_set1_epi32(15));
}

/** table[index], index in 0..15. */
static inline v16 v_lookup(const float *table, vi16 index)
{
    return _mm512_permutexvar_ps(index, _mm512_loadu_ps(table));
}

static inline v16 v_load_bf16(const uint16_t *p)
{
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
    return v_from_bits(_mm512_slli_epi32(wide, 16));
}

#endif
