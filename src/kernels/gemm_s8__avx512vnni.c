/*
 * gemm_s8__avx512vnni.c - 8-bit and 4-bit weights with 8-bit activations by vpdpbusd.
 *
 * vpdpbusd multiplies unsigned by signed bytes. Weights take the unsigned side (code + 128, or the
 * stored nibble code + 8), activations the signed one; the excess, 128 or 8 times the sum of the
 * row's codes, is subtracted once. Sums are exact: no intermediate saturates.
 */
#include "kernels_internal.h"

#include <assert.h>
#include <immintrin.h>
#include <string.h>

enum { MR = 12, NP = 2, MAX_GROUPS = 256 };

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i load(const void *p)
{
    return _mm512_loadu_si512(p);
}

INLINE __m512i four_codes(const int8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm512_set1_epi32(v);
}

/* Sum of n codes (n a multiple of 4, rows are padded with zeros). */
static int32_t sum_codes(const int8_t *row, int n)
{
    __m512i sum = _mm512_setzero_si512(), ones = _mm512_set1_epi8(1);
    int k = 0;
    for (; k + 64 <= n; k += 64)
        sum = _mm512_dpbusd_epi32(sum, ones, load(row + k));
    if (k < n) {
        __mmask64 tail = ((__mmask64)1 << (n - k)) - 1;
        sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_loadu_epi8(tail, row + k));
    }
    return _mm512_reduce_add_epi32(sum);
}

INLINE void store(float *y, __m512 v, int columns)
{
    if (columns >= 16)
        _mm512_storeu_ps(y, v);
    else if (columns > 0)
        _mm512_mask_storeu_ps(y, (__mmask16)((1u << columns) - 1), v);
}

/* mr rows from `i0` against np panels from panel `j`. */
INLINE void tile_s8(float *y, int ldy, const qg_qrows *x, int i0, const qg_panels *w, int j, int mr,
                    int np, const int32_t *rowsum)
{
    size_t kp = (size_t)qg_round_up(w->k, 4), ld = (size_t)x->ld;
    const int8_t *a = x->codes + (size_t)i0 * ld;
    const int8_t *b = (const int8_t *)w->codes + (size_t)j * kp * QG_NR;
    const __m512i flip = _mm512_set1_epi8((char)0x80);
    __m512i acc[MR][NP];
#pragma GCC unroll 12
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
        for (int p = 0; p < np; p++)
            acc[i][p] = _mm512_setzero_si512();
    for (size_t k = 0; k < kp; k += 4) {
        __m512i c[NP];
#pragma GCC unroll 2
        for (int p = 0; p < np; p++)
            c[p] = _mm512_xor_si512(load(b + (size_t)p * kp * QG_NR + k * QG_NR), flip);
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++) {
            __m512i v = four_codes(a + (size_t)i * ld + k);
#pragma GCC unroll 2
            for (int p = 0; p < np; p++)
                acc[i][p] = _mm512_dpbusd_epi32(acc[i][p], c[p], v);
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
        for (int p = 0; p < np; p++) {
            int column = (j + p) * QG_NR;
            __m512i dot = _mm512_sub_epi32(acc[i][p], _mm512_set1_epi32(128 * rowsum[i]));
            if (x->offset)
                dot = _mm512_add_epi32(dot, _mm512_mullo_epi32(_mm512_set1_epi32(x->offset[i0 + i]),
                                                               load(w->colsum + column)));
            __m512 scale = _mm512_mul_ps(_mm512_set1_ps(x->scale[i0 + i]),
                                         _mm512_loadu_ps(w->scales + column));
            __m512 v = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale,
                                       _mm512_loadu_ps(w->bias + column));
            store(y + (size_t)(i0 + i) * (size_t)ldy + column, v, w->n - column);
        }
}

INLINE void rows_s8(float *y, int ldy, const qg_qrows *x, int i0, const qg_panels *w, int mr)
{
    int32_t rowsum[MR];
    int panels = (w->n + QG_NR - 1) / QG_NR, j = 0;
    for (int i = 0; i < mr; i++)
        rowsum[i] = sum_codes(x->codes + (size_t)(i0 + i) * (size_t)x->ld, qg_round_up(w->k, 4));
    for (; j + NP <= panels; j += NP)
        tile_s8(y, ldy, x, i0, w, j, mr, NP, rowsum);
    if (j < panels)
        tile_s8(y, ldy, x, i0, w, j, mr, 1, rowsum);
}

