/*
 * mlm_texts.h - masks and texts for tests of masked-language modelling.
 */
#ifndef MLM_TEXTS_H
#define MLM_TEXTS_H

#include "train_rig.h"

#include "qgrid/mlm.h"

#include <string.h>

enum { PAD, UNK, CLS, SEP, MASK, VOCAB = 30 };

static inline qg_mlm_masking masking(uint64_t seed)
{
    qg_mlm_masking m = qg_mlm_masking_default;
    memcpy(m.special, (int32_t[]){PAD, UNK, CLS, SEP, MASK}, sizeof m.special);
    m.mask_id = MASK;
    m.vocab = VOCAB;
    m.seed = seed;
    return m;
}

/* Texts of random tokens between [CLS] and [SEP]; text 0 has none in between, text 1 one [UNK]. */
static inline qg_train_set texts(qg_arena *a, int n, int longest)
{
    qg_rng rng = qg_rng_make(4, "texts", 0);
    int32_t *ids = qg_arena_alloc(a, (size_t)(n * (longest + 2)), sizeof *ids);
    int32_t *label = qg_arena_alloc(a, (size_t)n, sizeof *label);
    int64_t *splits = qg_arena_alloc(a, (size_t)n + 1, sizeof *splits), at = 0;
    for (int t = 0; t < n; t++) {
        int len = t < 2 ? t : 1 + (int)qg_rng_below(&rng, (uint64_t)longest);
        ids[at++] = CLS;
        for (int i = 0; i < len; i++)
            ids[at++] = t == 1 ? UNK : MASK + 1 + (int32_t)qg_rng_below(&rng, VOCAB - MASK - 1);
        ids[at++] = SEP;
        splits[t + 1] = at;
    }
    return (qg_train_set){n, ids, splits, label};
}

#endif
