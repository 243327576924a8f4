/*
 * linear_toy.c - the linear model of the explainers' closed forms.
 */
#include "linear_toy.h"

#include "qgrid/softmax.h"
#include "qgrid/rng.h"

#include <stdlib.h>
#include <string.h>

static float small(qg_rng *r)
{
    return ((float)qg_rng_below(r, 65) - 32) / 64;
}

double linear_toy_term(const linear_toy *toy, int id, int k)
{
    double sum = 0;
    for (int c = 0; c < TOY_HIDDEN; c++)
        sum += (double)toy->u[k][c] * (double)toy->e[id][c];
    return sum;
}

static void from_vectors(float *logits, const linear_toy *toy, const float *x, const qg_batch *b)
{
    for (int i = 0; i < b->B; i++) {
        for (int k = 0; k < TOY_CLASSES; k++) {
            double sum = (double)toy->bias[k];
            for (int t = b->splits[i]; t < b->splits[i + 1]; t++)
                for (int c = 0; c < TOY_HIDDEN; c++)
                    sum += (double)toy->u[k][c] * (double)x[t * TOY_HIDDEN + c];
            logits[i * TOY_CLASSES + k] = (float)sum;
        }
    }
}

static qg_code embed(void *ctx, float *x, const qg_batch *b, qg_explain_layer layer)
{
    const linear_toy *toy = ctx;
    (void)layer;
    for (int t = 0; t < b->splits[b->B]; t++)
        memcpy(x + t * TOY_HIDDEN, toy->e[b->ids[t]], sizeof toy->e[0]);
    return QG_OK;
}

static qg_code logits_of(void *ctx, float *logits, const qg_batch *b)
{
    linear_toy *toy = ctx;
    int T = b->splits[b->B];
    toy->calls++;
    toy->texts += b->B;
    if (T > toy->most_tokens)
        toy->most_tokens = T;
    if (toy->calls == toy->fail_at)
        return QG_FAIL(QG_ELOST, "the toy was told to fail");
    float *x = malloc((size_t)T * TOY_HIDDEN * sizeof *x);
    if (!x)
        return QG_FAIL(QG_ENOMEM, "toy");
    qg_code rc = embed(toy, x, b, QG_EXPLAIN_EMBEDDINGS);
    from_vectors(logits, toy, x, b);
    free(x);
    return rc;
}

/* d p_k / d z_j = p_k ([j = k] - p_j) */
static qg_code gradient(void *ctx, double *value, float *dx, const float *x, const qg_batch *b,
                        const int32_t *target, qg_explain_output output, qg_explain_layer layer)
{
    const linear_toy *toy = ctx;
    (void)layer;
    for (int i = 0; i < b->B; i++) {
        float z[TOY_CLASSES];
        double p[TOY_CLASSES], slope[TOY_CLASSES] = {0};
        int k = target[i];
        int32_t splits[] = {0, b->splits[i + 1] - b->splits[i]};
        qg_batch one = {1, NULL, splits};
        from_vectors(z, toy, x + b->splits[i] * TOY_HIDDEN, &one);
        qg_softmax(p, z, TOY_CLASSES);
        value[i] = output == QG_EXPLAIN_LOGIT ? (double)z[k] : p[k];
        for (int j = 0; j < TOY_CLASSES; j++)
            slope[j] = output == QG_EXPLAIN_LOGIT ? j == k : p[k] * ((j == k) - p[j]);
        for (int t = b->splits[i]; dx && t < b->splits[i + 1]; t++) {
            for (int c = 0; c < TOY_HIDDEN; c++) {
                double sum = 0;
                for (int j = 0; j < TOY_CLASSES; j++)
                    sum += slope[j] * (double)toy->u[j][c];
                dx[t * TOY_HIDDEN + c] = (float)sum;
            }
        }
    }
    return QG_OK;
}

qg_explainable linear_toy_make(linear_toy *toy, uint64_t seed)
{
    *toy = (linear_toy){.fail_at = 0};
    qg_rng r = qg_rng_make(seed, "test/linear_toy", 0);
    for (int k = 0; k < TOY_CLASSES; k++) {
        toy->bias[k] = small(&r);
        for (int c = 0; c < TOY_HIDDEN; c++)
            toy->u[k][c] = small(&r);
    }
    for (int id = 0; id < TOY_VOCAB; id++)
        for (int c = 0; c < TOY_HIDDEN; c++)
            toy->e[id][c] = small(&r);
    return (qg_explainable){.ctx = toy,
                            .classes = TOY_CLASSES,
                            .hidden = TOY_HIDDEN,
                            .vocab = TOY_VOCAB,
                            .max_tokens = TOY_TOKENS,
                            .logits = logits_of,
                            .embed = embed,
                            .gradient = gradient,
                            .relevance = gradient};
}
