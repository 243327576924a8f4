/*
 * leaf_sums.c - sums over the rows of leaves.
 */
#include "leaf_sums.h"

#include "qgrid/optimizer.h"

#include <stdlib.h>
#include <string.h>

/* Joins the sums of all leaves, of n floats. */
static void join(float *out, const qg_parts *p, size_t from, size_t n)
{
    qg_tree_sum(p->sum, p->n, from, from + n);
    memcpy(out, p->sum[0] + from, n * sizeof *out);
}

void qg_parts_column_sums(float *out, const qg_parts *p, const float *x, int n)
{
    for (int l = 0; l < p->n; l++)
        qg_column_sums(p->sum[l], x + (size_t)p->row[l] * (size_t)n, p->row[l + 1] - p->row[l], n);
    join(out, p, 0, (size_t)n);
}

void qg_parts_norm_backward(float *dx, float *dgamma, float *dbeta, const qg_parts *p,
                            const float *dy, const qg_norm_state *s, const float *gamma, int C)
{
    size_t wide = (size_t)C;
    for (int l = 0; l < p->n; l++) {
        size_t first = (size_t)p->row[l];
        qg_norm_state part = {s->unit + first * wide, s->rstd + first};
        qg_norm_backward(dx + first * wide, p->sum[l], p->sum[l] + wide, dy + first * wide, &part,
                         gamma, p->row[l + 1] - p->row[l], C);
    }
    if (dgamma) {
        join(dgamma, p, 0, wide);
        join(dbeta, p, wide, wide);
    }
}

static int by_key(const void *a, const void *b)
{
    const qg_keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Rows keyed[0 .. n) of one key. */
static void sum_key(float *out, const qg_keyed *keyed, int n, const qg_parts *p, const float *x,
                    size_t C)
{
    int leaf = 0;
    for (int l = 0; l < p->n; l++)
        memset(p->sum[l], 0, C * sizeof **p->sum);
    for (int i = 0; i < n; i++) {
        while (keyed[i].row >= p->row[leaf + 1])
            leaf++;
        qg_add_to(p->sum[leaf], x + (size_t)keyed[i].row * C, C);
    }
    join(out, p, 0, C);
}

void qg_parts_table_sums(float *table, qg_keyed *keyed, int n, const qg_parts *p, const float *x,
                         int C)
{
    size_t wide = (size_t)C;
    qsort(keyed, (size_t)n, sizeof *keyed, by_key);
    for (int i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && keyed[end].key == keyed[i].key; end++)
            ;
        sum_key(table + (size_t)keyed[i].key * wide, keyed + i, end - i, p, x, wide);
    }
}
