/*
 * gradient_batches.c - packing points into calls.
 */
#include "gradient_batches.h"

#include <math.h>

enum { TOKENS = 1024 };

/* A call being filled. */
typedef struct call {
    const qg_question *q;
    const qg_points *p;
    qg_batch batch;
    int tokens; /* capacity */
    float *x, *dx;
    double *value;
    int32_t *splits, *target;
    int *text, *point; /* of each member */
} call;

size_t qg_text_at(const qg_question *q, int t)
{
    return (size_t)q->batch->splits[t] * (size_t)q->model->hidden;
}

size_t qg_text_size(const qg_question *q, int t)
{
    return qg_text_at(q, t + 1) - qg_text_at(q, t);
}

static int length(const qg_question *q, int t)
{
    return q->batch->splits[t + 1] - q->batch->splits[t];
}

qg_code qg_question_vectors(float **x, const qg_question *q, qg_arena *a)
{
    QG_ASSERT(q->model->embed && q->model->gradient && q->batch->B > 0);
    QG_NEW(*x, a, qg_text_at(q, q->batch->B));
    return q->model->embed(q->model->ctx, *x, q->batch, q->layer);
}

static qg_code flush(call *c)
{
    const qg_explainable *m = c->q->model;
    size_t C = (size_t)m->hidden;
    float *dx = c->p->values_only ? NULL : c->dx;
    if (c->batch.B == 0)
        return QG_OK;
    qg_explain_backward back = c->p->relevance ? m->relevance : m->gradient;
    QG_TRY(back(m->ctx, c->value, dx, c->x, &c->batch, c->target, c->q->output, c->q->layer));
    for (int i = 0; i < c->batch.B; i++) {
        if (!isfinite(c->value[i]))
            return QG_FAIL(QG_ENUMERIC, "text %d: the explained output is %g", c->text[i],
                           c->value[i]);
        QG_TRY(c->p->take(c->p->ctx, c->text[i], c->point[i], c->value[i],
                          dx ? dx + (size_t)c->splits[i] * C : NULL));
    }
    c->batch.B = 0;
    return QG_OK;
}

static qg_code add(call *c, int t, int k)
{
    int n = length(c->q, t), B = c->batch.B;
    if (B > 0 && c->splits[B] + n > c->tokens) {
        QG_TRY(flush(c));
        B = 0;
    }
    QG_TRY(c->p->place(c->p->ctx, c->x + (size_t)c->splits[B] * (size_t)c->q->model->hidden, t, k));
    c->splits[B + 1] = c->splits[B] + n;
    c->target[B] = c->q->target[t];
    c->text[B] = t;
    c->point[B] = k;
    c->batch.B = B + 1;
    return QG_OK;
}

static qg_code visit(call *c, qg_arena *scratch)
{
    const qg_question *q = c->q;
    size_t C = (size_t)q->model->hidden;
    c->tokens = q->tokens > 0 ? q->tokens : TOKENS;
    for (int t = 0; t < q->batch->B; t++) {
        QG_ASSERT(length(q, t) > 0);
        c->tokens = length(q, t) > c->tokens ? length(q, t) : c->tokens;
    }
    QG_NEW(c->x, scratch, (size_t)c->tokens * C);
    QG_NEW(c->dx, scratch, c->p->values_only ? 0 : (size_t)c->tokens * C);
    QG_NEW(c->value, scratch, c->tokens);
    QG_NEW(c->splits, scratch, c->tokens + 1);
    QG_NEW(c->target, scratch, c->tokens);
    QG_NEW(c->text, scratch, c->tokens);
    QG_NEW(c->point, scratch, c->tokens);
    c->batch.splits = c->splits;
    for (int t = 0; t < q->batch->B; t++)
        for (int k = 0; k < c->p->count[t]; k++)
            QG_TRY(add(c, t, k));
    return flush(c);
}

qg_code qg_points_visit(const qg_question *q, const qg_points *p, qg_arena *scratch)
{
    qg_mark mark = qg_arena_mark(scratch);
    call c = {.q = q, .p = p};
    qg_code rc = visit(&c, scratch);
    qg_arena_release(scratch, mark);
    return rc;
}
