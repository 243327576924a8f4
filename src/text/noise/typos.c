/*
 * typos.c - "typos": slips of the keyboard, one in each word that is chosen.
 *
 * Neighbours are the keys that touch a letter's on a QWERTY keyboard, letters only.
 */
#include "noise.h"

static const char *const neighbours[26] = {
    "qwsz",   "vghn",  "xdfv", "serfcx", "wsdr", "drtgvc", "ftyhbv", "gyujnb", "ujko",
    "huikmn", "jiolm", "kop",  "njk",    "bhjm", "iklp",   "ol",     "wa",     "edft",
    "awedxz", "rfgy",  "yhji", "cfgb",   "qase", "zsdc",   "tghu",   "asx"};

static char neighbour(char c, double draw)
{
    const char *of = neighbours[qg_noise_lower(c) - 'a'];
    size_t n = 0;
    while (of[n])
        n++;
    char key = of[(size_t)(draw * (double)n)];
    return c >= 'A' && c <= 'Z' ? (char)(key - 'a' + 'A') : key;
}

/* The letter number `k` from `start` on. */
static size_t letter_at(const qg_noise_in *in, size_t start, size_t k)
{
    for (;; start++)
        if (qg_noise_is_letter(in->text[start]) && k-- == 0)
            return start;
}

/* A word, of which the letter at `at` has the slip `kind`; the last letter is swapped with the one
 * before it. */
static void slip(qg_noise_out *out, const qg_noise_in *in, size_t start, size_t end, size_t at,
                 int kind, char key)
{
    bool swapped = kind == 3;
    size_t other = at; /* the letter that it is swapped with */
    if (swapped) {
        for (other = at + 1; other < end && !qg_noise_is_letter(in->text[other]);)
            other++;
        if (other == end)
            for (other = at - 1; !qg_noise_is_letter(in->text[other]);)
                other--;
    }
    size_t first = at < other ? at : other, last = at < other ? other : at;
    qg_noise_copy(out, in, start, first);
    if (swapped) {
        qg_noise_copy(out, in, last, last + 1);
        qg_noise_copy(out, in, first + 1, last);
    }
    if (kind == 0)
        qg_noise_put(out, &key, 1, in->word[at]);
    if (kind == 1 || swapped)
        qg_noise_copy(out, in, first, first + 1);
    if (kind == 1)
        qg_noise_put(out, &key, 1, in->word[at]);
    qg_noise_copy(out, in, last + 1, end);
}

void qg_noise_typos(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng)
{
    size_t start, end = 0, before = 0;
    while (qg_noise_next_word(in, &start, &end)) {
        double chosen = qg_rng_uniform(rng);
        int kind = (int)qg_noise_below(rng, 4);
        double place = qg_rng_uniform(rng), key = qg_rng_uniform(rng);
        size_t letters = 0;
        for (size_t i = start; i < end; i++)
            letters += qg_noise_is_letter(in->text[i]);
        qg_noise_copy(out, in, before, start);
        if (letters >= 2 && chosen < level) {
            size_t at = letter_at(in, start, (size_t)(place * (double)letters));
            slip(out, in, start, end, at, kind, neighbour(in->text[at], key));
        } else {
            qg_noise_copy(out, in, start, end);
        }
        before = end;
    }
    qg_noise_copy(out, in, before, in->len);
}
