/*
 * results_explain.h - explained texts, attributions and measures of faithfulness in the results
 * file.
 */
#ifndef QGRID_RESULTS_EXPLAIN_H
#define QGRID_RESULTS_EXPLAIN_H

#include "qgrid/results.h"
#include "wire.h"

/* The texts of an experiment that are explained, in slots: where there is none, row is -1. */
typedef struct qg_explained {
    int64_t slots;
    int64_t *row;       /* [slots] */
    int32_t *reference; /* [slots] class that fp32 predicts, -1 */
    int32_t *words, *tokens;
} qg_explained;

/** From the predictions of fp32 in the file, all of which must be there; r->scratch. */
qg_code qg_results_explained(qg_explained *out, qg_results *r, int experiment) QG_MUST_USE;

/** Stores them. */
qg_code qg_results_put_explained(qg_results *r, int experiment) QG_MUST_USE;

/** Assignment of a unit: behind the head. */
qg_code qg_results_explain_input(qg_str *out, qg_results *r, int unit) QG_MUST_USE;

/** Stores the result of a unit. */
qg_code qg_results_put_explain(qg_results *r, int unit, qg_reader *in, uint64_t *sum) QG_MUST_USE;

/** Checksum of slots first .. first + count - 1 of an explanation of any results file; `of` is
 *  "model/dataset/precision/method". */
qg_code qg_explanation_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *of,
                                int64_t first, int64_t count) QG_MUST_USE;

/** Summaries of faithfulness, and drift against fp32 as far as both are there. */
qg_code qg_results_close_explain(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Tests over the explanations of an experiment, or of two. */
qg_code qg_results_write_explanations(qg_results *r, const qg_cell *c) QG_MUST_USE;
qg_code qg_results_write_pair(qg_results *r, const qg_cell *c) QG_MUST_USE;

#endif
