/*
 * attention.c - Vaswani et al., "Attention is all you need", 2017, arXiv:1706.03762.
 */
#include "attention.h"

#include "dropout.h"
#include "product.h"

#include <math.h>
#include <string.h>

/* The columns of a head in q (part 0), k (1) or v (2). */
static qg_matrix head(const float *qkv, const qg_attention *a, int part, int h)
{
    int C = a->H * a->D;
    return (qg_matrix){qkv + part * C + h * a->D, 3 * C};
}

static void softmax(float *p, int n, int m, const qg_kernels *k)
{
    for (int i = 0; i < n; i++) {
        float *row = p + (size_t)i * (size_t)m, most = row[0];
        for (int j = 1; j < m; j++)
            most = row[j] > most ? row[j] : most;
        for (int j = 0; j < m; j++)
            row[j] -= most;
        k->vexp(row, row, (size_t)m);
        double sum = 0;
        for (int j = 0; j < m; j++)
            sum += (double)row[j];
        float inverse = (float)(1 / sum);
        for (int j = 0; j < m; j++)
            row[j] *= inverse;
    }
}

static void probabilities(float *p, const qg_attention *a, int h)
{
    float scale = (float)(1 / sqrt((double)a->D));
    qg_product_nt(p, a->seen, head(a->qkv, a, 0, h), head(a->qkv, a, 1, h), a->n, a->seen, a->D,
                  scale);
    softmax(p, a->n, a->seen, a->kernels);
}

static void drop(float *p, const qg_attention *a, int h)
{
    qg_dropout(p, (size_t)a->n * (size_t)a->seen, a->dropout, a->key, a->sample, a->layer,
               QG_DROP_HEAD + h);
}

void qg_attention_forward(float *out, const qg_attention *a)
{
    float *p = a->scratch;
    for (int h = 0; h < a->H; h++) {
        probabilities(p, a, h);
        drop(p, a, h);
        qg_product_nn(out + h * a->D, a->H * a->D, (qg_matrix){p, a->seen}, head(a->qkv, a, 2, h),
                      a->n, a->D, a->seen, 1);
    }
}

/* dp = p (dp - sum over the row of dp p). */
static void softmax_backward(float *dp, const float *p, int n, int m)
{
    for (int i = 0; i < n; i++, dp += m, p += m) {
        double along = 0;
        for (int j = 0; j < m; j++)
            along += (double)dp[j] * (double)p[j];
        for (int j = 0; j < m; j++)
            dp[j] = p[j] * (dp[j] - (float)along);
    }
}

void qg_attention_backward(float *dqkv, const float *dout, const qg_attention *a)
{
    int C = a->H * a->D, n = a->n, seen = a->seen;
    size_t size = (size_t)n * (size_t)seen;
    float *p = a->scratch, *dropped = p + size, *dp = dropped + size;
    float scale = (float)(1 / sqrt((double)a->D));
    /* Nothing flows into keys and values that are not seen. */
    for (int i = seen; i < n; i++)
        memset(dqkv + (size_t)i * 3 * (size_t)C + C, 0, 2 * (size_t)C * sizeof *dqkv);
    for (int h = 0; h < a->H; h++) {
        qg_matrix d = {dout + h * a->D, C};
        float *dq = dqkv + h * a->D, *dk = dq + C, *dv = dk + C;
        probabilities(p, a, h);
        memcpy(dropped, p, size * sizeof *p);
        drop(dropped, a, h);
        qg_product_tn(dv, 3 * C, (qg_matrix){dropped, seen}, d, seen, a->D, n, 1);
        qg_product_nt(dp, seen, d, head(a->qkv, a, 2, h), n, seen, a->D, 1);
        drop(dp, a, h);
        softmax_backward(dp, p, n, seen);
        qg_product_nn(dq, 3 * C, (qg_matrix){dp, seen}, head(a->qkv, a, 1, h), n, a->D, seen,
                      scale);
        qg_product_tn(dk, 3 * C, (qg_matrix){dp, seen}, head(a->qkv, a, 0, h), seen, a->D, n,
                      scale);
    }
}
