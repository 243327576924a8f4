/*
 * gemm_s8__avx2.c - 8-bit and 4-bit weights with 8-bit activations by 16-bit products.
 *
 * Bytes are widened to 16 bits and multiplied in pairs by vpmaddwd, whose 32-bit sums cannot
 * overflow; the byte product of older processors (vpmaddubsw) saturates and is not used.
 */
#include "kernels_internal.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

/* Four codes of A, widened, in each 64-bit lane. */
static inline __m256i four_codes(const int8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm256_cvtepi8_epi16(_mm_set1_epi32(v));
}

/* acc[q] holds channels 4q .. 4q+3, two partial sums each. w: 16 channels x 4 k, bytes. */
static inline void step(__m256i acc[4], const int8_t *w, __m256i a)
{
    for (int q = 0; q < 4; q++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(w + 16 * q));
        acc[q] = _mm256_add_epi32(acc[q], _mm256_madd_epi16(_mm256_cvtepi8_epi16(bytes), a));
    }
}

static void finish(int32_t dot[16], const __m256i acc[4])
{
    for (int q = 0; q < 4; q++) {
        int32_t t[8];
        memcpy(t, &acc[q], sizeof t);
        for (int c = 0; c < 4; c++)
            dot[4 * q + c] = t[2 * c] + t[2 * c + 1];
    }
}

static void dot_s8(int32_t dot[16], const int8_t *row, const int8_t *panel, int kp)
{
    __m256i acc[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                      _mm256_setzero_si256()};
    for (int k = 0; k < kp; k += 4)
        step(acc, panel + (size_t)k * QG_NR, four_codes(row + k));
    finish(dot, acc);
}

void qg_gemm_s8__avx2(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    int kp = qg_round_up(w->k, 4);
    for (int j = 0; j < w->n; j += QG_NR) {
        const int8_t *panel = (const int8_t *)w->codes + (size_t)j * (size_t)kp;
        int columns = w->n - j < QG_NR ? w->n - j : QG_NR;
        for (int i = 0; i < m; i++) {
            int32_t dot[16];
            float *out = y + (size_t)i * (size_t)ldy + j;
            dot_s8(dot, x->codes + (size_t)i * (size_t)x->ld, panel, kp);
            for (int c = 0; c < columns; c++) {
                int32_t d = x->offset ? dot[c] + x->offset[i] * w->colsum[j + c] : dot[c];
                out[c] = fmaf((float)d, x->scale[i] * w->scales[j + c], w->bias[j + c]);
            }
        }
    }
}

/* 8 k of a panel: nibbles to signed bytes, first the low four k, then the high four. */
static inline void unpack(int8_t out[128], const uint8_t *codes)
{
    const __m256i low = _mm256_set1_epi8(15), eight = _mm256_set1_epi8(8);
    for (int half = 0; half < 2; half++) {
        __m256i both = _mm256_loadu_si256((const __m256i *)(const void *)(codes + 32 * half));
        __m256i c0 = _mm256_sub_epi8(_mm256_and_si256(both, low), eight);
        __m256i c1 = _mm256_sub_epi8(_mm256_and_si256(_mm256_srli_epi16(both, 4), low), eight);
        _mm256_storeu_si256((__m256i *)(void *)(out + 32 * half), c0);
        _mm256_storeu_si256((__m256i *)(void *)(out + 64 + 32 * half), c1);
    }
}

/* Columns k .. end-1 of a row, the rest of the last eight as zeros. */
static inline __m256i codes_in(const int8_t *row, int k, int begin, int end)
{
    int8_t t[4];
    if (k >= begin && k + 4 <= end)
        return four_codes(row + k);
    for (int i = 0; i < 4; i++)
        t[i] = k + i >= begin && k + i < end ? row[k + i] : 0;
    return four_codes(t);
}

static void dot_s4(int32_t dot[16], const int8_t *row, const uint8_t *panel, int begin, int end)
{
    __m256i acc[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                      _mm256_setzero_si256()};
    for (int k = begin / 8 * 8; k < end; k += 8) {
        int8_t bytes[128];
        unpack(bytes, panel + (size_t)(k / 8) * QG_NR * 4);
        step(acc, bytes, codes_in(row, k, begin, end));
        step(acc, bytes + 64, codes_in(row, k + 4, begin, end));
    }
    finish(dot, acc);
}

void qg_gemm_s4s8__avx2(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    int kp = qg_round_up(w->k, 8), groups = (w->k + w->group - 1) / w->group;
    for (int j = 0; j < w->n; j += QG_NR) {
        const uint8_t *panel = (const uint8_t *)w->codes + (size_t)j * (size_t)kp / 2;
        const float *scales = w->scales + (size_t)j * (size_t)groups;
        int columns = w->n - j < QG_NR ? w->n - j : QG_NR;
        for (int i = 0; i < m; i++) {
            float total[16] = {0};
            for (int g = 0; g < groups; g++) {
                int32_t dot[16];
                int end = (g + 1) * w->group < w->k ? (g + 1) * w->group : w->k;
                dot_s4(dot, x->codes + (size_t)i * (size_t)x->ld, panel, g * w->group, end);
                for (int c = 0; c < 16; c++)
                    total[c] = fmaf((float)dot[c], scales[g * QG_NR + c], total[c]);
            }
            for (int c = 0; c < columns; c++)
                y[(size_t)i * (size_t)ldy + (size_t)(j + c)] =
                    fmaf(total[c], x->scale[i], w->bias[j + c]);
        }
    }
}
