/* gemm_s4s8__avx512.c - 4-bit product, tiles of 6 rows by 16 channels (AVX-512 BW). */
#include "kernels/impl.h"
#include "kernels/dot16_avx512.h"

#define QG_ISA(name) name##__avx512
#define S4_ROWS      6

#include "kernels/gemm_s4s8.inc"
