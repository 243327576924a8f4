/*
 * rank_test.c - Friedman's test and Nemenyi's critical difference.
 */
#include "rank_test.h"

#include <math.h>
#include <stdbool.h>

static double normal(double z)
{
    return 0.5 * erfc(-z * sqrt(0.5));
}

/* The chance that the range of k normal numbers is at most q: Simpson's rule over the least one. */
static double range_below(double q, int k)
{
    enum { STEPS = 2000 };
    const double from = -9, h = 18.0 / STEPS;
    double sum = 0;
    for (int i = 0; i <= STEPS; i++) {
        double z = from + i * h;
        double f = exp(-z * z / 2) * pow(normal(z + q) - normal(z), k - 1);
        sum += f * (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2);
    }
    return k * sum * h / 3 / sqrt(2 * acos(-1.0));
}

double qg_studentized_range(int k)
{
    double low = 0, high = 20;
    for (int i = 0; i < 60; i++) {
        double q = (low + high) / 2;
        *(range_below(q, k) < 0.95 ? &low : &high) = q;
    }
    return (low + high) / 2;
}

double qg_chi2_tail(double x, int df)
{
    double half = x / 2, sum = df % 2 ? erfc(sqrt(half)) : 0;
    double term = df % 2 ? exp(-half) * sqrt(half) / (0.5 * sqrt(acos(-1.0))) : exp(-half);
    if (!(x > 0))
        return 1;
    for (int i = df % 2; 2 * i < df; i++) {
        sum += term;
        term *= half / (i + (df % 2 ? 0.5 : 1.0));
    }
    return sum;
}

/* Adds the ranks of one row to `sum`; returns the sum of t^3 - t over its ties. */
static double add_ranks(double *sum, const double *x, int k)
{
    double ties = 0;
    for (int i = 0; i < k; i++) {
        int below = 0, same = 0;
        for (int j = 0; j < k; j++) {
            below += x[j] < x[i];
            same += x[j] == x[i];
        }
        sum[i] += below + (same + 1) / 2.0;
        ties += (double)same * same - 1; /* each of `same` variants adds its part */
    }
    return ties;
}

qg_code qg_rank_test_of(qg_rank_test *out, const double *x, int64_t n, int k, qg_arena *arena)
{
    double ties = 0, squares = 0;
    *out = (qg_rank_test){.k = k};
    QG_NEW(out->mean, arena, k);
    for (int64_t i = 0; i < n; i++) {
        bool known = true;
        for (int j = 0; j < k; j++)
            known = known && !isnan(x[i * k + j]);
        if (!known)
            continue;
        ties += add_ranks(out->mean, x + i * k, k);
        out->n++;
    }
    if (out->n < 2 || k < 2) {
        out->n = 0;
        return QG_OK;
    }
    double m = (double)out->n;
    for (int j = 0; j < k; j++) {
        double from = out->mean[j] - m * (k + 1) / 2.0;
        squares += from * from;
        out->mean[j] /= m;
    }
    double spread = m * k * (k + 1) / 12.0 - ties / (12.0 * (k - 1));
    out->chi2 = spread > 0 ? squares / spread : (double)NAN;
    out->p = spread > 0 ? qg_chi2_tail(out->chi2, k - 1) : (double)NAN;
    out->difference = qg_studentized_range(k) / sqrt(2) * sqrt(k * (k + 1) / (6 * m));
    return QG_OK;
}
