/* gemm_bf16__avx512.c - bfloat16 product in f32 arithmetic, AVX-512 F. */
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#define QG_ISA(name) name##__avx512
#define BF16_ROWS    6
#include "kernels/gemm_bf16.inc"
