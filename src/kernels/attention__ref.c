/*
 * attention__ref.c - attention for this instruction set.
 */
#define QG_ISA ref
#include "attention.inc"
