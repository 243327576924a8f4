/* gemm_f32__avx512.c - f32 product with tiles of 12 rows by 32 columns (AVX-512 F). */
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#define QG_ISA(name) name##__avx512
#define VEC          16
#define TILE_ROWS    12

typedef __m512 vec;

static inline vec vec_zero(void)
{
    return _mm512_setzero_ps();
}

static inline vec vec_set1(float x)
{
    return _mm512_set1_ps(x);
}

static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vec vec_load_n(const float *p, int n)
{
    return _mm512_maskz_loadu_ps(v_mask(n), p);
}

static inline void vec_store_n(float *p, vec a, int n)
{
    _mm512_mask_storeu_ps(p, v_mask(n), a);
}

#include "kernels/decode.inc"
#include "kernels/gemm_f32.inc"
