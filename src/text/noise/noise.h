/*
 * noise.h - what a perturbation is: it appends to a text what it makes of another one, and says of
 * every byte from which word it is.
 *
 * A perturbation draws as often for each place, whatever its level: places chosen at one level are
 * chosen at every higher one.
 */
#ifndef QGRID_TEXT_NOISE_NOISE_H
#define QGRID_TEXT_NOISE_NOISE_H

#include "qgrid/noise.h"
#include "qgrid/rng.h"
#include "qgrid/str.h"
#include "text/unicode.h"

/* A text to perturb: valid UTF-8. */
typedef struct qg_noise_in {
    const char *text;
    size_t len;
    const int32_t *word; /* [len] word of the text given that the byte is from; -1: of none */
} qg_noise_in;

/* What becomes of it: bytes, and as many int32_t. */
typedef struct qg_noise_out {
    qg_str text, word;
} qg_noise_out;

typedef void qg_noise_fn(qg_noise_out *out, const qg_noise_in *in, double level, qg_rng *rng);

#define QG_PERTURBATION(id, name, help) qg_noise_fn qg_noise_##name;
#include "qgrid/perturbations.def"
#undef QG_PERTURBATION

/** Appends bytes that are from a word, or from none (-1). */
void qg_noise_put(qg_noise_out *out, const char *bytes, size_t n, int32_t word);

/** Appends bytes from `start` to `end` of the text with the words that they are from. */
void qg_noise_copy(qg_noise_out *out, const qg_noise_in *in, size_t start, size_t end);

/** The next word behind *end (0: the first), from *start to *end; false: there is none. */
bool qg_noise_next_word(const qg_noise_in *in, size_t *start, size_t *end);

/** The part of a word between its first and last letter a to z, in any case; false: it has none. */
bool qg_noise_letters(const qg_noise_in *in, size_t *start, size_t *end);

/** Whether a byte is a letter a to z in any case; the same letter in lower case. */
bool qg_noise_is_letter(char c);
char qg_noise_lower(char c);

/** An integer in [0, n), from one draw. */
size_t qg_noise_below(qg_rng *rng, size_t n);

#endif
