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

int64_t *qg_places(const double *v, int64_t n, qg_arena *a)
{
    double *key = qg_arena_alloc(a, (size_t)n, sizeof *key);
    int64_t *place = qg_arena_alloc(a, (size_t)n, sizeof *place);
    if (!key || !place)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        key[i] = -fabs(v[i]);
    const qg_keyed *s = qg_sorted(key, n, a);
    for (int64_t i = 0; s && i < n; i++)
        place[s[i].index] = i;
    return s ? place : NULL;
}

double qg_jaccard_of_places(const int64_t *a, const int64_t *b, int64_t n, int64_t k)
{
    int64_t both = 0, either = 0;
    for (int64_t i = 0; i < n; i++) {
        both += a[i] < k && b[i] < k;
        either += a[i] < k || b[i] < k;
    }
    return either ? (double)both / (double)either : (double)NAN;
}
