/* rowops__avx2.c - the row operations for AVX2, FMA and F16C. */
#include "kernels/v16_avx2.h"

#define QG_ISA(name) name##__avx2
#include "kernels/rowops.inc"
#include "kernels/matmul.inc"
