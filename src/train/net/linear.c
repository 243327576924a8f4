/*
 * linear.c - y = Q(x) W^T + b and its straight-through gradient.
 *
 * Q(x) is computed again in backward, from the same x and levels: the same bits, and no memory.
 */
#include "linear.h"

#include "layernorm_rows.h"

#include <string.h>

/* Each leaf with the state moved by what it sees itself. */
static void moving_forward(const qg_hook *h, int site, const qg_rows *x, int k)
{
    const qg_parts *p = &x->parts;
    for (int l = 0; l < p->n; l++) {
        qg_range seen = {.set = true};
        size_t first = (size_t)p->row[l] * (size_t)k;
        int m = p->row[l + 1] - p->row[l];
        qg_affine *affine = &h->affine[site * h->leaves + l];
        if (m == 0)
            continue;
        h->kernels->minmax(&seen.lo, &seen.hi, x->x + first, k, m, k);
        qg_range_join(&h->seen[site], &seen, 1);
        *affine = isnan(seen.lo) ? QG_NO_LEVELS
                                 : qg_affine_of(h->frozen ? h->state[site]
                                                          : qg_range_moved(h->state[site], seen));
        qg_affine_forward(h->buffer + first, x->x + first, (size_t)m * (size_t)k, *affine);
    }
}

static void moving_backward(float *dx, const qg_hook *h, int site, const qg_rows *x, int k)
{
    const qg_parts *p = &x->parts;
    for (int l = 0; l < p->n; l++) {
        size_t first = (size_t)p->row[l] * (size_t)k;
        size_t n = (size_t)(p->row[l + 1] - p->row[l]) * (size_t)k;
        qg_affine_backward(dx + first, dx + first, x->x + first, n,
                           h->affine[site * h->leaves + l]);
    }
}

/* The input as the product sees it. */
static const float *input(const qg_hook *h, int site, const qg_rows *x, int k)
{
    size_t n = (size_t)x->m * (size_t)k;
    switch (h->kind) {
    case QG_INPUT_FLOAT:
        return x->x;
    case QG_INPUT_BF16:
        qg_bf16_forward(h->buffer, x->x, n);
        break;
    case QG_INPUT_TOKEN:
        qg_tokens_forward(h->buffer, x->x, x->m, k);
        break;
    case QG_INPUT_TEXT:
        for (int b = 0; b < x->B; b++) {
            size_t first = (size_t)(x->splits[b] - x->splits[0]) * (size_t)k;
            qg_text_forward(h->buffer + first, x->x + first, x->splits[b + 1] - x->splits[b], k,
                            h->kernels);
        }
        break;
    case QG_INPUT_MOVING:
        moving_forward(h, site, x, k);
        break;
    }
    return h->buffer;
}

/* Columns of the layers that read the input as it is. */
static void take_plain(float *y, const float *plain, const qg_site *s, int m, uint32_t quantized)
{
    size_t n = (size_t)s->linear.n, one = n / (size_t)s->linear.parts;
    for (int i = 0; i < s->linear.parts; i++)
        for (int r = 0; r < m && !(quantized >> i & 1); r++) {
            size_t at = (size_t)r * n + (size_t)i * one;
            memcpy(y + at, plain + at, one * sizeof *y);
        }
}

void qg_linear_forward(float *y, const qg_site *s, int site, const qg_rows *x, const qg_hook *hook)
{
    uint32_t all = ((uint32_t)1 << s->linear.parts) - 1;
    uint32_t quantized = hook->only ? hook->only[site] & all : all;
    if (quantized == 0) {
        qg_site_forward(y, s, x->x, x->m);
        return;
    }
    qg_site_forward(y, s, input(hook, site, x, s->linear.k), x->m);
    if (quantized == all || hook->kind == QG_INPUT_FLOAT)
        return;
    qg_site_forward(hook->plain, s, x->x, x->m);
    take_plain(y, hook->plain, s, x->m, quantized);
}

void qg_linear_backward(float *dx, float *grad, const float *dy, const qg_site *s, int site,
                        const qg_rows *x, const qg_hook *hook)
{
    const qg_linear *l = &s->linear;
    if (grad) {
        const float *in = input(hook, site, x, l->k);
        qg_site_backward(dx, grad + l->weight, s, dy, in, &x->parts);
        qg_parts_column_sums(grad + l->bias, &x->parts, dy, l->n);
    } else {
        qg_site_input_backward(dx, s, dy, x->m);
    }
    if (hook->kind == QG_INPUT_MOVING)
        moving_backward(dx, hook, site, x, l->k);
}
