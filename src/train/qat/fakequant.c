/*
 * fakequant.c - levels of weights and inputs, and which values they clip.
 *
 * Weights take the codes that the precision itself makes when a model is packed, so the levels
 * trained on are the levels deployed. Rules of moving ranges: PyTorch 1.13,
 * MovingAverageMinMaxObserver and FakeQuantize (per tensor, affine, quint8).
 */
#include "fakequant.h"

#include "qgrid/tensor.h"

#include <math.h>
#include <string.h>

#define LEAST_SCALE 0x1p-23f /* torch.finfo(torch.float32).eps */
static const float AVERAGING = 0.01f;

qg_input_kind qg_input_kind_of(const qg_precision *p)
{
    static const qg_input_kind kinds[] = {[QG_ACTIVATIONS_FLOAT] = QG_INPUT_FLOAT,
                                          [QG_ACTIVATIONS_BF16] = QG_INPUT_BF16,
                                          [QG_ACTIVATIONS_TOKEN] = QG_INPUT_TOKEN,
                                          [QG_ACTIVATIONS_TEXT] = QG_INPUT_TEXT};
    return kinds[p->activations];
}

/* ------------------------------------------------------------------------------------- inputs */

qg_range qg_range_moved(qg_range state, qg_range seen)
{
    if (!state.set)
        return seen;
    if (seen.set) {
        state.lo += AVERAGING * (seen.lo - state.lo);
        state.hi += AVERAGING * (seen.hi - state.hi);
    }
    return state;
}

void qg_range_join(qg_range *into, const qg_range *seen, int sites)
{
    for (int i = 0; i < sites; i++) {
        if (!seen[i].set)
            continue;
        if (!into[i].set || seen[i].lo < into[i].lo)
            into[i].lo = seen[i].lo;
        if (!into[i].set || seen[i].hi > into[i].hi)
            into[i].hi = seen[i].hi;
        into[i].set = true;
    }
}

qg_affine qg_affine_of(qg_range r)
{
    float lo = r.lo < 0 ? r.lo : 0, hi = r.hi > 0 ? r.hi : 0;
    float scale = (hi - lo) / 255.0f;
    scale = scale > LEAST_SCALE ? scale : LEAST_SCALE;
    float zero = 0.0f - rintf(lo / scale);
    zero = zero < 0 ? 0 : zero > 255 ? 255 : zero;
    return (qg_affine){scale, (int)zero};
}

/* rint for |x| < 2^22; beyond that near enough to be clipped all the same. Unlike rintf it runs on
 * vectors of every processor. */
static inline float nearest(float x)
{
    const float magic = 0x1.8p23f;
    return (x + magic) - magic;
}

void qg_affine_forward(float *y, const float *x, size_t n, qg_affine levels)
{
    float inverse = 1.0f / levels.scale, zero = (float)levels.zero;
    for (size_t i = 0; i < n; i++) {
        float q = zero + nearest(x[i] * inverse);
        q = q < 0 ? 0 : q > 255 ? 255 : q;
        y[i] = (q - zero) * levels.scale;
    }
}

void qg_affine_backward(float *dx, const float *dy, const float *x, size_t n, qg_affine levels)
{
    float inverse = 1.0f / levels.scale, zero = (float)levels.zero;
    for (size_t i = 0; i < n; i++) {
        float q = zero + nearest(x[i] * inverse);
        dx[i] = dy[i] * (q >= 0 && q <= 255 ? 1.0f : 0.0f);
    }
}

void qg_bf16_forward(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = qg_bf16_to_f32(qg_f32_to_bf16(x[i]));
}

void qg_tokens_forward(float *y, const float *x, int m, int k)
{
    for (int r = 0; r < m; r++, x += k, y += k) {
        float most = 0;
        for (int i = 0; i < k; i++)
            most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
        float scale = most / 127.0f;
        scale = scale == 0 ? 1.0f : scale;
        for (int i = 0; i < k; i++) {
            float q = nearest(x[i] / scale);
            y[i] = (q < -127 ? -127 : q > 127 ? 127 : q) * scale;
        }
    }
}

void qg_text_forward(float *y, const float *x, int m, int k, const qg_kernels *kernels)
{
    float lo, hi;
    qg_affine levels;
    kernels->minmax(&lo, &hi, x, k, m, k);
    if (isnan(lo))
        levels = QG_NO_LEVELS;
    else
        levels.zero = qg_text_levels(&levels.scale, lo, hi);
    qg_affine_forward(y, x, (size_t)m * (size_t)k, levels);
}

/* ------------------------------------------------------------------------------------ weights */

size_t qg_weights_scales(const qg_precision *p, int n, int k)
{
    int group = qg_precision_group(p, k);
    bool scaled = qg_precision_has_levels(p) || p->format == QG_PANEL_NF4;
    return scaled ? (size_t)n * (size_t)((k + group - 1) / group) : 0;
}

