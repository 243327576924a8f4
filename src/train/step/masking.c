/*
 * masking.c - the tokens that masked-language modelling predicts.
 */
#include "qgrid/mlm.h"

#include <stdio.h>
#include <string.h>

const qg_mlm_masking qg_mlm_masking_default = {.share = 0.15, .mask = 0.8, .random = 0.1};

static bool is_special(const qg_mlm_masking *m, int32_t id)
{
    for (size_t i = 0; i < sizeof m->special / sizeof m->special[0]; i++)
        if (m->special[i] == id)
            return true;
    return false;
}

static int share_of(const qg_mlm_masking *m, int candidates)
{
    int n = (int)(m->share * candidates + 0.5);
    return candidates == 0 ? 0 : n < 1 ? 1 : n;
}

int qg_mlm_masking_chosen(const qg_mlm_masking *m, const int32_t *ids, int n)
{
    int candidates = 0;
    for (int i = 0; i < n; i++)
        candidates += !is_special(m, ids[i]);
    return share_of(m, candidates);
}

double qg_mlm_masking_weight(const qg_mlm_masking *m, const qg_train_set *set, const int64_t *index,
                             int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        int64_t first = set->splits[index[i]];
        sum += qg_mlm_masking_chosen(m, set->ids + first, (int)(set->splits[index[i] + 1] - first));
    }
    return (double)sum;
}

static int32_t random_token(const qg_mlm_masking *m, qg_rng *r)
{
    int32_t id;
    do
        id = (int32_t)qg_rng_below(r, (uint64_t)m->vocab);
    while (is_special(m, id));
    return id;
}

/* The first of a shuffled list of the candidates. */
static void mask_text(int32_t *ids, int32_t *target, int32_t *place, int n, const qg_mlm_masking *m,
                      qg_rng r)
{
    int candidates = 0;
    for (int i = 0; i < n; i++)
        if (!is_special(m, ids[i]))
            place[candidates++] = i;
    int chosen = share_of(m, candidates);
    for (int k = 0; k < chosen; k++) {
        int other = k + (int)qg_rng_below(&r, (uint64_t)(candidates - k));
        int32_t i = place[other];
        place[other] = place[k];
        double u = qg_rng_uniform(&r);
        target[i] = ids[i];
        if (u < m->mask)
            ids[i] = m->mask_id;
        else if (u < m->mask + m->random)
            ids[i] = random_token(m, &r);
    }
}

void qg_mlm_masking_apply(qg_leaf *leaf, const qg_mlm_masking *m, uint64_t step)
{
    char purpose[64];
    snprintf(purpose, sizeof purpose, "train/mask/%llu", (unsigned long long)step);
    qg_rng key = qg_rng_make(m->seed, purpose, 0);
    for (int t = 0; t < leaf->batch.B; t++) {
        int32_t first = leaf->splits[t], n = leaf->splits[t + 1] - first;
        for (int32_t i = first; i < first + n; i++)
            leaf->target[i] = -1;
        mask_text(leaf->ids + first, leaf->target + first, leaf->spare, n, m,
                  qg_rng_stream(&key, (uint64_t)leaf->sample[t]));
    }
    leaf->batch.target = leaf->target;
}
