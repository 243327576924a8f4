/*
 * timing.c - the median of repeated calls.
 */
#include "timing.h"

#include "qgrid/clock.h"

#include <stdlib.h>

enum { SAMPLES = 2000 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double qg_median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double once(const qg_timed *t)
{
    if (t->prepare)
        t->prepare(t->ctx);
    double begin = qg_clock();
    t->call(t->ctx);
    return qg_clock() - begin;
}

qg_timing qg_time(const qg_timed *t, int runs, int least, double seconds)
{
    static double sample[SAMPLES];
    int n = 0, most = runs > 0 && runs < SAMPLES ? runs : SAMPLES;
    double begin = qg_clock(), first = once(t);
    if (first > seconds && least > 2)
        least = 2; /* a slow one: its spread is small */
    while (n < most && (runs > 0 || n < least || qg_clock() - begin < seconds))
        sample[n++] = once(t);
    double median = qg_median(sample, n);
    return (qg_timing){median, sample[0], n};
}
