/*
 * cell.h - kinds and states of cells, as results files name them.
 */
#ifndef QGRID_CELL_H
#define QGRID_CELL_H

/* Kinds of cells, in the order of cell_kinds.def. */
typedef enum qg_cell_kind {
#define QG_CELL_KIND(id, ...) QG_CELL_##id,
#include "qgrid/cell_kinds.def"
#undef QG_CELL_KIND
    QG_CELL_KINDS
} qg_cell_kind;
extern const char *const qg_cell_kind_names[QG_CELL_KINDS + 1]; /* NULL behind the last */

/** The kind of that name, or -1. */
int qg_cell_kind_find(const char *name);

/* Of cells, of units and of rows. */
typedef enum qg_state {
    QG_STATE_OPEN,
    QG_STATE_DONE,
    QG_STATE_FAILED,
    QG_STATE_SKIPPED /* of cells: the plan knew that it cannot be computed */
} qg_state;

#endif
