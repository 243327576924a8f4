/*
 * agreement.c - how alike two vectors of scores are; NaN where one of them is constant.
 */
#include "ranking.h"

#include <math.h>
#include <stdlib.h>

double qg_pearson(const double *a, const double *b, int64_t n)
{
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < n; i++) {
        ma += a[i];
        mb += b[i];
    }
    ma /= (double)n;
    mb /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return n > 1 && aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : (double)NAN;
}

double qg_spearman(const double *a, const double *b, int64_t n, qg_arena *arena)
{
    const double *ra = qg_ranks(a, n, arena), *rb = qg_ranks(b, n, arena);
    return ra && rb ? qg_pearson(ra, rb, n) : (double)NAN;
}

/* Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945. */
double qg_kendall_tau_b(const double *a, const double *b, int64_t n)
{
    int64_t score = 0, untied_a = 0, untied_b = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            int sa = (a[i] > a[j]) - (a[i] < a[j]), sb = (b[i] > b[j]) - (b[i] < b[j]);
            score += sa * sb;
            untied_a += sa != 0;
            untied_b += sb != 0;
        }
    return untied_a && untied_b ? (double)score / sqrt((double)untied_a * (double)untied_b)
                                : (double)NAN;
}

double qg_cosine(const double *a, const double *b, int64_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < n; i++) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : (double)NAN;
}

/* Marks the k largest; ties: lower index first. */
static uint8_t *top(const double *v, int64_t n, int64_t k, int by_magnitude, qg_arena *arena)
{
    double *key = qg_arena_alloc(arena, (size_t)n, sizeof *key);
    uint8_t *in = qg_arena_alloc(arena, (size_t)n, 1);
    if (!key || !in)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        key[i] = -(by_magnitude ? fabs(v[i]) : v[i]);
    const qg_keyed *s = qg_sorted(key, n, arena);
    for (int64_t i = 0; s && i < k && i < n; i++)
        in[s[i].index] = 1;
    return s ? in : NULL;
}

double qg_jaccard_top(const double *a, const double *b, int64_t n, int k, int by_magnitude,
                      qg_arena *arena)
{
    const uint8_t *ta = top(a, n, k, by_magnitude, arena), *tb = top(b, n, k, by_magnitude, arena);
    int64_t both = 0, either = 0;
    if (!ta || !tb)
        return (double)NAN;
    for (int64_t i = 0; i < n; i++) {
        both += ta[i] && tb[i];
        either += ta[i] || tb[i];
    }
    return either ? (double)both / (double)either : (double)NAN;
}
