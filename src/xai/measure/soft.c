/*
 * soft.c - texts whose vectors are masked number by number.
 *
 * Points of a text: the whole one, the one of zero vectors, then of each draw what is kept and what
 * is lost.
 */
#include "soft.h"

#include "xai/gradient/gradient_batches.h"
#include "qgrid/faithfulness.h"
#include "qgrid/rng.h"

#include <math.h>
#include <string.h>

bool qg_soft_importance(double *importance, const double *score, int n, bool by_magnitude)
{
    double least = (double)INFINITY, greatest = -(double)INFINITY;
    for (int i = 0; i < n; i++) {
        importance[i] = by_magnitude ? fabs(score[i]) : score[i];
        least = fmin(least, importance[i]);
        greatest = fmax(greatest, importance[i]);
    }
    for (int i = 0; i < n; i++)
        importance[i] = (importance[i] - least) / (greatest - least);
    return greatest > least;
}

enum { WHOLE, EMPTY, DRAWS }; /* first points */

typedef struct measuring {
    const qg_question *q;
    const qg_soft_text *text;
    qg_soft *sum;          /* [B] */
    const float *x;        /* [T, C] */
    double *whole, *empty; /* [B] probabilities */
} measuring;

static qg_code place(void *ctx, float *out, int t, int k)
{
    const measuring *m = ctx;
    const qg_sample *s = m->text[t].sample;
    size_t C = (size_t)m->q->model->hidden;
    bool kept = k % 2 == 0;
    qg_rng r = qg_rng_make(s->key, "xai/soft", (uint64_t)(k / 2));
    memcpy(out, m->x + qg_text_at(m->q, t), qg_text_size(m->q, t) * sizeof *out);
    for (int i = 0; i < s->n && k != WHOLE; i++) {
        for (size_t c = 0; c < C && s->unit[i] >= 0; c++)
            if (k == EMPTY || (qg_rng_uniform(&r) < m->text[t].importance[s->unit[i]]) != kept)
                out[(size_t)i * C + c] = 0;
    }
    return QG_OK;
}

static qg_code take(void *ctx, int t, int k, double value, const float *dx)
{
    measuring *m = ctx;
    (void)dx;
    if (k == WHOLE)
        m->whole[t] = value;
    else if (k == EMPTY)
        m->empty[t] = value;
    else if (k % 2 == 0)
        m->sum[t].sufficiency += qg_soft_faithfulness(m->whole[t], value, m->empty[t], true);
    else
        m->sum[t].comprehensiveness += qg_soft_faithfulness(m->whole[t], value, m->empty[t], false);
    return QG_OK;
}

static qg_code batch_of(qg_batch *out, int32_t **target, const qg_soft_text *text, int n,
                        qg_arena *a)
{
    int32_t *ids, *splits;
    QG_NEW(splits, a, n + 1);
    QG_NEW(*target, a, n);
    for (int t = 0; t < n; t++)
        splits[t + 1] = splits[t] + text[t].sample->n;
    QG_NEW(ids, a, splits[n]);
    for (int t = 0; t < n; t++) {
        memcpy(ids + splits[t], text[t].sample->ids, (size_t)text[t].sample->n * sizeof *ids);
        (*target)[t] = text[t].target;
    }
    *out = (qg_batch){.B = n, .ids = ids, .splits = splits};
    return QG_OK;
}

qg_code qg_soft_measure(qg_soft *out, const qg_explainable *model, const qg_soft_text *text, int n,
                        int draws, qg_arena *scratch)
{
    qg_batch batch;
    int32_t *target;
    int *count;
    float *x;
    if (n == 0)
        return QG_OK;
    QG_TRY(batch_of(&batch, &target, text, n, scratch));
    qg_question q = {.model = model,
                     .batch = &batch,
                     .target = target,
                     .output = QG_EXPLAIN_PROBABILITY,
                     .layer = QG_EXPLAIN_WORD_EMBEDDINGS};
    measuring m = {.q = &q, .text = text, .sum = out};
    QG_TRY(qg_question_vectors(&x, &q, scratch));
    m.x = x;
    QG_NEW(m.whole, scratch, n);
    QG_NEW(m.empty, scratch, n);
    QG_NEW(count, scratch, n);
    for (int t = 0; t < n; t++) {
        count[t] = DRAWS + 2 * draws;
        out[t] = (qg_soft){0};
    }
    qg_points points = {
        .count = count, .place = place, .take = take, .ctx = &m, .values_only = true};
    QG_TRY(qg_points_visit(&q, &points, scratch));
    for (int t = 0; t < n; t++) {
        out[t].sufficiency /= draws;
        out[t].comprehensiveness /= draws;
    }
    return QG_OK;
}
