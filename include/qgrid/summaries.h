/*
 * summaries.h - from rows to numbers: metrics, comparisons, tests, statistics over seeds.
 */
#ifndef QGRID_SUMMARIES_H
#define QGRID_SUMMARIES_H

#include "qgrid/results.h"

/** Computes what can be computed now of the selected cells that are open, and sets their states.
 *  A cell whose numbers cannot be computed fails alone. @errors of the GRID scope. Local, rank 0.
 */
qg_code qg_finish_cells(qg_results *r) QG_MUST_USE;

#endif
