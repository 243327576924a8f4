/*
 * random_model.h - checkpoints with random weights: for tests and measurements of models whose real
 * weights are not at hand.
 *
 * Weights are those of transformers' _init_weights (4.5.1): N(0, initializer_range), the padding
 * row and biases 0, norms 1 and 0. A tensor's numbers depend on the seed and its name only.
 */
#ifndef QGRID_RANDOM_MODEL_H
#define QGRID_RANDOM_MODEL_H

#include "qgrid/family.h"

/** Writes every tensor of a classifier, or all but the classifier itself, to `path`, a safetensors
 *  file, atomically. @errors QG_EIO, QG_ENOMEM. Local. */
qg_code qg_random_model_weights(const char *path, const qg_config *c, bool with_classifier,
                                int64_t seed) QG_MUST_USE;

#endif
