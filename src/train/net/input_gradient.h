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

/* What is asked of a class, and how the answer goes back to the input. */
typedef struct qg_input_question {
    qg_entry entry;
    bool probability; /* of the class; false: its logit */
    bool relevance;   /* dx is not the gradient, but x dx, number by number, are relevances */
} qg_input_question;

/** x [T, C]: what the tokens of a batch are at an entry. @errors QG_EMODEL, QG_EBUG. Local. */
qg_code qg_net_embed(float *x, qg_net *net, const qg_train_batch *batch,
                     qg_entry entry) QG_MUST_USE;

/**
 * Logit or probability of class label[b] of each text, and its gradient with respect to vectors x
 * at an entry; without dropout. Where `qat` quantizes inputs of Linear layers the gradient passes
 * straight through (Bengio, Leonard, Courville, 2013, arXiv:1308.3432). The bits of a text do not
 * depend on the batch around it.
 *
 * Relevances are those of AttnLRP (Achtibat et al., ICML 2024, arXiv:2402.05602, section 3) with
 * epsilon to 0. Where an output's relevance is R = z dz, the rules are changed derivatives, and
 * nothing is divided by z:
 *
 *   Linear, residual sums   epsilon rule: the derivative
 *   activation z = f(u)     identity rule: du = dz f(u) / u
 *   LayerNorm               identity rule for the division by the deviation, which is a constant
 *   softmax                 Taylor rule R_i = u_i (R_i' - s_i sum of R'): the derivative
 *   p v and q k^T           uniform rule: half the derivative to each factor
 *
 * Biases, and the softmax, keep what does not go on.
 *
 * @param[out] value  [B]
 * @param[out] dx     [T, C], or NULL: values only
 * @param      qat    NULL or how inputs are quantized
 * @param      batch  ids may be NULL
 * @param      x      [T, C]
 * @errors QG_EMODEL (length, label), QG_ENUMERIC, QG_ELOST, QG_EBUG. Local.
 */
qg_code qg_net_input_gradient(double *value, float *dx, qg_net *net, const qg_qat *qat,
                              const qg_train_batch *batch, const float *x,
                              const qg_input_question *ask) QG_MUST_USE;

#endif
