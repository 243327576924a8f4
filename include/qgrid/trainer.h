/*
 * trainer.h - the state of a training run: parameters, moments, gradients; its step.
 *
 * The step is the one of train.h, over a gang: each member computes its share of the leaves, sums
 * up and updates one slice, and gets the others' slices. Runs with equal parameters, texts, options
 * and orders give the same bits, whatever the size of the gang.
 */
#ifndef QGRID_TRAINER_H
#define QGRID_TRAINER_H

#include "qgrid/gang.h"
#include "qgrid/mlm.h"
#include "qgrid/optimizer.h"
#include "qgrid/qat.h"

/* How gradients are summed over the members. */
typedef enum qg_reduce {
    QG_REDUCE_TREE, /* the tree over the leaves goes on: the same bits for any number of members */
    QG_REDUCE_MPI   /* MPI_Allreduce of the whole gradient: for comparison */
} qg_reduce;

typedef struct qg_trainer_options {
    int batch;       /* texts of a step at most */
    int leaves;      /* of a step; fixes the order of its sums */
    int pass_tokens; /* of leaves computed together, at most; 0: 1536. More memory, fewer passes,
                      * the same bits */
    double clip;     /* largest norm of the gradient; 0: not clipped */
    qg_adamw adamw;
    qg_schedule schedule;
    qg_net_options net;            /* tokens, texts, longest are filled in */
    const qg_qat_options *qat;     /* NULL: none; only create looks at it */
    const qg_mlm_masking *masking; /* of masked-language modelling, borrowed; else NULL */
    const qg_gang *gang;           /* NULL: one process; borrowed */
    qg_reduce reduce;
} qg_trainer_options;

/* Takes training steps, alone or as a member of a gang. */
typedef struct qg_trainer qg_trainer;

/**
 * @param params, values, train  borrowed; a step changes `values`
 * @param longest  tokens of the longest text that a step or qg_trainer_forward will see
 * Owned handle. @errors QG_ENOMEM, QG_EUNSUPPORTED (kernels), QG_EUSAGE (more members than leaves),
 * QG_EBUG. Local.
 */
qg_code qg_trainer_create(qg_trainer **out, const qg_params *params, float *values,
                          const qg_train_set *train, int longest,
                          const qg_trainer_options *options) QG_MUST_USE;
void qg_trainer_destroy(qg_trainer *t);

/** Bytes of the run in this process: moments, gradients, activations. */
size_t qg_trainer_bytes(const qg_trainer *t);

typedef struct qg_step_report {
    double loss, learning_rate;
    double norm; /* of the gradient, before clipping */
    int64_t tokens;
} qg_step_report;

/**
 * One step on texts index[0..n) of the training set. After an error of a member the parameters are
 * those before the step, at all members; when the members have lost each other they are not to be
 * used any more. By all members, with the same arguments.
 *
 * @param number  0-based; the learning rate, the dropout and AdamW's corrections depend on it
 * @errors those of qg_net_gradient and qg_clip; QG_ELOST: another member's error, a lost member, or
 *         the gang is to give up.
 */
qg_code qg_trainer_step(qg_step_report *out, qg_trainer *t, const int64_t *index, int n,
                        uint64_t number) QG_MUST_USE;

/* What steps have made, apart from the parameters: with them it is all that a checkpoint needs. */
typedef struct qg_trainer_state {
    size_t from, to; /* this member's slice of the parameters */
    float *m, *v;    /* [to - from] its moments */
    qg_range *range; /* [ranges] of QAT, the same at all members; NULL: none */
    int ranges;
} qg_trainer_state;

/** Borrowed, to be read and written between steps. */
qg_trainer_state qg_trainer_state_of(qg_trainer *t);

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
