/*
 * baseline.c - where the paths of integrated gradients begin.
 */
#include "gradient_batches.h"

#include <string.h>

static bool is_kept(const qg_question *q, const qg_ig_options *o, int t, int32_t i)
{
    const int32_t *splits = q->batch->splits;
    return o->keep ? o->keep[i] != 0 : i == splits[t] || i == splits[t + 1] - 1;
}

qg_code qg_baseline_vectors(float **base, const float *x, const qg_question *q,
                            const qg_ig_options *o, qg_arena *a)
{
    const qg_batch *b = q->batch;
    size_t C = (size_t)q->model->hidden;
    QG_NEW(*base, a, qg_text_at(q, b->B));
    if (o->baseline == QG_BASELINE_TOKEN) {
        int32_t *ids;
        QG_NEW(ids, a, b->splits[b->B]);
        for (int t = 0; t < b->B; t++)
            for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++)
                ids[i] = is_kept(q, o, t, i) ? b->ids[i] : o->token;
        qg_batch replaced = {.B = b->B, .ids = ids, .splits = b->splits};
        QG_TRY(q->model->embed(q->model->ctx, *base, &replaced, q->layer));
    }
    for (int t = 0; t < b->B; t++)
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++)
            if (is_kept(q, o, t, i))
                memcpy(*base + (size_t)i * C, x + (size_t)i * C, C * sizeof **base);
    return QG_OK;
}
