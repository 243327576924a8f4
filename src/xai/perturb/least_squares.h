/*
 * least_squares.h - small symmetric systems in double, summed in a fixed order: the bits do not
 * depend on the machine's BLAS.
 */
#ifndef QGRID_LEAST_SQUARES_H
#define QGRID_LEAST_SQUARES_H

#include "qgrid/arena.h"

/**
 * x [n] with A x = b for a symmetric positive semi-definite A [n, n]: by Cholesky; where A is
 * singular, the shortest least-squares solution. Scratch in the arena. @errors QG_ENOMEM. Local.
 */
qg_code qg_solve_symmetric(double *x, const double *A, const double *b, int n,
                           qg_arena *a) QG_MUST_USE;

#endif
