/* rowops__ref.c - the row operations in plain C. */
#include "kernels/v16_ref.h"

#define QG_ISA(name) name##__ref
#include "kernels/rowops.inc"
#include "kernels/matmul.inc"
