/*
 * dot16_avx512.h - the functions of dot16_avx2.h with 512-bit registers (AVX-512 BW).
 */
#ifndef QG_DOT16_AVX512_H
#define QG_DOT16_AVX512_H

#include "kernels/v16_avx512.h"

enum { PARTS = 2 };
typedef __m512i dvec;

static inline dvec d_zero(void)
{
    return _mm512_setzero_si512();
}

static inline dvec d_load_s8(const int8_t *p, int part)
{
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)p + part));
}

static inline dvec d_load_u8(const uint8_t *p, int part)
{
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)p + part));
}

static inline dvec d_set4(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm512_cvtepi8_epi16(_mm256_set1_epi32(four));
}

static inline dvec d_madd(dvec sum, dvec x, dvec w)
{
    return _mm512_add_epi32(sum, _mm512_madd_epi16(x, w));
}

static inline dvec d_low_code(dvec bytes)
{
    return _mm512_sub_epi16(_mm512_and_si512(bytes, _mm512_set1_epi16(15)), _mm512_set1_epi16(8));
}

static inline dvec d_high_code(dvec bytes)
{
    return _mm512_sub_epi16(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi16(8));
}

static inline vi16 d_join(const dvec *part)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd =
        _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return _mm512_add_epi32(_mm512_permutex2var_epi32(part[0], even, part[1]),
                            _mm512_permutex2var_epi32(part[0], odd, part[1]));
}

#endif
