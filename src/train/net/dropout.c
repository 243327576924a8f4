/*
 * dropout.c - masks drawn in blocks.
 */
#include "dropout.h"

#include <stdio.h>

enum { LAYER_BITS = 10, PLACE_BITS = 14, WORDS = 1024 };

qg_rng qg_dropout_key(uint64_t seed, uint64_t step)
{
    char purpose[64];
    snprintf(purpose, sizeof purpose, "train/dropout/%llu", (unsigned long long)step);
    return qg_rng_make(seed, purpose, 0);
}

void qg_dropout(float *x, size_t n, double rate, const qg_rng *key, int64_t sample, int layer,
                int place)
{
    uint32_t word[WORDS];
    if (rate <= 0)
        return;
    uint32_t threshold = (uint32_t)(rate * 0x1p32);
    float scale = (float)(1 / (1 - rate));
    uint64_t stream = ((uint64_t)sample << LAYER_BITS | (uint64_t)layer) << PLACE_BITS;
    qg_rng r = qg_rng_stream(key, stream | (uint64_t)place);
    for (size_t at = 0; at < n; at += WORDS) {
        size_t len = n - at < WORDS ? n - at : WORDS;
        qg_rng_blocks(word, &r, at / 4, (len + 3) / 4);
        for (size_t i = 0; i < len; i++)
            x[at + i] *= word[i] >= threshold ? scale : 0.0f;
    }
}
