/*
 * samples.c - paired samples of numbers: Wilcoxon's signed ranks.
 *
 * Wilcoxon, "Individual comparisons by ranking methods", Biometrics 1, 1945: exact distribution up
 * to 25 differences without zeros and ties, else the normal approximation with tie correction,
 * without continuity correction, zero differences dropped (scipy's "wilcox" rule).
 */
#include "ranking.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { EXACT_LIMIT = 25 };

/* P(W <= w) * 2 for n untied differences, by counting the subsets of 1..n with each sum. */
static double exact_p(int64_t w, int n)
{
    double count[EXACT_LIMIT * (EXACT_LIMIT + 1) / 2 + 1] = {1}, sum = 0;
    int most = n * (n + 1) / 2;
    for (int k = 1; k <= n; k++)
        for (int s = most; s >= k; s--)
            count[s] += count[s - k];
    for (int64_t s = 0; s <= w; s++)
        sum += count[s];
    double p = 2 * sum / exp2(n);
    return p < 1 ? p : 1;
}

static double normal_p(double w, int64_t n, const double *rank)
{
    double N = (double)n, mean = N * (N + 1) / 4, ties = 0;
    for (int64_t i = 0; i < n; i++) {
        double t = 0; /* sum over groups of t^3 - t = sum over members of t^2 - 1 */
        for (int64_t j = 0; j < n; j++)
            t += rank[j] == rank[i];
        ties += t * t - 1;
    }
    double sd = sqrt((N * (N + 1) * (2 * N + 1) - ties / 2) / 24);
    return 2 * gsl_cdf_ugaussian_Q(fabs(w - mean) / sd);
}

qg_code qg_wilcoxon(qg_signed_ranks *out, const double *difference, int64_t n, qg_arena *a)
{
    double *d, *size;
    int ties = 0;
    *out = (qg_signed_ranks){.p = (double)NAN};
    QG_NEW(d, a, n);
    QG_NEW(size, a, n);
    for (int64_t i = 0; i < n; i++)
        if (difference[i] != 0) {
            d[out->n] = difference[i];
            size[out->n++] = fabs(difference[i]);
        }
    if (out->n == 0)
        return QG_OK;
    const double *rank = qg_ranks(size, out->n, a);
    if (!rank)
        return QG_ENOMEM;
    for (int64_t i = 0; i < out->n; i++) {
        *(d[i] > 0 ? &out->plus : &out->minus) += rank[i];
        ties |= rank[i] != floor(rank[i]);
        for (int64_t j = 0; j < i && !ties; j++)
            ties |= rank[i] == rank[j];
    }
    double w = fmin(out->plus, out->minus);
    out->p = !ties && out->n == n && n <= EXACT_LIMIT ? exact_p((int64_t)w, (int)n)
                                                      : normal_p(w, out->n, rank);
    return QG_OK;
}
