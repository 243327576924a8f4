/*
 * layernorm_rows.h - row operations of training: LayerNorm, bias, activations, with their backward.
 *
 * Sums along a row are 8 interleaved partial sums in double, joined in one order.
 */
#ifndef QGRID_TRAIN_ROWS_H
#define QGRID_TRAIN_ROWS_H

#include "qgrid/kernel.h"

typedef struct qg_norm_weights {
    const float *gamma, *beta; /* [C] */
    double eps;
} qg_norm_weights;

/* What backward needs of a LayerNorm. */
typedef struct qg_norm_state {
    float *unit; /* [m, C] (x - mean) / sqrt(var + eps) */
    float *rstd; /* [m] */
} qg_norm_state;

/** y = unit * gamma + beta of x + r, rows of C; r may be NULL; x may be s->unit. */
void qg_norm_forward(float *y, const qg_norm_state *s, const float *x, const float *r,
                     const qg_norm_weights *w, int m, int C);

/** dx of x + r (may be dy); dgamma, dbeta [C] are written. Ba, Kiros, Hinton, arXiv:1607.06450. */
void qg_norm_backward(float *dx, float *dgamma, float *dbeta, const float *dy,
                      const qg_norm_state *s, const float *gamma, int m, int C);

/** dx of x + r (may be dy) with the deviation of each row, s->rstd, taken for a constant. */
void qg_norm_chord(float *dx, const float *dy, const qg_norm_state *s, const float *gamma, int m,
                   int C);

/** y[r] += bias, rows of n. */
void qg_add_bias(float *y, const float *bias, int m, int n);

/** out[n] = sums over the rows of x [m, n]. */
void qg_column_sums(float *out, const float *x, int m, int n);

/** a[i] += b[i] elementwise. */
void qg_add_to(float *a, const float *b, size_t n);

/** d *= act'(u) for n values; g = act(u). GELU: Phi(u) + u phi(u), Hendrycks, Gimpel,
 *  arXiv:1606.08415. */
void qg_activation_backward(float *d, const float *u, const float *g, size_t n, qg_activation act,
                            const qg_kernels *k);

/** d *= act(u) / u for n values, with the limit at 0; g = act(u). */
void qg_activation_chord(float *d, const float *u, const float *g, size_t n, qg_activation act,
                         const qg_kernels *k);

#endif
