/*
 * peak__avx512.c - most multiply-adds of AVX-512: f32 fma; bytes as the products here take them
 * (vpmaddwd of 16-bit pairs, then an addition, which cannot saturate); memory.
 */
#include "kernels/peak.h"

#include <immintrin.h>

double qg_probe_fma_f32__avx512(int64_t rounds)
{
    __m512 b = _mm512_set1_ps(1.0f), c = _mm512_set1_ps(0.5f);
#define DECLARE(i) __m512 a##i = _mm512_setzero_ps();
#define STEP(i)    __asm__ volatile("vfmadd231ps %1, %2, %0" : "+v"(a##i) : "v"(b), "v"(c));
    QG_PROBE_12(DECLARE)
    for (int64_t r = 0; r < rounds; r++) {
        QG_PROBE_12(STEP)
    }
#undef DECLARE
#undef STEP
    return (double)rounds * QG_PROBE_CHAINS * 16 * 2;
}

double qg_probe_madd_s8__avx512(int64_t rounds)
{
    __m512i b = _mm512_set1_epi16(3), c = _mm512_set1_epi16(2), t = b;
#define DECLARE(i) __m512i a##i = _mm512_setzero_si512();
#define STEP(i)                                                                                    \
    __asm__ volatile("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0"                                    \
                     : "+v"(a##i), "=&v"(t)                                                        \
                     : "v"(b), "v"(c));
    QG_PROBE_12(DECLARE)
    for (int64_t r = 0; r < rounds; r++) {
        QG_PROBE_12(STEP)
    }
#undef DECLARE
#undef STEP
    return (double)rounds * QG_PROBE_CHAINS * 32 * 2;
}

#define NAME(probe) qg_probe_##probe##__avx512
#define WIDTH       64
#include "kernels/peak_memory.inc"
