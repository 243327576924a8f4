/*
 * explainable.c - a packed model as explainers see it.
 */
#include "qgrid/explainable.h"

static qg_code logits_of(void *ctx, float *logits, const qg_batch *b)
{
    return qg_model_forward(logits, ctx, b, NULL);
}

static qg_code attention_of(void *ctx, float *attention, const qg_batch *b)
{
    float logits[4096]; /* config.json may not have more classes */
    qg_capture capture = {.attentions = attention};
    QG_ASSERT(b->B == 1);
    return qg_model_forward(logits, ctx, b, &capture);
}

qg_explainable qg_explainable_of_model(qg_model *m)
{
    const qg_config *c = qg_model_config(m);
    return (qg_explainable){.ctx = m,
                            .classes = c->classes,
                            .hidden = c->hidden,
                            .vocab = c->vocab,
                            .max_tokens = c->positions,
                            .logits = logits_of,
                            .layers = c->layers,
                            .heads = c->heads,
                            .attention = attention_of};
}
