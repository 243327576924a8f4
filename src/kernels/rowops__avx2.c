/*
 * rowops__avx2.c - row operations for this instruction set.
 */
#define QG_ISA avx2
#include "rowops.inc"
