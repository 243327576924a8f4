/*
 * pooled.c - numbers of texts under several seeds: statistics over seeds, shares of a total.
 */
#include "qgrid/pooled.h"

#include "ranking.h"
#include "qgrid/rng.h"

#include <math.h>
#include <stdbool.h>

#define X(name, doc) #name,
const char *const qg_pooled_names[] = {QG_POOLED_LIST(X) NULL};
#undef X

/* Seeds of which numbers are left, without those that are undefined. */
typedef struct kept {
    int seeds;
    double **value;
    int64_t *count, n;
} kept;

/* Keeps what is defined in v, and in `with` as well unless it is NULL. */
static qg_code keep(kept *out, const qg_seed_values *v, const qg_seed_values *with, qg_arena *a)
{
    *out = (kept){0};
    QG_NEW(out->value, a, v->seeds);
    QG_NEW(out->count, a, v->seeds);
    for (int s = 0; s < v->seeds; s++) {
        double *to;
        int64_t n = 0;
        QG_NEW(to, a, v->count[s]);
        for (int64_t i = 0; i < v->count[s]; i++)
            if (!isnan(v->value[s][i]) && !(with && isnan(with->value[s][i])))
                to[n++] = v->value[s][i];
        if (n == 0)
            continue;
        out->value[out->seeds] = to;
        out->count[out->seeds++] = n;
        out->n += n;
    }
    return QG_OK;
}

static double mean_of(const double *v, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += v[i];
    return sum / (double)n;
}

qg_code qg_pool(double *out, const qg_seed_values *v, const qg_draws *draws, qg_arena *scratch)
{
    kept k;
    qg_spread spread;
    qg_bootstrap interval;
    double *mean, sum = 0;
    qg_mark m = qg_arena_mark(scratch);
    QG_TRY(keep(&k, v, NULL, scratch));
    QG_NEW(mean, scratch, k.seeds);
    for (int s = 0; s < k.seeds; s++) {
        mean[s] = mean_of(k.value[s], k.count[s]);
        sum += mean[s] * (double)k.count[s];
    }
    QG_TRY(qg_spread_of(&spread, mean, k.seeds, scratch));
    QG_TRY(qg_bootstrap_groups(&interval, (const double *const *)k.value, k.count, k.seeds, draws,
                               scratch));
    out[QG_POOLED_seeds] = k.seeds;
    out[QG_POOLED_n] = (double)k.n;
    out[QG_POOLED_mean] = spread.mean;
    out[QG_POOLED_sd] = spread.sd;
    out[QG_POOLED_median] = spread.median;
    out[QG_POOLED_min] = spread.min;
    out[QG_POOLED_max] = spread.max;
    out[QG_POOLED_ci_low] = interval.low;
    out[QG_POOLED_ci_high] = interval.high;
    out[QG_POOLED_pooled] = k.n > 0 ? sum / (double)k.n : (double)NAN;
    out[QG_POOLED_consistency] = qg_direction_consistency(mean, k.seeds);
    qg_arena_release(scratch, m);
    return QG_OK;
}

/* Mean part divided by mean total of one resample. */
static double resampled_share(const kept *part, const kept *total, qg_rng *rng)
{
    double of_part = 0, of_total = 0;
    for (int s = 0; s < part->seeds; s++) {
        int g = (int)qg_rng_below(rng, (uint64_t)part->seeds);
        double a = 0, b = 0;
        for (int64_t i = 0; i < part->count[g]; i++) {
            int64_t k = (int64_t)qg_rng_below(rng, (uint64_t)part->count[g]);
            a += part->value[g][k];
            b += total->value[g][k];
        }
        of_part += a / (double)part->count[g];
        of_total += b / (double)part->count[g];
    }
    return of_total > 0 ? of_part / of_total : (double)NAN;
}

qg_code qg_pooled_share(double share[3], const qg_seed_values *part, const qg_seed_values *total,
                        const qg_draws *draws, qg_arena *scratch)
{
    kept p, t;
    double *of_resample, of_part = 0, of_total = 0;
    bool known = true;
    qg_mark m = qg_arena_mark(scratch);
    QG_TRY(keep(&p, part, total, scratch));
    QG_TRY(keep(&t, total, part, scratch));
    share[0] = share[1] = share[2] = (double)NAN;
    for (int s = 0; s < p.seeds; s++) {
        of_part += mean_of(p.value[s], p.count[s]);
        of_total += mean_of(t.value[s], t.count[s]);
    }
    if (of_total > 0) {
        share[0] = of_part / of_total;
        QG_NEW(of_resample, scratch, draws->resamples);
        qg_rng base = qg_rng_make(draws->seed, "bootstrap/share", 0);
        for (int i = 0; i < draws->resamples; i++) {
            qg_rng rng = qg_rng_stream(&base, (uint64_t)i);
            of_resample[i] = resampled_share(&p, &t, &rng);
            known = known && !isnan(of_resample[i]);
        }
        if (known) {
            qg_bootstrap b;
            QG_TRY(qg_bootstrap_summary(&b, share[0], of_resample, draws->resamples, scratch));
            share[1] = b.low;
            share[2] = b.high;
        }
    }
    qg_arena_release(scratch, m);
    return QG_OK;
}
