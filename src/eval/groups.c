/*
 * groups.c - numbers in groups, such as the texts of seeds: spread, direction, bootstrap.
 */
#include "ranking.h"

#include "qgrid/rng.h"

#include <math.h>

qg_code qg_spread_of(qg_spread *out, const double *v, int64_t n, qg_arena *scratch)
{
    const double none = (double)NAN;
    double sum = 0, square = 0;
    *out = (qg_spread){none, none, none, none, none};
    for (int64_t i = 0; i < n; i++)
        sum += v[i];
    if (n == 0 || isnan(sum))
        return QG_OK;
    qg_mark mark = qg_arena_mark(scratch);
    const qg_keyed *s = qg_sorted(v, n, scratch);
    if (!s)
        return QG_ENOMEM;
    out->mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        square += (v[i] - out->mean) * (v[i] - out->mean);
    if (n > 1)
        out->sd = sqrt(square / (double)(n - 1));
    out->min = s[0].value;
    out->max = s[n - 1].value;
    out->median = n % 2 ? s[n / 2].value : (s[n / 2 - 1].value + s[n / 2].value) / 2;
    qg_arena_release(scratch, mark);
    return QG_OK;
}

double qg_direction_consistency(const double *difference, int64_t n)
{
    int64_t above = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(difference[i]))
            return (double)NAN;
        above += difference[i] > 0;
    }
    return n > 0 ? (double)above / (double)n : (double)NAN;
}

qg_code qg_bootstrap_summary(qg_bootstrap *out, double observed, const double *resampled,
                             int resamples, qg_arena *scratch)
{
    double *sorted;
    int below = 0, above = 0;
    qg_mark mark = qg_arena_mark(scratch);
    const qg_keyed *order = qg_sorted(resampled, resamples, scratch);
    if (!order)
        return QG_ENOMEM;
    QG_NEW(sorted, scratch, resamples);
    for (int r = 0; r < resamples; r++) {
        sorted[r] = order[r].value;
        below += sorted[r] <= 0;
        above += sorted[r] >= 0;
    }
    int fewer = below < above ? below : above;
    *out = (qg_bootstrap){.difference = observed,
                          .low = qg_percentile_sorted(sorted, resamples, 2.5),
                          .high = qg_percentile_sorted(sorted, resamples, 97.5),
                          .p_one_sided = (below + 1.0) / (resamples + 1.0),
                          .p_two_sided = fmin(1, 2 * (fewer + 1.0) / (resamples + 1.0))};
    qg_arena_release(scratch, mark);
    return QG_OK;
}

/* ------------------------------------------------------------------------ bootstrap in two levels
 */

/* Groups that have values. */
typedef struct filled {
    const double **value;
    int64_t *count;
    int n;
} filled;

static qg_code fill(filled *out, const double *const *value, const int64_t *count, int groups,
                    qg_arena *a)
{
    *out = (filled){0};
    QG_NEW(out->value, a, groups);
    QG_NEW(out->count, a, groups);
    for (int g = 0; g < groups; g++)
        if (count[g] > 0) {
            out->value[out->n] = value[g];
            out->count[out->n++] = count[g];
        }
    return QG_OK;
}

/* Mean of the groups' means; drawn, or with rng = NULL of the values themselves. */
static double mean_of_means(const filled *f, qg_rng *rng)
{
    double sum = 0;
    for (int i = 0; i < f->n; i++) {
        int g = rng ? (int)qg_rng_below(rng, (uint64_t)f->n) : i;
        double of_group = 0;
        for (int64_t k = 0; k < f->count[g]; k++)
            of_group += f->value[g][rng ? (int64_t)qg_rng_below(rng, (uint64_t)f->count[g]) : k];
        sum += of_group / (double)f->count[g];
    }
    return sum / f->n;
}

qg_code qg_bootstrap_groups(qg_bootstrap *out, const double *const *value, const int64_t *count,
                            int groups, const qg_draws *draws, qg_arena *scratch)
{
    const double none = (double)NAN;
    double *mean;
    filled f;
    qg_mark mark = qg_arena_mark(scratch);
    *out = (qg_bootstrap){none, none, none, none, none};
    QG_TRY(fill(&f, value, count, groups, scratch));
    QG_NEW(mean, scratch, draws->resamples);
    qg_rng base = qg_rng_make(draws->seed, "bootstrap/groups", 0);
    for (int r = 0; f.n > 0 && r < draws->resamples; r++) {
        qg_rng rng = qg_rng_stream(&base, (uint64_t)r);
        mean[r] = mean_of_means(&f, &rng);
    }
    if (f.n > 0)
        QG_TRY(qg_bootstrap_summary(out, mean_of_means(&f, NULL), mean, draws->resamples, scratch));
    qg_arena_release(scratch, mark);
    return QG_OK;
}
