/*
 * swap_words.c - "swap_words": one pass from left to right, at every place the word that stands
 * there changes places with the next one, or not. White space stays where it is.
 */
#include "noise.h"

void qg_noise_swap_words(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng)
{
    size_t start, end = 0, gap = 0;  /* the next word, and where the space before it begins */
    size_t held_start = 0, held_end; /* the word that stands at this place */
    if (!qg_noise_next_word(in, &held_start, &end)) {
        qg_noise_copy(out, in, 0, in->len);
        return;
    }
    qg_noise_copy(out, in, 0, held_start);
    held_end = gap = end;
    while (qg_noise_next_word(in, &start, &end)) {
        if (qg_rng_uniform(rng) < level) {
            qg_noise_copy(out, in, start, end);
        } else {
            qg_noise_copy(out, in, held_start, held_end);
            held_start = start;
            held_end = end;
        }
        qg_noise_copy(out, in, gap, start);
        gap = end;
    }
    qg_noise_copy(out, in, held_start, held_end);
    qg_noise_copy(out, in, gap, in->len);
}
