/*
 * attention.c - Vaswani et al., "Attention is all you need", 2017, arXiv:1706.03762.
 */
#include "attention.h"

#include "dropout.h"

#include <math.h>
#include <string.h>

typedef struct matrix {
    const float *at;
    int ld;
} matrix;

/* A matrix that is written. */
typedef struct result {
    float *at;
    int ld;
} result;

/* The columns of a head in q (part 0), k (1) or v (2). */
static matrix head(const qg_attention *a, int part, int h)
{
    int C = a->H * a->D;
    return (matrix){a->qkv + part * C + h * a->D, 3 * C};
}

/* y [m, n] = alpha x [m, k] b [k, n]. */
static void product(result y, matrix x, matrix b, int m, int n, int k, float alpha,
                    const qg_attention *a)
{
    a->kernels->matmul(y.at, y.ld, x.at, x.ld, 1, b.at, b.ld, m, n, k, alpha);
}

/* y [m, n] = alpha x [k, m]^T b [k, n]. */
static void product_tn(result y, matrix x, matrix b, int m, int n, int k, float alpha,
                       const qg_attention *a)
{
    a->kernels->matmul(y.at, y.ld, x.at, 1, x.ld, b.at, b.ld, m, n, k, alpha);
}

/* Rows of whole vectors. */
static int wide(int n)
{
    return (n + 15) / 16 * 16;
}

size_t qg_attention_floats(int n, int D)
{
    return 3 * (size_t)n * (size_t)n + (size_t)D * (size_t)wide(n);
}

/* The rows that are seen of a head of k or v [seen, D] as columns [D, seen]; in front of the
 * scratch, where it is aligned. */
static matrix turned(const qg_attention *a, int part, int h)
{
    matrix b = head(a, part, h);
    int ld = wide(a->seen);
    a->kernels->transpose(a->scratch, ld, b.at, b.ld, a->seen, a->D);
    return (matrix){a->scratch, ld};
}

/* Scores [n, seen] of a head, behind that. */
static float *scores(const qg_attention *a)
{
    return a->scratch + (size_t)a->D * (size_t)wide(a->seen);
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
    product((result){p, a->seen}, head(a, 0, h), turned(a, 1, h), a->n, a->seen, a->D, scale, a);
    softmax(p, a->n, a->seen, a->kernels);
}

static void drop(float *p, const qg_attention *a, int h)
{
    qg_dropout(p, (size_t)a->n * (size_t)a->seen, a->dropout, a->key, a->sample, a->layer,
               QG_DROP_HEAD + h);
}

void qg_attention_forward(float *out, const qg_attention *a)
{
    float *p = scores(a);
    for (int h = 0; h < a->H; h++) {
        probabilities(p, a, h);
        drop(p, a, h);
        product((result){out + h * a->D, a->H * a->D}, (matrix){p, a->seen}, head(a, 2, h), a->n,
                a->D, a->seen, 1, a);
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
    float *p = scores(a), *dropped = p + size, *dp = dropped + size;
    float share = a->halved ? 0.5f : 1.0f, scale = share * (float)(1 / sqrt((double)a->D));
    /* Nothing flows into keys and values that are not seen. */
    for (int i = seen; i < n; i++)
        memset(dqkv + (size_t)i * 3 * (size_t)C + C, 0, 2 * (size_t)C * sizeof *dqkv);
    for (int h = 0; h < a->H; h++) {
        matrix d = {dout + h * a->D, C};
        float *dq = dqkv + h * a->D, *dk = dq + C, *dv = dk + C;
        probabilities(p, a, h);
        memcpy(dropped, p, size * sizeof *p);
        drop(dropped, a, h);
        product_tn((result){dv, 3 * C}, (matrix){dropped, seen}, d, seen, a->D, n, share, a);
        product((result){dp, seen}, d, turned(a, 2, h), n, seen, a->D, share, a);
        drop(dp, a, h);
        softmax_backward(dp, p, n, seen);
        product((result){dq, 3 * C}, (matrix){dp, seen}, head(a, 1, h), n, a->D, seen, scale, a);
        product_tn((result){dk, 3 * C}, (matrix){dp, seen}, head(a, 0, h), seen, a->D, n, scale, a);
    }
}
