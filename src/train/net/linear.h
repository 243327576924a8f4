/*
 * linear.h - Linear layers of training: the one place where fake quantization of inputs enters.
 */
#ifndef QGRID_TRAIN_LINEAR_H
#define QGRID_TRAIN_LINEAR_H

#include "train/qat/fakequant.h"
#include "linear_product.h"

/* How the inputs of Linear layers are treated in one pass; shared by all sites of a net. */
typedef struct qg_hook {
    qg_input_kind kind;
    bool frozen;           /* ranges stay as they are: validation, the last epoch */
    const qg_range *state; /* [sites] moving ranges before the step */
    qg_range *seen;        /* [sites] what the inputs of all leaves were */
    qg_affine *affine;     /* [sites, leaves] */
    int leaves;            /* at most, of a pass */
    const uint32_t *only;  /* [sites] bit i: layer i of a site reads them so; NULL: all do */
    float *plain;          /* [rows, n] product of the input as it is, where `only` is a part */
    float *buffer;         /* [rows * k] the quantized input */
    const qg_kernels *kernels;
} qg_hook;

/* Rows of a Linear layer's input and the texts they belong to. */
typedef struct qg_rows {
    const float *x; /* [m, k] */
    int m, B;
    const int32_t *splits; /* [B + 1] */
    qg_parts parts;
} qg_rows;

/** y [m, n] = hook(x) W^T + b for site number `site`. */
void qg_linear_forward(float *y, const qg_site *s, int site, const qg_rows *x, const qg_hook *hook);

/** Gradients from dy [m, n]: of W and b into `grad` (block of parameters; NULL: not wanted), of x
 *  into dx [m, k]. */
void qg_linear_backward(float *dx, float *grad, const float *dy, const qg_site *s, int site,
                        const qg_rows *x, const qg_hook *hook);

#endif
