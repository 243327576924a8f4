/*
 * matrix.h - tables of numbers of a results file below the names of their scales.
 */
#ifndef QGRID_MATRIX_H
#define QGRID_MATRIX_H

#include "qgrid/reading.h"

/** Prints a dataset [rows, columns] of doubles of a group; scales are datasets of the group. */
qg_code qg_show_matrix(qg_reading *r, const char *group, const char *data, const char *rows,
                       const char *columns) QG_MUST_USE;

/** Prints a dataset [tables, rows, columns], a table for each index of the first dimension. */
qg_code qg_show_matrices(qg_reading *r, const char *group, const char *data, const char *tables,
                         const char *rows, const char *columns) QG_MUST_USE;

#endif
