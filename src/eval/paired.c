/*
 * paired.c - two classifiers on the same texts.
 *
 * McNemar, "Note on the sampling error of the difference between correlated proportions",
 * Psychometrika 12, 1947.
 */
#include "qgrid/metrics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

double qg_mcnemar_exact(int64_t only_a, int64_t only_b)
{
    int64_t fewer = only_a < only_b ? only_a : only_b, discordant = only_a + only_b;
    if (discordant == 0)
        return 1;
    return fmin(1, 2 * gsl_cdf_binomial_P((unsigned)fewer, 0.5, (unsigned)discordant));
}

void qg_mcnemar_test(qg_mcnemar *out, const int32_t *label, const int32_t *a, const int32_t *b,
                     int64_t n, int32_t class_of)
{
    *out = (qg_mcnemar){.p_exact = 1, .p_chi2 = 1, .p_chi2_cc = 1, .odds_ratio = (double)NAN};
    for (int64_t i = 0; i < n; i++) {
        if (label[i] < 0 || (class_of != QG_ANY_CLASS && label[i] != class_of))
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
    double gap = fabs((double)(out->only_a - out->only_b)), corrected = gap - 1;
    out->odds_ratio = (double)out->only_a / (double)out->only_b;
    out->p_exact = qg_mcnemar_exact(out->only_a, out->only_b);
    out->chi2 = gap * gap / (double)discordant;
    out->chi2_cc = corrected * corrected / (double)discordant;
    out->p_chi2 = gsl_cdf_chisq_Q(out->chi2, 1);
    out->p_chi2_cc = gsl_cdf_chisq_Q(out->chi2_cc, 1);
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
