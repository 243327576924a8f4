/*
 * letters.c - "repeat_letters" and "upper_case": how people write what they mean strongly.
 */
#include "noise.h"

void qg_noise_repeat_letters(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng)
{
    size_t start, end = 0, before = 0;
    while (qg_noise_next_word(in, &start, &end)) {
        double chosen = qg_rng_uniform(rng);
        size_t more = 2 + qg_noise_below(rng, 3), last = end;
        if (!qg_noise_letters(in, &start, &last) || chosen >= level)
            continue;
        qg_noise_copy(out, in, before, last);
        for (size_t i = 0; i < more; i++)
            qg_noise_copy(out, in, last - 1, last);
        before = last;
    }
    qg_noise_copy(out, in, before, in->len);
}

void qg_noise_upper_case(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng)
{
    size_t start, end = 0, before = 0;
    while (qg_noise_next_word(in, &start, &end)) {
        if (qg_rng_uniform(rng) >= level)
            continue;
        qg_noise_copy(out, in, before, start);
        for (size_t i = start; i < end; i++) {
            char c = in->text[i];
            char upper = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
            qg_noise_put(out, &upper, 1, in->word[i]);
        }
        before = end;
    }
    qg_noise_copy(out, in, before, in->len);
}
