/*
 * results_predict.h - packed models and predictions in the results file.
 */
#ifndef QGRID_RESULTS_PREDICT_H
#define QGRID_RESULTS_PREDICT_H

#include "qgrid/results.h"
#include "wire.h"

/** Stores the result of a unit. */
qg_code qg_results_put_predict(qg_results *r, int unit, qg_reader *in, uint64_t *sum) QG_MUST_USE;
qg_code qg_results_put_pack(qg_results *r, int unit, qg_reader *in, uint64_t *sum) QG_MUST_USE;

#endif
