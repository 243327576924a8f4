/*
 * peak__avx512bf16.c - most bf16 multiply-adds of AVX512-BF16 (vdpbf16ps).
 */
#include "kernels/peak.h"

#include <immintrin.h>

double qg_probe_bf16__avx512bf16(int64_t rounds)
{
    __m512i b = _mm512_set1_epi16(0x3f80), c = _mm512_set1_epi16(0x3f00); /* 1 and 0.5 */
#define DECLARE(i) __m512 a##i = _mm512_setzero_ps();
#define STEP(i)    __asm__ volatile("vdpbf16ps %1, %2, %0" : "+v"(a##i) : "v"(b), "v"(c));
    QG_PROBE_12(DECLARE)
    for (int64_t r = 0; r < rounds; r++) {
        QG_PROBE_12(STEP)
    }
    return (double)rounds * QG_PROBE_CHAINS * 32 * 2;
}
