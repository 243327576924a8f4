/*
 * scratch.c - working memory of forward passes: allocated once for the largest batch seen.
 */
#include "model_internal.h"

static int most(int a, int b)
{
    return a > b ? a : b;
}

qg_code qg_scratch_reserve(qg_model *m, int T, int B, int longest)
{
    qg_scratch *s = &m->scratch;
    size_t C = (size_t)m->config.hidden, F = (size_t)m->config.ffn;
    if (T <= s->T && B <= s->B && longest <= s->longest)
        return QG_OK;
    T = most(T, s->T);
    B = most(B, s->B);
    longest = most(longest, s->longest);
    qg_arena_destroy(s->arena);
    *s = (qg_scratch){0};
    if (!(s->arena = qg_arena_create(0)))
        return QG_FAIL(QG_ENOMEM, "no memory");
    size_t t = (size_t)T, b = (size_t)B, rows = t > b ? t : b;
    size_t ld = ((C > F ? C : F) + 63) / 64 * 64;
    QG_NEW(s->x, s->arena, t * C);
    QG_NEW(s->qkv, s->arena, t * 3 * C);
    QG_NEW(s->context, s->arena, t * C);
    QG_NEW(s->ffn, s->arena, t * F);
    QG_NEW(s->hidden, s->arena, t * C);
    QG_NEW(s->cls, s->arena, b * C);
    QG_NEW(s->pooled, s->arena, b * C);
    QG_NEW(s->one, s->arena, b + 1);
    if (m->precision->activations != QG_ACTIVATIONS_FLOAT) {
        QG_NEW(s->rows.codes, s->arena, rows * ld);
        QG_NEW(s->rows.scale, s->arena, rows);
        QG_NEW(s->offset, s->arena, rows);
    }
    s->gemm = qg_arena_alloc(s->arena, qg_gemm_scratch(&m->classifier), 1);
    s->attention = qg_arena_alloc(
        s->arena, qg_attention_scratch(longest, m->config.hidden / m->config.heads), 1);
    if (!s->gemm || !s->attention)
        return QG_ENOMEM;
    s->T = T;
    s->B = B;
    s->longest = longest;
    return QG_OK;
}
