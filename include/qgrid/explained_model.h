/*
 * explained_model.h - a classifier under one precision as explainers see it, gradients included.
 *
 * Gradients are those of the deployed function: weights at the precision's levels (trained step
 * sizes where the folder has them), inputs of Linear layers quantized as they are when deployed,
 * and rounding passed straight through (Bengio, Leonard, Courville, 2013, arXiv:1308.3432). In fp32
 * they are exact.
 */
#ifndef QGRID_EXPLAINED_MODEL_H
#define QGRID_EXPLAINED_MODEL_H

#include "qgrid/explainable.h"
#include "qgrid/mixed.h"

/* A model with its gradients, as one that is trained has them. */
typedef struct qg_explained_model qg_explained_model;

/* How it is run. */
typedef struct qg_explained_options {
    int tokens;              /* computed together: 0: 256. A longer text stands alone */
    bool (*poll)(void *ctx); /* between layers; true: give up with QG_ELOST. May be NULL */
    void *poll_ctx;
} qg_explained_options;

/**
 * Reads a checkpoint and rounds it to the levels of a precision. Memory: the weights in binary32
 * as they are, the rounded ones where the precision is not fp32, and those of Linear layers packed
 * for both directions; activations. Owned handle.
 *
 * @param src  a Hugging Face folder; not a packed one, whose checkpoint is not at hand
 * @errors those of qg_params_load, QG_EUNSUPPORTED (packed; kernels), QG_ENOMEM. Local.
 */
qg_code qg_explained_model_create(qg_explained_model **out, const qg_model_source *src,
                                  const qg_precision_spec *p,
                                  const qg_explained_options *options) QG_MUST_USE;
void qg_explained_model_destroy(qg_explained_model *m);

/** "ste" where gradients pass through rounding of inputs, "exact" where nothing but weights is
 *  quantized. Static text. */
const char *qg_explained_model_gradients(const qg_explained_model *m);

/**
 * Puts a part of its parameters under the precision and takes all others as they were read, with
 * the inputs of Linear layers likewise; NULL: all are under it, as after creation. The logits are
 * those of the deployed model, which the caller puts in the same state. Without effect where
 * nothing is quantized. @errors QG_ENOMEM. Local.
 */
qg_code qg_explained_model_take_part(qg_explained_model *m, const qg_model_part *part) QG_MUST_USE;

/**
 * Draws a part of its parameters anew, in place of those it was read with (qg_drawn_parts
 * of checkpoint.h: from the top down): the step of a parameter-randomisation check. Only without
 * quantization, and for functions without a deployed model.
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_explained_model_draw_part(qg_explained_model *m, int part, uint64_t seed) QG_MUST_USE;

/**
 * Adds normal noise to the word vectors of tokens ids [n], as they are now: sigma times the
 * standard deviation of the word table. What is drawn depends on seed, draw and token alone, and a
 * second call takes the place of the first. draw -1: without noise. @errors as above.
 */
qg_code qg_explained_model_disturb(qg_explained_model *m, const int32_t *ids, int64_t n,
                                   double sigma, uint64_t seed, int64_t draw) QG_MUST_USE;

/** The parameters as they were read. Local. */
void qg_explained_model_restore(qg_explained_model *m);

/**
 * Its functions; valid as long as both models are. Any batch will do: it is cut to what the memory
 * holds.
 * @param deployed  the packed model, whose logits perturbation methods ask for and whose attention
 *                  is looked at; NULL: logits come from the model that is differentiated
 */
qg_explainable qg_explained_model_functions(qg_explained_model *m, qg_model *deployed);

#endif
