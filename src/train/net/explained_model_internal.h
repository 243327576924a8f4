/*
 * explained_model_internal.h - the inside of an explained model.
 */
#ifndef QGRID_TRAIN_EXPLAINED_MODEL_H
#define QGRID_TRAIN_EXPLAINED_MODEL_H

#include "input_gradient.h"
#include "train/qat/qat.h"

#include "qgrid/explained_model.h"

/* Which of its modules are quantized, once only a part of them was asked for. */
typedef struct qg_explained_parts {
    qg_module *module; /* [n] */
    int n;
    bool *quantized; /* [n] */
    bool *changed;   /* [sites] to be packed anew */
    uint32_t *only;  /* [sites] as qg_qat has it */
    float *weights;  /* [count] in place of those that are quantized; NULL: never yet */
} qg_explained_parts;

struct qg_explained_model {
    qg_arena *arena;
    qg_params params;
    float *values; /* [count] of the checkpoint */
    qg_qat *qat;   /* NULL: nothing is quantized */
    qg_explained_parts parts;
    qg_net *net;
    qg_model *deployed;
    float *drawn;  /* [count] in place of values, parts of it drawn anew; NULL: never yet */
    float *words;  /* [V, C] the word table of `drawn` without noise; NULL: there is none */
    double spread; /* standard deviation of the word table as it was read */
    int tokens;    /* a part holds at most, unless it is one text */
    /* of one part */
    int32_t *splits, *label; /* [texts + 1], [texts] */
    int64_t *sample;         /* [texts] 0: without dropout they key nothing */
};

#endif
