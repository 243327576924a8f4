/*
 * distill.c - Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015,
 * arXiv:1503.02531; hidden states as in Jiao et al., "TinyBERT", EMNLP Findings 2020,
 * arXiv:1909.10351, equation 8, without a projection.
 */
#include "distill.h"

#include <math.h>

static qg_code check(const qg_params *student, const qg_distill *o)
{
    const qg_config *s = &student->config, *t = &o->teacher->config;
    QG_ASSERT(o->temperature > 0 && o->weight >= 0 && o->weight <= 1 && o->hidden >= 0);
    QG_ASSERT(s->classes == t->classes && s->vocab <= t->vocab);
    QG_ASSERT(o->hidden == 0 || (s->layers == t->layers && s->hidden == t->hidden));
    return QG_OK;
}

qg_code qg_teacher_create(qg_teacher **out, qg_arena *a, const qg_net_options *sizes,
                          const qg_params *student, const qg_distill *options)
{
    qg_net_options o = {.recompute = true, /* only one layer's inside is kept */
                        .tokens = sizes->tokens,
                        .texts = sizes->texts,
                        .longest = sizes->longest,
                        .leaves = sizes->leaves,
                        .poll = sizes->poll,
                        .poll_ctx = sizes->poll_ctx};
    QG_TRY(check(student, options));
    QG_NEW(*out, a, 1);
    (*out)->options = *options;
    QG_NEW((*out)->logits, a, o.texts * student->config.classes);
    QG_TRY(qg_net_create(&(*out)->net, options->teacher, &o));
    qg_net_set_weights((*out)->net, options->values);
    return QG_OK;
}

void qg_teacher_destroy(qg_teacher *t)
{
    if (t)
        qg_net_destroy(t->net);
}

qg_code qg_teacher_forward(qg_teacher *t, const qg_train_batch *b)
{
    qg_code rc = qg_net_forward(t->logits, t->net, NULL, b);
    return rc == QG_OK ? rc : qg_error_place(t->options.teacher->dir, 0, 0, "the teacher");
}

static double class_weight(const qg_pass *p, int text)
{
    const double *w = p->net->options.class_weights;
    return w ? w[p->batch->label[text]] : 1;
}

/* Log of the sum of exp(z / T). */
static double log_sum(const float *z, int K, double T)
{
    double most = (double)z[0];
    for (int k = 1; k < K; k++)
        most = (double)z[k] > most ? (double)z[k] : most;
    double sum = exp(((double)z[0] - most) / T);
    for (int k = 1; k < K; k++)
        sum += exp(((double)z[k] - most) / T);
    return most / T + log(sum);
}

/* T^2 KL(teacher, student) of one text; d: from the labels' gradient to the mixture's. */
static double text_loss(float *d, const float *student, const float *teacher, int K,
                        const qg_distill *o, double factor)
{
    double T = o->temperature, loss = 0;
    double s = log_sum(student, K, T), t = log_sum(teacher, K, T);
    for (int k = 0; k < K; k++) {
        double ls = (double)student[k] / T - s, lt = (double)teacher[k] / T - t;
        loss += exp(lt) * (lt - ls);
        d[k] =
            (float)((1 - o->weight) * (double)d[k] + o->weight * factor * T * (exp(ls) - exp(lt)));
    }
    return T * T * loss;
}

/* Factor of a squared difference of text t: all hidden states, tokens and elements count alike. */
static double hidden_factor(const qg_pass *p, int t, double weight)
{
    const qg_config *c = &p->net->params->config;
    double tokens = p->batch->splits[t + 1] - p->batch->splits[t];
    return p->net->teacher->options.hidden * class_weight(p, t) / weight /
           (tokens * (c->layers + 1) * c->hidden);
}

static double hidden_loss(const qg_pass *p, int t, double weight)
{
    size_t C = (size_t)p->net->params->config.hidden;
    size_t from = (size_t)p->batch->splits[t] * C, to = (size_t)p->batch->splits[t + 1] * C;
    double sum = 0;
    for (int l = 0; l <= p->net->params->config.layers; l++) {
        const float *x = p->net->x[l], *y = p->net->teacher->net->x[l];
        for (size_t i = from; i < to; i++)
            sum += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
    }
    return sum * hidden_factor(p, t, weight);
}

static double leaf_loss(float *dlogits, double loss, const qg_pass *p, int leaf, double weight)
{
    const qg_teacher *teacher = p->net->teacher;
    int K = p->net->params->config.classes;
    double soft = 0, hidden = 0;
    for (int t = p->texts.row[leaf]; t < p->texts.row[leaf + 1]; t++) {
        size_t row = (size_t)t * (size_t)K;
        double factor = class_weight(p, t) / weight;
        soft += factor * text_loss(dlogits + row, p->net->logits + row, teacher->logits + row, K,
                                   &teacher->options, factor);
        if (teacher->options.hidden > 0)
            hidden += hidden_loss(p, t, weight);
    }
    return (1 - teacher->options.weight) * loss + teacher->options.weight * soft + hidden;
}

void qg_distill_loss(double *loss, float *dlogits, const qg_pass *p, double weight)
{
    for (int l = 0; l < p->texts.n; l++)
        loss[l] = leaf_loss(dlogits, loss[l], p, l, weight);
}

void qg_distill_hidden(const qg_pass *p, int l)
{
    const qg_teacher *teacher = p->net->teacher;
    size_t C = (size_t)p->net->params->config.hidden;
    const float *x = p->net->x[l], *y = teacher->net->x[l];
    for (int t = 0; t < p->batch->B; t++) {
        float factor = (float)(2 * hidden_factor(p, t, p->weight));
        size_t to = (size_t)p->batch->splits[t + 1] * C;
        for (size_t i = (size_t)p->batch->splits[t] * C; i < to; i++)
            p->net->dx[i] += factor * (x[i] - y[i]);
    }
}
