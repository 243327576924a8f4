/*
 * equivalence.c - is a mean paired difference within a margin, and which differences could be seen?
 */
#include "qgrid/statistics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static const double ALPHA = 0.05, POWER = 0.8;

/*
 * P(|T| > critical) of a noncentral t of `df` degrees of freedom. T is (Z + shift) / S with normal
 * Z and S^2 a chi-square over its degrees of freedom: given S it is a normal probability. Its mean
 * over log S, whose density is proportional to exp(df (x - exp(2 x) / 2)): smooth and gone at both
 * ends, so that equal steps integrate it to rounding.
 */
static double beyond(double critical, double shift, double df)
{
    enum { STEPS = 512 };
    double low = -39 / df - 6.4 / sqrt(df), high = 6.4 / sqrt(df), sum = 0, weights = 0;
    for (int i = 0; i <= STEPS; i++) {
        double x = low + (high - low) * i / STEPS, s = exp(x);
        double w = exp(df * (x - (s * s - 1) / 2));
        sum += w * (gsl_cdf_ugaussian_P(shift - critical * s) +
                    gsl_cdf_ugaussian_P(-shift - critical * s));
        weights += w;
    }
    return sum / weights;
}

double qg_paired_power(double effect, double sd, int64_t n)
{
    double df = (double)(n - 1);
    if (n < 2)
        return (double)NAN;
    return beyond(gsl_cdf_tdist_Pinv(1 - ALPHA / 2, df), effect / sd * sqrt((double)n), df);
}

double qg_detectable_difference(double sd, int64_t n)
{
    double df = (double)(n - 1), low = 0, high = 1;
    if (n < 2)
        return (double)NAN;
    double critical = gsl_cdf_tdist_Pinv(1 - ALPHA / 2, df);
    while (beyond(critical, high, df) < POWER)
        high *= 2;
    while (high - low > 1e-12 * high) {
        double middle = (low + high) / 2;
        *(beyond(critical, middle, df) < POWER ? &low : &high) = middle;
    }
    return sd * high / sqrt((double)n);
}

static bool all_equal(const double *v, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (v[i] != v[0])
            return false;
    return true;
}

/* Of a mean `distance` above the margin's end: t test, or the sign test of equal differences. */
static double p_of(double distance, double error, int64_t n)
{
    if (error > 0)
        return gsl_cdf_tdist_Q(distance / error, (double)(n - 1));
    return distance > 0 ? exp2(-(double)n) : 1;
}

void qg_equivalence_test(qg_equivalence *out, const double *difference, int64_t n, double margin)
{
    const double none = (double)NAN;
    double sum = 0, square = 0;
    *out = (qg_equivalence){n, none, none, none, none, none, none, none, none};
    for (int64_t i = 0; i < n; i++)
        sum += difference[i];
    if (n > 0)
        out->mean = all_equal(difference, n) ? difference[0] : sum / (double)n;
    if (n < 2)
        return;
    for (int64_t i = 0; i < n; i++)
        square += (difference[i] - out->mean) * (difference[i] - out->mean);
    out->sd = sqrt(square / (double)(n - 1));
    double error = out->sd / sqrt((double)n);
    double reach = gsl_cdf_tdist_Pinv(1 - ALPHA, (double)(n - 1)) * error;
    out->p_low = p_of(out->mean + margin, error, n);
    out->p_high = p_of(margin - out->mean, error, n);
    out->p = fmax(out->p_low, out->p_high);
    out->low = out->mean - reach;
    out->high = out->mean + reach;
    out->detectable = qg_detectable_difference(out->sd, n);
}
