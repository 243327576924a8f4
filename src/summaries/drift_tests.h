/*
 * drift_tests.h - paired tests over the texts that explanations have in common.
 */
#ifndef QGRID_DRIFT_TESTS_H
#define QGRID_DRIFT_TESTS_H

#include "finish.h"

/** Numbers of a test [QG_TESTS] of b against a [n], over the texts where both are defined.
 *  @errors QG_ENOMEM. */
qg_code qg_drift_test(double out[QG_TESTS], qg_results *r, const double *a, const double *b,
                      int64_t n) QG_MUST_USE;

/** Adjusts the p values of a family of tests [n, QG_TESTS] in place. @errors QG_ENOMEM. */
qg_code qg_drift_adjust(double *tests, int n, qg_arena *a) QG_MUST_USE;

/** A column of a cell's drift or faithfulness [slots]; NaN where it was not computed; r->scratch.
 *  @errors QG_ESTORE, QG_ENOMEM. */
qg_code qg_drift_column(double **out, qg_results *r, const qg_cell *c, qg_group group,
                        const char *name) QG_MUST_USE;

/** The Spearman drift's bound [slots]: "floor" or "repeat"; r->scratch.
 *  @errors QG_ESTORE, QG_ENOMEM. */
qg_code qg_drift_bound(double **out, qg_results *r, const qg_cell *c, const char *name) QG_MUST_USE;

#endif
