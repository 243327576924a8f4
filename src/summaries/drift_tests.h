/*
 * drift_tests.h - paired tests over the texts that explanations have in common: is there a
 * difference, is it within a margin, is the second not below the first?
 */
#ifndef QGRID_DRIFT_TESTS_H
#define QGRID_DRIFT_TESTS_H

#include "finish.h"

/*
 * Tests of one kind over methods and precisions. p values are adjusted in three families, one for
 * each question: of all methods but those that look at no model.
 */
typedef struct qg_drift_tests {
    int n, per_method;  /* tests, those of one method behind each other */
    double *difference; /* [n, QG_TESTS] Wilcoxon's signed ranks, two-sided */
    double *equivalent; /* [n, QG_WITHINS] two one-sided t tests */
    double *not_below;  /* [n, QG_WITHINS] one one-sided t test */
} qg_drift_tests;

/** All undefined; r->scratch. @errors QG_ENOMEM. */
qg_code qg_drift_tests_make(qg_drift_tests *out, qg_results *r, int per_method) QG_MUST_USE;

/** Test number `i` of values b against a [n], over the texts where both are defined: the three
 *  questions, and whether b is not below a alone. @errors QG_ENOMEM. */
qg_code qg_drift_test(qg_drift_tests *t, qg_results *r, int i, const double *a, const double *b,
                      int64_t n, double margin) QG_MUST_USE;
qg_code qg_drift_test_not_below(qg_drift_tests *t, qg_results *r, int i, const double *a,
                                const double *b, int64_t n, double margin) QG_MUST_USE;

/** Adjusts the p values of every family, when all tests are there. @errors QG_ENOMEM. */
qg_code qg_drift_tests_adjust(qg_drift_tests *t, qg_results *r) QG_MUST_USE;

/** Whether the accuracy of b is that of a within a margin, and whether it is not below: numbers
 *  [QG_WITHINS], over the labelled texts. @errors QG_ENOMEM. */
qg_code qg_accuracy_within(double *equivalent, double *not_below, const qg_predictions *a,
                           const qg_predictions *b, double margin, qg_arena *scratch) QG_MUST_USE;

/** Adjusts the p values of such tests [n, QG_WITHINS], all of them one family. @errors QG_ENOMEM.
 */
qg_code qg_within_adjust(double *tests, int n, qg_arena *scratch) QG_MUST_USE;

/** Writes the tests of differences under `name`, the others under NAME_equivalent and
 *  NAME_not_below. @errors QG_ESTORE, QG_ENOMEM. */
qg_code qg_drift_tests_write(const qg_drift_tests *t, qg_results *r, qg_group_ref g,
                             const char *name) QG_MUST_USE;

/** A column of a cell's drift or faithfulness [slots]; NaN where it was not computed; r->scratch.
 *  @errors QG_ESTORE, QG_ENOMEM. */
qg_code qg_drift_column(double **out, qg_results *r, const qg_cell *c, qg_group group,
                        const char *name) QG_MUST_USE;

/** The Spearman drift's bound [slots]: "floor" or "repeat"; r->scratch.
 *  @errors QG_ESTORE, QG_ENOMEM. */
qg_code qg_drift_bound(double **out, qg_results *r, const qg_cell *c, const char *name) QG_MUST_USE;

#endif
