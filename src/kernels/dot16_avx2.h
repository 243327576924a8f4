/*
 * dot16_avx2.h - exact integer dot products of 16 channels: bytes widened to 16 bits, pairs summed
 * to 32 bits by vpmaddwd (it cannot saturate here). A channel's four bytes fill a 64-bit lane.
 *
 *   PARTS    vectors that hold the sums of 16 channels, two sums (k even and odd pairs) a channel
 *   d_join   those vectors as 16 sums, in the order of the channels
 */
#ifndef QG_DOT16_AVX2_H
#define QG_DOT16_AVX2_H

#include "kernels/v16_avx2.h"

enum { PARTS = 4 };
typedef __m256i dvec;

static inline dvec d_zero(void)
{
    return _mm256_setzero_si256();
}

/** Part `part` of 64 weight bytes, signed or unsigned. */
static inline dvec d_load_s8(const int8_t *p, int part)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p + part));
}

static inline dvec d_load_u8(const uint8_t *p, int part)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p + part));
}

/** Four activations, the same in each 64-bit lane. */
static inline dvec d_set4(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
}

static inline dvec d_madd(dvec sum, dvec x, dvec w)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
}

/** Codes of the low and the high nibbles of bytes widened to 16 bits. */
static inline dvec d_low_code(dvec bytes)
{
    return _mm256_sub_epi16(_mm256_and_si256(bytes, _mm256_set1_epi16(15)), _mm256_set1_epi16(8));
}

static inline dvec d_high_code(dvec bytes)
{
    return _mm256_sub_epi16(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi16(8));
}

static inline vi16 d_join(const dvec *part)
{
    /* hadd leaves channels 0 1 4 5 | 2 3 6 7 */
    return (vi16){_mm256_permute4x64_epi64(_mm256_hadd_epi32(part[0], part[1]), 0xd8),
                  _mm256_permute4x64_epi64(_mm256_hadd_epi32(part[2], part[3]), 0xd8)};
}

#endif
