/*
 * attention.c - what attention alone says: rollout and entropy.
 */
#include "attribution.h"

#include <math.h>
#include <string.h>

/* (mean over heads + identity) / 2, rows made to add up to 1. */
static void mixed(double *m, const float *attention, int H, int n)
{
    size_t size = (size_t)n * (size_t)n;
    for (size_t i = 0; i < size; i++) {
        double sum = 0;
        for (int h = 0; h < H; h++)
            sum += (double)attention[(size_t)h * size + i];
        m[i] = 0.5 * sum / H;
    }
    for (int i = 0; i < n; i++) {
        double sum = 0, *row = m + (size_t)i * (size_t)n;
        row[i] += 0.5;
        for (int j = 0; j < n; j++)
            sum += row[j];
        for (int j = 0; j < n; j++)
            row[j] /= sum;
    }
}

static void multiply(double *y, const double *a, const double *b, int n)
{
    size_t wide = (size_t)n;
    memset(y, 0, wide * wide * sizeof *y);
    for (size_t i = 0; i < wide; i++)
        for (size_t k = 0; k < wide; k++)
            for (size_t j = 0; j < wide; j++)
                y[i * wide + j] += a[i * wide + k] * b[k * wide + j];
}

static qg_code roll(double *rollout, double *by_layer, const float *attention, int L, int H, int n,
                    qg_arena *scratch)
{
    size_t size = (size_t)n * (size_t)n;
    double *m, *before;
    QG_NEW(m, scratch, size);
    QG_NEW(before, scratch, size);
    for (int l = 0; l < L; l++) {
        mixed(m, attention + (size_t)l * (size_t)H * size, H, n);
        if (l == 0)
            memcpy(rollout, m, size * sizeof *m);
        else
            multiply(rollout, m, before, n);
        memcpy(before, rollout, size * sizeof *m);
        if (by_layer)
            memcpy(by_layer + (size_t)l * size, rollout, size * sizeof *m);
    }
    return QG_OK;
}

qg_code qg_attention_rollout(double *rollout, double *by_layer, const float *attention, int L,
                             int H, int n, qg_arena *scratch)
{
    QG_ASSERT(L > 0 && H > 0 && n > 0);
    qg_mark mark = qg_arena_mark(scratch);
    qg_code rc = roll(rollout, by_layer, attention, L, H, n, scratch);
    qg_arena_release(scratch, mark);
    return rc;
}

void qg_attention_entropy(double *entropy, const float *attention, int L, int H, int n, int query)
{
    size_t size = (size_t)n * (size_t)n;
    for (int head = 0; head < L * H; head++) {
        const float *p = attention + (size_t)head * size + (size_t)query * (size_t)n;
        double sum = 0;
        for (int j = 0; j < n; j++)
            sum -= p[j] > 0 ? (double)p[j] * log((double)p[j]) : 0;
        entropy[head] = n > 1 ? sum / log(n) : (double)NAN;
    }
}
