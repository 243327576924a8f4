/*
 * ranking.h - sorting and ranks shared by the statistics.
 */
#ifndef QGRID_RANKING_H
#define QGRID_RANKING_H

#include "qgrid/statistics.h"

typedef struct qg_keyed {
    double value;
    int64_t index;
} qg_keyed;

/** Values in rising order, ties by index; arena, NULL when out of memory. */
qg_keyed *qg_sorted(const double *v, int64_t n, qg_arena *a);

/** Ranks from 1, ties get their mean; arena, NULL when out of memory. */
double *qg_ranks(const double *v, int64_t n, qg_arena *a);

/** Place of each value from the largest magnitude (0) down; ties: lower index first. Arena, NULL
 *  when out of memory. */
int64_t *qg_places(const double *v, int64_t n, qg_arena *a);

/** Jaccard index of the values in places below k; NaN for no values. */
double qg_jaccard_of_places(const int64_t *a, const int64_t *b, int64_t n, int64_t k);

/** Interval and p values of a statistic whose resamples are there, in any order. */
qg_code qg_bootstrap_summary(qg_bootstrap *out, double observed, const double *resampled,
                             int resamples, qg_arena *scratch) QG_MUST_USE;

#endif
