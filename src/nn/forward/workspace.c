/*
 * workspace.c - working memory of forward passes: allocated once for the largest batch seen.
 */
#include "model_internal.h"

static int most(int a, int b)
{
    return a > b ? a : b;
}

qg_code qg_workspace_reserve(qg_model *m, int T, int B, int longest)
{
    qg_workspace *s = &m->workspace;
    size_t C = (size_t)m->config.hidden, F = (size_t)m->config.ffn;
    if (T <= s->T && B <= s->B && longest <= s->longest)
        return QG_OK;
    T = most(T, s->T);
    B = most(B, s->B);
    longest = most(longest, s->longest);
    qg_arena_destroy(s->arena);
    *s = (qg_workspace){0};
    if (!(s->arena = qg_arena_create(0)))
        return QG_FAIL(QG_ENOMEM, "no memory");
    size_t t = (size_t)T, b = (size_t)B;
    size_t chunk = (size_t)most(T < QG_CHUNK_TOKENS ? T : QG_CHUNK_TOKENS, longest);
    size_t rows = chunk > b ? chunk : b; /* the head sees one row a text */
    QG_NEW(s->x, s->arena, t * C);
    QG_NEW(s->qkv, s->arena, chunk * 3 * C);
    QG_NEW(s->context, s->arena, chunk * C);
    QG_NEW(s->ffn, s->arena, chunk * F);
    QG_NEW(s->hidden, s->arena, chunk * C);
    QG_NEW(s->cls, s->arena, b * C);
    QG_NEW(s->pooled, s->arena, b * C);
    QG_NEW(s->one, s->arena, b + 1);
    if (m->precision->activations == QG_ACTIVATIONS_BF16) {
        int stride = qg_bf16_stride(most(m->config.hidden, m->config.ffn));
        QG_NEW(s->half, s->arena, rows * (size_t)stride);
    } else if (m->precision->activations != QG_ACTIVATIONS_FLOAT) {
        int stride = qg_qrows_stride(most(m->config.hidden, m->config.ffn));
        QG_NEW(s->rows.codes, s->arena, rows * (size_t)stride);
        QG_NEW(s->rows.scale, s->arena, rows);
        QG_NEW(s->offset, s->arena, rows);
    }
    s->gemm = qg_arena_alloc(s->arena, qg_gemm_scratch(&m->classifier.w), 1);
    s->attention = qg_arena_alloc(
        s->arena, qg_attention_scratch(longest, m->config.hidden / m->config.heads), 1);
    if (!s->gemm || !s->attention)
        return QG_ENOMEM;
    s->T = T;
    s->B = B;
    s->longest = longest;
    return QG_OK;
}
