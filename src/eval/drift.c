/*
 * drift.c - how far two explanations are apart, how far chance would be, and another draw.
 */
#include "qgrid/drift.h"

#include "qgrid/rng.h"
#include "ranking.h"

#include <math.h>
#include <string.h>

#define X(name, doc) #name,
const char *const qg_drift_names[] = {QG_DRIFT_LIST(X) NULL};
#undef X

static const double NO_SIGN = 1e-6, LEAST_SIGMA = 1e-6;

/* Words that have a score in both vectors. */
static int defined_in_both(double *x, double *y, const double *a, const double *b, int n)
{
    int m = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(a[i]) && !isnan(b[i])) {
            x[m] = a[i];
            y[m++] = b[i];
        }
    return m;
}

static double sign_flip(const double *a, const double *b, int n)
{
    int signs = 0, flips = 0;
    for (int i = 0; i < n; i++)
        if (fabs(a[i]) > NO_SIGN && fabs(b[i]) > NO_SIGN) {
            signs++;
            flips += (a[i] > 0) != (b[i] > 0);
        }
    return signs > 0 ? (double)flips / signs : (double)NAN;
}

static double magnitude_shift(const double *a, const double *b, int n)
{
    double shift = 0, size = 0;
    for (int i = 0; i < n; i++) {
        shift += fabs(b[i] - a[i]);
        size += fabs(a[i]);
    }
    return size > 0 ? shift / size : (double)NAN;
}

qg_code qg_drift_of(double *out, const double *a, const double *b, int n, qg_arena *scratch)
{
    double *x, *y;
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(x, scratch, n);
    QG_NEW(y, scratch, n);
    int m = defined_in_both(x, y, a, b, n);
    const double *rx = qg_ranks(x, m, scratch), *ry = qg_ranks(y, m, scratch);
    const int64_t *px = qg_places(x, m, scratch), *py = qg_places(y, m, scratch);
    if (!rx || !ry || !px || !py)
        return QG_ENOMEM;
    out[QG_DRIFT_spearman] = qg_pearson(rx, ry, m);
    out[QG_DRIFT_kendall] = qg_kendall_tau_b(x, y, m);
    out[QG_DRIFT_cosine] = qg_cosine(x, y, m);
    out[QG_DRIFT_jaccard_3] = qg_jaccard_of_places(px, py, m, 3);
    out[QG_DRIFT_jaccard_5] = qg_jaccard_of_places(px, py, m, 5);
    out[QG_DRIFT_jaccard_10] = qg_jaccard_of_places(px, py, m, 10);
    out[QG_DRIFT_top_1] = qg_jaccard_of_places(px, py, m, 1);
    out[QG_DRIFT_sign_flip] = sign_flip(x, y, m);
    out[QG_DRIFT_magnitude_shift] = magnitude_shift(x, y, m);
    qg_arena_release(scratch, mark);
    return QG_OK;
}

/* ------------------------------------------------------------------------------------ the floor */

void qg_random_scores(double *score, int n, const char *stream, uint64_t seed, uint64_t key,
                      int draw, double sigma)
{
    qg_rng named = qg_rng_make(seed, stream, key);
    qg_rng r = qg_rng_make(qg_rng_u64(&named), "xai/random/draw", (uint64_t)draw);
    for (int u = 0; u < n; u++)
        score[u] = sigma * qg_rng_normal(&r);
}

/* Standard deviation of the words that have a score, as of a whole population. */
static double spread(const double *a, int n)
{
    double mean = 0, square = 0;
    int m = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(a[i])) {
            mean += a[i];
            m++;
        }
    if (m < 2)
        return 1;
    mean /= m;
    for (int i = 0; i < n; i++)
        if (!isnan(a[i]))
            square += (a[i] - mean) * (a[i] - mean);
    return fmax(sqrt(square / m), LEAST_SIGMA);
}

qg_code qg_drift_floor(double *out, const double *a, int n, uint64_t seed, uint64_t key, int draws,
                       qg_arena *scratch)
{
    double *chance, one[QG_DRIFTS], sum[QG_DRIFTS] = {0}, sigma = spread(a, n);
    int defined[QG_DRIFTS] = {0};
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(chance, scratch, n);
    for (int draw = 0; draw < draws; draw++) {
        qg_random_scores(chance, n, QG_RANDOM_FLOOR, seed, key, draw, sigma);
        QG_TRY(qg_drift_of(one, a, chance, n, scratch));
        for (int d = 0; d < QG_DRIFTS; d++)
            if (!isnan(one[d])) {
                sum[d] += one[d];
                defined[d]++;
            }
    }
    for (int d = 0; d < QG_DRIFTS; d++)
        out[d] = defined[d] > 0 ? sum[d] / defined[d] : (double)NAN;
    qg_arena_release(scratch, mark);
    return QG_OK;
}

/* --------------------------------------------------------------------------------- the repeat */

qg_code qg_drift_repeat(double *out, const double *a, const double *b, int n, qg_arena *scratch)
{
    if (memcmp(a, b, (size_t)n * sizeof *a) != 0)
        return qg_drift_of(out, a, b, n, scratch);
    for (int d = 0; d < QG_DRIFTS; d++)
        out[d] = (double)NAN;
    return QG_OK;
}
