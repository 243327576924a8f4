/* gemm_s8__avx512.c - 8-bit product, tiles of 8 rows by 16 channels (AVX-512 BW). */
#include "kernels/impl.h"
#include "kernels/dot16_avx512.h"

#define QG_ISA(name) name##__avx512
#define S8_ROWS      8

#include "kernels/gemm_s8.inc"
