/*
 * tree.c - one binary tree over the leaves of a batch.
 *
 *   0 1 2 3 4 5 6      level 0: leaves
 *   01  23  45  6      level 1: neighbours; the last has none and goes up as it is
 *   0123    456        level 2
 *   0123456
 *
 * In floating point the order of a sum matters: this one is fixed by the number of leaves.
 */
#include "qgrid/optimizer.h"

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
