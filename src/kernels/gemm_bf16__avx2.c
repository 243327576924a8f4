/* gemm_bf16__avx2.c - bfloat16 product in f32 arithmetic, AVX2 and FMA. */
#include "kernels/impl.h"
#include "kernels/v16_avx2.h"

#define QG_ISA(name) name##__avx2
#define BF16_ROWS    2
#include "kernels/gemm_bf16.inc"
