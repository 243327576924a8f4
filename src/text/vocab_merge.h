/*
 * vocab_merge.h - joins the most frequent pairs of pieces.
 */
#ifndef QGRID_TEXT_VOCAB_MERGE_H
#define QGRID_TEXT_VOCAB_MERGE_H

#include "string_table.h"

/* A word in pieces. */
typedef struct qg_piece_word {
    int32_t *piece; /* [n] */
    int n;
    int64_t count; /* of the word in the texts */
} qg_piece_word;

/**
 * Joins pairs until there are `size` pieces or no pair occurs `min_pair` times. `pieces` grows;
 * words are rewritten. @errors QG_ENOMEM. Local.
 */
qg_code qg_vocab_merge(qg_string_table *pieces, qg_arena *a, qg_piece_word *words, int n, int size,
                       int64_t min_pair) QG_MUST_USE;

#endif
