/*
 * words.c - "intensifiers" and "slang": words that stand in a table are written otherwise. Case and
 * what is no letter around a word do not matter; the latter stays.
 */
#include "noise.h"

#include <string.h>

static const char *const intensifiers[] = {
    "sangat",  "banget", "sekali", "amat",        "sungguh",     "benar",       "bener",
    "terlalu", "paling", "super",  "benar-benar", "bener-bener", "betul-betul", NULL};

enum { MOST_SPELLINGS = 4 };

static const struct slang {
    const char *word, *spelling[MOST_SPELLINGS]; /* NULL behind the last */
} slang[] = {
#define QG_SLANG(word, ...) {word, {__VA_ARGS__}},
#include "slang.def"
#undef QG_SLANG
};

static bool is_word(const qg_noise_in *in, size_t start, size_t end, const char *word)
{
    size_t n = strlen(word);
    bool same = n == end - start;
    for (size_t i = 0; same && i < n; i++)
        same = qg_noise_lower(in->text[start + i]) == word[i];
    return same;
}

void qg_noise_intensifiers(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng)
{
    size_t start, end = 0, before = 0;
    while (qg_noise_next_word(in, &start, &end)) {
        double chosen = qg_rng_uniform(rng);
        size_t times = 2 + qg_noise_below(rng, 3), last = end;
        bool found = false;
        if (!qg_noise_letters(in, &start, &last) || chosen >= level)
            continue;
        for (int i = 0; intensifiers[i]; i++)
            found = found || is_word(in, start, last, intensifiers[i]);
        if (!found)
            continue;
        qg_noise_copy(out, in, before, last);
        for (size_t i = 1; i < times; i++) {
            qg_noise_put(out, " ", 1, -1);
            qg_noise_copy(out, in, start, last);
        }
        before = last;
    }
    qg_noise_copy(out, in, before, in->len);
}

static const struct slang *find_slang(const qg_noise_in *in, size_t start, size_t end)
{
    for (size_t i = 0; i < sizeof slang / sizeof slang[0]; i++)
        if (is_word(in, start, end, slang[i].word))
            return &slang[i];
    return NULL;
}

void qg_noise_slang(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng)
{
    size_t start, end = 0, before = 0;
    while (qg_noise_next_word(in, &start, &end)) {
        double chosen = qg_rng_uniform(rng), which = qg_rng_uniform(rng);
        size_t last = end, n = 0;
        if (!qg_noise_letters(in, &start, &last) || chosen >= level)
            continue;
        const struct slang *s = find_slang(in, start, last);
        if (!s)
            continue;
        while (n < MOST_SPELLINGS && s->spelling[n])
            n++;
        const char *spelling = s->spelling[(size_t)(which * (double)n)];
        qg_noise_copy(out, in, before, start);
        qg_noise_put(out, spelling, strlen(spelling), in->word[start]);
        before = last;
    }
    qg_noise_copy(out, in, before, in->len);
}
