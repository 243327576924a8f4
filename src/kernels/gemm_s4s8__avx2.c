/* gemm_s4s8__avx2.c - 4-bit product, tiles of 2 rows by 16 channels (AVX2). */
#include "kernels/impl.h"
#include "kernels/dot16_avx2.h"

#define QG_ISA(name) name##__avx2
#define S4_ROWS      2

#include "kernels/gemm_s4s8.inc"
