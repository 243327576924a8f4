/*
 * leaves.c - which texts a step takes, and in which leaf each of them goes.
 */
#include "qgrid/train.h"

#include <stdlib.h>
#include <string.h>

void qg_epoch_order(int64_t *index, int64_t n, uint64_t seed, uint64_t epoch)
{
    qg_rng r = qg_rng_make(seed, "train/shuffle", epoch);
    for (int64_t i = 0; i < n; i++)
        index[i] = i;
    qg_rng_shuffle(&r, index, n);
}

typedef struct text {
    int32_t tokens;
    int index;
} text;

static int longest_first(const void *a, const void *b)
{
    const text *x = a, *y = b;
    if (x->tokens != y->tokens)
        return x->tokens > y->tokens ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

qg_code qg_leaves_cut(int *order, int *starts, const int32_t *tokens, int B, int leaves,
                      qg_arena *scratch)
{
    QG_ASSERT(leaves > 0 && B >= 0);
    qg_mark mark = qg_arena_mark(scratch);
    text *sorted = qg_arena_alloc(scratch, (size_t)B, sizeof *sorted);
    int *leaf = qg_arena_alloc(scratch, (size_t)B, sizeof *leaf);
    int64_t *load = qg_arena_alloc(scratch, (size_t)leaves, sizeof *load);
    if (!sorted || !leaf || !load)
        return QG_ENOMEM;
    for (int t = 0; t < B; t++)
        sorted[t] = (text){tokens[t], t};
    qsort(sorted, (size_t)B, sizeof *sorted, longest_first);
    for (int t = 0; t < B; t++) {
        int best = 0;
        for (int l = 1; l < leaves; l++)
            best = load[l] < load[best] ? l : best;
        leaf[sorted[t].index] = best;
        load[best] += sorted[t].tokens;
    }
    int at = 0;
    for (int l = 0; l < leaves; l++) {
        starts[l] = at;
        for (int t = 0; t < B; t++)
            if (leaf[t] == l)
                order[at++] = t;
    }
    starts[leaves] = at;
    qg_arena_release(scratch, mark);
    return QG_OK;
}

qg_code qg_leaf_create(qg_leaf *out, qg_arena *a, int tokens, int texts)
{
    *out = (qg_leaf){.tokens = tokens, .texts = texts};
    QG_NEW(out->ids, a, tokens);
    QG_NEW(out->splits, a, texts + 1);
    QG_NEW(out->label, a, texts);
    QG_NEW(out->sample, a, texts);
    QG_NEW(out->target, a, tokens);
    QG_NEW(out->spare, a, tokens);
    return QG_OK;
}

qg_code qg_leaf_gather(qg_leaf *leaf, const qg_train_set *set, const int64_t *index, int n)
{
    QG_ASSERT(n <= leaf->texts);
    for (int t = 0; t < n; t++) {
        int64_t first = set->splits[index[t]], len = set->splits[index[t] + 1] - first;
        QG_ASSERT(leaf->splits[t] + len <= leaf->tokens);
        memcpy(leaf->ids + leaf->splits[t], set->ids + first, (size_t)len * sizeof *leaf->ids);
        leaf->splits[t + 1] = leaf->splits[t] + (int32_t)len;
        leaf->label[t] = set->label[index[t]];
        leaf->sample[t] = index[t];
    }
    leaf->batch = (qg_train_batch){.B = n,
                                   .ids = leaf->ids,
                                   .splits = leaf->splits,
                                   .label = leaf->label,
                                   .sample = leaf->sample};
    return QG_OK;
}
