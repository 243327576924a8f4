/*
 * units_read.h - the units of any results file.
 */
#ifndef QGRID_UNITS_READ_H
#define QGRID_UNITS_READ_H

#include "qgrid/layout.h"

/* Bytes of a name in /units/cell. */
enum { QG_UNIT_CELL_SIZE = 2 * QG_NAME_SIZE };

/* The columns of /units, [n] each. */
typedef struct qg_read_units {
    int n;
    char (*cell)[QG_UNIT_CELL_SIZE]; /* name of the cell, or group of a packed model */
    int64_t *first, *count;          /* rows */
    uint64_t *checksum;
    uint8_t *state; /* qg_state */
} qg_read_units;

/** Reads them into the arena. @errors QG_ESTORE (the column, without the file), QG_ENOMEM. Local.
 */
qg_code qg_units_read(qg_read_units *out, qg_store *s, qg_arena *a) QG_MUST_USE;

#endif
