/*
 * summary.c - numbers over texts: description, bootstrap of the mean, paired differences, adjusted
 * p values.
 *
 * Percentile bootstrap: Efron and Tibshirani, 1993, chapter 13. Rank-biserial correlation of
 * matched pairs: Kerby, "The simple difference formula", Comprehensive Psychology 3, 2014.
 */
#include "qgrid/drift.h"

#include "qgrid/rng.h"
#include "ranking.h"

#include <math.h>

#define X(name, doc) #name,
const char *const qg_summary_names[] = {QG_SUMMARY_LIST(X) NULL};
#undef X

static double mean_of(const double *v, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += v[i];
    return sum / (double)n; /* NaN for n = 0 */
}

static double sd_of(const double *v, int64_t n, double mean)
{
    double square = 0;
    for (int64_t i = 0; i < n; i++)
        square += (v[i] - mean) * (v[i] - mean);
    return n > 1 ? sqrt(square / (double)(n - 1)) : (double)NAN;
}

static qg_code rising(double **out, const double *v, int64_t n, qg_arena *a)
{
    const qg_keyed *s = qg_sorted(v, n, a);
    QG_NEW(*out, a, n);
    if (!s)
        return QG_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        (*out)[i] = s[i].value;
    return QG_OK;
}

/* A table of more draws than this is not kept. */
enum { MOST_DRAWS = 1 << 24 };

qg_resampler qg_resampler_make(int resamples, uint64_t seed, qg_arena *a)
{
    return (qg_resampler){.resamples = resamples, .seed = seed, .arena = a, .n = -1};
}

static void draw(uint32_t *index, const qg_rng *base, int resample, int64_t n)
{
    qg_rng rng = qg_rng_stream(base, (uint64_t)resample);
    for (int64_t i = 0; i < n; i++)
        index[i] = (uint32_t)qg_rng_below(&rng, (uint64_t)n);
}

/* The table for n values; for too many of them, room for one resample. */
static qg_code make_table(qg_resampler *r, int64_t n)
{
    size_t rows = n > 0 && r->resamples > MOST_DRAWS / n ? 1 : (size_t)r->resamples;
    size_t draws = rows * (size_t)n;
    QG_ASSERT(n < UINT32_MAX);
    if (n == r->n || n == 0)
        return QG_OK;
    if (draws > r->room) {
        r->room = draws > 2 * r->room ? draws : 2 * r->room; /* few tables are left behind */
        QG_NEW(r->index, r->arena, r->room);
    }
    r->n = rows > 1 || r->resamples == 1 ? n : -1;
    if (r->n < 0)
        return QG_OK;
    qg_rng base = qg_rng_make(r->seed, "bootstrap/mean", 0);
    for (int i = 0; i < r->resamples; i++)
        draw(r->index + (size_t)i * (size_t)n, &base, i, n);
    return QG_OK;
}

/* 2.5 % and 97.5 % of the means of resamples; NaN for n = 0. The table is made. */
static qg_code bootstrap_mean(double *low, double *high, const double *v, int64_t n,
                              const qg_resampler *r, qg_arena *a)
{
    double *mean, *sorted;
    *low = *high = (double)NAN;
    if (n == 0)
        return QG_OK;
    QG_NEW(mean, a, r->resamples);
    qg_rng base = qg_rng_make(r->seed, "bootstrap/mean", 0);
    for (int i = 0; i < r->resamples; i++) {
        const uint32_t *index = r->index + (r->n < 0 ? 0 : (size_t)i * (size_t)n);
        if (r->n < 0)
            draw(r->index, &base, i, n);
        for (int64_t k = 0; k < n; k++)
            mean[i] += v[index[k]];
        mean[i] /= (double)n;
    }
    QG_TRY(rising(&sorted, mean, r->resamples, a));
    *low = qg_percentile_sorted(sorted, r->resamples, 2.5);
    *high = qg_percentile_sorted(sorted, r->resamples, 97.5);
    return QG_OK;
}

