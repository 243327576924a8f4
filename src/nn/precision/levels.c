/*
 * levels.c - integer codes of weights: one rule for every scheme that has them.
 */
#include "qgrid/precision.h"

#include <math.h>

static float scale_of(const qg_levels *g, float most)
{
    float s = most / g->divisor;
    if (g->least > 0)
        return s < g->least ? g->least : s;
    return s == 0 ? 1.0f : s;
}

static float largest(const qg_kernels *kernels, const float *w, size_t rows, int k)
{
    float most = 0;
    for (size_t r = 0; r < rows; r++) {
        float a = kernels->absmax(w + r * (size_t)k, k);
        most = a > most ? a : most;
    }
    return most;
}

void qg_levels_scales(float *scales, const float *w, int n, int k, int group, const qg_levels *g,
                      const qg_kernels *kernels)
{
    float all = g->whole ? scale_of(g, largest(kernels, w, (size_t)n, k)) : 0;
    for (size_t r = 0; r < (size_t)n; r++)
        for (int k0 = 0; k0 < k; k0 += group) {
            int len = k - k0 < group ? k - k0 : group;
            const float *part = w + r * (size_t)k + k0;
            *scales++ = g->whole ? all : scale_of(g, kernels->absmax(part, len));
        }
}

qg_uniform qg_levels_uniform(const qg_levels *g, float scale)
{
    return (qg_uniform){scale, g->reciprocal ? 1.0f / scale : 0, g->lo, g->hi};
}

static int8_t code_of(float w, const qg_uniform *s)
{
    float t = rintf(s->inverse != 0 ? w * s->inverse : w / s->scale);
    return (int8_t)(t < s->lo ? s->lo : t > s->hi ? s->hi : t);
}

void qg_levels_codes(int8_t *codes, const float *scales, const float *w, int n, int k, int group,
                     const qg_levels *g)
{
    size_t at = 0;
    for (int r = 0; r < n; r++)
        for (int k0 = 0; k0 < k; k0 += group) {
            qg_uniform s = qg_levels_uniform(g, *scales++);
            for (int i = k0; i < k && i < k0 + group; i++, at++)
                codes[at] = code_of(w[at], &s);
        }
}

void qg_levels_values(float *y, const float *scales, const float *w, int n, int k, int group,
                      const qg_levels *g, const qg_kernels *kernels)
{
    size_t at = 0;
    for (int r = 0; r < n; r++)
        for (int k0 = 0; k0 < k; k0 += group) {
            int len = k - k0 < group ? k - k0 : group;
            qg_uniform s = qg_levels_uniform(g, *scales++);
            kernels->fake_quantize(y + at, w + at, len, &s);
            at += (size_t)len;
        }
}

bool qg_precision_has_levels(const qg_precision *p)
{
    return p->levels.divisor > 0;
}

void qg_precision_quantize(void *codes, float *scales, const float *w, int n, int k,
                           const qg_precision *p)
{
    int group = qg_precision_group(p, k);
    if (!qg_precision_has_levels(p)) {
        p->quantize(codes, scales, w, n, k, group);
        return;
    }
    qg_levels_scales(scales, w, n, k, group, &p->levels, qg_kernels_get(NULL));
    qg_levels_codes(codes, scales, w, n, k, group, &p->levels);
}