/* Values of codes [from, to) of a row-major matrix, all of one scale; of formats without levels. */
static void decode(float *y, const void *codes, size_t from, size_t to, float s,
                   qg_panel_format format)
{
    const uint8_t *c = codes;
    const uint16_t *half = codes;
    switch (format) {
    case QG_PANEL_F32:
        memcpy(y + from, (const float *)codes + from, (to - from) * sizeof *y);
        break;
    case QG_PANEL_F16:
        for (size_t i = from; i < to; i++)
            y[i] = qg_f16_to_f32(half[i]);
        break;
    case QG_PANEL_BF16:
    case QG_PANEL_BF16_PAIRS:
        for (size_t i = from; i < to; i++)
            y[i] = qg_bf16_to_f32(half[i]);
        break;
    case QG_PANEL_NF4:
        for (size_t i = from; i < to; i++)
            y[i] = qg_nf4_levels[c[i]] * s;
        break;
    case QG_PANEL_S8:
    case QG_PANEL_S4:
        break; /* values of levels come without codes */
    }
}

/* Scales of a row or a group follow each other through the cache with its values. */
static void levels_forward(float *y, float *scales, const float *w, int n, int k,
                           const qg_precision *p)
{
    const qg_kernels *kernels = qg_kernels_get(NULL);
    int group = qg_precision_group(p, k), rows = p->levels.whole ? n : 1;
    size_t step = (size_t)rows * (size_t)k, groups = qg_weights_scales(p, rows, k);
    for (int r = 0; r < n; r += rows, y += step, w += step, scales += groups) {
        qg_levels_scales(scales, w, rows, k, group, &p->levels, kernels);
        qg_levels_values(y, scales, w, rows, k, group, &p->levels, kernels);
    }
}

void qg_weights_forward(float *y, float *scales, void *codes, const float *w, int n, int k,
                        const qg_precision *p)
{
    size_t group = (size_t)qg_precision_group(p, k), columns = (size_t)k, i = 0;
    if (qg_precision_has_levels(p)) {
        levels_forward(y, scales, w, n, k, p);
        return;
    }
    qg_precision_quantize(codes, scales, w, n, k, p);
    for (int r = 0; r < n; r++)
        for (size_t k0 = 0; k0 < columns; k0 += group) {
            size_t end = i + (columns - k0 < group ? columns - k0 : group);
            decode(y, codes, i, end, p->format == QG_PANEL_NF4 ? *scales++ : 1, p->format);
            i = end;
        }
}

/* In steps, as the forward pass has them: the reciprocal of a tiny scale is infinite. */
static inline float in_steps(float w, const qg_uniform *s)
{
    return s->inverse != 0 ? w * s->inverse : w / s->scale;
}

/* PyTorch: by the rounded value, that of the code. */
static void mask_rounded(float *d, const float *w, size_t n, const qg_uniform *s)
{
    for (size_t i = 0; i < n; i++) {
        float q = nearest(in_steps(w[i], s));
        d[i] *= q >= s->lo && q <= s->hi ? 1.0f : 0.0f;
    }
}

/* Learned step sizes, equation 5: strictly inside, where the step's own gradient is not a border's.
 */
static void mask_inside(float *d, const float *w, size_t n, const qg_uniform *s)
{
    for (size_t i = 0; i < n; i++) {
        float t = in_steps(w[i], s);
        d[i] *= t > s->lo && t < s->hi ? 1.0f : 0.0f;
    }
}

void qg_weights_backward(float *d, const float *w, const float *scales, size_t from, size_t to,
                         int k, const qg_precision *p, bool learned)
{
    size_t group = (size_t)qg_precision_group(p, k), columns = (size_t)k;
    size_t groups = (columns + group - 1) / group;
    if (!qg_precision_has_levels(p))
        return; /* nothing is clipped */
    for (size_t i = from; i < to;) {
        size_t row = i / columns, g = i % columns / group;
        size_t in_row = (g + 1) * group < columns ? (g + 1) * group : columns;
        size_t end = row * columns + in_row < to ? row * columns + in_row : to;
        qg_uniform s = qg_levels_uniform(&p->levels, scales[row * groups + g]);
        (learned ? mask_inside : mask_rounded)(d + i, w + i, end - i, &s);
        i = end;
    }
}

/* ---------------------------------------------------------------------------- PyTorch's levels */

const qg_precision qg_precision_torch_int8 = {
    .name = "torch_int8",
    .summary = "PyTorch eager QAT: weights max|W_row|/127 per channel, at least 2^-23",
    .paper = "PyTorch 1.13",
    .format = QG_PANEL_S8,
    .activations = QG_ACTIVATIONS_TOKEN,
    .levels = {.divisor = 127, .lo = -127, .hi = 127, .reciprocal = true, .least = LEAST_SCALE},
};
