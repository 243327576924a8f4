/*
 * explained_drift.h - how far explanations of different experiments are apart, text by text.
 */
#ifndef QGRID_EXPLAINED_DRIFT_H
#define QGRID_EXPLAINED_DRIFT_H

#include "finish.h"

/* Drift of one explanation against another: [slots of a], NaN where they are not compared. */
typedef struct qg_explained_drift {
    int64_t slots, other_class; /* texts left out, since they are explained for another class */
    double *measure;            /* [slots, QG_DRIFTS] */
    double *rho;                /* [slots] Spearman's, the first of the measures */
} qg_explained_drift;

/** Of the cell `of` against the cell `reference`, of the same data set; r->scratch.
 *  @errors QG_ESTORE, QG_ENOMEM. */
qg_code qg_explained_drift_make(qg_explained_drift *out, qg_results *r, const qg_cell *of,
                                const qg_cell *reference) QG_MUST_USE;

/* Numbers of texts, each the mean of what several seeds say of it. */
typedef struct qg_text_means {
    int64_t rows;
    double *sum;
    int64_t *n;
} qg_text_means;

/** For all rows of a data set; a->scratch of the results. @errors QG_ENOMEM. */
qg_code qg_text_means_make(qg_text_means *out, qg_results *r, int experiment) QG_MUST_USE;

/** Adds numbers [slots] of an experiment's explained texts; NaN add nothing; r->scratch.
 *  @errors QG_ESTORE, QG_ENOMEM. */
qg_code qg_text_means_add(qg_text_means *m, qg_results *r, int experiment,
                          const double *v) QG_MUST_USE;

/** Turns sums into means, NaN where nothing was added; returns [rows]. */
double *qg_text_means_take(qg_text_means *m);

#endif
