/*
 * expected_gradients.c - Erion, Janizek, Sturmfels, Lundberg, Lee, 2021, arXiv:1906.10670.
 *
 *   score_i = mean over draws of sum over C of (x - r)_i d f / d x_i (r + a (x - r))
 *
 * with a reference r and a point a of the way from it for each draw. The points are stratified: one
 * in each of as many equal parts of [0, 1] as there are draws, so that the mean stays what it is
 * and the variance is less.
 */
#include "gradient_batches.h"

#include "qgrid/rng.h"

#include <math.h>

static const char DRAWS[] = "xai/expected_gradients";

typedef struct expectation {
    const qg_question *q;
    const qg_ig_result *out;
    const qg_expected_options *o;
    float *x;         /* [T, C] */
    float *reference; /* [longest text, C] the one that is looked at */
    int32_t *ids;     /* [draws, T] references */
    double *way;      /* [draws, B] */
    int *count;       /* [B] */
} expectation;

/* ----------------------------------------------------------------------------------- references */

/* Ids of text t that may stand for each other. */
static int ids_of_text(int32_t *pool, const expectation *x, int t)
{
    const qg_batch *b = x->q->batch;
    int n = 0;
    for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++)
        if (!x->o->keep[i])
            pool[n++] = b->ids[i];
    return n;
}

static void draw_text(expectation *x, int t, const int32_t *pool, int n)
{
    const qg_batch *b = x->q->batch;
    const qg_expected_options *o = x->o;
    qg_rng rng = qg_rng_make(o->seed, DRAWS, (uint64_t)(o->sample ? o->sample[t] : t));
    for (int k = 0; k < o->draws; k++) {
        int32_t *ids = x->ids + (size_t)k * (size_t)b->splits[b->B];
        x->way[(size_t)k * (size_t)b->B + (size_t)t] = (k + qg_rng_uniform(&rng)) / o->draws;
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++)
            ids[i] = o->keep[i] ? b->ids[i] : pool[qg_rng_below(&rng, (uint64_t)n)];
    }
}

static qg_code draw(expectation *x, qg_arena *scratch)
{
    const qg_batch *b = x->q->batch;
    size_t draws = (size_t)x->o->draws;
    int32_t *own;
    QG_NEW(own, scratch, b->splits[b->B]);
    QG_NEW(x->ids, scratch, draws * (size_t)b->splits[b->B]);
    QG_NEW(x->way, scratch, draws * (size_t)b->B);
    for (int t = 0; t < b->B; t++) {
        int n = ids_of_text(own, x, t);
        draw_text(x, t, x->o->pool ? x->o->pool : own, x->o->pool ? x->o->pool_n : n);
    }
    return QG_OK;
}

static qg_code reference(float *out, const expectation *x, int t, int k)
{
    const qg_explainable *m = x->q->model;
    const qg_batch *b = x->q->batch;
    int32_t splits[] = {0, b->splits[t + 1] - b->splits[t]};
    const int32_t *ids = x->ids + (size_t)k * (size_t)b->splits[b->B] + b->splits[t];
    qg_batch one = {.B = 1, .ids = ids, .splits = splits};
    return m->embed(m->ctx, out, &one, x->q->layer);
}

/* --------------------------------------------------------------------------------------- points */

/* Point 0 is the text, k + 1 is reference k. */
static qg_code place_end(void *ctx, float *out, int t, int k)
{
    const expectation *x = ctx;
    if (k > 0)
        return reference(out, x, t, k - 1);
    for (size_t i = 0; i < qg_text_size(x->q, t); i++)
        out[i] = x->x[qg_text_at(x->q, t) + i];
    return QG_OK;
}

static qg_code take_end(void *ctx, int t, int k, double value, const float *dx)
{
    const expectation *x = ctx;
    (void)dx;
    if (k == 0)
        x->out->value[t] = value;
    else
        x->out->base[t] += value / x->o->draws;
    return QG_OK;
}

static qg_code place_draw(void *ctx, float *out, int t, int k)
{
    const expectation *x = ctx;
    const float *to = x->x + qg_text_at(x->q, t);
    double way = x->way[(size_t)k * (size_t)x->q->batch->B + (size_t)t];
    QG_TRY(reference(out, x, t, k));
    for (size_t i = 0; i < qg_text_size(x->q, t); i++)
        out[i] = (float)((double)out[i] + way * ((double)to[i] - (double)out[i]));
    return QG_OK;
}

static qg_code take_draw(void *ctx, int t, int k, double value, const float *dx)
{
    const expectation *x = ctx;
    size_t C = (size_t)x->q->model->hidden;
    const int32_t *splits = x->q->batch->splits;
    (void)value;
    QG_TRY(reference(x->reference, x, t, k));
    const float *from = x->reference;
    for (int32_t i = splits[t]; i < splits[t + 1]; i++, from += C, dx += C) {
        const float *to = x->x + (size_t)i * C;
        double sum = 0;
        for (size_t c = 0; c < C; c++)
            sum += ((double)to[c] - (double)from[c]) * (double)dx[c];
        x->out->score[i] += sum / x->o->draws;
    }
    return QG_OK;
}

static qg_code prepare(expectation *x, qg_arena *scratch)
{
    const qg_batch *b = x->q->batch;
    size_t longest = 0;
    for (int t = 0; t < b->B; t++) {
        longest = qg_text_size(x->q, t) > longest ? qg_text_size(x->q, t) : longest;
        x->out->base[t] = 0;
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++)
            x->out->score[i] = 0;
    }
    QG_NEW(x->reference, scratch, longest);
    QG_NEW(x->count, scratch, b->B);
    QG_TRY(qg_question_vectors(&x->x, x->q, scratch));
    return draw(x, scratch);
}

static qg_code close(const expectation *x)
{
    const qg_batch *b = x->q->batch;
    for (int t = 0; t < b->B; t++) {
        double sum = 0;
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++)
            sum += x->out->score[i];
        x->out->delta[t] = sum - (x->out->value[t] - x->out->base[t]);
        x->out->steps[t] = x->o->draws;
        if (!isfinite(x->out->delta[t]))
            return QG_FAIL(QG_ENUMERIC, "text %d: the scores add up to %g", t, sum);
    }
    return QG_OK;
}

static qg_code visit(const expectation *x, qg_points *p, int count, qg_arena *scratch)
{
    for (int t = 0; t < x->q->batch->B; t++)
        x->count[t] = count;
    p->count = x->count;
    return qg_points_visit(x->q, p, scratch);
}

static qg_code run(expectation *x, qg_arena *scratch)
{
    qg_points ends = {.place = place_end, .take = take_end, .ctx = x, .values_only = true};
    qg_points draws = {.place = place_draw, .take = take_draw, .ctx = x};
    QG_TRY(prepare(x, scratch));
    QG_TRY(visit(x, &ends, 1 + x->o->draws, scratch));
    QG_TRY(visit(x, &draws, x->o->draws, scratch));
    return close(x);
}

qg_code qg_expected_gradients(const qg_ig_result *out, const qg_question *q,
                              const qg_expected_options *o, qg_arena *scratch)
{
    QG_ASSERT(o->draws > 0 && o->keep && (!o->pool || o->pool_n > 0));
    qg_mark mark = qg_arena_mark(scratch);
    expectation x = {.q = q, .out = out, .o = o};
    qg_code rc = run(&x, scratch);
    qg_arena_release(scratch, mark);
    return rc;
}
