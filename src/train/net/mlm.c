/*
 * mlm.c - the head of masked-language modelling (BertForMaskedLM):
 * logits = LayerNorm(act(x W^T + b)) E^T + c, with the word embedding E as the decoder.
 *
 * Only the chosen rows go through it. Their logits, one for each entry of the vocabulary, are the
 * largest thing in the whole training; so the decoder takes the rows in chunks, and each chunk's
 * gradient is formed before the next chunk is computed.
 */
#include "net.h"

#include "product.h"

#include <math.h>
#include <string.h>

enum { CHUNK_LOGITS = 1 << 22, CHUNK_ROWS = 256 };

qg_code qg_mlm_alloc(qg_mlm_state *s, qg_arena *a, const qg_config *c, size_t T)
{
    size_t C = (size_t)c->hidden;
    s->chunk = CHUNK_LOGITS / c->vocab;
    s->chunk = s->chunk < 1 ? 1 : s->chunk < CHUNK_ROWS ? s->chunk : CHUNK_ROWS;
    QG_NEW(s->row, a, T);
    QG_NEW(s->x, a, T * C);
    QG_NEW(s->inner, a, T * C);
    QG_NEW(s->activated, a, T * C);
    QG_NEW(s->hidden, a, T * C);
    QG_NEW(s->dhidden, a, T * C);
    QG_NEW(s->norm.unit, a, T * C);
    QG_NEW(s->norm.rstd, a, T);
    QG_NEW(s->logits, a, (size_t)s->chunk * (size_t)c->vocab);
    return QG_OK;
}

static int gather(const qg_pass *p)
{
    const qg_mlm_state *s = &p->net->mlm;
    size_t C = (size_t)p->net->params->config.hidden;
    const float *last = p->net->x[p->net->params->config.layers];
    int M = 0;
    for (int i = 0; i < p->T; i++) {
        if (p->batch->target[i] < 0)
            continue;
        memcpy(s->x + (size_t)M * C, last + (size_t)i * C, C * sizeof *last);
        s->row[M++] = i;
    }
    return M;
}

static qg_rows chosen_rows(const qg_pass *p, int M)
{
    qg_mlm_state *s = &p->net->mlm;
    s->all[1] = M;
    return (qg_rows){s->x, M, 0, NULL, {1, s->all, p->net->sum}};
}

static void transform_forward(const qg_pass *p, int M)
{
    qg_net *net = p->net;
    const qg_mlm_state *s = &net->mlm;
    const qg_config *c = &net->params->config;
    int site = qg_params_site(net->params, QG_ROLE_MLM_DENSE, QG_OUTSIDE);
    size_t n = (size_t)M * (size_t)c->hidden;
    qg_rows rows = chosen_rows(p, M);
    qg_norm_weights w = qg_norm_at(p, qg_outside(p, QG_ROLE_MLM_NORM));
    qg_linear_forward(s->inner, &net->site[site], site, &rows, &p->hook);
    memcpy(s->activated, s->inner, n * sizeof *s->inner);
    net->kernels->activation(s->activated, n, (qg_activation)c->activation);
    qg_norm_forward(s->hidden, &s->norm, s->activated, NULL, &w, M, c->hidden);
}

/* net->dx from the gradient of the head's hidden states. */
static void transform_backward(const qg_pass *p, int M)
{
    qg_net *net = p->net;
    const qg_mlm_state *s = &net->mlm;
    const qg_config *c = &net->params->config;
    int site = qg_params_site(net->params, QG_ROLE_MLM_DENSE, QG_OUTSIDE),
        norm = qg_outside(p, QG_ROLE_MLM_NORM);
    size_t C = (size_t)c->hidden;
    qg_rows rows = chosen_rows(p, M);
    qg_norm_backward(s->dhidden, qg_grad_at(p, norm), qg_grad_at(p, norm + 1), s->dhidden, &s->norm,
                     qg_weight_at(p, norm), M, c->hidden);
    qg_activation_backward(s->dhidden, s->inner, s->activated, (size_t)M * C,
                           (qg_activation)c->activation, net->kernels);
    qg_linear_backward(net->d1, p->grad, s->dhidden, &net->site[site], site, &rows, &p->hook);
    memset(net->dx, 0, (size_t)p->T * C * sizeof *net->dx);
    for (int i = 0; i < M; i++)
        memcpy(net->dx + (size_t)s->row[i] * C, net->d1 + (size_t)i * C, C * sizeof *net->dx);
}

/* One row: its nll; z becomes the probabilities. */
static double row_nll(float *z, int V, int target, bool *right, const qg_kernels *k)
{
    int most = 0;
    for (int v = 1; v < V; v++)
        most = z[v] > z[most] ? v : most;
    float top = z[most];
    double below = (double)top - (double)z[target];
    for (int v = 0; v < V; v++)
        z[v] -= top;
    k->vexp(z, z, (size_t)V);
    double sum = (double)z[0];
    for (int v = 1; v < V; v++)
        sum += (double)z[v];
    float inverse = (float)(1 / sum);
    for (int v = 0; v < V; v++)
        z[v] *= inverse;
    *right = most == target;
    return below + log(sum);
}

