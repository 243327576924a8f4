/*
 * normalize.h - the one rule by which the texts of a data set are made alike, in Unicode.
 */
#ifndef QGRID_NORMALIZE_H
#define QGRID_NORMALIZE_H

#include "qgrid/arena.h"

typedef enum qg_normalize {
    QG_NORMALIZE_NONE,       /* the text as it stands */
    QG_NORMALIZE_WHITESPACE, /* runs of white space become one space, ends trimmed */
    QG_NORMALIZE_LETTERS     /* only letters (Unicode L*) and the marks (M*) on them stay, the rest
                                becomes space; then as whitespace */
} qg_normalize;

/** Applies a normalisation rule to valid UTF-8; result in the arena, NULL when out of memory. */
char *qg_normalize_text(qg_arena *a, int rule, const char *text, size_t len, size_t *out_len);

#endif
