/*
 * linear_product.c - products of Linear layers through gemm_f32.
 */
#include "linear_product.h"

#include "qgrid/optimizer.h"

#include <string.h>

enum {
    LANES = 16,
    TILE_N = 144, /* rows and columns of a tile of W's gradient: a few of them fit the L2 cache */
    TILE_K = 384
};

static int padded(int n)
{
    return (n + LANES - 1) / LANES * LANES;
}

static qg_panels panels_of(const float *codes, int n, int k, const float *bias)
{
    return (qg_panels){.format = QG_PANEL_F32, .n = n, .k = k, .codes = codes, .bias = bias};
}

qg_code qg_site_workspace_create(qg_site_workspace *out, qg_arena *a, int widest, int T, int leaves)
{
    qg_panels largest = panels_of(NULL, widest, widest > T ? widest : T, NULL);
    size_t wide = (size_t)padded(widest);
    QG_NEW(out->rows, a, wide * (size_t)T);
    QG_NEW(out->panels, a, wide * (size_t)T);
    QG_NEW(out->zero, a, wide);
    QG_NEW(out->tile, a, leaves);
    for (int l = 0; l < leaves; l++)
        QG_NEW(out->tile[l], a, TILE_N * TILE_K);
    char *scratch;
    QG_NEW(scratch, a, qg_gemm_scratch(&largest));
    out->scratch = scratch;
    return QG_OK;
}

qg_code qg_site_create(qg_site *out, qg_arena *a, const qg_linear *linear,
                       qg_site_workspace *workspace, const qg_kernels *kernels)
{
    int n = linear->n, k = linear->k;
    *out = (qg_site){.linear = *linear, .kernels = kernels, .workspace = workspace};
    QG_NEW(out->panels[0], a, (size_t)padded(n) * (size_t)k);
    QG_NEW(out->panels[1], a, (size_t)padded(k) * (size_t)n);
    QG_NEW(out->bias, a, padded(n));
    out->forward = panels_of(out->panels[0], n, k, out->bias);
    out->backward = panels_of(out->panels[1], k, n, workspace->zero);
    return QG_OK;
}

void qg_site_pack(qg_site *s, const float *block)
{
    const qg_linear *l = &s->linear;
    qg_pack_f32(s->panels[0], block + l->weight, l->n, l->k);
    qg_pack_f32_transposed(s->panels[1], block + l->weight, l->n, l->k);
    memcpy(s->bias, block + l->bias, (size_t)l->n * sizeof *s->bias);
}

static void product(float *y, const qg_site *s, const float *x, int m, const qg_panels *w)
{
    s->kernels->gemm_f32(y, w->n, x, w->k, m, w, s->workspace->scratch);
}

void qg_site_forward(float *y, const qg_site *s, const float *x, int T)
{
    product(y, s, x, T, &s->forward);
}

/* [T, n] to [n, T], by squares that fit a few cache lines. */
static void transpose(float *out, const float *in, int T, int n)
{
    for (int t = 0; t < T; t += LANES)
        for (int c = 0; c < n; c += LANES)
            for (int i = t; i < T && i < t + LANES; i++)
                for (int j = c; j < n && j < c + LANES; j++)
                    out[(size_t)j * (size_t)T + (size_t)i] = in[(size_t)i * (size_t)n + (size_t)j];
}

static int rows_of(const qg_parts *p, int leaf)
{
    return p->row[leaf + 1] - p->row[leaf];
}

/* Both factors of every leaf's dW, as the kernel wants them. */
static void prepare_factors(const qg_site *s, const float *dy, const float *x, const qg_parts *p)
{
    size_t n = (size_t)s->linear.n, k = (size_t)s->linear.k, wide = (size_t)padded(s->linear.k);
    for (int l = 0; l < p->n; l++) {
        size_t first = (size_t)p->row[l];
        qg_pack_f32_transposed(s->workspace->panels + first * wide, x + first * k, rows_of(p, l),
                               s->linear.k);
        transpose(s->workspace->rows + first * n, dy + first * n, rows_of(p, l), s->linear.n);
    }
}

typedef struct tile {
    int row, rows, column, columns; /* of dW */
} tile;

/* One leaf's share of a tile. */
static void leaf_tile(float *y, int ldy, const qg_site *s, const qg_parts *p, int l, tile t)
{
    int T = rows_of(p, l);
    size_t first = (size_t)p->row[l], wide = (size_t)padded(s->linear.k);
    const float *x = s->workspace->panels + first * wide + (size_t)t.column * (size_t)T;
    const float *dy = s->workspace->rows + first * (size_t)s->linear.n + (size_t)t.row * (size_t)T;
    qg_panels inputs = panels_of(x, t.columns, T, s->workspace->zero);
    if (T > 0)
        s->kernels->gemm_f32(y, ldy, dy, T, t.rows, &inputs, s->workspace->scratch);
    else
        for (int r = 0; r < t.rows; r++)
            memset(y + (size_t)r * (size_t)ldy, 0, (size_t)t.columns * sizeof *y);
}

/* The sum of the leaves is made tile by tile, so that it stays in the cache. */
static void sum_tile(float *dw, const qg_site *s, const qg_parts *p, tile t)
{
    size_t k = (size_t)s->linear.k, wide = (size_t)t.columns;
    dw += (size_t)t.row * k + (size_t)t.column;
    if (p->n == 1) {
        leaf_tile(dw, s->linear.k, s, p, 0, t);
        return;
    }
    for (int l = 0; l < p->n; l++)
        leaf_tile(s->workspace->tile[l], t.columns, s, p, l, t);
    qg_tree_sum(s->workspace->tile, p->n, 0, (size_t)t.rows * wide);
    for (int r = 0; r < t.rows; r++)
        memcpy(dw + (size_t)r * k, s->workspace->tile[0] + (size_t)r * wide, wide * sizeof *dw);
}

void qg_site_backward(float *dx, float *dw, const qg_site *s, const float *dy, const float *x,
                      const qg_parts *p)
{
    int n = s->linear.n, k = s->linear.k;
    prepare_factors(s, dy, x, p);
    for (int c = 0; c < k; c += TILE_K)
        for (int r = 0; r < n; r += TILE_N)
            sum_tile(
                dw, s, p,
                (tile){r, n - r < TILE_N ? n - r : TILE_N, c, k - c < TILE_K ? k - c : TILE_K});
    qg_site_input_backward(dx, s, dy, p->row[p->n]);
}

void qg_site_input_backward(float *dx, const qg_site *s, const float *dy, int T)
{
    product(dx, s, dy, T, &s->backward);
}
