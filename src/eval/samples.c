/*
 * samples.c - paired samples of numbers: Wilcoxon's signed ranks.
 */
#include "ranking.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { EXACT = 50, EXACT_TIED = 13 };

/* The differences that are not 0, in rising order of their sizes. Ranks are doubled: those of ties
 * are then whole numbers, too. */
typedef struct ranked {
    int64_t n;
    double *difference;
    int64_t *twice;
    double ties; /* sum of t^3 - t over groups of t equal sizes */
} ranked;

static qg_code rank_sizes(ranked *out, const double *difference, int64_t n, qg_arena *a)
{
    double *size;
    *out = (ranked){0};
    QG_NEW(size, a, n);
    QG_NEW(out->difference, a, n);
    QG_NEW(out->twice, a, n);
    for (int64_t i = 0; i < n; i++)
        size[i] = fabs(difference[i]);
    const qg_keyed *s = qg_sorted(size, n, a);
    if (!s)
        return QG_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        if (s[i].value > 0) {
            size[out->n] = s[i].value;
            out->difference[out->n++] = difference[s[i].index];
        }
    for (int64_t i = 0, j; i < out->n; i = j) {
        for (j = i + 1; j < out->n && size[j] == size[i]; j++)
            ;
        double t = (double)(j - i);
        out->ties += t * t * t - t;
        for (int64_t k = i; k < j; k++)
            out->twice[k] = i + 1 + j; /* ranks i + 1 .. j */
    }
    return QG_OK;
}

/* By counting the signs that give each sum of doubled ranks; all counts are exact. */
static void exact(qg_signed_ranks *out, const int64_t *twice, int64_t plus)
{
    double count[EXACT * (EXACT + 1) + 1] = {1}, less = 0, greater = 0;
    int64_t most = out->n * (out->n + 1);
    for (int64_t k = 0; k < out->n; k++)
        for (int64_t s = most; s >= twice[k]; s--)
            count[s] += count[s - twice[k]];
    for (int64_t s = 0; s <= most; s++) {
        less += s <= plus ? count[s] : 0;
        greater += s >= plus ? count[s] : 0;
    }
    double all = exp2((double)out->n);
    out->p_less = less / all;
    out->p_greater = greater / all;
    out->p = fmin(1, 2 * fmin(out->p_less, out->p_greater));
}

static void approximate(qg_signed_ranks *out, double ties)
{
    double N = (double)out->n, mean = N * (N + 1) / 4;
    double z = (out->plus - mean) / sqrt((N * (N + 1) * (2 * N + 1) - ties / 2) / 24);
    out->p_less = gsl_cdf_ugaussian_P(z);
    out->p_greater = gsl_cdf_ugaussian_Q(z);
    out->p = 2 * gsl_cdf_ugaussian_Q(fabs(z));
}

qg_code qg_wilcoxon(qg_signed_ranks *out, const double *difference, int64_t n, qg_arena *scratch)
{
    ranked r;
    int64_t plus = 0;
    qg_mark mark = qg_arena_mark(scratch);
    *out = (qg_signed_ranks){.p = (double)NAN, .p_greater = (double)NAN, .p_less = (double)NAN};
    QG_TRY(rank_sizes(&r, difference, n, scratch));
    for (int64_t i = 0; i < r.n; i++)
        plus += r.difference[i] > 0 ? r.twice[i] : 0;
    out->n = r.n;
    out->plus = (double)plus / 2;
    out->minus = (double)(r.n * (r.n + 1) - plus) / 2;
    if (r.n > 0 && r.n <= (r.ties > 0 || r.n < n ? EXACT_TIED : EXACT))
        exact(out, r.twice, plus);
    else if (r.n > 0)
        approximate(out, r.ties);
    qg_arena_release(scratch, mark);
    return QG_OK;
}
