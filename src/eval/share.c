/*
 * share.c - shares and their intervals.
 */
#include "qgrid/statistics.h"

#include <math.h>

qg_share qg_wilson(int64_t hits, int64_t n)
{
    const double z = 1.9599639845400545; /* 97.5 % of the normal distribution */
    if (n <= 0)
        return (qg_share){(double)NAN, (double)NAN, (double)NAN};
    double N = (double)n, p = (double)hits / N, z2 = z * z;
    double middle = (p + z2 / (2 * N)) / (1 + z2 / N);
    double half = z / (1 + z2 / N) * sqrt(p * (1 - p) / N + z2 / (4 * N * N));
    double low = hits == 0 ? 0 : middle - half, high = hits == n ? 1 : middle + half;
    return (qg_share){p, low < 0 ? 0 : low, high > 1 ? 1 : high};
}
