/*
 * gradients.c - gradient times input, saliency, relevance, smoothgrad.
 */
#include "gradient_batches.h"

#include "qgrid/rng.h"

#include <math.h>

static const char NOISE[] = "xai/smoothgrad";

/* One text: scores [n] from its gradient and vectors [n, C]. */
static void scores(double *score, const double *dx, const float *x, int n, int C,
                   qg_gradient_score kind)
{
    for (int i = 0; i < n; i++, dx += C, x += C) {
        double sum = 0;
        for (int c = 0; c < C; c++)
            sum += dx[c] * (kind == QG_SCORE_L2 ? dx[c] : (double)x[c]);
        score[i] = kind == QG_SCORE_L2 ? sqrt(sum) : sum;
    }
}

/* Sums of gradients over the points of each text. */
typedef struct sums {
    const qg_question *q;
    const qg_smoothgrad_options *o; /* NULL: one point, the text itself */
    float *x;                       /* [T, C] */
    double *sum;                    /* [T, C] */
    double *value;                  /* [B] or NULL */
    double sigma;                   /* of the text whose noise is being drawn */
    qg_rng rng;
} sums;

static qg_code take(void *ctx, int t, int k, double value, const float *dx)
{
    sums *s = ctx;
    double *sum = s->sum + qg_text_at(s->q, t);
    for (size_t i = 0; i < qg_text_size(s->q, t); i++)
        sum[i] += (double)dx[i];
    if (s->value && k == 0)
        s->value[t] = value;
    return QG_OK;
}

static double range(const float *x, size_t n)
{
    float lo = x[0], hi = x[0];
    for (size_t i = 1; i < n; i++) {
        lo = x[i] < lo ? x[i] : lo;
        hi = x[i] > hi ? x[i] : hi;
    }
    return (double)hi - (double)lo;
}

static qg_code place(void *ctx, float *out, int t, int k)
{
    sums *s = ctx;
    const float *x = s->x + qg_text_at(s->q, t);
    size_t n = qg_text_size(s->q, t);
    const qg_smoothgrad_options *o = s->o;
    if (o && !o->noise && k == 0) {
        s->sigma = o->sigma * range(x, n);
        s->rng = qg_rng_make(o->seed, NOISE, (uint64_t)(o->sample ? o->sample[t] : t));
    }
    for (size_t i = 0; i < n; i++) {
        double noise = !o         ? 0
                       : o->noise ? (double)o->noise[(size_t)k * n + i]
                                  : s->sigma * qg_rng_normal(&s->rng);
        out[i] = (float)((double)x[i] + noise);
    }
    return QG_OK;
}

static qg_code check(const double *score, const qg_batch *b)
{
    for (int t = 0; t < b->B; t++)
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++)
            if (!isfinite(score[i]))
                return QG_FAIL(QG_ENUMERIC, "text %d: the score of token %d is %g", t,
                               i - b->splits[t], score[i]);
    return QG_OK;
}

static qg_code run(double *score, sums *s, qg_gradient_score kind, qg_arena *scratch)
{
    const qg_question *q = s->q;
    int B = q->batch->B, C = q->model->hidden, draws = s->o ? s->o->draws : 1;
    int *count;
    QG_TRY(qg_question_vectors(&s->x, q, scratch));
    QG_NEW(s->sum, scratch, qg_text_at(q, B));
    QG_NEW(count, scratch, B);
    for (int t = 0; t < B; t++)
        count[t] = draws;
    qg_points p = {.count = count,
                   .place = place,
                   .take = take,
                   .ctx = s,
                   .relevance = kind == QG_SCORE_RELEVANCE};
    QG_TRY(qg_points_visit(q, &p, scratch));
    for (size_t i = 0; i < qg_text_at(q, B); i++)
        s->sum[i] /= draws;
    scores(score, s->sum, s->x, q->batch->splits[B], C, kind);
    return check(score, q->batch);
}

qg_code qg_gradient_scores(double *score, double *value, const qg_question *q,
                           qg_gradient_score kind, qg_arena *scratch)
{
    qg_mark mark = qg_arena_mark(scratch);
    sums s = {.q = q, .value = value};
    qg_code rc = run(score, &s, kind, scratch);
    qg_arena_release(scratch, mark);
    return rc;
}

qg_code qg_smoothgrad(double *score, const qg_question *q, const qg_smoothgrad_options *o,
                      qg_arena *scratch)
{
    QG_ASSERT(o->draws > 0 && o->sigma >= 0 && (!o->noise || q->batch->B == 1));
    qg_mark mark = qg_arena_mark(scratch);
    sums s = {.q = q, .o = o};
    qg_code rc = run(score, &s, o->score, scratch);
    qg_arena_release(scratch, mark);
    return rc;
}
