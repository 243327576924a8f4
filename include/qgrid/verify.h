/*
 * verify.h - finding damage in a results file, without the job it came from.
 */
#ifndef QGRID_VERIFY_H
#define QGRID_VERIFY_H

#include "qgrid/arena.h"

#include <stdbool.h>

typedef struct qg_verify_counts {
    int64_t units, done, damaged, without_checksum; /* done without a checksum: not checked */
    int64_t fields, damaged_fields, open_fields;    /* open: being written, or when a run died */
    bool structure;                                 /* attributes, names, types, shapes are sound */
} qg_verify_counts;

/* What is damaged: a field (NULL: rows of a unit), and its cell (NULL: it belongs to none). */
typedef void qg_verify_found(void *ctx, const char *cell, const char *field, int64_t first,
                             int64_t count);

/**
 * Checks every dataset outside /timing against its checksum, all else that the file holds against
 * that of its structure, and the rows of finished units against those of their units. Units are
 * left out where it is not known which rows are theirs. @errors QG_ESTORE. Local.
 */
qg_code qg_verify(qg_verify_counts *out, qg_arena *a, const char *path, qg_verify_found *bad,
                  void *ctx) QG_MUST_USE;

#endif