static qg_code refuse(const qg_pass *p, int row, double nll, const qg_step *step)
{
    const qg_train_batch *b = p->batch;
    int t = 0;
    while (b->splits[t + 1] <= row)
        t++;
    return step ? QG_FAIL(QG_ENUMERIC, "step %llu, sample %lld: the loss of token %d is %g",
                          (unsigned long long)step->number, (long long)b->sample[t],
                          row - b->splits[t], nll)
                : QG_FAIL(QG_ENUMERIC, "sample %lld: the loss of token %d is %g",
                          (long long)b->sample[t], row - b->splits[t], nll);
}

/* Rows first..first+m-1: logits to losses and, in place, to the gradient of nll / weight. */
static qg_code chunk_loss(qg_mlm_score *sum, const qg_pass *p, int first, int m,
                          const qg_step *step)
{
    const qg_mlm_state *s = &p->net->mlm;
    int V = p->net->params->config.vocab;
    float share = p->grad ? (float)(1 / p->weight) : 0;
    for (int i = 0; i < m; i++) {
        float *z = s->logits + (size_t)i * (size_t)V;
        int row = s->row[first + i], target = p->batch->target[row];
        bool right;
        double nll = row_nll(z, V, target, &right, p->net->kernels);
        if (!isfinite(nll))
            return refuse(p, row, nll, step);
        sum->nll += nll;
        sum->right += right;
        if (!p->grad)
            continue;
        z[target] -= 1.0f;
        for (int v = 0; v < V; v++)
            z[v] *= share;
    }
    sum->chosen += m;
    return QG_OK;
}

static void chunk_backward(const qg_pass *p, int first, int m)
{
    const qg_mlm_state *s = &p->net->mlm;
    int V = p->net->params->config.vocab, C = p->net->params->config.hidden;
    float *bias = qg_grad_at(p, qg_outside(p, QG_ROLE_MLM_BIAS));
    size_t from = (size_t)first * (size_t)C;
    qg_matrix d = {s->logits, V};
    qg_product_nn(s->dhidden + from, C, d,
                  (qg_matrix){qg_weight_at(p, qg_outside(p, QG_ROLE_WORD)), C}, m, C, V, 1);
    qg_product_tn_add(qg_grad_at(p, qg_outside(p, QG_ROLE_WORD)), C, d,
                      (qg_matrix){s->hidden + from, C}, V, C, m);
    for (int i = 0; i < m; i++)
        qg_add_to(bias, s->logits + (size_t)i * (size_t)V, (size_t)V);
}

static qg_code decode(qg_mlm_score *sum, const qg_pass *p, int M, const qg_step *step)
{
    const qg_mlm_state *s = &p->net->mlm;
    int V = p->net->params->config.vocab, C = p->net->params->config.hidden;
    qg_matrix words = {qg_weight_at(p, qg_outside(p, QG_ROLE_WORD)), C};
    for (int first = 0; first < M; first += s->chunk) {
        int m = M - first < s->chunk ? M - first : s->chunk;
        qg_matrix hidden = {s->hidden + (size_t)first * (size_t)C, C};
        qg_product_nt(s->logits, V, hidden, words, m, V, C, 1);
        qg_add_bias(s->logits, qg_weight_at(p, qg_outside(p, QG_ROLE_MLM_BIAS)), m, V);
        QG_TRY(chunk_loss(sum, p, first, m, step));
        if (p->grad)
            chunk_backward(p, first, m);
    }
    return QG_OK;
}

/* What the chunks add to, and all that nothing is written to when no token is chosen. */
static void clear_gradient(const qg_pass *p)
{
    const qg_params *params = p->net->params;
    const qg_param *words = &params->param[qg_outside(p, QG_ROLE_WORD)];
    size_t head = params->param[params->head].offset;
    memset(p->grad + words->offset, 0,
           (size_t)words->rows * (size_t)words->columns * sizeof *p->grad);
    memset(p->grad + head, 0, (params->count - head) * sizeof *p->grad);
}

qg_code qg_mlm_head(qg_mlm_score *sum, const qg_pass *p, const qg_step *step)
{
    int M = gather(p);
    if (p->grad)
        clear_gradient(p);
    if (M > 0) {
        transform_forward(p, M);
        QG_TRY(decode(sum, p, M, step));
    }
    if (p->grad && M > 0)
        transform_backward(p, M);
    else if (p->grad)
        memset(p->net->dx, 0,
               (size_t)p->T * (size_t)p->net->params->config.hidden * sizeof *p->net->dx);
    return QG_OK;
}

/* The padding row gets no gradient as an input (nn.Embedding's padding_idx). */
void qg_mlm_words_backward(const qg_pass *p)
{
    const qg_config *c = &p->net->params->config;
    size_t C = (size_t)c->hidden;
    float *words = qg_grad_at(p, qg_outside(p, QG_ROLE_WORD));
    for (int i = 0; i < p->T; i++)
        if (p->batch->ids[i] != c->pad_id)
            qg_add_to(words + (size_t)p->batch->ids[i] * C, p->net->dx + (size_t)i * C, C);
}
