/*
 * faithfulness.c - removal and insertion by the order of scores, and what is computed from them.
 */
#include "qgrid/faithfulness.h"

#include <math.h>
#include <string.h>

static const double LEAST_PROBABILITY = 1e-15;

/* --------------------------------------------------------------------------------------- order */

static bool comes_before(const double *score, int32_t a, int32_t b, bool by_magnitude)
{
    double x = by_magnitude ? fabs(score[a]) : score[a];
    double y = by_magnitude ? fabs(score[b]) : score[b];
    if (isnan(x) || isnan(y))
        return !isnan(x) || (isnan(y) && a < b);
    return x != y ? x > y : a < b;
}

/* Insertion: texts have tens of units. */
void qg_score_order(int32_t *order, const double *score, int n, bool by_magnitude)
{
    for (int32_t i = 0; i < n; i++) {
        int at = i;
        for (; at > 0 && comes_before(score, i, order[at - 1], by_magnitude); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

int qg_top_count(double k, int n)
{
    const double rounding = 1e-9; /* 0.07 * 100 is 7 */
    double count = k < 1 ? ceil(k * n - rounding) : floor(k);
    return count < n ? (int)count : n;
}

void qg_present_by_order(uint8_t *present, const int32_t *order, int n, int k, bool only)
{
    memset(present, !only, (size_t)n);
    for (int i = 0; i < k; i++)
        present[order[i]] = only;
}

/* ------------------------------------------------------------------------------------ measures */

qg_faithfulness qg_faithfulness_of(double full, double without, double only)
{
    return (qg_faithfulness){
        .comprehensiveness = full - without,
        .sufficiency = full - only,
        .confidence = only,
        .log_odds = log(fmax(without, LEAST_PROBABILITY) / fmax(full, LEAST_PROBABILITY)),
    };
}

double qg_aopc(double full, const double *p, int m)
{
    double sum = 0;
    for (int i = 0; i < m; i++)
        sum += full - p[i];
    return m > 0 ? sum / m : (double)NAN;
}

double qg_aopc_normalised(double aopc, double lower, double upper)
{
    return upper > lower ? (aopc - lower) / (upper - lower) : (double)NAN;
}

double qg_soft_faithfulness(double full, double reduced, double empty, bool kept)
{
    double lost = fmax(0, full - reduced), most = fmax(0, full - empty);
    return most > 0 ? (kept ? most - lost : lost) / most : (double)NAN;
}

double qg_curve_area(const double *p, int m)
{
    double sum = 0;
    for (int i = 1; i < m; i++)
        sum += (p[i - 1] + p[i]) / 2;
    return m > 1 ? sum / (m - 1) : (double)NAN;
}

double qg_infidelity(const double *expected, const double *actual, int m, bool scaled)
{
    double ea = 0, ee = 0, sum = 0;
    for (int i = 0; i < m; i++) {
        ea += expected[i] * actual[i];
        ee += expected[i] * expected[i];
    }
    double factor = scaled && ee > 0 ? ea / ee : 1;
    for (int i = 0; i < m; i++) {
        double d = factor * expected[i] - actual[i];
        sum += d * d;
    }
    return m > 0 ? sum / m : (double)NAN;
}

double qg_sensitivity_max(const double *score, const double *perturbed, int m, int n)
{
    double size = 0, worst = 0;
    for (int i = 0; i < n; i++)
        size += score[i] * score[i];
    for (int k = 0; k < m; k++, perturbed += n) {
        double distance = 0;
        for (int i = 0; i < n; i++)
            distance += (perturbed[i] - score[i]) * (perturbed[i] - score[i]);
        if (isnan(distance))
            return (double)NAN;
        worst = distance > worst ? distance : worst;
    }
    return size > 0 && m > 0 ? sqrt(worst / size) : (double)NAN;
}

double qg_complexity(const double *score, int n, int bins)
{
    double least = (double)INFINITY, greatest = -(double)INFINITY, entropy = 0;
    for (int i = 0; i < n; i++) {
        least = fmin(least, score[i]);
        greatest = fmax(greatest, score[i]);
    }
    for (int b = 0; b < bins && greatest > least; b++) {
        int count = 0;
        for (int i = 0; i < n; i++) {
            int at = (int)((score[i] - least) / (greatest - least) * bins);
            count += (at < bins ? at : bins - 1) == b;
        }
        double share = (double)count / n;
        entropy -= count ? share * log(share) : 0;
    }
    return n > 0 ? entropy : (double)NAN;
}
