/*
 * head.c - pooler and classifier over the first tokens, and the loss.
 */
#include "net.h"

#include "dropout.h"

#include <math.h>
#include <string.h>

static qg_rows head_rows(const qg_pass *p, const float *x)
{
    return (qg_rows){x, p->batch->B, p->batch->B, p->net->one, p->texts};
}

static void drop_pooled(const qg_pass *p, float *x)
{
    size_t C = (size_t)p->net->params->config.hidden;
    for (int t = 0; t < p->batch->B; t++)
        qg_dropout(x + (size_t)t * C, C, p->dropout.classifier, &p->key, p->batch->sample[t], 0,
                   QG_DROP_CLASSIFIER);
}

/* logits = Q(drop(act(Q(first tokens) Wp + b))) Wc + b, with the activation of the family. */
void qg_head_forward(const qg_pass *p)
{
    qg_net *net = p->net;
    const qg_train_batch *b = p->batch;
    int pooler = qg_params_site(net->params, QG_ROLE_POOLER, QG_OUTSIDE);
    int classifier = qg_params_site(net->params, QG_ROLE_CLASSIFIER, QG_OUTSIDE);
    size_t C = (size_t)net->params->config.hidden, n = (size_t)b->B * C;
    const float *last = net->x[net->params->config.layers];
    for (int t = 0; t < b->B; t++)
        memcpy(net->cls + (size_t)t * C, last + (size_t)b->splits[t] * C, C * sizeof *last);
    qg_rows first = head_rows(p, net->cls), pooled = head_rows(p, net->dropped);
    qg_linear_forward(net->pooled, &net->site[pooler], pooler, &first, &p->hook);
    memcpy(net->unpooled, net->pooled, n * sizeof *net->pooled);
    net->kernels->activation(net->pooled, n, net->params->config.family->head_activation);
    memcpy(net->dropped, net->pooled, n * sizeof *net->pooled);
    drop_pooled(p, net->dropped);
    qg_linear_forward(net->logits, &net->site[classifier], classifier, &pooled, &p->hook);
}

void qg_head_backward(const qg_pass *p)
{
    qg_net *net = p->net;
    const qg_train_batch *b = p->batch;
    int pooler = qg_params_site(net->params, QG_ROLE_POOLER, QG_OUTSIDE);
    int classifier = qg_params_site(net->params, QG_ROLE_CLASSIFIER, QG_OUTSIDE);
    size_t C = (size_t)net->params->config.hidden;
    qg_rows first = head_rows(p, net->cls), pooled = head_rows(p, net->dropped);
    qg_linear_backward(net->d1, p->grad, net->dlogits, &net->site[classifier], classifier, &pooled,
                       &p->hook);
    drop_pooled(p, net->d1);
    qg_back_through_activation(net->d1, p, net->unpooled, net->pooled, (size_t)b->B * C,
                               net->params->config.family->head_activation);
    qg_linear_backward(net->d2, p->grad, net->d1, &net->site[pooler], pooler, &first, &p->hook);
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

void qg_loss(double *loss, float *dlogits, const float *logits, const qg_train_batch *b,
             const qg_parts *texts, int K, const qg_net_options *o, double weight)
{
    for (int l = 0; l < texts->n; l++) {
        loss[l] = 0;
        for (int t = texts->row[l]; t < texts->row[l + 1]; t++) {
            size_t row = (size_t)t * (size_t)K;
            loss[l] += text_loss(dlogits + row, logits + row, b->label[t], K, o, weight);
        }
    }
}
