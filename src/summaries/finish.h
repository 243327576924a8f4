/*
 * finish.h - what is computed of a cell once all that it is computed from is there.
 *
 * All of it from what stands in the results file, so that it comes out the same whoever computed
 * the units and however often the run was interrupted.
 */
#ifndef QGRID_FINISH_H
#define QGRID_FINISH_H

#include "qgrid/results.h"

/** Metrics; agreement with fp32; fp32 also says which texts are explained. */
qg_code qg_finish_predictions(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Each precision against each other. */
qg_code qg_finish_comparison(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Statistics of the metrics over the seeds of a model. */
qg_code qg_finish_seeds(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Faithfulness summed up, and drift against fp32 as far as both are there. */
qg_code qg_finish_explanation(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Entropies of attention summed up; they and the first token's states against those of fp32, as far
 *  as both are there. */
qg_code qg_finish_internals(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Tests over the explanations of an experiment, or of two. */
qg_code qg_finish_explanations(qg_results *r, const qg_cell *c) QG_MUST_USE;
qg_code qg_finish_pair(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Whether all units of a task are done. */
bool qg_finish_task_done(const qg_results *r, int task);

#endif
