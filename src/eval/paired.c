/*
 * paired.c - two classifiers on the same texts.
 *
 * McNemar, "Note on the sampling error of the difference between correlated proportions",
 * Psychometrika 12, 1947; percentile bootstrap: Efron and Tibshirani, 1993, chapter 13.
 */
#include "ranking.h"

#include "qgrid/rng.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

void qg_mcnemar_test(qg_mcnemar *out, const int32_t *label, const int32_t *a, const int32_t *b,
                     int64_t n)
{
    *out = (qg_mcnemar){.p_exact = 1, .p_chi2 = 1, .p_chi2_cc = 1};
    for (int64_t i = 0; i < n; i++) {
        if (label[i] < 0)
            continue;
        int right_a = a[i] == label[i], right_b = b[i] == label[i];
        out->both_right += right_a && right_b;
        out->only_a += right_a && !right_b;
        out->only_b += !right_a && right_b;
        out->both_wrong += !right_a && !right_b;
    }
    int64_t discordant = out->only_a + out->only_b;
    if (discordant == 0)
        return;
    int64_t fewer = out->only_a < out->only_b ? out->only_a : out->only_b;
    double p = 2 * gsl_cdf_binomial_P((unsigned)fewer, 0.5, (unsigned)discordant);
    double gap = fabs((double)(out->only_a - out->only_b)), corrected = gap - 1;
    out->p_exact = p < 1 ? p : 1;
    out->chi2 = gap * gap / (double)discordant;
    out->chi2_cc = corrected * corrected / (double)discordant;
    out->p_chi2 = gsl_cdf_chisq_Q(out->chi2, 1);
    out->p_chi2_cc = gsl_cdf_chisq_Q(out->chi2_cc, 1);
}

/* Per labelled text +1, 0 or -1: only b right, equal, only a right. */
static int64_t gains(int8_t *gain, const int32_t *label, const int32_t *a, const int32_t *b,
                     int64_t n)
{
    int64_t used = 0;
    for (int64_t i = 0; i < n; i++)
        if (label[i] >= 0)
            gain[used++] = (int8_t)((b[i] == label[i]) - (a[i] == label[i]));
    return used;
}

qg_code qg_bootstrap_accuracy(qg_bootstrap *out, const int32_t *label, const int32_t *a,
                              const int32_t *b, int64_t n, const qg_draws *draws, qg_arena *arena)
{
    const int32_t *index = draws->index;
    int resamples = draws->resamples;
    int8_t *gain;
    double *difference, *sorted;
    int64_t sum = 0, below = 0, above = 0;
    QG_NEW(gain, arena, n);
    QG_NEW(difference, arena, resamples);
    QG_NEW(sorted, arena, resamples);
    int64_t used = gains(gain, label, a, b, n);
    if (used == 0)
        return QG_FAIL(QG_EFORMAT, "no row has a label");
    for (int64_t i = 0; i < used; i++)
        sum += gain[i];
    qg_rng base = qg_rng_make(draws->seed, "bootstrap/accuracy", 0);
    for (int r = 0; r < resamples; r++) {
        qg_rng rng = qg_rng_stream(&base, (uint64_t)r);
        int64_t s = 0;
        for (int64_t i = 0; i < used; i++)
            s += gain[index ? index[(int64_t)r * n + i]
                            : (int64_t)qg_rng_below(&rng, (uint64_t)used)];
        difference[r] = (double)s / (double)used;
        below += s <= 0;
        above += s >= 0;
    }
    const qg_keyed *order = qg_sorted(difference, resamples, arena);
    if (!order)
        return QG_ENOMEM;
    for (int r = 0; r < resamples; r++)
        sorted[r] = order[r].value;
    double p = 2 * (double)(below < above ? below : above) / resamples;
    *out = (qg_bootstrap){.difference = (double)sum / (double)used,
                          .low = qg_percentile_sorted(sorted, resamples, 2.5),
                          .high = qg_percentile_sorted(sorted, resamples, 97.5),
                          .p_one_sided = (double)below / resamples,
                          .p_two_sided = p < 1 ? p : 1};
    return QG_OK;
}

double qg_agreement(const int32_t *a, const int32_t *b, int64_t n)
{
    int64_t equal = 0;
    for (int64_t i = 0; i < n; i++)
        equal += a[i] == b[i];
    return n > 0 ? (double)equal / (double)n : (double)NAN;
}

static double kl_term(double p, double q)
{
    return p > 0 ? p * log(p / q) : 0;
}

void qg_divergence_mean(qg_divergence *out, const double *p, const double *q, int64_t n, int K)
{
    *out = (qg_divergence){0};
    for (int64_t i = 0; i < n * K; i++) {
        double middle = (p[i] + q[i]) / 2;
        out->kl += kl_term(p[i], q[i]);
        out->js += (kl_term(p[i], middle) + kl_term(q[i], middle)) / 2;
        out->tv += fabs(p[i] - q[i]) / 2;
    }
    out->kl /= (double)n;
    out->js /= (double)n;
    out->tv /= (double)n;
}
