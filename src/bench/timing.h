/*
 * timing.h - the median of repeated calls.
 */
#ifndef QGRID_BENCH_TIMING_H
#define QGRID_BENCH_TIMING_H

typedef struct qg_timing {
    double median, min; /* seconds of a call */
    int runs;
} qg_timing;

/* What is timed: `call` alone, each time after `prepare` (NULL: nothing to prepare). */
typedef struct qg_timed {
    void (*prepare)(void *ctx);
    void (*call)(void *ctx);
    void *ctx;
} qg_timed;

/**
 * One warm-up call, then `runs` timed ones; runs 0: as many as fit `seconds`, at least `least`.
 */
qg_timing qg_time(const qg_timed *t, int runs, int least, double seconds);

/** Median of n values, which are sorted. */
double qg_median(double *v, int n);

#endif
