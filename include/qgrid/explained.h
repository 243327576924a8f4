/*
 * explained.h - which texts of an experiment are explained: predictions in the results file decide
 * it, those of the cells of qg_plan_choosing.
 */
#ifndef QGRID_EXPLAINED_H
#define QGRID_EXPLAINED_H

#include "qgrid/results.h"

/* The texts of an experiment that are explained, in slots: where there is none, row is -1. */
typedef struct qg_explained {
    int64_t slots;
    int64_t *row;       /* [slots] */
    int32_t *reference; /* [slots] class that fp32 predicts, -1 */
    int32_t *words, *tokens;
} qg_explained;

/** From those predictions in the file, all of which must be there; r->scratch. */
qg_code qg_results_explained(qg_explained *out, qg_results *r, int experiment) QG_MUST_USE;

/** Stores them, of all experiments whose texts the predictions of `cell` have a say in, once the
 *  other predictions that have one are there. */
qg_code qg_results_put_explained(qg_results *r, const qg_cell *cell) QG_MUST_USE;

/** Classes [n] that a precision predicts for the texts of an experiment; r->scratch. */
qg_code qg_results_predicted(int32_t **out, qg_results *r, int experiment,
                             int precision) QG_MUST_USE;

#endif
