/*
 * field_cells.h - the cell that a field of any results file belongs to.
 */
#ifndef QGRID_FIELD_CELLS_H
#define QGRID_FIELD_CELLS_H

#include "qgrid/layout.h"
#include "qgrid/reading.h"

/* A group, and the cell whose results it holds. */
typedef struct qg_cell_group_path {
    const char *group;
    const qg_read_cell *cell;
} qg_cell_group_path;

typedef struct qg_field_cells {
    qg_cell_group_path *at; /* [n] by group; NULL: not made yet */
    int n;
} qg_field_cells;

/** Name of the cell that a field belongs to, NULL: none. The groups of all cells are made with the
 *  first call, in the arena of the reading. @errors QG_ENOMEM. Local. */
qg_code qg_field_cell(const char **out, qg_field_cells *f, qg_reading *r,
                      const char *path) QG_MUST_USE;

#endif
