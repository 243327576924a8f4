/*
 * qat.h - the state behind qg_qat.
 */
#ifndef QGRID_TRAIN_QAT_H
#define QGRID_TRAIN_QAT_H

#include "fakequant.h"

#include "qgrid/packed.h"

struct qg_qat {
    qg_arena *arena;
    const qg_params *params;
    qg_qat_options options;
    qg_input_kind kind;
    bool frozen;
    bool active;          /* the step of `start` is reached */
    const uint32_t *only; /* [sites] bit i: the inputs of layer i of a site are quantized; NULL: all
                           * are */
    const float *values;  /* of the last prepare */
    qg_range *range;      /* [sites] */
    float *weights;       /* [count] */
    float *scales;        /* of all sites' weights */
    size_t *scale_at;     /* [sites] where a site's begin */
    float *table_scales;  /* scratch: of one embedding table */
    uint32_t *codes;      /* scratch: of one matrix */
};

/** Adds to a leaf's gradient what learned step sizes get from it. */
void qg_qat_leaf_gradient(float *grad, const qg_qat *q);

#endif
