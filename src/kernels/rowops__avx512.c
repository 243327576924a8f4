/*
 * rowops__avx512.c - row operations for this instruction set.
 */
#define QG_ISA avx512
#include "rowops.inc"
