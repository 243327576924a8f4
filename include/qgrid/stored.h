/*
 * stored.h - explanations as a results file has them: texts, their words, scores of the words.
 */
#ifndef QGRID_STORED_H
#define QGRID_STORED_H

#include "qgrid/reading.h"

#include <stdbool.h>

/* A row of a data set. Words are those between white space. */
typedef struct qg_stored_text {
    int64_t row;
    const char *id, *text; /* valid UTF-8 unless the file was tampered with */
    int label;             /* class, -1: it has none */
    int n_words;
    int32_t *start, *end;           /* [n_words] code points of the text */
    int32_t *byte_start, *byte_end; /* [n_words] */
} qg_stored_text;

/* An explanation of a text. */
typedef struct qg_stored_scores {
    int predicted, target;     /* classes */
    const double *probability; /* [classes] of the variant */
    double *word;              /* [n_words] NaN for words that were cut off */
    double base, delta, fit;   /* NaN where there is none */
    int64_t steps;             /* -1: no path */
    int reached;               /* 1, 0; -1: there is no tolerance */
    const char *gradients;     /* "" where the method takes none */
} qg_stored_scores;

/** A row of a data set of the file. Arena of the reading. @errors QG_EUSAGE (no such row),
 * QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_stored_text_read(qg_stored_text *out, qg_reading *r, const char *dataset,
                            int64_t row) QG_MUST_USE;

/** Rows that the experiment of a cell explains, by slot: -1 where a slot is empty. Arena.
 *  @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_stored_rows(int64_t **row, int64_t *slots, qg_reading *r,
                       const qg_read_cell *c) QG_MUST_USE;

/** Names of the classes [n] that a cell's variant predicts. Arena. @errors QG_ESTORE, QG_ENOMEM.
 *  Local. */
qg_code qg_stored_classes(const char ***out, int *n, qg_reading *r,
                          const qg_read_cell *c) QG_MUST_USE;

/**
 * What an explain cell says of the text in a slot. *found is false, and nothing is read, where the
 * cell has not come to it. Arena. @errors QG_ESTORE, QG_ENOMEM. Local.
 */
qg_code qg_stored_scores_read(qg_stored_scores *out, bool *found, qg_reading *r,
                              const qg_read_cell *c, int64_t slot,
                              const qg_stored_text *text) QG_MUST_USE;

/** The drift of one text under a cell from the reference precision: Spearman's rho, NaN where there
 *  is none; [slots] in the arena. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_stored_drift(double **rho, int64_t slots, qg_reading *r,
                        const qg_read_cell *c) QG_MUST_USE;

#endif
