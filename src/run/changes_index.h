/*
 * changes_index.h - fields of a new file by path, units of an old one by cell: a job has a hundred
 * thousand of each, and work is taken over cell by cell.
 */
#ifndef QGRID_RUN_CHANGES_INDEX_H
#define QGRID_RUN_CHANGES_INDEX_H

#include "qgrid/store.h"
#include "qgrid/units_read.h"

typedef struct qg_changes_index {
    const qg_field **field; /* [n_fields] */
    int n_fields;
    const qg_read_units *units;
    int *unit; /* [units->n] */
} qg_changes_index;

/** Sorts both; what is pointed to is borrowed. @errors QG_ENOMEM. Local. */
qg_code qg_changes_index_make(qg_changes_index *x, qg_arena *a, const qg_layout *layout,
                              const qg_read_units *units) QG_MUST_USE;

/** Place in `field` of the first one whose path is `path` or behind it. */
int qg_first_field(const qg_changes_index *x, const char *path);

/** Place in `unit` of the first unit of a cell, or of what is behind where it would be. */
int qg_first_unit_of(const qg_changes_index *x, const char *cell);

#endif
