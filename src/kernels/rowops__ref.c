/*
 * rowops__ref.c - row operations for this instruction set.
 */
#define QG_ISA ref
#include "rowops.inc"
