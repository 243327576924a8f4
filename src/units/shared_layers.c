/*
 * shared_layers.c - states of batches in front of each layer, kept from one part to the next.
 */
#include "shared_layers.h"

#include <string.h>

#define MOST_BYTES ((size_t)96 << 20) /* of states that are kept */

qg_code qg_shared_layers_make(qg_shared_layers *s, qg_model *base, qg_model *mixed)
{
    *s = (qg_shared_layers){.base = base, .mixed = mixed, .arena = qg_arena_create(0)};
    return s->arena ? QG_OK : QG_FAIL(QG_ENOMEM, "no memory");
}

void qg_shared_layers_destroy(qg_shared_layers *s)
{
    qg_arena_destroy(s->arena);
}

void qg_shared_layers_take(qg_shared_layers *s, const qg_model_part *part)
{
    qg_model_take_part(s->mixed, part);
    s->part = part;
    s->next = 0;
}

/* Lists that are not there are the same. */
static bool same_numbers(const int32_t *a, const int32_t *b, size_t n)
{
    return a && b ? memcmp(a, b, n * sizeof *a) == 0 : a == b;
}

static bool is_same(const qg_batch *a, const qg_batch *b)
{
    size_t T = (size_t)a->splits[a->B];
    return a->B == b->B && same_numbers(a->splits, b->splits, (size_t)a->B + 1) &&
           same_numbers(a->ids, b->ids, T) && same_numbers(a->positions, b->positions, T);
}

static qg_code copy(const int32_t **out, qg_arena *a, const int32_t *from, size_t n)
{
    int32_t *to;
    *out = NULL;
    if (!from)
        return QG_OK;
    QG_NEW(to, a, n);
    memcpy(to, from, n * sizeof *to);
    *out = to;
    return QG_OK;
}

/* Runs a batch in fp32 and keeps its states, behind those that are kept. */
static qg_code keep(qg_shared_layers *s, const qg_batch *b)
{
    const qg_config *c = qg_model_config(s->base);
    size_t T = (size_t)b->splits[b->B];
    size_t states = (size_t)(c->layers + 1) * T * (size_t)c->hidden;
    float *logits;
    s->full = s->full || s->bytes + states * sizeof *logits > MOST_BYTES;
    if (s->full)
        return QG_OK;
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * (size_t)s->cap : 16;
        s->kept = qg_arena_grow(s->arena, s->kept, (size_t)s->n, cap, sizeof *s->kept);
        if (!s->kept)
            return QG_ENOMEM;
        s->cap = (int)cap;
    }
    qg_kept_batch *k = &s->kept[s->n];
    *k = (qg_kept_batch){.batch = {.B = b->B}};
    QG_TRY(copy(&k->batch.ids, s->arena, b->ids, T));
    QG_TRY(copy(&k->batch.splits, s->arena, b->splits, (size_t)b->B + 1));
    QG_TRY(copy(&k->batch.positions, s->arena, b->positions, T));
    QG_NEW(k->hidden, s->arena, states);
    QG_NEW(logits, s->arena, b->B * c->classes);
    QG_TRY(qg_model_forward(logits, s->base, b, &(qg_capture){.hidden = k->hidden}));
    s->bytes += states * sizeof *logits;
    s->n++;
    return QG_OK;
}

static qg_code logits_of(void *ctx, float *logits, const qg_batch *b)
{
    qg_shared_layers *s = ctx;
    const qg_config *c = qg_model_config(s->mixed);
    if (s->next == s->n)
        QG_TRY(keep(s, b));
    int at = s->next < s->n ? s->next++ : s->n;
    const qg_kept_batch *k = at < s->n && is_same(&s->kept[at].batch, b) ? &s->kept[at] : NULL;
    if (!k || s->part->embeddings)
        return qg_model_forward(logits, s->mixed, b, NULL);
    size_t state = (size_t)b->splits[b->B] * (size_t)c->hidden;
    return qg_model_forward_from(logits, s->mixed, b, s->part->first,
                                 k->hidden + (size_t)s->part->first * state);
}

/* Only logits are asked by its context: what else there is takes the model itself. */
static qg_code attention_of(void *ctx, float *attention, const qg_batch *b)
{
    const qg_explainable e = qg_explainable_of_model(((qg_shared_layers *)ctx)->mixed);
    return e.attention(e.ctx, attention, b);
}

void qg_shared_layers_use(qg_explainable *e, qg_shared_layers *s)
{
    e->ctx = s;
    e->logits = logits_of;
    e->attention = attention_of;
}
