/* gemm_s8__avxvnni.c - 8-bit product, tiles of 6 rows by 1 panel (AVX-VNNI, no AVX-512). */
#include "kernels/impl.h"
#include "kernels/v16_avx2.h"

#define QG_ISA(name) name##__avxvnni
#define VEC          8
#define TILE_ROWS    6

typedef __m256i ivec;

#define iv_load(p)         _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define iv_set1(x)         _mm256_set1_epi32(x)
#define iv_xor(a, b)       _mm256_xor_si256(a, b)
#define iv_dpbusd(s, u, x) _mm256_dpbusd_avx_epi32(s, u, x)

static inline vi16 iv_panel(const ivec *v)
{
    return (vi16){v[0], v[1]};
}

#include "kernels/gemm_s8_vnni.inc"
