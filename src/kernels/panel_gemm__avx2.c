/*
 * panel_gemm__avx2.c - 4 x 16 tiles: 8 accumulators, 2 weights and a broadcast in 16 registers.
 */
#define QG_ISA avx2
enum { QG_MR = 4, QG_NP = 1 };
#include "panel_gemm.inc"
