/*
 * sequential_gradients.c - Enguehard, ACL Findings 2023, arXiv:2305.15853, equation 3.
 *
 * With b^u the text whose unit u alone is at the baseline, for the tokens i of u
 *
 *   score_i = sum over C of (x - b)_i sum over k of weight_k d f / d x_i (b^u + node_k (x - b^u))
 */
#include "gradient_batches.h"

#include <math.h>
#include <string.h>

typedef struct walk {
    const qg_question *q;
    const qg_ig_result *out;
    const int32_t *unit; /* [T] */
    float *x, *base;     /* [T, C] */
    double *node, *weight;
    int steps;
    int *units, *count; /* [B] of a text; its points in a visit */
    double *lost;       /* [B] what all units lose at the baseline, each by itself */
} walk;

/* The text with unit u of it so far on its way from the baseline. */
static void place(const walk *w, float *out, int t, int u, double way)
{
    size_t C = (size_t)w->q->model->hidden;
    const int32_t *splits = w->q->batch->splits;
    memcpy(out, w->x + qg_text_at(w->q, t), qg_text_size(w->q, t) * sizeof *out);
    for (int32_t i = splits[t]; i < splits[t + 1]; i++, out += C) {
        const float *from = w->base + (size_t)i * C;
        for (size_t c = 0; c < C && w->unit[i] == u; c++)
            out[c] = (float)((double)from[c] + way * ((double)out[c] - (double)from[c]));
    }
}

/* Point 0 is the text, k + 1 is the text with unit k at the baseline. */
static qg_code place_end(void *ctx, float *x, int t, int k)
{
    place(ctx, x, t, k - 1, k == 0 ? 1 : 0);
    return QG_OK;
}

static qg_code take_end(void *ctx, int t, int k, double value, const float *dx)
{
    walk *w = ctx;
    (void)dx;
    if (k == 0)
        w->out->value[t] = value;
    else
        w->lost[t] += w->out->value[t] - value;
    return QG_OK;
}

static qg_code place_node(void *ctx, float *x, int t, int k)
{
    const walk *w = ctx;
    place(w, x, t, k / w->steps, w->node[k % w->steps]);
    return QG_OK;
}

static qg_code take_node(void *ctx, int t, int k, double value, const float *dx)
{
    walk *w = ctx;
    size_t C = (size_t)w->q->model->hidden;
    const int32_t *splits = w->q->batch->splits;
    (void)value;
    for (int32_t i = splits[t]; i < splits[t + 1]; i++, dx += C) {
        const float *x = w->x + (size_t)i * C, *base = w->base + (size_t)i * C;
        double sum = 0;
        for (size_t c = 0; c < C && w->unit[i] == k / w->steps; c++)
            sum += ((double)x[c] - (double)base[c]) * (double)dx[c];
        w->out->score[i] += w->weight[k % w->steps] * sum;
    }
    return QG_OK;
}

/* Numbers of units, and where all tokens of units are at the baseline. */
static qg_code prepare(walk *w, const qg_ig_options *o, qg_arena *scratch)
{
    const qg_batch *b = w->q->batch;
    qg_ig_options all = *o;
    uint8_t *keep;
    QG_NEW(keep, scratch, b->splits[b->B]);
    QG_NEW(w->units, scratch, b->B);
    QG_NEW(w->count, scratch, b->B);
    QG_NEW(w->lost, scratch, b->B);
    for (int t = 0; t < b->B; t++)
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
            keep[i] = w->unit[i] < 0;
            if (w->unit[i] >= w->units[t])
                w->units[t] = w->unit[i] + 1;
            w->out->score[i] = 0;
        }
    all.keep = keep;
    QG_NEW(w->node, scratch, o->steps);
    QG_NEW(w->weight, scratch, o->steps);
    qg_quadrature_rule(w->node, w->weight, o->steps, o->rule);
    QG_TRY(qg_question_vectors(&w->x, w->q, scratch));
    return qg_baseline_vectors(&w->base, w->x, w->q, &all, scratch);
}

static qg_code close(const walk *w)
{
    const qg_batch *b = w->q->batch;
    for (int t = 0; t < b->B; t++) {
        double sum = 0;
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++)
            sum += w->out->score[i];
        w->out->base[t] = (double)NAN;
        w->out->delta[t] = sum - w->lost[t];
        w->out->steps[t] = w->count[t];
        if (!isfinite(sum))
            return QG_FAIL(QG_ENUMERIC, "text %d: the scores add up to %g", t, sum);
    }
    return QG_OK;
}

static qg_code run(walk *w, const qg_ig_options *o, qg_arena *scratch)
{
    qg_points ends = {.place = place_end, .take = take_end, .ctx = w, .values_only = true};
    qg_points nodes = {.place = place_node, .take = take_node, .ctx = w};
    QG_TRY(prepare(w, o, scratch));
    ends.count = nodes.count = w->count;
    for (int t = 0; t < w->q->batch->B; t++)
        w->count[t] = 1 + w->units[t];
    QG_TRY(qg_points_visit(w->q, &ends, scratch));
    for (int t = 0; t < w->q->batch->B; t++)
        w->count[t] = w->units[t] * w->steps;
    QG_TRY(qg_points_visit(w->q, &nodes, scratch));
    return close(w);
}

qg_code qg_sequential_gradients(const qg_ig_result *out, const qg_question *q,
                                const qg_ig_options *o, const int32_t *unit, qg_arena *scratch)
{
    qg_mark mark = qg_arena_mark(scratch);
    walk w = {.q = q, .out = out, .unit = unit, .steps = o->steps};
    qg_code rc = run(&w, o, scratch);
    qg_arena_release(scratch, mark);
    return rc;
}
