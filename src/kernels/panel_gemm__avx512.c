/*
 * panel_gemm__avx512.c - 12 x 32 tiles: 24 accumulators, 2 weights and a broadcast in 32 registers.
 */
#define QG_ISA avx512
enum { QG_MR = 12, QG_NP = 2 };
#include "panel_gemm.inc"
