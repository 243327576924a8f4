/*
 * training_table.h - trainings and statistics over seeds, as text.
 */
#ifndef QGRID_TRAINING_TABLE_H
#define QGRID_TRAINING_TABLE_H

#include "qgrid/reading.h"

#include <stdio.h>

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

#endif
