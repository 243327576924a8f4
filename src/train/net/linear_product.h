/*
 * linear_product.h - the three products of a Linear layer, on the kernels that inference has.
 *
 *   y  [T, n] = x W^T + b       dx [T, k] = dy W       dW [n, k] = dy^T x
 *
 * W is packed once a step in both directions. An element's bits depend on its row, its column and
 * the values alone, never on T: see gemm_f32 in kernel.h.
 */
#ifndef QGRID_TRAIN_LINEAR_PRODUCT_H
#define QGRID_TRAIN_LINEAR_PRODUCT_H

#include "leaf_sums.h"

#include "qgrid/train.h"

/* Packed weights of one site, and memory for its products. */
typedef struct qg_site {
    qg_linear linear;
    qg_panels forward, backward; /* of W and of W^T */
    float *panels[2], *bias;     /* what they point at; bias [n rounded up to 16] */
    const qg_kernels *kernels;
    struct qg_site_workspace *workspace;
} qg_site;

/* Scratch that all sites of a net share. */
typedef struct qg_site_workspace {
    float *rows, *panels; /* of each leaf dy^T [n, T] and x in panels of T values */
    float *zero;          /* [largest k rounded up to 16] */
    float **tile;         /* [leaves] tiles of W's gradient */
    void *scratch;        /* of a kernel */
} qg_site_workspace;

/** Memory for the products of sites of up to `widest` inputs or outputs and T rows in so many
 *  leaves. @errors QG_ENOMEM. Local. */
qg_code qg_site_workspace_create(qg_site_workspace *out, qg_arena *a, int widest, int T,
                                 int leaves) QG_MUST_USE;

/** Memory of one site. `workspace` and `kernels` are borrowed. @errors QG_ENOMEM. Local. */
qg_code qg_site_create(qg_site *out, qg_arena *a, const qg_linear *linear,
                       qg_site_workspace *workspace, const qg_kernels *kernels) QG_MUST_USE;

/** Packs the weights of `block` (of parameters). */
void qg_site_pack(qg_site *s, const float *block);

void qg_site_forward(float *y, const qg_site *s, const float *x, int T);

/** dx, and W's gradient, summed over the leaves, into `dw` [n, k]; every element is written. */
void qg_site_backward(float *dx, float *dw, const qg_site *s, const float *dy, const float *x,
                      const qg_parts *p);

/** dx alone, of T rows: the same bits. */
void qg_site_input_backward(float *dx, const qg_site *s, const float *dy, int T);

#endif
