/*
 * changes.h - an existing results file against the plan: the same, or what differs; taking over
 * what is still valid.
 */
#ifndef QGRID_CHANGES_H
#define QGRID_CHANGES_H

#include "qgrid/layout.h"
#include "qgrid/run.h"

/* Cells of an existing results file. */
typedef struct qg_old_cells {
    int n;
    char *name; /* [n][2 * QG_NAME_SIZE] */
    char *key;  /* [n][QG_NAME_SIZE] */
    uint8_t *state;
    char *error; /* [n][QG_ERROR_SIZE] */
} qg_old_cells;

qg_code qg_old_cells_read(qg_old_cells *out, qg_store *s, qg_arena *a) QG_MUST_USE;

/** Index of a cell by name, or -1; looked for from the `guess`-th on: where the plan has it. */
int qg_old_cells_find(const qg_old_cells *o, const char *name, int guess);

/** QG_OK if the file is of this very plan and layout; QG_ECHANGED with the first differences named.
 */
qg_code qg_check_unchanged(qg_store *s, qg_arena *a, const char *path, const qg_plan *plan,
                           const qg_layout *layout) QG_MUST_USE;

/** Copies the results of cells with equal keys from the old file into a new one. */
qg_code qg_take_over(qg_store *to, qg_store *from, qg_arena *a, const qg_plan *plan,
                     const qg_layout *layout) QG_MUST_USE;

#endif
