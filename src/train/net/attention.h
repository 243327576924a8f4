/*
 * attention.h - softmax attention of one text with dropout, and its backward.
 *
 * Probabilities are not kept: backward computes them again from q and k, which costs less than
 * their memory of H n^2 a layer.
 */
#ifndef QGRID_TRAIN_ATTENTION_H
#define QGRID_TRAIN_ATTENTION_H

#include "qgrid/kernel.h"
#include "qgrid/rng.h"

/* One text in one layer. */
typedef struct qg_attention {
    const float *qkv; /* [n, 3C]: q, k, v side by side, heads of D columns in each */
    int n, seen;      /* rows; leading rows that are attended to, 1 <= seen <= n */
    int H, D;
    double dropout;
    const qg_rng *key; /* of the step */
    int64_t sample;
    int layer;
    bool halved; /* backward gives each factor of a product half: the uniform rule of relevance */
    float *scratch; /* [qg_attention_floats(n, D)] */
    const qg_kernels *kernels;
} qg_attention;

/** Numbers that a text of n rows needs as scratch. */
size_t qg_attention_floats(int n, int D);

/** out [n, C] = dropout(softmax(q k^T / sqrt(D))) v, heads side by side. */
void qg_attention_forward(float *out, const qg_attention *a);

/** dqkv [n, 3C] from the gradient of `out`. */
void qg_attention_backward(float *dqkv, const float *dout, const qg_attention *a);

#endif
