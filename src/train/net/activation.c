/*
 * activation.c - derivatives of the activations, and chords from the origin, on the kernels' exp
 * and tanh.
 */
#include "layernorm_rows.h"

#include <math.h>

enum { CHUNK = 256 };

/* Phi(u) - 1/2 = phi(0) u (1 - u^2/6 + u^4/40 - ...): 4e-8 at |u| = 1. */
static float phi_series(float u)
{
    static const float c[] = {1.0f,        -1.0f / 6,     1.0f / 40,    -1.0f / 336,
                              1.0f / 3456, -1.0f / 42240, 1.0f / 599040};
    float s = u * u, p = c[6];
    for (int i = 5; i >= 0; i--)
        p = p * s + c[i];
    return 0.5f + 0.39894228f * u * p;
}

/* Phi(u) = gelu(u) / u away from 0, where the quotient is exact to rounding. */
static float phi(float u, float g)
{
    return u > -1 && u < 1 ? phi_series(u) : g / u;
}

static void gelu(float *d, const float *u, const float *g, size_t n, const qg_kernels *k)
{
    float e[CHUNK] = {0};
    for (size_t i = 0; i < n; i++)
        e[i] = -0.5f * u[i] * u[i];
    k->vexp(e, e, n);
    for (size_t i = 0; i < n; i++)
        d[i] *= phi(u[i], g[i]) + u[i] * (0.39894228f * e[i]);
}

static const float root = 0.79788456f; /* sqrt(2 / pi) */

/* gelu_new(u) = u (1 + t) / 2. */
static void gelu_new_tanh(float *t, const float *u, size_t n, const qg_kernels *k)
{
    for (size_t i = 0; i < n; i++)
        t[i] = root * (u[i] + 0.044715f * u[i] * u[i] * u[i]);
    k->activation(t, n, QG_ACT_TANH);
}

static void gelu_new(float *d, const float *u, size_t n, const qg_kernels *k)
{
    float t[CHUNK];
    gelu_new_tanh(t, u, n, k);
    for (size_t i = 0; i < n; i++) {
        float inner = root * (1.0f + 3 * 0.044715f * u[i] * u[i]);
        d[i] *= 0.5f * (1.0f + t[i]) + 0.5f * u[i] * (1.0f - t[i] * t[i]) * inner;
    }
}

void qg_activation_backward(float *d, const float *u, const float *g, size_t n, qg_activation act,
                            const qg_kernels *k)
{
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t len = n - at < CHUNK ? n - at : CHUNK;
        if (act == QG_ACT_GELU)
            gelu(d + at, u + at, g + at, len, k);
        else if (act == QG_ACT_GELU_NEW)
            gelu_new(d + at, u + at, len, k);
        else if (act == QG_ACT_RELU)
            for (size_t i = at; i < at + len; i++)
                d[i] = u[i] > 0 ? d[i] : 0.0f;
        else if (act == QG_ACT_TANH)
            for (size_t i = at; i < at + len; i++)
                d[i] *= 1.0f - g[i] * g[i];
    }
}

/* tanh(u) / u near 0 by its series: 1e-8 at |u| = 1/4. */
static float tanh_chord(float u, float g)
{
    float s = u * u;
    if (s > 0.0625f)
        return g / u;
    return 1.0f - s * (1.0f / 3 - s * (2.0f / 15 - s * (17.0f / 315 - s * (62.0f / 2835))));
}

static void gelu_new_chord(float *d, const float *u, size_t n, const qg_kernels *k)
{
    float t[CHUNK];
    gelu_new_tanh(t, u, n, k);
    for (size_t i = 0; i < n; i++)
        d[i] *= 0.5f * (1.0f + t[i]);
}

void qg_activation_chord(float *d, const float *u, const float *g, size_t n, qg_activation act,
                         const qg_kernels *k)
{
    for (size_t at = 0; at < n && act == QG_ACT_GELU_NEW; at += CHUNK)
        gelu_new_chord(d + at, u + at, n - at < CHUNK ? n - at : CHUNK, k);
    for (size_t i = 0; i < n; i++)
        if (act == QG_ACT_GELU)
            d[i] *= phi(u[i], g[i]);
        else if (act == QG_ACT_RELU)
            d[i] = u[i] > 0 ? d[i] : 0.0f;
        else if (act == QG_ACT_TANH)
            d[i] *= tanh_chord(u[i], g[i]);
}
