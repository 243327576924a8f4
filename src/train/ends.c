/*
 * ends.c - what stands before and behind the encoder: embeddings, pooler and classifier, loss.
 */
#include "net.h"

#include "dropout.h"

#include <math.h>
#include <string.h>

/* Type and position of token i of text t. */
static int type_of(const qg_train_batch *b, int32_t i)
{
    return b->types ? b->types[i] : 0;
}

/* x = drop(LayerNorm((word + type) + position)). */
void qg_embedding_forward(const qg_pass *p)
{
    const qg_train_batch *b = p->batch;
    qg_net *net = p->net;
    size_t C = (size_t)net->params->config.hidden;
    const float *words = qg_weight_at(p, QG_AT_WORD), *types = qg_weight_at(p, QG_AT_TYPE);
    const float *positions = qg_weight_at(p, QG_AT_POSITION);
    for (int t = 0; t < b->B; t++)
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
            float *x = net->embedding.unit + (size_t)i * C;
            const float *word = words + (size_t)b->ids[i] * C;
            const float *type = types + (size_t)type_of(b, i) * C;
            const float *position = positions + (size_t)(i - b->splits[t]) * C;
            for (size_t c = 0; c < C; c++)
                x[c] = word[c] + type[c] + position[c];
        }
    qg_norm_weights w = qg_norm_at(p, QG_AT_EMBEDDING_NORM);
    qg_norm_forward(net->x[0], &net->embedding, net->embedding.unit, NULL, &w, p->T, (int)C);
    qg_drop_rows(p, net->x[0], p->dropout.hidden, 0, QG_DROP_EMBEDDINGS);
}

/* The padding row gets no gradient (nn.Embedding's padding_idx). */
void qg_embedding_backward(const qg_pass *p)
{
    const qg_train_batch *b = p->batch;
    qg_net *net = p->net;
    const qg_param *param = net->params->param;
    size_t C = (size_t)net->params->config.hidden;
    float *norm = qg_grad_at(p, QG_AT_EMBEDDING_NORM);
    float *shift = qg_grad_at(p, QG_AT_EMBEDDING_NORM + 1);
    qg_drop_rows(p, net->dx, p->dropout.hidden, 0, QG_DROP_EMBEDDINGS);
    qg_norm_backward(net->dx, norm, shift, net->dx, &net->embedding,
                     qg_weight_at(p, QG_AT_EMBEDDING_NORM), p->T, (int)C);
    /* The decoder's part is there already. */
    int first = net->params->objective == QG_OBJECTIVE_MLM ? QG_AT_POSITION : QG_AT_WORD;
    for (int i = first; i <= QG_AT_TYPE; i++)
        memset(qg_grad_at(p, i), 0, (size_t)param[i].rows * C * sizeof *p->grad);
    for (int t = 0; t < b->B; t++)
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
            const float *d = net->dx + (size_t)i * C;
            size_t position = (size_t)(i - b->splits[t]);
            if (b->ids[i] != net->params->config.pad_id)
                qg_add_to(qg_grad_at(p, QG_AT_WORD) + (size_t)b->ids[i] * C, d, C);
            qg_add_to(qg_grad_at(p, QG_AT_POSITION) + position * C, d, C);
            qg_add_to(qg_grad_at(p, QG_AT_TYPE) + (size_t)type_of(b, i) * C, d, C);
        }
}

static qg_rows head_rows(const qg_pass *p, const float *x)
{
    return (qg_rows){x, p->batch->B, p->batch->B, p->net->one};
}

static void drop_pooled(const qg_pass *p, float *x)
{
    size_t C = (size_t)p->net->params->config.hidden;
    for (int t = 0; t < p->batch->B; t++)
        qg_dropout(x + (size_t)t * C, C, p->dropout.classifier, &p->key, p->batch->sample[t], 0,
                   QG_DROP_CLASSIFIER);
}