qg_code qg_summarize(double *out, const double *v, int64_t n, int64_t stride, qg_resampler *r,
                     qg_arena *scratch)
{
    double *x, *sorted;
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        m += !isnan(v[i * stride]);
    QG_TRY(make_table(r, m)); /* may be in the same arena */
    m = 0;
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(x, scratch, n);
    for (int64_t i = 0; i < n; i++)
        if (!isnan(v[i * stride]))
            x[m++] = v[i * stride];
    QG_TRY(rising(&sorted, x, m, scratch));
    out[QG_SUMMARY_n] = (double)m;
    out[QG_SUMMARY_mean] = mean_of(x, m);
    out[QG_SUMMARY_sd] = sd_of(x, m, out[QG_SUMMARY_mean]);
    out[QG_SUMMARY_median] = qg_percentile_sorted(sorted, m, 50);
    out[QG_SUMMARY_min] = qg_percentile_sorted(sorted, m, 0);
    out[QG_SUMMARY_max] = qg_percentile_sorted(sorted, m, 100);
    QG_TRY(bootstrap_mean(&out[QG_SUMMARY_ci_low], &out[QG_SUMMARY_ci_high], x, m, r, scratch));
    qg_arena_release(scratch, mark);
    return QG_OK;
}

qg_code qg_paired_drift_test(qg_paired_drift *out, const double *a, const double *b, int64_t n,
                             int64_t stride, qg_resampler *r, qg_arena *scratch)
{
    double *d;
    int64_t m = 0;
    qg_signed_ranks ranks;
    for (int64_t i = 0; i < n; i++)
        m += !isnan(b[i * stride] - a[i * stride]);
    QG_TRY(make_table(r, m)); /* may be in the same arena */
    *out = (qg_paired_drift){.p_wilcoxon = (double)NAN, .rank_biserial = (double)NAN};
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(d, scratch, n);
    for (int64_t i = 0; i < n; i++) {
        double difference = b[i * stride] - a[i * stride];
        if (!isnan(difference))
            d[out->n++] = difference;
    }
    out->difference = mean_of(d, out->n);
    QG_TRY(bootstrap_mean(&out->ci_low, &out->ci_high, d, out->n, r, scratch));
    QG_TRY(qg_wilcoxon(&ranks, d, out->n, scratch));
    if (out->n >= 2) {
        double all = (double)ranks.n * (double)(ranks.n + 1) / 2;
        out->p_wilcoxon = ranks.n > 0 ? ranks.p : 1;
        out->rank_biserial = ranks.n > 0 ? (ranks.plus - ranks.minus) / all : 0;
    }
    qg_arena_release(scratch, mark);
    return QG_OK;
}

/* ----------------------------------------------------------------------------- many tests at once
 */

static double at_most_one(double p)
{
    return p < 1 ? p : 1;
}

qg_code qg_holm(double *adjusted, const double *p, int n, qg_arena *scratch)
{
    double *q, least = 0;
    int *from, m = 0;
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(q, scratch, n);
    QG_NEW(from, scratch, n);
    for (int i = 0; i < n; i++) {
        if (isnan(p[i])) {
            adjusted[i] = (double)NAN;
        } else {
            from[m] = i;
            q[m++] = p[i];
        }
    }
    const qg_keyed *s = qg_sorted(q, m, scratch);
    if (!s)
        return QG_ENOMEM;
    for (int i = 0; i < m; i++) {
        least = fmax(least, at_most_one((m - i) * s[i].value));
        adjusted[from[s[i].index]] = least;
    }
    qg_arena_release(scratch, mark);
    return QG_OK;
}

void qg_bonferroni(double *adjusted, const double *p, int n)
{
    int m = 0;
    for (int i = 0; i < n; i++)
        m += !isnan(p[i]);
    for (int i = 0; i < n; i++)
        adjusted[i] = isnan(p[i]) ? (double)NAN : at_most_one(m * p[i]);
}
