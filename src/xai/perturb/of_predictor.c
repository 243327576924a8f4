/*
 * of_predictor.c - a predictor as explainers see it.
 */
#include "qgrid/perturb.h"

static qg_code logits_of(void *ctx, float *logits, const qg_batch *b)
{
    qg_predictor *p = ctx;
    return p->forward(p, logits, b);
}

qg_explainable qg_explainable_of_predictor(qg_predictor *p)
{
    return (qg_explainable){
        .ctx = p, .classes = p->classes, .max_tokens = p->max_tokens, .logits = logits_of};
}