/* logits = Q(drop(tanh(Q(first tokens) Wp + b))) Wc + b. */
void qg_head_forward(const qg_pass *p)
{
    qg_net *net = p->net;
    const qg_train_batch *b = p->batch;
    int pooler = net->params->sites - 2;
    size_t C = (size_t)net->params->config.hidden, n = (size_t)b->B * C;
    const float *last = net->x[net->params->config.layers];
    for (int t = 0; t < b->B; t++)
        memcpy(net->cls + (size_t)t * C, last + (size_t)b->splits[t] * C, C * sizeof *last);
    qg_rows first = head_rows(p, net->cls), pooled = head_rows(p, net->dropped);
    qg_linear_forward(net->pooled, &net->params->site[pooler], pooler, p->weights, &first,
                      &p->hook);
    net->kernels->activation(net->pooled, n, QG_ACT_TANH);
    memcpy(net->dropped, net->pooled, n * sizeof *net->pooled);
    drop_pooled(p, net->dropped);
    qg_linear_forward(net->logits, &net->params->site[pooler + 1], pooler + 1, p->weights, &pooled,
                      &p->hook);
}

void qg_head_backward(const qg_pass *p)
{
    qg_net *net = p->net;
    const qg_train_batch *b = p->batch;
    int pooler = net->params->sites - 2;
    size_t C = (size_t)net->params->config.hidden;
    qg_rows first = head_rows(p, net->cls), pooled = head_rows(p, net->dropped);
    qg_linear_backward(net->d1, p->grad, net->dlogits, &net->params->site[pooler + 1], pooler + 1,
                       p->weights, &pooled, &p->hook);
    drop_pooled(p, net->d1);
    qg_activation_backward(net->d1, NULL, net->pooled, (size_t)b->B * C, QG_ACT_TANH, net->kernels);
    qg_linear_backward(net->d2, p->grad, net->d1, &net->params->site[pooler], pooler, p->weights,
                       &first, &p->hook);
    memset(net->dx, 0, (size_t)p->T * C * sizeof *net->dx);
    for (int t = 0; t < b->B; t++)
        memcpy(net->dx + (size_t)b->splits[t] * C, net->d2 + (size_t)t * C, C * sizeof *net->dx);
}

static double class_weight(const double *weights, int k)
{
    return weights ? weights[k] : 1;
}

double qg_loss_weight(const int32_t *label, int B, const double *class_weights)
{
    double sum = 0;
    for (int t = 0; t < B; t++)
        sum += class_weight(class_weights, label[t]);
    return sum;
}

/* One text. Szegedy et al., CVPR 2016, arXiv:1512.00567, section 7; weights as PyTorch has them. */
static double text_loss(float *d, const float *z, int label, int K, const qg_net_options *o,
                        double weight)
{
    double most = (double)z[0], all = 0, loss = 0, e = o->label_smoothing;
    for (int k = 1; k < K; k++)
        most = (double)z[k] > most ? (double)z[k] : most;
    double sum = exp((double)z[0] - most);
    for (int k = 1; k < K; k++)
        sum += exp((double)z[k] - most);
    double norm = most + log(sum);
    for (int k = 0; k < K; k++) {
        double w = class_weight(o->class_weights, k);
        double share = ((k == label ? 1 - e : 0) + e / K) * w;
        all += share;
        loss += share * (norm - (double)z[k]);
        d[k] = (float)(-share / weight);
    }
    for (int k = 0; k < K; k++)
        d[k] = (float)(all / weight * exp((double)z[k] - norm) + (double)d[k]);
    return loss / weight;
}

double qg_loss(float *dlogits, const float *logits, const qg_train_batch *b, int K,
               const qg_net_options *o, double weight)
{
    double loss = 0;
    for (int t = 0; t < b->B; t++) {
        size_t row = (size_t)t * (size_t)K;
        loss += text_loss(dlogits + row, logits + row, b->label[t], K, o, weight);
    }
    return loss;
}
