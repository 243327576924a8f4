/*
 * explainable.h - what explainers see of a model, never BERT itself: ids in, logits, embeddings
 * and gradients out.
 *
 * Shapes: B texts of T tokens in all (qg_batch), K classes, C numbers per token. A linear toy
 * implements it as well, so that every method is tested in closed form.
 */
#ifndef QGRID_EXPLAINABLE_H
#define QGRID_EXPLAINABLE_H

#include "qgrid/model.h"

/* Where gradients are taken. */
typedef enum qg_explain_layer {
    QG_EXPLAIN_WORD_EMBEDDINGS, /* rows of the word table: position, type and norm come after */
    QG_EXPLAIN_EMBEDDINGS,      /* what the embedding block gives to the first layer */
} qg_explain_layer;

/* The number that is explained, always of one given class. */
typedef enum qg_explain_output { QG_EXPLAIN_LOGIT, QG_EXPLAIN_PROBABILITY } qg_explain_output;

/**
 * From vectors x [T, C] in place of the tokens' own (b's ids are not looked at, its splits are):
 * value [B] = `output` of class target[b], and dx [T, C] at `layer`; NULL: not wanted.
 */
typedef qg_code (*qg_explain_backward)(void *ctx, double *value, float *dx, const float *x,
                                       const qg_batch *b, const int32_t *target,
                                       qg_explain_output output, qg_explain_layer layer);

/* The bits of a text's results do not depend on the batch around it. All calls are local. */
typedef struct qg_explainable {
    void *ctx;
    int classes;    /* K */
    int hidden;     /* C */
    int vocab;      /* ids that embed takes are below it */
    int max_tokens; /* longest text, specials included */
    /** logits [B, K] of token sequences. */
    qg_code (*logits)(void *ctx, float *logits, const qg_batch *b);
    /** x [T, C]: the vectors at `layer` of the tokens of `b`. NULL: no gradients. */
    qg_code (*embed)(void *ctx, float *x, const qg_batch *b, qg_explain_layer layer);
    /** dx = d value / d x. NULL: no gradients. */
    qg_explain_backward gradient;
    /** x dx, number by number, are the relevances of the coordinates by the rules of AttnLRP
     *  (Achtibat et al., ICML 2024, arXiv:2402.05602). NULL where `gradient` is. */
    qg_explain_backward relevance;
    int layers, heads; /* L, H of attention */
    /** attention [L, H, n, n]: probabilities of a batch of one text of n tokens. NULL: none. */
    qg_code (*attention)(void *ctx, float *attention, const qg_batch *b);
} qg_explainable;

/** A packed model as explainers see it: logits and attention, no gradients. Borrows it. Local. */
qg_explainable qg_explainable_of_model(qg_model *m);

#endif
