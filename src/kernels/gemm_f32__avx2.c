/* gemm_f32__avx2.c - f32 product with tiles of 6 rows by 16 columns (AVX2, FMA). */
#include "kernels/impl.h"
#include "kernels/v16_avx2.h"

#define QG_ISA(name) name##__avx2
#define VEC          8
#define TILE_ROWS    6

typedef __m256 vec;

static inline vec vec_zero(void)
{
    return _mm256_setzero_ps();
}

static inline vec vec_set1(float x)
{
    return _mm256_set1_ps(x);
}

static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec vec_load_n(const float *p, int n)
{
    return n >= VEC ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, v_mask(n).a);
}

static inline void vec_store_n(float *p, vec a, int n)
{
    if (n >= VEC)
        _mm256_storeu_ps(p, a);
    else
        _mm256_maskstore_ps(p, v_mask(n).a, a);
}

#include "kernels/decode.inc"
#include "kernels/gemm_f32.inc"
