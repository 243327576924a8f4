/*
 * layernorm_rows.c - LayerNorm, bias, sums over rows.
 */
#include "layernorm_rows.h"

#include <math.h>
#include <string.h>

enum { LANES = 8 };

static double join(const double *s)
{
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static double sum(const float *x, int n)
{
    double s[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            s[j] += (double)x[i + j];
    for (int j = 0; i + j < n; j++)
        s[j] += (double)x[i + j];
    return join(s);
}

static double sum_products(const float *x, const float *y, int n)
{
    double s[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            s[j] += (double)x[i + j] * (double)y[i + j];
    for (int j = 0; i + j < n; j++)
        s[j] += (double)x[i + j] * (double)y[i + j];
    return join(s);
}

void qg_norm_forward(float *y, const qg_norm_state *s, const float *x, const float *r,
                     const qg_norm_weights *w, int m, int C)
{
    size_t row = (size_t)C;
    for (int i = 0; i < m; i++, x += row, y += row) {
        float *u = s->unit + (size_t)i * row;
        const float *skip = r ? r + (size_t)i * row : NULL;
        for (int c = 0; c < C; c++)
            u[c] = skip ? x[c] + skip[c] : x[c];
        float mean = (float)(sum(u, C) / C);
        for (int c = 0; c < C; c++)
            u[c] -= mean;
        float rstd = (float)(1 / sqrt(sum_products(u, u, C) / C + w->eps));
        s->rstd[i] = rstd;
        for (int c = 0; c < C; c++) {
            u[c] *= rstd;
            y[c] = u[c] * w->gamma[c] + w->beta[c];
        }
    }
}

void qg_norm_backward(float *dx, float *dgamma, float *dbeta, const float *dy,
                      const qg_norm_state *s, const float *gamma, int m, int C)
{
    size_t row = (size_t)C;
    memset(dgamma, 0, row * sizeof *dgamma);
    memset(dbeta, 0, row * sizeof *dbeta);
    for (int i = 0; i < m; i++, dx += row, dy += row) {
        const float *u = s->unit + (size_t)i * row;
        for (int c = 0; c < C; c++) {
            dgamma[c] += dy[c] * u[c];
            dbeta[c] += dy[c];
            dx[c] = dy[c] * gamma[c];
        }
        float mean = (float)(sum(dx, C) / C), along = (float)(sum_products(dx, u, C) / C);
        for (int c = 0; c < C; c++)
            dx[c] = s->rstd[i] * (dx[c] - mean - u[c] * along);
    }
}

void qg_norm_chord(float *dx, const float *dy, const qg_norm_state *s, const float *gamma, int m,
                   int C)
{
    for (int i = 0; i < m; i++, dx += C, dy += C) {
        for (int c = 0; c < C; c++)
            dx[c] = dy[c] * gamma[c];
        float mean = (float)(sum(dx, C) / C);
        for (int c = 0; c < C; c++)
            dx[c] = s->rstd[i] * (dx[c] - mean);
    }
}

void qg_add_bias(float *y, const float *bias, int m, int n)
{
    for (int i = 0; i < m; i++, y += n)
        for (int c = 0; c < n; c++)
            y[c] += bias[c];
}

void qg_column_sums(float *out, const float *x, int m, int n)
{
    memset(out, 0, (size_t)n * sizeof *out);
    for (int i = 0; i < m; i++, x += n)
        for (int c = 0; c < n; c++)
            out[c] += x[c];
}

void qg_add_to(float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] += b[i];
}
