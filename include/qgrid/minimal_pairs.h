/*
 * minimal_pairs.h - linguistic probes of a data set: pairs of texts that differ in one thing, and
 * the words that it lies in.
 *
 * Gardner et al., "Evaluating models' local decision boundaries via contrast sets", 2020,
 * arXiv:2004.02709; Ribeiro et al., "Beyond accuracy: behavioral testing of NLP models with
 * CheckList", 2020, arXiv:2005.04118.
 */
#ifndef QGRID_MINIMAL_PAIRS_H
#define QGRID_MINIMAL_PAIRS_H

#include "qgrid/cue.h"

/* Bounds of a data set. */
enum { QG_MOST_PHENOMENA = 64, QG_MOST_CUES = 16, QG_PHENOMENON_NAME = 48 };

/* What a record says of the pair that it belongs to. */
typedef struct qg_pair_record {
    const char *phenomenon;
    const char *const *cue; /* [n_cues] of both texts */
    int n_cues;
    bool second; /* the first text of the pair stands in the same line */
} qg_pair_record;

/* The pairs among the rows of a data set; all of its arena. */
typedef struct qg_minimal_pairs {
    int n_phenomena;
    const char *const *phenomenon; /* [n_phenomena] names in the order in which they occur */
    const int32_t *of_row;         /* [rows] index of the phenomenon */
    int64_t n;                     /* pairs of which both texts are rows */
    const int64_t *first, *second; /* [n] rows of the two texts */
    const int32_t *of_pair;        /* [n] index of the phenomenon */
    const uint8_t *changes;        /* [n] 1: the texts have different labels */
    const int64_t *cue_splits; /* [rows + 1] cues of row r: cue_splits[r] .. cue_splits[r + 1] */
    const qg_cue_place *cue;   /* [cue_splits[rows]] words of the row */
} qg_minimal_pairs;

#endif
