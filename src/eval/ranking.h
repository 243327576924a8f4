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

#endif
