/*
 * lime_fit.c - weighted ridge regression with a free intercept, and which features go in.
 *
 * All fits are made from the weighted, centred moments of masks and values, taken once.
 */
#include "perturb_methods.h"

#include "least_squares.h"

#include <math.h>
#include <string.h>

enum { FORWARD_FEATURES = 6 };
#define SELECTION_RIDGE 0.01

typedef struct moments {
    int units;
    double total; /* sum of weights */
    double y, yy; /* weighted mean; sum w (y - mean)^2 */
    double *x;    /* [units] weighted means */
    double *xx;   /* [units, units] sum w (x_j - mean_j) (x_k - mean_k) */
    double *xy;   /* [units] */
    bool constant;
} moments;

static qg_code weighted_means(moments *m, const uint8_t *masks, const double *weight,
                              const double *y, int N)
{
    size_t U = (size_t)m->units;
    for (int i = 0; i < N; i++) {
        m->total += weight[i];
        m->y += weight[i] * y[i];
        for (size_t u = 0; u < U; u++)
            m->x[u] += weight[i] * masks[(size_t)i * U + u];
    }
    if (!(m->total > 0 && isfinite(m->total) && isfinite(m->y)))
        return QG_FAIL(QG_ENUMERIC, "LIME: weights sum to %g, values to %g", m->total, m->y);
    m->y /= m->total;
    for (size_t u = 0; u < U; u++)
        m->x[u] /= m->total;
    return QG_OK;
}

static qg_code moments_make(moments *m, const uint8_t *masks, const double *weight, const double *y,
                            int N, int units, qg_arena *a)
{
    double *x, most = 0;
    size_t U = (size_t)units;
    *m = (moments){.units = units};
    QG_NEW(m->x, a, U);
    QG_NEW(m->xy, a, U);
    QG_NEW(m->xx, a, U * U);
    QG_NEW(x, a, U);
    QG_TRY(weighted_means(m, masks, weight, y, N));
    for (int i = 0; i < N; i++) {
        double dy = y[i] - m->y;
        most = fmax(most, fabs(y[i]));
        m->yy += weight[i] * dy * dy;
        for (size_t u = 0; u < U; u++)
            x[u] = masks[(size_t)i * U + u] - m->x[u];
        for (size_t u = 0; u < U; u++) {
            double wx = weight[i] * x[u];
            m->xy[u] += wx * dy;
            for (size_t v = 0; v < U; v++)
                m->xx[u * U + v] += wx * x[v];
        }
    }
    /* what rounding of the mean leaves of equal values; outputs of a binary32 model that differ at
     * all differ by 1e5 times that */
    m->constant = m->yy <= m->total * 1e-24 * most * most;
    return QG_OK;
}

/* beta [count] of the features feature[0 .. count). */
static qg_code ridge(double *beta, const moments *m, const int *feature, int count, double lambda,
                     qg_arena *a)
{
    double *A, *b;
    qg_mark mark = qg_arena_mark(a);
    QG_NEW(A, a, (size_t)count * (size_t)count);
    QG_NEW(b, a, count);
    for (int i = 0; i < count; i++) {
        b[i] = m->xy[feature[i]];
        for (int j = 0; j < count; j++)
            A[i * count + j] = m->xx[feature[i] * m->units + feature[j]];
        A[i * count + i] += lambda;
    }
    qg_code rc = qg_solve_symmetric(beta, A, b, count, a);
    qg_arena_release(a, mark);
    return rc;
}

/* Weighted R2 of a fit. */
static double r_squared(const double *beta, const moments *m, const int *feature, int count)
{
    double rest = m->yy;
    for (int i = 0; i < count; i++) {
        rest -= 2 * beta[i] * m->xy[feature[i]];
        for (int j = 0; j < count; j++)
            rest += beta[i] * beta[j] * m->xx[feature[i] * m->units + feature[j]];
    }
    return 1 - rest / m->yy;
}

/* feature[0 .. count): the largest |beta| of a fit to all, lower index first on ties. */
static qg_code highest_weights(int *feature, int count, const moments *m, qg_arena *a)
{
    double *beta;
    bool *taken;
    QG_NEW(beta, a, m->units);
    QG_NEW(taken, a, m->units);
    for (int u = 0; u < m->units; u++)
        feature[u] = u;
    QG_TRY(ridge(beta, m, feature, m->units, SELECTION_RIDGE, a));
    for (int i = 0; i < count; i++) {
        int best = -1;
        for (int u = 0; u < m->units; u++)
            if (!taken[u] && (best < 0 || fabs(beta[u]) > fabs(beta[best])))
                best = u;
        taken[best] = true;
        feature[i] = best;
    }
    return QG_OK;
}

/* feature[0 .. count): one after the other, each the one that raises R2 most. */
static qg_code forward(int *feature, int count, const moments *m, qg_arena *a)
{
    double *beta;
    bool *taken;
    QG_NEW(beta, a, m->units);
    QG_NEW(taken, a, m->units);
    for (int i = 0; i < count; i++) {
        int best = -1;
        double most = 0;
        for (int u = 0; u < m->units; u++) {
            if (taken[u])
                continue;
            feature[i] = u;
            QG_TRY(ridge(beta, m, feature, i + 1, 0, a));
            double score = r_squared(beta, m, feature, i + 1);
            if (best < 0 || score > most) {
                best = u;
                most = score;
            }
        }
        taken[best] = true;
        feature[i] = best;
    }
    return QG_OK;
}

static qg_code choose(int *feature, int *count, const moments *m, const qg_lime_options *o,
                      qg_arena *a)
{
    int wanted = o->features > 0 ? o->features : m->units;
    qg_lime_selection how = o->selection;
    if (how == QG_LIME_AUTO)
        how = wanted <= FORWARD_FEATURES ? QG_LIME_FORWARD : QG_LIME_HIGHEST_WEIGHTS;
    *count = how == QG_LIME_NONE || wanted > m->units ? m->units : wanted;
    if (how == QG_LIME_FORWARD)
        return forward(feature, *count, m, a);
    if (how == QG_LIME_HIGHEST_WEIGHTS)
        return highest_weights(feature, *count, m, a);
    for (int u = 0; u < m->units; u++)
        feature[u] = u;
    return QG_OK;
}

qg_code qg_lime_solve(qg_lime_fit *out, const uint8_t *masks, const double *weight, const double *y,
                      int N, int units, const qg_lime_options *o, qg_arena *a)
{
    int *feature, count;
    double *beta;
    moments m;
    qg_mark mark = qg_arena_mark(a);
    QG_TRY(moments_make(&m, masks, weight, y, N, units, a));
    memset(out->coef, 0, (size_t)units * sizeof *out->coef);
    if (m.constant) { /* rounding has no slope: the intercept says all */
        out->intercept = out->local = y[0];
        out->score = 1;
        qg_arena_release(a, mark);
        return QG_OK;
    }
    QG_NEW(feature, a, units);
    QG_NEW(beta, a, units);
    QG_TRY(choose(feature, &count, &m, o, a));
    QG_TRY(ridge(beta, &m, feature, count, o->ridge, a));
    out->score = r_squared(beta, &m, feature, count);
    out->intercept = m.y;
    for (int i = 0; i < count; i++) {
        out->coef[feature[i]] = beta[i];
        out->intercept -= beta[i] * m.x[feature[i]];
    }
    out->local = out->intercept;
    for (int i = 0; i < count; i++)
        out->local += beta[i];
    qg_arena_release(a, mark);
    return QG_OK;
}
