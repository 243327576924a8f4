/*
 * report.h - tables of a results file, as text: at the end of a run, in show, status and diff.
 */
#ifndef QGRID_REPORT_H
#define QGRID_REPORT_H

#include "qgrid/reading.h"

#include <stdio.h>

/** Prints one line a prediction cell of a results file: state and the main figures. Local. */
qg_code qg_print_table(FILE *to, qg_arena *a, const char *path) QG_MUST_USE;

/** Prints cells that are failed or skipped, with the reason, and if wanted those that are open. */
qg_code qg_print_undone_cells(FILE *to, qg_arena *a, const char *path, bool open) QG_MUST_USE;

/** All of one training: how it went, epoch by epoch. */
qg_code qg_show_training(qg_reading *r, const qg_read_cell *c) QG_MUST_USE;

/** All statistics over the seeds of an experiment. */
qg_code qg_show_seeds(qg_reading *r, const qg_read_cell *c) QG_MUST_USE;

/** One line for each training of a file; nothing when there is none. */
qg_code qg_print_trainings(FILE *to, qg_reading *r) QG_MUST_USE;

/** One line for each experiment and precision over seeds; nothing when there is none. */
qg_code qg_print_seeds(FILE *to, qg_reading *r) QG_MUST_USE;

/** What differs between two trainings is printed, a line for each dataset; *n of them. */
qg_code qg_diff_training(int *n, qg_reading *a, qg_reading *b, const qg_read_cell *c) QG_MUST_USE;

/** One line for each experiment and method: mean Spearman drift of each precision between its
 *  floor and ceiling, and faithfulness; nothing when nothing is explained. */
qg_code qg_print_explanations(FILE *to, qg_reading *r) QG_MUST_USE;

/** All summaries of one explanation, of those of an experiment, and of a pair of experiments. */
qg_code qg_show_explanation(qg_reading *r, const qg_read_cell *c) QG_MUST_USE;
qg_code qg_show_explanations(qg_reading *r, const qg_read_cell *c) QG_MUST_USE;
qg_code qg_show_pair(qg_reading *r, const qg_read_cell *c) QG_MUST_USE;

/** What differs between two explanations is printed; *n of such. */
qg_code qg_diff_explanation(int *n, qg_reading *a, qg_reading *b,
                            const qg_read_cell *c) QG_MUST_USE;

/** Prints a dataset [rows, columns] of doubles of a group; scales are datasets of the group. */
qg_code qg_show_matrix(qg_reading *r, const char *group, const char *data, const char *rows,
                       const char *columns) QG_MUST_USE;

/** Prints a dataset [tables, rows, columns], a table for each index of the first dimension. */
qg_code qg_show_matrices(qg_reading *r, const char *group, const char *data, const char *tables,
                         const char *rows, const char *columns) QG_MUST_USE;

#endif
