/*
 * distill.h - a teacher beside the net: its forward pass on the same leaves, and what it adds to
 * loss and gradients.
 */
#ifndef QGRID_TRAIN_DISTILL_H
#define QGRID_TRAIN_DISTILL_H

#include "net.h"

struct qg_teacher {
    qg_distill options;
    qg_net *net;
    float *logits; /* [texts, K] of the leaf in hand */
};

qg_code qg_teacher_create(qg_teacher **out, qg_arena *a, const qg_net_options *sizes,
                          const qg_params *student, const qg_distill *options) QG_MUST_USE;
void qg_teacher_destroy(qg_teacher *t);

/** Logits and hidden states, without dropout. @errors those of qg_net_forward. */
qg_code qg_teacher_forward(qg_teacher *t, const qg_train_batch *b) QG_MUST_USE;

/** From the leaves' losses of the labels to those of labels and teacher; dlogits likewise. `weight`
 *  as in qg_step. */
void qg_distill_loss(double *loss, float *dlogits, const qg_pass *p, double weight);

/** Adds the gradient of hidden state l (0: embeddings, l: output of layer l) to net->dx. */
void qg_distill_hidden(const qg_pass *p, int l);

#endif