void qg_gemm_s8__avx512vnni(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    int i = 0;
    assert(x->ld >= qg_round_up(w->k, 4));
    for (; i + MR <= m; i += MR)
        rows_s8(y, ldy, x, i, w, MR);
    for (; i + 4 <= m; i += 4)
        rows_s8(y, ldy, x, i, w, 4);
    for (; i < m; i++)
        rows_s8(y, ldy, x, i, w, 1);
}

/* One group of 8-k words: nibbles become unsigned codes + 8. A group that does not end on a
 * multiple of 8 is left to the AVX2 kernel by the dispatcher below. */
INLINE void tile_s4(float *y, int ldy, const qg_qrows *x, int i0, const qg_panels *w, int j, int mr,
                    int groups, const int32_t *sums)
{
    size_t kp = (size_t)qg_round_up(w->k, 8), ld = (size_t)x->ld;
    const int8_t *a = x->codes + (size_t)i0 * ld;
    const uint8_t *b = (const uint8_t *)w->codes + (size_t)j * kp / 8 * QG_NR * 4;
    const float *scales = w->scales + (size_t)j * (size_t)groups * QG_NR;
    const __m512i low = _mm512_set1_epi8(15);
    __m512 total[MR];
#pragma GCC unroll 12
    for (int i = 0; i < mr; i++)
        total[i] = _mm512_setzero_ps();
    for (int g = 0; g < groups; g++) {
        size_t k = (size_t)g * (size_t)w->group, end = k + (size_t)w->group;
        __m512i acc[MR];
        if (end > kp)
            end = kp;
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++)
            acc[i] = _mm512_setzero_si512();
        for (; k < end; k += 8) {
            __m512i both = load(b + k / 8 * QG_NR * 4);
            __m512i c0 = _mm512_and_si512(both, low);
            __m512i c1 = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
#pragma GCC unroll 12
            for (int i = 0; i < mr; i++) {
                acc[i] = _mm512_dpbusd_epi32(acc[i], c0, four_codes(a + (size_t)i * ld + k));
                acc[i] = _mm512_dpbusd_epi32(acc[i], c1, four_codes(a + (size_t)i * ld + k + 4));
            }
        }
        __m512 s = _mm512_loadu_ps(scales + (size_t)g * QG_NR);
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++) {
            __m512i excess = _mm512_set1_epi32(8 * sums[i * MAX_GROUPS + g]);
            total[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(acc[i], excess)), s,
                                       total[i]);
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < mr; i++) {
        int column = j * QG_NR;
        __m512 v = _mm512_fmadd_ps(total[i], _mm512_set1_ps(x->scale[i0 + i]),
                                   _mm512_loadu_ps(w->bias + column));
        store(y + (size_t)(i0 + i) * (size_t)ldy + column, v, w->n - column);
    }
}

INLINE void rows_s4(float *y, int ldy, const qg_qrows *x, int i0, const qg_panels *w, int mr,
                    int groups)
{
    int32_t sums[MR * MAX_GROUPS];
    int panels = (w->n + QG_NR - 1) / QG_NR, kp = qg_round_up(w->k, 8);
    for (int i = 0; i < mr; i++)
        for (int g = 0; g < groups; g++) {
            int k = g * w->group, n = kp - k < w->group ? kp - k : w->group;
            sums[i * MAX_GROUPS + g] =
                sum_codes(x->codes + (size_t)(i0 + i) * (size_t)x->ld + k, n);
        }
    for (int j = 0; j < panels; j++)
        tile_s4(y, ldy, x, i0, w, j, mr, groups, sums);
}

void qg_gemm_s4s8__avx512vnni(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    int i = 0, groups = (w->k + w->group - 1) / w->group;
    if ((groups > 1 && w->group % 8 != 0) || groups > MAX_GROUPS) {
        qg_gemm_s4s8__avx2(y, ldy, x, m, w);
        return;
    }
    for (; i + MR <= m; i += MR)
        rows_s4(y, ldy, x, i, w, MR, groups);
    for (; i < m; i++)
        rows_s4(y, ldy, x, i, w, 1, groups);
}
