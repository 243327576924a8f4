/*
 * dropout.h - dropout masks by counter (Srivastava et al., JMLR 15, 2014).
 *
 * A draw is keyed by (seed, step) and found at (sample, layer, place, position inside the text), so
 * a mask depends neither on the leaf nor on the rank, and backward draws it again instead of
 * keeping it.
 */
#ifndef QGRID_TRAIN_DROPOUT_H
#define QGRID_TRAIN_DROPOUT_H

#include "qgrid/rng.h"

/* Places in a layer; the heads of attention follow one another from QG_DROP_HEAD on. */
enum {
    QG_DROP_EMBEDDINGS,
    QG_DROP_ATTENTION_OUTPUT,
    QG_DROP_OUTPUT,
    QG_DROP_CLASSIFIER,
    QG_DROP_HEAD = 16
};

/** Key of a step; draws are then taken from it by place. */
qg_rng qg_dropout_key(uint64_t seed, uint64_t step);

/** x[i] = 0 with probability `rate`, else x[i] / (1 - rate), for the n values of one place of one
 *  sample. Its own backward. Rate 0 changes nothing. */
void qg_dropout(float *x, size_t n, double rate, const qg_rng *key, int64_t sample, int layer,
                int place);

#endif
