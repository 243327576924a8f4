/*
 * ranking.h - sorting and ranks shared by the statistics.
 */
#ifndef QGRID_RANKING_H
#define QGRID_RANKING_H

#include "qgrid/metrics.h"

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

/* Signed ranks of the differences that are not 0. */
typedef struct qg_signed_ranks {
    int64_t n;          /* such differences */
    double plus, minus; /* sums of ranks */
    double p;           /* two-sided; NaN for n = 0 */
} qg_signed_ranks;
qg_code qg_wilcoxon(qg_signed_ranks *out, const double *difference, int64_t n,
                    qg_arena *a) QG_MUST_USE;

#endif
