/*
 * layer.c - one encoder layer, forward and backward, over ragged leaves.
 *
 *   qkv = Q(x) Wqkv + b         context = attention(qkv)
 *   middle = LayerNorm(drop(Q(context) Wo + b) + x)
 *   inner = Q(middle) Wi + b    activated = act(inner)
 *   out = LayerNorm(drop(Q(activated) Wout + b) + middle)
 *
 * Q is the identity, or fake quantization (linear.c).
 */
#include "net.h"

#include "attention.h"
#include "dropout.h"

#include <string.h>

static qg_rows rows_of(const qg_pass *p, const float *x)
{
    return (qg_rows){x, p->T, p->batch->B, p->batch->splits, p->tokens};
}

static void forward(const qg_pass *p, float *y, int l, qg_role role, const float *x)
{
    int at = qg_params_site(p->net->params, role, l);
    qg_rows rows = rows_of(p, x);
    qg_linear_forward(y, &p->net->site[at], at, &rows, &p->hook);
}

static void backward(const qg_pass *p, float *dx, const float *dy, int l, qg_role role,
                     const float *x)
{
    int at = qg_params_site(p->net->params, role, l);
    qg_rows rows = rows_of(p, x);
    qg_linear_backward(dx, p->grad, dy, &p->net->site[at], at, &rows, &p->hook);
}

void qg_drop_rows(const qg_pass *p, float *x, double rate, int layer, int place)
{
    const qg_train_batch *b = p->batch;
    size_t C = (size_t)p->net->params->config.hidden;
    for (int t = 0; t < b->B; t++)
        qg_dropout(x + (size_t)b->splits[t] * C, (size_t)(b->splits[t + 1] - b->splits[t]) * C,
                   rate, &p->key, b->sample[t], layer, place);
}

static qg_attention text(const qg_pass *p, int l, const float *qkv, int t)
{
    const qg_config *c = &p->net->params->config;
    const qg_train_batch *b = p->batch;
    int n = b->splits[t + 1] - b->splits[t];
    return (qg_attention){.qkv = qkv + (size_t)b->splits[t] * 3 * (size_t)c->hidden,
                          .n = n,
                          .seen = b->attended ? b->attended[t] : n,
                          .H = c->heads,
                          .D = c->hidden / c->heads,
                          .dropout = p->dropout.attention,
                          .key = &p->key,
                          .sample = b->sample[t],
                          .layer = l,
                          .halved = p->relevance,
                          .scratch = p->net->attention,
                          .kernels = p->net->kernels};
}

static void norm(const qg_pass *p, float *y, const qg_norm_state *s, const float *skip, int l,
                 qg_role role)
{
    qg_norm_weights w = qg_norm_at(p, qg_params_at(p->net->params, role, l));
    qg_norm_forward(y, s, s->unit, skip, &w, p->T, p->net->params->config.hidden);
}

/* d1 = gradient of the LayerNorm's input from dx; dx keeps a copy for the residual path. */
static void norm_backward(const qg_pass *p, const qg_norm_state *s, int l, qg_role role)
{
    size_t n = (size_t)p->T * (size_t)p->net->params->config.hidden;
    qg_back_through_norm(p->net->d1, p, s, qg_params_at(p->net->params, role, l));
    memcpy(p->net->dx, p->net->d1, n * sizeof *p->net->dx);
}

void qg_layer_forward(const qg_pass *p, int l)
{
    qg_net *net = p->net;
    const qg_layer_state *s = &net->layer[l];
    const qg_config *c = &net->params->config;
    size_t C = (size_t)c->hidden, inner = (size_t)p->T * (size_t)c->ffn;

    forward(p, s->qkv, l, QG_ROLE_QUERY, net->x[l]);
    for (int t = 0; t < p->batch->B; t++) {
        qg_attention a = text(p, l, s->qkv, t);
        qg_attention_forward(s->context + (size_t)p->batch->splits[t] * C, &a);
    }
    forward(p, s->attention_norm.unit, l, QG_ROLE_ATTENTION_OUTPUT, s->context);
    qg_drop_rows(p, s->attention_norm.unit, p->dropout.hidden, l, QG_DROP_ATTENTION_OUTPUT);
    norm(p, s->middle, &s->attention_norm, net->x[l], l, QG_ROLE_ATTENTION_NORM);

    forward(p, s->inner, l, QG_ROLE_INTERMEDIATE, s->middle);
    memcpy(s->activated, s->inner, inner * sizeof *s->inner);
    net->kernels->activation(s->activated, inner, (qg_activation)c->activation);
    forward(p, s->output_norm.unit, l, QG_ROLE_OUTPUT, s->activated);
    qg_drop_rows(p, s->output_norm.unit, p->dropout.hidden, l, QG_DROP_OUTPUT);
    norm(p, net->x[l + 1], &s->output_norm, s->middle, l, QG_ROLE_OUTPUT_NORM);
}

void qg_layer_backward(const qg_pass *p, int l)
{
    qg_net *net = p->net;
    const qg_layer_state *s = &net->layer[l];
    const qg_config *c = &net->params->config;
    size_t C = (size_t)c->hidden, rows = (size_t)p->T;

    norm_backward(p, &s->output_norm, l, QG_ROLE_OUTPUT_NORM);
    qg_drop_rows(p, net->d1, p->dropout.hidden, l, QG_DROP_OUTPUT);
    backward(p, net->wide, net->d1, l, QG_ROLE_OUTPUT, s->activated);
    qg_back_through_activation(net->wide, p, s->inner, s->activated, rows * (size_t)c->ffn,
                               (qg_activation)c->activation);
    backward(p, net->d1, net->wide, l, QG_ROLE_INTERMEDIATE, s->middle);
    qg_add_to(net->dx, net->d1, rows * C);

    norm_backward(p, &s->attention_norm, l, QG_ROLE_ATTENTION_NORM);
    qg_drop_rows(p, net->d1, p->dropout.hidden, l, QG_DROP_ATTENTION_OUTPUT);
    backward(p, net->d2, net->d1, l, QG_ROLE_ATTENTION_OUTPUT, s->context);
    for (int t = 0; t < p->batch->B; t++) {
        size_t first = (size_t)p->batch->splits[t] * C;
        qg_attention a = text(p, l, s->qkv, t);
        qg_attention_backward(net->wide + 3 * first, net->d2 + first, &a);
    }
    backward(p, net->d1, net->wide, l, QG_ROLE_QUERY, net->x[l]);
    qg_add_to(net->dx, net->d1, rows * C);
}
