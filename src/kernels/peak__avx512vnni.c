/*
 * peak__avx512vnni.c - most u8 x s8 multiply-adds of AVX512-VNNI (vpdpbusd).
 */
#include "kernels/peak.h"

#include <immintrin.h>

double qg_probe_vnni_s8__avx512vnni(int64_t rounds)
{
    __m512i b = _mm512_set1_epi8(3), c = _mm512_set1_epi8(2);
#define DECLARE(i) __m512i a##i = _mm512_setzero_si512();
#define STEP(i)    __asm__ volatile("vpdpbusd %1, %2, %0" : "+v"(a##i) : "v"(b), "v"(c));
    QG_PROBE_12(DECLARE)
    for (int64_t r = 0; r < rounds; r++) {
        QG_PROBE_12(STEP)
    }
    return (double)rounds * QG_PROBE_CHAINS * 64 * 2;
}
