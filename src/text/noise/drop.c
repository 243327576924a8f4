/*
 * drop.c - "drop_characters" and "drop_punctuation": each character is kept or left out by a draw
 * of its own.
 */
#include "noise.h"

static void drop(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng,
                 bool (*may_go)(int32_t c))
{
    for (size_t i = 0; i < in->len;) {
        int width;
        int32_t c = qg_utf8_decode(in->text + i, &width);
        bool kept = qg_rng_uniform(rng) >= level || (may_go && !may_go(c));
        if (kept)
            qg_noise_copy(out, in, i, i + (size_t)width);
        i += (size_t)width;
    }
}

void qg_noise_drop_characters(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng)
{
    drop(out, in, level, rng, NULL);
}

void qg_noise_drop_punctuation(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng)
{
    drop(out, in, level, rng, qg_is_punctuation);
}
