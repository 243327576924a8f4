/*
 * peak__avxvnni.c - most u8 x s8 multiply-adds of AVX-VNNI (256-bit vpdpbusd).
 */
#include "kernels/peak.h"

#include <immintrin.h>

double qg_probe_vnni_s8__avxvnni(int64_t rounds)
{
    __m256i b = _mm256_set1_epi8(3), c = _mm256_set1_epi8(2);
#define DECLARE(i) __m256i a##i = _mm256_setzero_si256();
#define STEP(i)    __asm__ volatile("%{vex%} vpdpbusd %1, %2, %0" : "+x"(a##i) : "x"(b), "x"(c));
    QG_PROBE_12(DECLARE)
    for (int64_t r = 0; r < rounds; r++) {
        QG_PROBE_12(STEP)
    }
    return (double)rounds * QG_PROBE_CHAINS * 32 * 2;
}
