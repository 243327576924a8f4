/*
 * table.h - the table of results at the end of a run and in `qgrid show`.
 */
#ifndef QGRID_TABLE_H
#define QGRID_TABLE_H

#include "qgrid/arena.h"

#include <stdbool.h>
#include <stdio.h>

/** Prints one line a prediction cell of a results file: state and the main figures. Local. */
qg_code qg_print_table(FILE *to, qg_arena *a, const char *path) QG_MUST_USE;

/** Prints cells that are failed or skipped, with the reason, and if wanted those that are open. */
qg_code qg_print_undone_cells(FILE *to, qg_arena *a, const char *path, bool open) QG_MUST_USE;

#endif
