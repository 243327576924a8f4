/*
 * noise.h - perturbed texts: the same text with characters left out, words swapped, slips of the
 * keyboard, spellings of everyday writing.
 *
 * What is drawn depends on the seed, the perturbation and the text, and on nothing else: not on the
 * data set's name, its other rows, or who asks. A stronger perturbation changes what a weaker one
 * changes, and more: both see the same draws.
 */
#ifndef QGRID_NOISE_H
#define QGRID_NOISE_H

#include "qgrid/opt.h"

/* The rows of perturbations.def. */
typedef enum qg_perturbation {
#define QG_PERTURBATION(id, name, help) QG_PERTURBATION_##id,
#include "qgrid/perturbations.def"
#undef QG_PERTURBATION
    QG_PERTURBATIONS
} qg_perturbation;

/* Of one data set. */
enum { QG_MOST_NOISES = 8 };

/* Perturbations in their order, each with its chance in [0, 1]; none: the text as it stands. */
typedef struct qg_noise {
    int n;
    qg_perturbation what[QG_MOST_NOISES];
    double level[QG_MOST_NOISES];
    int64_t seed;
} qg_noise;

/** Names of the perturbations, NULL-terminated, and what they do; static. Local. */
const char *const *qg_perturbation_names(void);
const char *qg_perturbation_help(qg_perturbation what);

/** Reads one name. @errors QG_EJOB with its place. Local. */
qg_code qg_perturbation_read(qg_perturbation *out, const qg_json_doc *doc,
                             const qg_json *v) QG_MUST_USE;

/** Reads an object of names and chances, in their order; the seed stays. @errors QG_EJOB with the
 *  place of what is wrong. Local. */
qg_code qg_noise_read(qg_noise *out, const qg_json_doc *doc, const qg_json *v) QG_MUST_USE;

/** "typos 0.1, slang 1", "none"; arena, NULL when out of memory. Local. */
char *qg_noise_name(qg_arena *a, const qg_noise *how);

/* A perturbed text. A word (white space ends it) is from a word of the text given when all its
 * characters are, and when no other word has any of those. */
typedef struct qg_noisy {
    const char *text; /* NUL-terminated */
    size_t len;
    int n_words;
    const int32_t
        *from; /* [n_words] place of the word in the text given, -1: of none, of several */
} qg_noisy;

/**
 * Perturbs a text of valid UTF-8; one of which nothing would be left stays as it is. Results in the
 * arena. @errors QG_ENOMEM. Local.
 */
qg_code qg_noise_apply(qg_noisy *out, qg_arena *a, const qg_noise *how, const char *text,
                       size_t len) QG_MUST_USE;

#endif
