/*
 * learned_scales.h - step sizes of weights as parameters: behind the model's in the same block, so
 * that sums, slices, moments and checkpoints take them along.
 *
 * Esser et al., "Learned step size quantization", ICLR 2020, arXiv:1902.08153. The parameter is
 * theta = scale sqrt(Q), Q the largest code: of the size of the weights themselves, so that one
 * learning rate suits both. AdamW takes no notice of a factor of a gradient; with theta its updates
 * have the proportion to the scale that the paper's factor 1 / sqrt(N Q) is there for.
 */
#ifndef QGRID_TRAIN_LEARNED_SCALES_H
#define QGRID_TRAIN_LEARNED_SCALES_H

#include "fakequant.h"

/** Parameter that holds the scales of part `part` of a site. */
const qg_param *qg_scales_param(const qg_params *p, int site, int part);

/** Scales of n elements of the block, never below 2^-23. */
void qg_scales_values(float *scales, const float *theta, size_t n, const qg_precision *scheme);

/** Scales [n][groups] of part `part` of a site; a scale of the whole matrix in every place. */
void qg_scales_of(float *scales, const float *values, const qg_params *p, int site, int part);

/**
 * Gradient of every theta from the gradient of the quantized weights: dL/dscale / sqrt(N Q), N the
 * number of weights that share the scale. Linear in `grad`.
 */
void qg_scales_gradient(float *grad, const float *values, const qg_params *p);

#endif
