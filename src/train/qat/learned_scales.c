/*
 * learned_scales.c - parameters that are step sizes: layout, first values, gradients.
 */
#include "learned_scales.h"

#include "qgrid/trained_scales.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FLOATS_PER_LINE = 16 };
static const float LEAST_SCALE = 0x1p-23f;

/* One Linear layer and its scales. */
typedef struct matrix {
    int n, k, group;
    size_t weight; /* offset in the block */
    const qg_param *theta;
    float root; /* sqrt(Q) */
} matrix;

const qg_param *qg_scales_param(const qg_params *p, int site, int part)
{
    int before = part;
    for (int i = 0; i < site; i++)
        before += p->site[i].parts;
    return &p->param[p->n - p->scales + before];
}

static matrix matrix_of(const qg_params *p, int site, int part)
{
    const qg_linear *l = &p->site[site];
    int n = l->n / l->parts;
    return (matrix){.n = n,
                    .k = l->k,
                    .group = qg_precision_group(p->scheme, l->k),
                    .weight = l->weight + (size_t)part * (size_t)n * (size_t)l->k,
                    .theta = qg_scales_param(p, site, part),
                    .root = sqrtf(p->scheme->levels.hi)};
}

/* ------------------------------------------------------------------------------------- layout */

static void name_scales(char *out, size_t size, const char *weight)
{
    char linear[96];
    snprintf(linear, sizeof linear, "%.*s", (int)(strlen(weight) - strlen(".weight")), weight);
    qg_trained_scales_name(out, size, linear);
}

static void plan(qg_params *p, int site)
{
    const qg_linear *l = &p->site[site];
    for (int i = 0; i < l->parts; i++) {
        qg_param *t = &p->param[p->n++];
        *t = (qg_param){.kind = QG_MODULE_LINEAR, .offset = p->count};
        name_scales(t->name, sizeof t->name, p->param[l->param + i].name);
        qg_trained_scales_shape(&t->rows, &t->columns, l->n / l->parts, l->k, p->scheme);
        p->count += (size_t)t->rows * (size_t)t->columns;
        p->count = (p->count + FLOATS_PER_LINE - 1) / FLOATS_PER_LINE * FLOATS_PER_LINE;
        p->scales++;
    }
}

qg_code qg_params_plan_scales(qg_params *p, qg_arena *a, const qg_precision *scheme)
{
    size_t added = 0, n = (size_t)p->n;
    QG_ASSERT(qg_precision_has_levels(scheme) && p->scales == 0);
    for (int i = 0; i < p->sites; i++)
        added += (size_t)p->site[i].parts;
    p->param = qg_arena_grow(a, p->param, n, n + added, sizeof *p->param);
    if (!p->param)
        return QG_ENOMEM;
    p->scheme = scheme;
    for (int i = 0; i < p->sites; i++)
        plan(p, i);
    return QG_OK;
}

/* --------------------------------------------------------------------------------- first values */

static float first_scale(const float *w, int rows, int k, size_t stride, const qg_levels *g)
{
    const qg_kernels *kernels = qg_kernels_get(NULL);
    double sum = 0;
    float most = 0;
    for (int r = 0; r < rows; r++, w += stride) {
        float top = kernels->absmax(w, k);
        most = top > most ? top : most;
        for (int i = 0; i < k; i++)
            sum += (double)fabsf(w[i]);
    }
    if (most == 0)
        return 1;
    float paper = (float)(2 * sum / ((double)rows * k) / sqrt((double)g->hi));
    float whole = most / g->divisor;
    return whole < paper ? whole : paper;
}

static void measure(float *values, const matrix *m, const qg_levels *g)
{
    float *theta = values + m->theta->offset;
    const float *w = values + m->weight;
    int rows = g->whole ? m->n : 1, len = g->whole ? m->k : m->group;
    for (int r = 0; r < m->n; r += rows)
        for (int k0 = 0; k0 < m->k; k0 += len)
            *theta++ = m->root * first_scale(w + (size_t)r * (size_t)m->k + k0, rows,
                                             m->k - k0 < len ? m->k - k0 : len, (size_t)m->k, g);
}

void qg_params_measure_scales(float *values, const qg_params *p)
{
    for (int s = 0; s < p->sites; s++)
        for (int i = 0; i < p->site[s].parts; i++) {
            matrix m = matrix_of(p, s, i);
            measure(values, &m, &p->scheme->levels);
        }
}

/* ------------------------------------------------------------------------------------- their use
 */

static float scale_of(float theta, float root)
{
    float s = theta / root;
    return s > LEAST_SCALE ? s : LEAST_SCALE;
}

void qg_scales_values(float *scales, const float *theta, size_t n, const qg_precision *scheme)
{
    float root = sqrtf(scheme->levels.hi);
    for (size_t i = 0; i < n; i++)
        scales[i] = scale_of(theta[i], root);
}

void qg_scales_of(float *scales, const float *values, const qg_params *p, int site, int part)
{
    matrix m = matrix_of(p, site, part);
    const float *theta = values + m.theta->offset;
    size_t groups = qg_weights_scales(p->scheme, m.n, m.k);
    for (size_t i = 0; i < groups; i++)
        scales[i] = scale_of(theta[p->scheme->levels.whole ? 0 : i], m.root);
}

/* Sum over `rows` rows of k, row after row. */
static double slope(const float *d, const float *w, int rows, int k, size_t stride,
                    const qg_uniform *u)
{
    const qg_kernels *kernels = qg_kernels_get(NULL);
    double sum = 0;
    for (int r = 0; r < rows; r++)
        sum += (double)kernels->fake_quantize_gradient(d + (size_t)r * stride,
                                                       w + (size_t)r * stride, k, u);
    return sum;
}

static void gradient(float *grad, const float *values, const matrix *m, const qg_levels *g)
{
    const float *theta = values + m->theta->offset;
    float *out = grad + m->theta->offset;
    int rows = g->whole ? m->n : 1, len = g->whole ? m->k : m->group;
    for (int r = 0; r < m->n; r += rows)
        for (int k0 = 0; k0 < m->k; k0 += len) {
            size_t at = m->weight + (size_t)r * (size_t)m->k + (size_t)k0;
            int k = m->k - k0 < len ? m->k - k0 : len;
            qg_uniform u = qg_levels_uniform(g, scale_of(*theta++, m->root));
            double d = slope(grad + at, values + at, rows, k, (size_t)m->k, &u);
            *out++ = (float)(d / ((double)m->root * sqrt((double)rows * k)));
        }
}

void qg_scales_gradient(float *grad, const float *values, const qg_params *p)
{
    for (int s = 0; s < p->sites; s++)
        for (int i = 0; i < p->site[s].parts; i++) {
            matrix m = matrix_of(p, s, i);
            gradient(grad, values, &m, &p->scheme->levels);
        }
}
