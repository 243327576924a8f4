/*
 * qat.h - quantization-aware training: fake quantization of weights and inputs, learned step sizes.
 */
#ifndef QGRID_QAT_H
#define QGRID_QAT_H

#include "qgrid/train.h"

/* Smallest and largest value seen; set: at least once. */
typedef struct qg_range {
    float lo, hi;
    bool set;
} qg_range;

typedef enum qg_qat_inputs {
    QG_QAT_DEPLOYED, /* as the precision treats them: floats, bfloat16, per token, per text */
    QG_QAT_MOVING    /* per tensor, affine 0..255, moving average of the range (PyTorch's) */
} qg_qat_inputs;

typedef struct qg_qat_options {
    qg_precision_spec precision; /* the grid of the weights and embeddings is the deployed one */
    qg_qat_inputs inputs;
    bool learned;    /* step sizes of the weights are parameters: qg_params_plan_scales */
    uint64_t start;  /* first step with fake quantization; the weights train without it before */
    uint64_t freeze; /* first step with ranges of inputs that stay as they are; 0: never */
} qg_qat_options;

/* PyTorch's eager int8 grid for weights: max|W_row|/127, at least 2^-23, times the reciprocal. For
 * comparison; not in the registry. */
extern const qg_precision qg_precision_torch_int8;

/**
 * Fake quantization as a property of training: weights are a second block, inputs of Linear layers
 * are replaced by their quantized values, gradients pass straight through where nothing was clipped
 * (Jacob et al., CVPR 2018, arXiv:1712.05877; Bengio et al., 2013, arXiv:1308.3432).
 * `params` is borrowed. Owned handle. @errors QG_ENOMEM. Local.
 */
qg_code qg_qat_create(qg_qat **out, const qg_params *params,
                      const qg_qat_options *options) QG_MUST_USE;
void qg_qat_destroy(qg_qat *q);

/** Bytes of it: the fake-quantized weights, their scales, scratch. */
size_t qg_qat_bytes(const qg_qat *q);

/** Call before step `step` is prepared: fake quantization begins, with step sizes measured on the
 *  weights of this moment; ranges freeze. Local. */
void qg_qat_reach(qg_qat *q, uint64_t step, float *values);

/** Fake-quantizes all weights; call when the parameters changed. `values` is borrowed until the
 *  next call. Local. */
void qg_qat_prepare(qg_qat *q, const float *values);
const float *qg_qat_weights(const qg_qat *q); /* [count]; the values themselves before the start */

/** grad[i] = 0 for elements of [from, to) whose weight was clipped in the last prepare. Linear in
 *  grad, so it is applied once, to the sum of the leaves. The gradients of learned step sizes are
 *  part of each leaf's. Local. */
void qg_qat_weight_gradient(float *grad, const qg_qat *q, const float *values, size_t from,
                            size_t to);

/*
 * Ranges of the inputs, [sites]. In a leaf a site quantizes with the state moved by what the leaf
 * itself sees; the state moves after the step, by the union of what the leaves saw. With one leaf
 * a step this is PyTorch's observer; with several it does not depend on who computes them.
 */
qg_range *qg_qat_ranges(qg_qat *q);
const qg_range *qg_net_seen(const qg_net *net); /* of the last qg_net_gradient */
void qg_range_join(qg_range *into, const qg_range *seen, int sites);
void qg_qat_observe(qg_qat *q, const qg_range *seen); /* no effect when frozen */

/** state moved by `seen`: itself at first, then state + 0.01 (seen - state), in binary32. */
qg_range qg_range_moved(qg_range state, qg_range seen);

/* Scale and zero point of an affine 0..255 grid. */
typedef struct qg_affine {
    float scale;
    int zero;
} qg_affine;
qg_affine qg_affine_of(qg_range r); /* PyTorch's rule, scale at least 2^-23 */

/** y = x on the grid; dx = dy where x was not clipped, else 0 (in place allowed for both). */
void qg_affine_forward(float *y, const float *x, size_t n, qg_affine grid);
void qg_affine_backward(float *dx, const float *dy, const float *x, size_t n, qg_affine grid);

#endif
