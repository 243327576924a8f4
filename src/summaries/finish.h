/*
 * finish.h - what is computed of a cell once all that it is computed from is there.
 *
 * All of it from what stands in the results file, so that it comes out the same whoever computed
 * the units and however often the run was interrupted.
 */
#ifndef QGRID_FINISH_H
#define QGRID_FINISH_H

#include "qgrid/metrics.h"
#include "qgrid/results.h"

/** Metrics; agreement with fp32; fp32 also says which texts are explained. */
qg_code qg_finish_predictions(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** The measurement of the cell that owns it, which this one shows, too. */
qg_code qg_finish_latency(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Each precision against each other: predictions, and times. */
qg_code qg_finish_comparison(qg_results *r, const qg_cell *c) QG_MUST_USE;
qg_code qg_finish_latencies(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** The predictions of a cell that is done, in r->scratch. */
qg_code qg_finish_read_predictions(qg_predictions *out, qg_results *r,
                                   const qg_cell *c) QG_MUST_USE;

/** Adjusted p values of a family, the pairs a < b of tables p [blocks, n, n], into the same places
 *  and their mirrored ones; the rest of out is NaN. */
qg_code qg_finish_holm(double *out, const double *p, int blocks, int n,
                       qg_arena *scratch) QG_MUST_USE;

/** A share of texts, and Wilson's interval of it; NaN where there are none. */
void qg_finish_share(double out[QG_SHARES], int64_t hits, int64_t n);

/** The same of a data set's groups, where it has any: metrics of predictions, their agreement with
 *  those of fp32 [n], and numbers [slots, measures] of explained texts summed up. */
qg_code qg_finish_metrics_by_group(qg_results *r, const qg_cell *c,
                                   const qg_predictions *p) QG_MUST_USE;
qg_code qg_finish_agreement_by_group(qg_results *r, const qg_cell *c, const int32_t *predicted,
                                     const int32_t *reference) QG_MUST_USE;
qg_code qg_finish_explained_by_group(qg_results *r, const qg_cell *c, qg_group group,
                                     const double *v, int measures) QG_MUST_USE;

/** Statistics of the metrics over the seeds of a model. */
qg_code qg_finish_seeds(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Faithfulness summed up, and drift against fp32 as far as both are there. */
qg_code qg_finish_explanation(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** A parameter-randomisation check summed up over its texts. */
qg_code qg_finish_randomisation(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Parts of a model under a precision against the model in fp32. */
qg_code qg_finish_sensitivity(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Explanations of such a model against those of fp32, summed up. */
qg_code qg_finish_explained_sensitivity(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Entropies of attention summed up; they and the first token's states against those of fp32, as
 * far as both are there. */
qg_code qg_finish_internals(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Tests over the explanations of an experiment, or of two. */
qg_code qg_finish_explanations(qg_results *r, const qg_cell *c) QG_MUST_USE;
qg_code qg_finish_pair(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** An experiment against the fp32 of its reference: predictions, and explanations where there are
 *  any. */
qg_code qg_finish_reference(qg_results *r, const qg_cell *c) QG_MUST_USE;
qg_code qg_finish_reference_explained(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Predictions and explanations of perturbed texts against those of the same texts as they are. */
qg_code qg_finish_stress(qg_results *r, const qg_cell *c) QG_MUST_USE;
qg_code qg_finish_stress_explained(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Minimal pairs under each precision, and against the variant that they are compared with. */
qg_code qg_finish_probes(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** How high the cues of minimal pairs rank in an explanation of their texts. */
qg_code qg_finish_cues(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Explanations over the seeds of a model; what of a drift is training and what quantization. */
qg_code qg_finish_explained_seeds(qg_results *r, const qg_cell *c) QG_MUST_USE;
qg_code qg_finish_decomposition(qg_results *r, const qg_cell *c) QG_MUST_USE;

/* Two explanations of the texts of one data set, whatever their models: what may be compared. */
typedef struct qg_match {
    int64_t n;           /* slots of a */
    int64_t *slot;       /* [n] slot of b with the same text, explained for the same class; -1 */
    int64_t same;        /* texts that both explain for one class */
    int64_t other_class; /* texts that both explain, for different classes: left out */
} qg_match;

/**
 * Matches two cells of explanations by text and class, as they stand in the file; r->scratch. An
 * explanation that is not there explains nothing. The cells' methods may differ.
 * @errors QG_ESTORE, QG_ENOMEM.
 */
qg_code qg_match_explanations(qg_match *out, qg_results *r, const qg_cell *a,
                              const qg_cell *b) QG_MUST_USE;

/** Whether a cell is done, and whether all units of a task are. */
bool qg_finish_is_done(const qg_results *r, const qg_cell *c);
bool qg_finish_task_done(const qg_results *r, int task);

#endif
