/*
 * train_rig.h - a training run in one process, step by step, as a gang of ranks would do it.
 */
#ifndef TRAIN_RIG_H
#define TRAIN_RIG_H

#include "qt.h"

#include "qgrid/mlm.h"
#include "qgrid/optimizer.h"
#include "qgrid/qat.h"

enum { RIG_TOKENS = 512, RIG_TEXTS = 32, RIG_LONGEST = 32, RIG_LEAVES = 8 };

typedef struct rig {
    qg_arena *arena;
    qg_params params;
    float *values, *m, *v; /* [count] */
    double *sums;          /* [blocks] */
    qg_net *net;
    qg_qat *qat;              /* NULL: plain training */
    float *block[RIG_LEAVES]; /* [leaves] -> [count] gradients of the leaves */
    qg_leaf leaf;
    int leaves, ranks, slices;
    qg_adamw adamw;
    qg_schedule schedule;
    double clip;
    /* of the last step */
    float *grad, *logits;
    double loss, norm, rate;
    float coefficient;
} rig;

/** A run from a folder: config.json and weights as model.safetensors. */
void rig_load(rig *r, const char *dir, int leaves);

/** A run on random parameters of a configuration; large enough that every gradient counts. */
void rig_random(rig *r, const qg_config *config, uint64_t seed, int leaves);

/** The same with the head of masked-language modelling. */
void rig_random_mlm(rig *r, const qg_config *config, uint64_t seed, int leaves);

/** A small model with odd sizes. */
qg_config rig_config(void);

/** Quantization-aware from here on, with learned step sizes behind the parameters where the options
 *  say so; before rig_gang and rig_net. */
void rig_qat(rig *r, const qg_qat_options *o);

/** The same run as a gang of `ranks` (a divisor of the leaves, a power of two) would do it: a tree
 *  and a slice for each of them. */
void rig_gang(rig *r, int ranks);

/** Creates the net (again) with these options; sizes are filled in. */
void rig_net(rig *r, qg_net_options o);

void rig_free(rig *r);

/** Functions of a net with weights as they are now. */
qg_code rig_net_gradient(float *grad, double *loss, float *logits, qg_net *net,
                         const float *weights, const qg_qat *qat, const qg_train_batch *batch,
                         const qg_step *step);
qg_code rig_net_forward(float *logits, qg_net *net, const float *weights, const qg_qat *qat,
                        const qg_train_batch *batch);

qg_code rig_net_mlm_score(qg_mlm_score *sum, qg_net *net, const float *weights,
                          const qg_train_batch *batch);

/** Gradient of a batch in r->grad, r->loss, r->logits (with one leaf); parameters stay. */
void rig_gradient(rig *r, const qg_train_batch *b, uint64_t step);

/** A whole step. */
void rig_step(rig *r, const qg_train_batch *b, uint64_t step);

/** B random texts of 1..longest tokens. */
qg_train_batch rig_batch(qg_arena *a, const qg_config *c, int B, int longest, uint64_t seed);

#endif
