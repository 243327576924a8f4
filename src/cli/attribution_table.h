/*
 * attribution_table.h - explanations, their drift and faithfulness, as text.
 */
#ifndef QGRID_ATTRIBUTION_TABLE_H
#define QGRID_ATTRIBUTION_TABLE_H

#include "qgrid/reading.h"

#include <stdio.h>

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

#endif
