/*
 * classification.h - parts of the metrics that are shared by those who sum them in other ways.
 */
#ifndef QGRID_CLASSIFICATION_H
#define QGRID_CLASSIFICATION_H

#include "qgrid/metrics.h"

/* Texts of one class: whose label it is, that are predicted so, and both. */
typedef struct qg_class_counts {
    int64_t truth, predicted, hit;
} qg_class_counts;

/** a / b; 0 for b = 0. */
double qg_ratio(double a, double b);

/** Of one class; 0 where it is undefined. */
double qg_f1(const qg_class_counts *c);

/** How many of K classes take part in macro means, and whether this one does. */
bool qg_takes_part(const qg_class_counts *c, qg_absent absent);

/** Negative log likelihood of the label, calibration bin. */
double qg_row_nll(const double *p, int32_t label, int K);
int qg_bin_of(double confidence, int bins);

#endif
