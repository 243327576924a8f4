/*
 * integrated_gradients.c - Sundararajan, Taly, Yan, ICML 2017, arXiv:1703.01365.
 *
 *   score_i = sum over C of (x - b)_i sum over k of weight_k d f / d x_i (b + node_k (x - b))
 */
#include "gradient_batches.h"

#include <math.h>
#include <string.h>

typedef struct path {
    const qg_question *q;
    const qg_ig_result *out;
    float *x, *base; /* [T, C] ends of the paths */
    double *sum;     /* [T, C] weighted gradients */
    double *node, *weight;
    int *count; /* [B] points of a text in this round; 0: it is done */
} path;

/* ----------------------------------------------------------------------------------- the ends */

static qg_code place_end(void *ctx, float *x, int t, int k)
{
    path *p = ctx;
    const float *end = k == 0 ? p->x : p->base;
    memcpy(x, end + qg_text_at(p->q, t), qg_text_size(p->q, t) * sizeof *x);
    return QG_OK;
}

static qg_code take_end(void *ctx, int t, int k, double value, const float *dx)
{
    path *p = ctx;
    (void)dx;
    (k == 0 ? p->out->value : p->out->base)[t] = value;
    return QG_OK;
}

static qg_code values_at_ends(path *p, qg_arena *scratch)
{
    for (int t = 0; t < p->q->batch->B; t++)
        p->count[t] = 2;
    qg_points ends = {
        .count = p->count, .place = place_end, .take = take_end, .ctx = p, .values_only = true};
    return qg_points_visit(p->q, &ends, scratch);
}

/* ---------------------------------------------------------------------------------- in between */

static qg_code place_node(void *ctx, float *x, int t, int k)
{
    path *p = ctx;
    size_t at = qg_text_at(p->q, t), n = qg_text_size(p->q, t);
    const float *to = p->x + at, *from = p->base + at;
    for (size_t i = 0; i < n; i++) {
        double b = (double)from[i];
        x[i] = (float)(b + p->node[k] * ((double)to[i] - b));
    }
    return QG_OK;
}

static qg_code take_node(void *ctx, int t, int k, double value, const float *dx)
{
    path *p = ctx;
    double *sum = p->sum + qg_text_at(p->q, t);
    (void)value;
    for (size_t i = 0; i < qg_text_size(p->q, t); i++)
        sum[i] += p->weight[k] * (double)dx[i];
    return QG_OK;
}

static qg_code integrate(path *p, int steps, qg_quadrature rule, qg_arena *scratch)
{
    qg_points nodes = {.count = p->count, .place = place_node, .take = take_node, .ctx = p};
    for (int t = 0; t < p->q->batch->B; t++) {
        if (p->count[t] == 0)
            continue;
        p->count[t] = steps;
        memset(p->sum + qg_text_at(p->q, t), 0, qg_text_size(p->q, t) * sizeof *p->sum);
    }
    QG_NEW(p->node, scratch, steps);
    QG_NEW(p->weight, scratch, steps);
    qg_quadrature_rule(p->node, p->weight, steps, rule);
    return qg_points_visit(p->q, &nodes, scratch);
}

/* Scores of a text; returns its error of completeness. */
static double finish(const path *p, int t)
{
    const qg_batch *b = p->q->batch;
    size_t C = (size_t)p->q->model->hidden;
    double all = 0;
    for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
        double score = 0;
        for (size_t c = (size_t)i * C; c < ((size_t)i + 1) * C; c++) {
            double share = ((double)p->x[c] - (double)p->base[c]) * p->sum[c];
            score += share;
            if (p->out->full)
                p->out->full[c] = share;
        }
        p->out->score[i] = score;
        all += score;
    }
    return all - (p->out->value[t] - p->out->base[t]);
}

/* Whether a text has all the nodes it needs. */
static bool is_enough(const path *p, const qg_ig_options *o, int t)
{
    double change = fabs(p->out->value[t] - p->out->base[t]);
    double allowed = fmax(o->tolerance * change, QG_IG_RESOLVED);
    return o->tolerance <= 0 || fabs(p->out->delta[t]) <= allowed;
}

static qg_code run(path *p, const qg_ig_options *o, qg_arena *scratch)
{
    int B = p->q->batch->B, left = B;
    QG_TRY(qg_question_vectors(&p->x, p->q, scratch));
    QG_TRY(qg_baseline_vectors(&p->base, p->x, p->q, o, scratch));
    QG_NEW(p->sum, scratch, qg_text_at(p->q, B));
    QG_NEW(p->count, scratch, B);
    QG_TRY(values_at_ends(p, scratch));
    for (int steps = o->steps; left > 0; steps *= 2) {
        bool last = o->tolerance <= 0 || steps > o->most_steps / 2;
        QG_TRY(integrate(p, steps, o->rule, scratch));
        for (int t = 0; t < B; t++) {
            if (p->count[t] == 0)
                continue;
            p->out->delta[t] = finish(p, t);
            p->out->steps[t] = steps;
            if (!isfinite(p->out->delta[t]))
                return QG_FAIL(QG_ENUMERIC, "text %d: the scores add up to %g", t,
                               p->out->delta[t]);
            bool enough = is_enough(p, o, t);
            if (last || enough) {
                if (p->out->reached)
                    p->out->reached[t] = enough;
                p->count[t] = 0;
                left--;
            }
        }
    }
    return QG_OK;
}

qg_code qg_integrated_gradients(const qg_ig_result *out, const qg_question *q,
                                const qg_ig_options *o, qg_arena *scratch)
{
    bool ends = o->rule == QG_TRAPEZOID || o->rule == QG_TRAPEZOID_CAPTUM;
    QG_ASSERT(o->steps >= (ends ? 2 : 1));
    qg_mark mark = qg_arena_mark(scratch);
    path p = {.q = q, .out = out};
    qg_code rc = run(&p, o, scratch);
    qg_arena_release(scratch, mark);
    return rc;
}
