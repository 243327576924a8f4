/* rowops__avx512.c - the row operations for AVX-512 F, BW, VL, DQ. */
#include "kernels/v16_avx512.h"

#define QG_ISA(name) name##__avx512
#include "kernels/rowops.inc"
#include "kernels/matmul.inc"
