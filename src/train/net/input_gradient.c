/*
 * input_gradient.c - the pass of training from given vectors, and back to them.
 */
#include "input_gradient.h"

#include "net.h"

#include "qgrid/softmax.h"

#include <string.h>

static size_t values_of(const qg_pass *p)
{
    return (size_t)p->T * (size_t)p->net->params->config.hidden;
}

qg_code qg_net_embed(float *x, qg_net *net, const qg_train_batch *batch, qg_entry entry)
{
    qg_pass p;
    size_t C = (size_t)net->params->config.hidden;
    QG_TRY(qg_pass_begin(&p, net, NULL, batch));
    if (entry == QG_ENTRY_WORDS) {
        const float *words = qg_weight_at(&p, qg_outside(&p, QG_ROLE_WORD));
        for (int i = 0; i < p.T; i++)
            memcpy(x + (size_t)i * C, words + (size_t)batch->ids[i] * C, C * sizeof *x);
    } else {
        qg_embedding_forward(&p);
        memcpy(x, net->x[0], values_of(&p) * sizeof *x);
    }
    return QG_OK;
}

/* The explained value of one text, and its gradient d [K] with respect to the logits z [K]. */
static double explained(float *d, const float *z, int label, int K, double *share, bool probability)
{
    qg_softmax(share, z, K);
    for (int k = 0; k < K; k++) {
        double is_label = k == label ? 1 : 0;
        d[k] = (float)(probability ? share[label] * (is_label - share[k]) : is_label);
    }
    return probability ? share[label] : (double)z[label];
}

static void head_gradient(double *value, const qg_pass *p, bool probability)
{
    qg_net *net = p->net;
    int K = net->params->config.classes;
    for (int t = 0; t < p->batch->B; t++) {
        size_t row = (size_t)t * (size_t)K;
        value[t] = explained(net->dlogits + row, net->logits + row, p->batch->label[t], K,
                             net->shares, probability);
    }
}

qg_code qg_net_input_gradient(double *value, float *dx, qg_net *net, const qg_qat *qat,
                              const qg_train_batch *batch, const float *x,
                              const qg_input_question *ask)
{
    qg_pass p;
    QG_ASSERT(net->params->objective == QG_OBJECTIVE_CLASSIFICATION);
    QG_TRY(qg_pass_begin(&p, net, qat, batch));
    p.words = x;
    p.relevance = ask->relevance;
    if (ask->entry == QG_ENTRY_WORDS)
        qg_embedding_forward(&p);
    else
        memcpy(net->x[0], x, values_of(&p) * sizeof *x);
    QG_TRY(qg_layers_forward(&p));
    qg_head_forward(&p);
    QG_TRY(qg_check_logits(net, batch, NULL));
    head_gradient(value, &p, ask->probability);
    if (!dx)
        return QG_OK;
    qg_head_backward(&p);
    QG_TRY(qg_layers_backward(&p));
    if (ask->entry == QG_ENTRY_WORDS)
        qg_embedding_backward(&p);
    memcpy(dx, net->dx, values_of(&p) * sizeof *dx);
    return QG_OK;
}
