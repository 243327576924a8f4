/*
 * gradient_batches.h - gradients at many points of many texts, in calls that hold as many as the
 * budget lets.
 */
#ifndef QGRID_XAI_POINTS_H
#define QGRID_XAI_POINTS_H

#include "attribution.h"

/* Where to look: count[t] points of text t, which come in order. */
typedef struct qg_points {
    const int *count; /* [B] */
    /** x [n, C]: point k of text t. */
    qg_code (*place)(void *ctx, float *x, int t, int k);
    /** What the model said there; dx is NULL when values alone were asked for. */
    qg_code (*take)(void *ctx, int t, int k, double value, const float *dx);
    void *ctx;
    bool values_only;
    bool relevance; /* dx by the rules of relevance */
} qg_points;

/** `scratch` is released again. @errors QG_ENOMEM, QG_ENUMERIC, those of the model. Local. */
qg_code qg_points_visit(const qg_question *q, const qg_points *p, qg_arena *scratch) QG_MUST_USE;

/** Vectors [T, C] of the batch in the arena. @errors as above. Local. */
qg_code qg_question_vectors(float **x, const qg_question *q, qg_arena *a) QG_MUST_USE;

/** Vectors [T, C] of the baseline in the arena: those of the text, x, where a token is kept.
 *  @errors QG_ENOMEM, those of the model. Local. */
qg_code qg_baseline_vectors(float **base, const float *x, const qg_question *q,
                            const qg_ig_options *o, qg_arena *a) QG_MUST_USE;

/** The vectors of text t in an array [T, C], and how many numbers they are. */
size_t qg_text_at(const qg_question *q, int t);
size_t qg_text_size(const qg_question *q, int t);

#endif
