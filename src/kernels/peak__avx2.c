/*
 * peak__avx2.c - most multiply-adds of AVX2: f32 fma; bytes as the products here take them
 * (vpmaddwd of 16-bit pairs, then an addition, which cannot saturate); memory.
 */
#include "kernels/peak.h"

#include <immintrin.h>

double qg_probe_fma_f32__avx2(int64_t rounds)
{
    __m256 b = _mm256_set1_ps(1.0f), c = _mm256_set1_ps(0.5f);
#define DECLARE(i) __m256 a##i = _mm256_setzero_ps();
#define STEP(i)    __asm__ volatile("vfmadd231ps %1, %2, %0" : "+x"(a##i) : "x"(b), "x"(c));
    QG_PROBE_12(DECLARE)
    for (int64_t r = 0; r < rounds; r++) {
        QG_PROBE_12(STEP)
    }
#undef DECLARE
#undef STEP
    return (double)rounds * QG_PROBE_CHAINS * 8 * 2;
}

double qg_probe_madd_s8__avx2(int64_t rounds)
{
    __m256i b = _mm256_set1_epi16(3), c = _mm256_set1_epi16(2), t = b;
#define DECLARE(i) __m256i a##i = _mm256_setzero_si256();
#define STEP(i)                                                                                    \
    __asm__ volatile("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0"                                    \
                     : "+x"(a##i), "=&x"(t)                                                        \
                     : "x"(b), "x"(c));
    QG_PROBE_12(DECLARE)
    for (int64_t r = 0; r < rounds; r++) {
        QG_PROBE_12(STEP)
    }
#undef DECLARE
#undef STEP
    return (double)rounds * QG_PROBE_CHAINS * 16 * 2;
}

#define NAME(probe) qg_probe_##probe##__avx2
#define WIDTH       32
#include "kernels/peak_memory.inc"
