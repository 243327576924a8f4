/*
 * trainer.h - the state of a training run in one process: parameters, moments, gradients; its step.
 *
 * The step is the one of train.h for a gang of one: all leaves, one slice. Two runs with equal
 * parameters, texts, options and orders give the same bits.
 */
#ifndef QGRID_TRAINER_H
#define QGRID_TRAINER_H

#include "qgrid/train.h"

typedef struct qg_trainer_options {
    int batch;   /* texts of a step at most */
    int leaves;  /* of a step; fixes the order of its sums */
    double clip; /* largest norm of the gradient; 0: not clipped */
    qg_adamw adamw;
    qg_schedule schedule;
    qg_net_options net;        /* tokens, texts, longest are filled in */
    const qg_qat_options *qat; /* NULL: none; only create looks at it */
    const qg_masking *masking; /* of masked-language modelling, borrowed; else NULL */
} qg_trainer_options;

typedef struct qg_trainer qg_trainer;

/**
 * @param params, values, train  borrowed; a step changes `values`
 * @param longest  tokens of the longest text that a step or qg_trainer_forward will see
 * Owned handle. @errors QG_ENOMEM, QG_EUNSUPPORTED (kernels), QG_EBUG. Local.
 */
qg_code qg_trainer_create(qg_trainer **out, const qg_params *params, float *values,
                          const qg_train_set *train, int longest,
                          const qg_trainer_options *options) QG_MUST_USE;
void qg_trainer_destroy(qg_trainer *t);

/** Bytes of the run: moments, gradients, activations. */
size_t qg_trainer_bytes(const qg_trainer *t);

typedef struct qg_step_report {
    double loss, learning_rate;
    double norm; /* of the gradient, before clipping */
    int64_t tokens;
} qg_step_report;

/**
 * One step on texts index[0..n) of the training set. After an error the parameters are those before
 * the step.
 *
 * @param number  0-based; the learning rate, the dropout and AdamW's corrections depend on it
 * @errors those of qg_net_gradient and qg_clip. Local.
 */
qg_code qg_trainer_step(qg_step_report *out, qg_trainer *t, const int64_t *index, int n,
                        uint64_t number) QG_MUST_USE;

/** How many texts of `set` from `first` on fit into one pass of qg_trainer_forward; at least 1
 *  unless first is set->n. */
int qg_trainer_fits(const qg_trainer *t, const qg_train_set *set, int64_t first);

/** Logits [n, K] of texts first..first+n-1 under the parameters as they are: no dropout, no fake
 *  quantization. @errors those of qg_net_forward. Local. */
qg_code qg_trainer_forward(float *logits, qg_trainer *t, const qg_train_set *set, int64_t first,
                           int n) QG_MUST_USE;

/** Adds the score of masked texts first..first+n-1, whose masks are always the same. Without
 *  dropout. @errors those of qg_net_mlm_score. Local. */
qg_code qg_trainer_mlm_score(qg_mlm_score *sum, qg_trainer *t, const qg_train_set *set,
                             int64_t first, int n) QG_MUST_USE;

#endif
