/*
 * optimizer.c - gradient norm, AdamW and learning rates, on slices of the block.
 */
#include "qgrid/optimizer.h"

#include <math.h>

const qg_adamw qg_adamw_default = {QG_ADAMW_TORCH, 0.9, 0.999, 1e-8, 0.01};

size_t qg_norm_blocks(size_t count)
{
    return (count + QG_NORM_BLOCK - 1) / QG_NORM_BLOCK;
}

size_t qg_slice_start(size_t count, int slices, int i)
{
    size_t at = qg_norm_blocks(count) * (size_t)i / (size_t)slices * QG_NORM_BLOCK;
    return at < count ? at : count;
}

void qg_square_sums(double *sums, const float *grad, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += QG_NORM_BLOCK) {
        size_t end = to - at < QG_NORM_BLOCK ? to : at + QG_NORM_BLOCK;
        double s[8] = {0};
        size_t i = at;
        for (; i + 8 <= end; i += 8)
            for (int j = 0; j < 8; j++)
                s[j] += (double)grad[i + (size_t)j] * (double)grad[i + (size_t)j];
        for (; i < end; i++)
            s[0] += (double)grad[i] * (double)grad[i];
        sums[at / QG_NORM_BLOCK] =
            ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
    }
}

double qg_norm(const double *sums, size_t blocks)
{
    double sum = 0;
    for (size_t b = 0; b < blocks; b++)
        sum += sums[b];
    return sqrt(sum);
}

qg_code qg_clip(float *coefficient, double norm, double most, uint64_t step)
{
    if (!isfinite(norm))
        return QG_FAIL(QG_ENUMERIC, "step %llu: the norm of the gradient is %g",
                       (unsigned long long)step, norm);
    double c = most > 0 ? most / (norm + 1e-6) : 1;
    *coefficient = (float)(c < 1 ? c : 1);
    return QG_OK;
}

/* Scalars of one update, rounded once. */
typedef struct update {
    float beta1, rest1, beta2, rest2, eps, rate, root2, clip;
} update;

static update prepare(const qg_adamw_update *u)
{
    const qg_adamw *o = u->rule;
    double t = (double)u->step + 1, rate = u->learning_rate;
    double fix1 = 1 - pow(o->beta1, t), fix2 = sqrt(1 - pow(o->beta2, t));
    bool torch = o->kind == QG_ADAMW_TORCH;
    return (update){.beta1 = (float)o->beta1,
                    .rest1 = (float)(1 - o->beta1),
                    .beta2 = (float)o->beta2,
                    .rest2 = (float)(1 - o->beta2),
                    .eps = (float)o->eps,
                    .rate = (float)(torch ? rate / fix1 : rate * fix2 / fix1),
                    .root2 = torch ? (float)fix2 : 1.0f,
                    .clip = u->clip};
}

/* `keep`: factor of weight decay before the update (torch); `after`: share taken off after it. */
static void update_run(float *p, float *m, float *v, const float *grad, size_t n, const update *u,
                       float keep, float after)
{
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] * u->clip;
        m[i] = m[i] * u->beta1 + g * u->rest1;
        v[i] = v[i] * u->beta2 + g * g * u->rest2;
        float x = p[i] * keep - u->rate * (m[i] / (sqrtf(v[i]) / u->root2 + u->eps));
        p[i] = x - x * after;
    }
}

void qg_adamw_step(float *values, float *m, float *v, const float *grad, const qg_params *params,
                   size_t from, size_t to, const qg_adamw_update *how)
{
    update u = prepare(how);
    double decay = how->learning_rate * how->rule->weight_decay;
    for (int i = 0; i < params->n; i++) {
        const qg_param *t = &params->param[i];
        size_t end = t->offset + (size_t)t->rows * (size_t)t->columns;
        size_t first = from > t->offset ? from : t->offset, last = to < end ? to : end;
        bool torch = how->rule->kind == QG_ADAMW_TORCH;
        if (first >= last)
            continue;
        update_run(values + first, m + (first - from), v + (first - from), grad + first,
                   last - first, &u, t->decays && torch ? (float)(1 - decay) : 1.0f,
                   t->decays && !torch ? (float)decay : 0.0f);
    }
}

double qg_schedule_rate(const qg_schedule *s, uint64_t step)
{
    if (step < s->warmup)
        return s->base * (double)step / (double)s->warmup;
    if (s->kind == QG_SCHEDULE_CONSTANT)
        return s->base;
    if (step >= s->steps)
        return 0;
    double left = (double)(s->steps - step) / (double)(s->steps - s->warmup);
    if (s->kind == QG_SCHEDULE_LINEAR)
        return s->base * left;
    return s->base * 0.5 * (1 + cos(acos(-1.0) * (1 - left)));
}
