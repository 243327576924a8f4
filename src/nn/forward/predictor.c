/*
 * predictor.c - a model as its users see it, softmax and argmax.
 */
#include "qgrid/predictor.h"

#include <math.h>

static qg_code forward(qg_predictor *self, float *logits, const qg_batch *batch)
{
    return qg_model_forward(logits, self->impl, batch, NULL);
}

qg_predictor qg_predictor_of_model(qg_model *m)
{
    const qg_bert_config *c = qg_model_config(m);
    return (qg_predictor){
        .classes = c->classes, .max_tokens = c->positions, .forward = forward, .impl = m};
}

void qg_softmax(double *p, const float *logits, int K)
{
    double most = (double)logits[qg_argmax_f32(logits, K)], sum = 0;
    for (int k = 0; k < K; k++) {
        p[k] = exp((double)logits[k] - most);
        sum += p[k];
    }
    for (int k = 0; k < K; k++)
        p[k] /= sum;
}

int qg_argmax_f32(const float *v, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (v[i] > v[best])
            best = i;
    return best;
}
