/*
 * product.h - the large products of the decoder of masked-language modelling: OpenBLAS, one thread.
 *
 * The bits of a product depend on its shape and the kind of processor, so shapes are fixed by the
 * leaf.
 */
#ifndef QGRID_TRAIN_PRODUCT_H
#define QGRID_TRAIN_PRODUCT_H

typedef struct qg_matrix {
    const float *at;
    int ld;
} qg_matrix;

/** One thread for this process. */
void qg_product_single_thread(void);

/** y [m, n] = alpha a [m, k] b [n, k]^T. */
void qg_product_nt(float *y, int ldy, qg_matrix a, qg_matrix b, int m, int n, int k, float alpha);

/** y [m, n] = alpha a [m, k] b [k, n]. */
void qg_product_nn(float *y, int ldy, qg_matrix a, qg_matrix b, int m, int n, int k, float alpha);

/** y [m, n] += a [k, m]^T b [k, n]. */
void qg_product_tn_add(float *y, int ldy, qg_matrix a, qg_matrix b, int m, int n, int k);

#endif
