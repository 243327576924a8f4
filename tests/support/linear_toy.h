/*
 * linear_toy.h - a model whose logits are linear in its tokens' vectors, for closed forms:
 * z[k] = bias[k] + sum over tokens of u[k] . e[id]. All numbers are multiples of 1/64, so that sums
 * in f32 are exact.
 */
#ifndef LINEAR_TOY_H
#define LINEAR_TOY_H

#include "qgrid/explainable.h"

enum { TOY_CLASSES = 3, TOY_HIDDEN = 4, TOY_VOCAB = 64, TOY_TOKENS = 128 };

/* Ids 0 .. 4 are the specials [PAD], [UNK], [CLS], [SEP], [MASK], as in the golden models. */
typedef struct linear_toy {
    float bias[TOY_CLASSES];
    float u[TOY_CLASSES][TOY_HIDDEN];
    float e[TOY_VOCAB][TOY_HIDDEN];
    int64_t calls, texts;
    int most_tokens; /* in one call */
    int fail_at;     /* call that fails with QG_ELOST, from 1; 0: none */
} linear_toy;

/** Fills a toy with numbers that depend on the seed, and the explainable over it. */
qg_explainable linear_toy_make(linear_toy *toy, uint64_t seed);

/** What one token adds to the logit of class k. */
double linear_toy_term(const linear_toy *toy, int id, int k);

#endif
