/*
 * linear.c - y = Q(x) W^T + b and its straight-through gradient.
 *
 * Q(x) is computed again in backward, from the same x and grid: the same bits, and no memory.
 */
#include "linear.h"

#include "product.h"
#include "rows.h"

static qg_affine moving_grid(const qg_hook *h, int site, const qg_rows *x, int k)
{
    qg_range seen = {.set = true};
    h->kernels->minmax(&seen.lo, &seen.hi, x->x, k, x->m, k);
    h->seen[site] = seen;
    return qg_affine_of(h->frozen ? h->state[site] : qg_range_moved(h->state[site], seen));
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
        h->grid[site] = moving_grid(h, site, x, k);
        qg_affine_forward(h->buffer, x->x, n, h->grid[site]);
        break;
    }
    return h->buffer;
}

void qg_linear_forward(float *y, const qg_linear *l, int site, const float *weights,
                       const qg_rows *x, const qg_hook *hook)
{
    const float *in = input(hook, site, x, l->k);
    qg_product_nt(y, l->n, (qg_matrix){in, l->k}, (qg_matrix){weights + l->weight, l->k}, x->m,
                  l->n, l->k, 1);
    qg_add_bias(y, weights + l->bias, x->m, l->n);
}

void qg_linear_backward(float *dx, float *grad, const float *dy, const qg_linear *l, int site,
                        const float *weights, const qg_rows *x, const qg_hook *hook)
{
    const float *in = input(hook, site, x, l->k);
    qg_matrix d = {dy, l->n};
    qg_product_tn(grad + l->weight, l->k, d, (qg_matrix){in, l->k}, l->n, l->k, x->m, 1);
    qg_column_sums(grad + l->bias, dy, x->m, l->n);
    qg_product_nn(dx, l->k, d, (qg_matrix){weights + l->weight, l->k}, x->m, l->k, l->n, 1);
    if (hook->kind == QG_INPUT_MOVING)
        qg_affine_backward(dx, dx, x->x, (size_t)x->m * (size_t)l->k, hook->grid[site]);
}
