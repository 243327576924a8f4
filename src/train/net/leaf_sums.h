/*
 * leaf_sums.h - the leaves that one pass computes together, and sums over them.
 *
 * A leaf's sum is made row after row, the leaves' sums are joined in the tree of tree.c: the same
 * bits whether leaves are computed together or apart.
 */
#ifndef QGRID_TRAIN_PARTS_H
#define QGRID_TRAIN_PARTS_H

#include "layernorm_rows.h"

#include <stdint.h>

/* Rows of leaf l: row[l] .. row[l+1] - 1. */
typedef struct qg_parts {
    int n;
    const int32_t *row; /* [n + 1] */
    float *const *sum;  /* [n] room for the sums of a leaf */
} qg_parts;

/** out [n] = sums over the rows of x [m, n]. */
void qg_parts_column_sums(float *out, const qg_parts *p, const float *x, int n);

/** qg_norm_backward over all rows; dgamma and dbeta may be NULL together. */
void qg_parts_norm_backward(float *dx, float *dgamma, float *dbeta, const qg_parts *p,
                            const float *dy, const qg_norm_state *s, const float *gamma, int C);

/* Row `row` of x belongs to row `key` of a table. */
typedef struct qg_keyed {
    int32_t key, row;
} qg_keyed;

/** table[key] = the sum of the rows of x [., C] that belong there, for every key in `keyed` [n],
 *  which comes back sorted. Other rows of the table stay. */
void qg_parts_table_sums(float *table, qg_keyed *keyed, int n, const qg_parts *p, const float *x,
                         int C);

#endif
