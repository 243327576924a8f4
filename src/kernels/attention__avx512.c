/*
 * attention__avx512.c - attention for this instruction set.
 */
#define QG_ISA avx512
#include "attention.inc"
