/*
 * predictor.h - what explainers, evaluation and commands see of a model: ids in, logits out.
 */
#ifndef QGRID_PREDICTOR_H
#define QGRID_PREDICTOR_H

#include "qgrid/model.h"

/* A model as a function from texts to logits. */
typedef struct qg_predictor qg_predictor;
struct qg_predictor {
    int classes;
    int max_tokens; /* longest text, specials included */
    /** logits [B, K] of a ragged batch. */
    qg_code (*forward)(qg_predictor *self, float *logits, const qg_batch *batch);
    void *impl;
};

/** A predictor over an open model; borrows the model. */
qg_predictor qg_predictor_of_model(qg_model *m);

/** softmax in double: probabilities [K] of logits [K]. Local. */
void qg_softmax(double *p, const float *logits, int K);

/** Index of the largest, lowest index on ties. */
int qg_argmax_f32(const float *v, int n);

#endif
