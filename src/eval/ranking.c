/*
 * ranking.c - order statistics: sorting by key, ranks, percentiles, latency.
 */
#include "ranking.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const qg_keyed *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

qg_keyed *qg_sorted(const double *v, int64_t n, qg_arena *a)
{
    qg_keyed *s = qg_arena_alloc(a, (size_t)n, sizeof *s);
    if (!s)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        s[i] = (qg_keyed){v[i], i};
    qsort(s, (size_t)n, sizeof *s, by_value);
    return s;
}

double *qg_ranks(const double *v, int64_t n, qg_arena *a)
{
    qg_keyed *s = qg_sorted(v, n, a);
    double *rank = qg_arena_alloc(a, (size_t)n, sizeof *rank);
    if (!s || !rank)
        return NULL;
    for (int64_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && s[j].value == s[i].value; j++)
            ;
        for (int64_t k = i; k < j; k++)
            rank[s[k].index] = (double)(i + 1 + j) / 2; /* mean of the tied ranks i+1 .. j */
    }
    return rank;
}

double qg_percentile_sorted(const double *sorted, int64_t n, double q)
{
    if (n <= 0)
        return (double)NAN;
    double at = q / 100 * (double)(n - 1);
    int64_t lower = (int64_t)floor(at);
    if (lower >= n - 1)
        return sorted[n - 1];
    double t = at - (double)lower, step = sorted[lower + 1] - sorted[lower];
    /* As numpy: measured from the nearer end. */
    return t < 0.5 ? sorted[lower] + step * t : sorted[lower + 1] - step * (1 - t);
}

qg_code qg_latency_summary(qg_latency_stats *out, const double *ms, int64_t n, qg_arena *arena)
{
    if (n < 1)
        return QG_FAIL(QG_EBUG, "no latency samples");
    qg_keyed *s = qg_sorted(ms, n, arena);
    double *v = qg_arena_alloc(arena, (size_t)n, sizeof *v);
    double sum = 0, square = 0;
    if (!s || !v)
        return QG_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        v[i] = s[i].value;
        sum += ms[i];
    }
    double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        square += (ms[i] - mean) * (ms[i] - mean);
    *out = (qg_latency_stats){.mean = mean,
                              .sd = n > 1 ? sqrt(square / (double)(n - 1)) : 0,
                              .median = qg_percentile_sorted(v, n, 50),
                              .min = v[0],
                              .max = v[n - 1],
                              .p95 = qg_percentile_sorted(v, n, 95),
                              .p99 = qg_percentile_sorted(v, n, 99)};
    return QG_OK;
}
