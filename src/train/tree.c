/*
 * tree.c - one binary tree over the leaves of a batch.
 *
 *   0 1 2 3 4 5 6      level 0: leaves
 *   01  23  45  6      level 1: neighbours; the last has none and goes up as it is
 *   0123    456        level 2
 *   0123456
 *
 * In floating point the order of a sum matters: this one is fixed by the number of leaves. Leaf
 * after leaf it is a binary counter: after leaf i as many sums are joined as i ends in ones.
 */
#include "qgrid/train.h"

void qg_tree_add(float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] += b[i];
}

void qg_tree_sum(float *const *leaf, int n, size_t from, size_t to)
{
    for (int step = 1; step < n; step *= 2)
        for (int i = 0; i + step < n; i += 2 * step)
            qg_tree_add(leaf[i] + from, leaf[i + step] + from, to - from);
}

int qg_tree_left(int n)
{
    int half = 1;
    while (2 * half < n)
        half *= 2;
    return half;
}

double qg_tree_sum_f64(const double *leaf, int n)
{
    if (n < 1)
        return 0;
    if (n == 1)
        return leaf[0];
    int half = qg_tree_left(n);
    return qg_tree_sum_f64(leaf, half) + qg_tree_sum_f64(leaf + half, n - half);
}

qg_code qg_tree_create(qg_tree *out, qg_arena *a, int leaves, size_t count)
{
    *out = (qg_tree){.count = count, .depth = 1};
    for (int n = leaves; n > 1; n /= 2)
        out->depth++;
    QG_NEW(out->block, a, out->depth);
    for (int i = 0; i < out->depth; i++)
        QG_NEW(out->block[i], a, count);
    return QG_OK;
}

void qg_tree_reset(qg_tree *t)
{
    t->held = t->pushed = 0;
}

float *qg_tree_slot(const qg_tree *t)
{
    return t->block[t->held];
}

static void join(qg_tree *t)
{
    qg_tree_add(t->block[t->held - 2], t->block[t->held - 1], t->count);
    t->held--;
}

void qg_tree_push(qg_tree *t)
{
    t->held++;
    for (int i = t->pushed++; i & 1; i >>= 1)
        join(t);
}

float *qg_tree_finish(qg_tree *t)
{
    while (t->held > 1)
        join(t);
    return t->block[0];
}
