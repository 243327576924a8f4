/* gemm_s8__avx512vnni.c - 8-bit product, tiles of 12 rows by 2 panels (AVX512-VNNI). */
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#define QG_ISA(name) name##__avx512vnni
#define VEC          16
#define TILE_ROWS    12

typedef __m512i ivec;

#define iv_load(p)         _mm512_loadu_si512(p)
#define iv_set1(x)         _mm512_set1_epi32(x)
#define iv_xor(a, b)       _mm512_xor_si512(a, b)
#define iv_dpbusd(s, u, x) _mm512_dpbusd_epi32(s, u, x)

static inline vi16 iv_panel(const ivec *v)
{
    return v[0];
}

#include "kernels/gemm_s8_vnni.inc"
