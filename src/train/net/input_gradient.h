/*
 * input_gradient.h - gradients with respect to what goes into the net, and none of its weights.
 */
#ifndef QGRID_TRAIN_INPUT_GRADIENT_H
#define QGRID_TRAIN_INPUT_GRADIENT_H

#include "qgrid/qat.h"

/* Where vectors stand in for the tokens. */
typedef enum qg_entry {
    QG_ENTRY_WORDS,     /* rows of the word table */
    QG_ENTRY_EMBEDDINGS /* what the first layer reads */
} qg_entry;

/** x [T, C]: what the tokens of a batch are at an entry. @errors QG_EMODEL, QG_EBUG. Local. */
qg_code qg_net_embed(float *x, qg_net *net, const qg_train_batch *batch,
                     qg_entry entry) QG_MUST_USE;

/**
 * Logit or probability of class label[b] of each text, and its gradient with respect to vectors x
 * at an entry; without dropout. Where `qat` quantizes inputs of Linear layers the gradient passes
 * straight through (Bengio, Leonard, Courville, 2013, arXiv:1308.3432). The bits of a text do not
 * depend on the batch around it.
 *
 * @param[out] value  [B]
 * @param[out] dx     [T, C], or NULL: values only
 * @param      qat    NULL or how inputs are quantized
 * @param      batch  ids may be NULL
 * @param      x      [T, C]
 * @errors QG_EMODEL (length, label), QG_ENUMERIC, QG_ELOST, QG_EBUG. Local.
 */
qg_code qg_net_input_gradient(double *value, float *dx, qg_net *net, const qg_qat *qat,
                              const qg_train_batch *batch, const float *x, qg_entry entry,
                              bool probability) QG_MUST_USE;

#endif
