/*
 * fakequant.h - values at the levels of a quantizer, in f32: what Linear layers see in QAT.
 */
#ifndef QGRID_TRAIN_FAKEQUANT_H
#define QGRID_TRAIN_FAKEQUANT_H

#include "qgrid/kernel.h"
#include "qgrid/qat.h"

#include "qgrid/precision.h"

#include <math.h>

typedef enum qg_input_kind {
    QG_INPUT_FLOAT,
    QG_INPUT_BF16,
    QG_INPUT_TOKEN, /* max|x|/127 a row: never clips */
    QG_INPUT_TEXT,  /* affine, one range a text: clips by less than rounding */
    QG_INPUT_MOVING
} qg_input_kind;

/* Of inputs that are not finite: everything on it is NaN, which the loss cannot hide. */
#define QG_NO_LEVELS ((qg_affine){NAN, 0})

/** The deployed treatment of a precision. */
qg_input_kind qg_input_kind_of(const qg_precision *p);

void qg_bf16_forward(float *y, const float *x, size_t n);

/** As kernels' quantize_rows: y = scale code, rows of k. */
void qg_tokens_forward(float *y, const float *x, int m, int k);

/** As the deployed int8_tensor: one range for rows [m, k] of a text. */
void qg_text_forward(float *y, const float *x, int m, int k, const qg_kernels *kernels);

/**
 * Weights of one matrix at a precision's levels: its codes times its scales.
 *
 * @param[out] y      [n, k]
 * @param[out] scales [n * groups]
 * @param      codes  [n * k] scratch of 4 bytes each
 */
void qg_weights_forward(float *y, float *scales, void *codes, const float *w, int n, int k,
                        const qg_precision *p);

/** Elements [from, to) of the matrix: d = 0 where w was clipped. `learned`: and at the outermost
 *  levels, as the paper of learned step sizes has it. */
void qg_weights_backward(float *d, const float *w, const float *scales, size_t from, size_t to,
                         int k, const qg_precision *p, bool learned);

/** Scales of a matrix: n * groups; 0 for float formats. */
size_t qg_weights_scales(const qg_precision *p, int n, int k);

#endif
