/*
 * attention__avx2.c - attention for this instruction set.
 */
#define QG_ISA avx2
#include "attention.inc"
