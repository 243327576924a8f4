/*
 * net.c - gradient of leaves: memory, checks, the way forward and back.
 */
#include "net.h"

#include "attention.h"
#include "distill.h"
#include "dropout.h"
#include "product.h"
#include "train/qat/qat.h"

#include <math.h>
#include <string.h>

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static qg_code alloc_norm(qg_norm_state *s, qg_arena *a, size_t T, size_t C)
{
    QG_NEW(s->unit, a, T * C);
    QG_NEW(s->rstd, a, T);
    return QG_OK;
}

static qg_code alloc_layer(qg_layer_state *s, qg_arena *a, const qg_config *c, size_t T)
{
    size_t C = (size_t)c->hidden, F = (size_t)c->ffn;
    QG_NEW(s->qkv, a, T * 3 * C);
    QG_NEW(s->context, a, T * C);
    QG_TRY(alloc_norm(&s->attention_norm, a, T, C));
    QG_NEW(s->middle, a, T * C);
    QG_NEW(s->inner, a, T * F);
    QG_NEW(s->activated, a, T * F);
    return alloc_norm(&s->output_norm, a, T, C);
}

static qg_code alloc_layers(qg_net *n, size_t T)
{
    const qg_config *c = &n->params->config;
    QG_NEW(n->layer, n->arena, c->layers);
    QG_NEW(n->x, n->arena, c->layers + 1);
    for (int l = 0; l <= c->layers; l++)
        QG_NEW(n->x[l], n->arena, T * (size_t)c->hidden);
    for (int l = 0; l < c->layers; l++)
        if (l > 0 && n->options.recompute)
            n->layer[l] = n->layer[0];
        else
            QG_TRY(alloc_layer(&n->layer[l], n->arena, c, T));
    return QG_OK;
}

static qg_code alloc_sites(qg_net *n, int T)
{
    int widest = 0;
    const qg_params *p = n->params;
    for (int s = 0; s < p->sites; s++) {
        widest = p->site[s].n > widest ? p->site[s].n : widest;
        widest = p->site[s].k > widest ? p->site[s].k : widest;
    }
    QG_NEW(n->site, n->arena, p->sites);
    QG_NEW(n->sum, n->arena, n->options.leaves);
    for (int l = 0; l < n->options.leaves; l++)
        QG_NEW(n->sum[l], n->arena, 2 * (size_t)widest);
    QG_TRY(qg_site_workspace_create(&n->workspace, n->arena, widest, T, n->options.leaves));
    for (int s = 0; s < p->sites; s++)
        QG_TRY(qg_site_create(&n->site[s], n->arena, &p->site[s], &n->workspace, n->kernels));
    return QG_OK;
}

static qg_code alloc_all(qg_net *n)
{
    const qg_config *c = &n->params->config;
    size_t T = (size_t)n->options.tokens, B = (size_t)n->options.texts, C = (size_t)c->hidden;
    size_t K = (size_t)c->classes, F = (size_t)c->ffn;
    QG_TRY(alloc_layers(n, T));
    QG_TRY(alloc_sites(n, (int)T));
    QG_TRY(alloc_norm(&n->embedding, n->arena, T, C));
    QG_NEW(n->cls, n->arena, B * C);
    QG_NEW(n->unpooled, n->arena, B * C);
    QG_NEW(n->pooled, n->arena, B * C);
    QG_NEW(n->dropped, n->arena, B * C);
    QG_NEW(n->logits, n->arena, B * K);
    QG_NEW(n->dlogits, n->arena, B * K);
    QG_NEW(n->shares, n->arena, K);
    QG_NEW(n->one, n->arena, B + 1);
    QG_NEW(n->dx, n->arena, T * C);
    QG_NEW(n->d1, n->arena, T * C);
    QG_NEW(n->d2, n->arena, T * C);
    QG_NEW(n->wide, n->arena, T * most(F, 3 * C));
    QG_NEW(n->attention, n->arena, qg_attention_floats(n->options.longest, c->hidden / c->heads));
    QG_NEW(n->quantized, n->arena, T * most(F, C));
    QG_NEW(n->seen, n->arena, n->params->sites);
    QG_NEW(n->affine, n->arena, n->params->sites * n->options.leaves);
    QG_NEW(n->leaf_rows, n->arena, n->options.leaves + 1);
    QG_NEW(n->keyed, n->arena, T);
    for (size_t t = 0; t <= B; t++)
        n->one[t] = (int32_t)t;
    if (n->options.distill)
        QG_TRY(
            qg_teacher_create(&n->teacher, n->arena, &n->options, n->params, n->options.distill));
    n->options.distill = NULL; /* the caller's */
    if (n->params->objective == QG_OBJECTIVE_MLM)
        return qg_mlm_alloc(&n->mlm, n->arena, c, T);
    return QG_OK;
}

qg_code qg_net_create(qg_net **out, const qg_params *params, const qg_net_options *options)
{
    const char *why = "";
    const qg_kernels *kernels = qg_kernels_get(&why);
    QG_ASSERT(options->texts > 0 && options->tokens >= options->texts && options->longest > 0);
    if (!kernels)
        return QG_FAIL(QG_EUNSUPPORTED, "%s", why);
    qg_arena *a = qg_arena_create(0);
    qg_net *n = a ? qg_arena_alloc(a, 1, sizeof *n) : NULL;
    if (!n) {
        qg_arena_destroy(a);
        return QG_FAIL(QG_ENOMEM, "no memory");
    }
    *n = (qg_net){.arena = a, .params = params, .options = *options, .kernels = kernels};
    n->options.leaves += n->options.leaves == 0;
    qg_code rc = alloc_all(n);
    if (rc != QG_OK) {
        qg_net_destroy(n);
        return rc;
    }
    qg_product_single_thread();
    *out = n;
    return QG_OK;
}

void qg_net_destroy(qg_net *net)
{
    if (!net)
        return;
    qg_teacher_destroy(net->teacher);
    qg_arena_destroy(net->arena);
}

size_t qg_net_bytes(const qg_net *net)
{
    size_t teacher = net->teacher ? qg_net_bytes(net->teacher->net) : 0;
    return qg_arena_used(net->arena) + teacher;
}

void qg_net_set_weights(qg_net *net, const float *weights)
{
    net->weights = weights;
    for (int s = 0; s < net->params->sites; s++)
        qg_site_pack(&net->site[s], weights);
}

void qg_net_pack_site(qg_net *net, int site)
{
    qg_site_pack(&net->site[site], net->weights);
}

const qg_range *qg_net_seen(const qg_net *net)
{
    return net->seen;
}

static qg_code check_text(const qg_net *n, const qg_train_batch *b, int t)
{
    const qg_config *c = &n->params->config;
    int len = b->splits[t + 1] - b->splits[t];
    if (len < 1 || len > c->positions)
        return QG_FAIL(QG_EMODEL, "sample %lld has %d tokens, the model takes 1 to %d",
                       (long long)b->sample[t], len, c->positions);
    QG_ASSERT(len <= n->options.longest);
    QG_ASSERT(b->sample[t] >= 0 && b->sample[t] < (int64_t)1 << 40);
    QG_ASSERT(!b->attended || (b->attended[t] >= 1 && b->attended[t] <= len));
    for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
        if (b->ids && (b->ids[i] < 0 || b->ids[i] >= c->vocab))
            return QG_FAIL(QG_EMODEL, "sample %lld: token id %d is outside the vocabulary of %d",
                           (long long)b->sample[t], b->ids[i], c->vocab);
        if (b->types && (b->types[i] < 0 || b->types[i] >= c->types))
            return QG_FAIL(QG_EMODEL, "sample %lld: token type %d is outside the %d of the model",
                           (long long)b->sample[t], b->types[i], c->types);
        if (b->positions && (b->positions[i] < 0 || b->positions[i] >= c->positions))
            return QG_FAIL(QG_EMODEL, "sample %lld: place %d is outside the %d of the model",
                           (long long)b->sample[t], b->positions[i], c->positions);
    }
    return QG_OK;
}

static qg_code check_batch(const qg_net *n, const qg_train_batch *b, bool labelled)
{
    int K = n->params->config.classes;
    QG_ASSERT(n->weights != NULL && b->leaves <= n->options.leaves);
    QG_ASSERT(b->B <= n->options.texts && (b->B == 0 || b->splits[b->B] <= n->options.tokens));
    for (int t = 0; t < b->B; t++) {
        QG_TRY(check_text(n, b, t));
        if (labelled && (b->label[t] < 0 || b->label[t] >= K))
            return QG_FAIL(QG_EMODEL, "sample %lld: label %d is outside the %d classes",
                           (long long)b->sample[t], b->label[t], K);
    }
    return QG_OK;
}

/* Texts and tokens of the leaves. */
static void cut_parts(qg_pass *p, const qg_train_batch *b)
{
    qg_net *n = p->net;
    int leaves = b->leaves ? b->leaves : 1;
    n->all_texts[1] = b->B;
    p->texts = (qg_parts){leaves, b->leaves ? b->leaf : n->all_texts, n->sum};
    for (int l = 0; l <= leaves; l++)
        n->leaf_rows[l] = b->splits[p->texts.row[l]];
    p->tokens = (qg_parts){leaves, n->leaf_rows, n->sum};
}

static qg_pass start(qg_net *n, const qg_qat *q, const qg_train_batch *b)
{
    memset(n->seen, 0, (size_t)n->params->sites * sizeof *n->seen);
    return (qg_pass){.net = n,
                     .batch = b,
                     .T = b->B ? b->splits[b->B] : 0,
                     .hook = {.kind = q && q->active ? q->kind : QG_INPUT_FLOAT,
                              .frozen = q && q->frozen,
                              .state = q ? q->range : NULL,
                              .seen = n->seen,
                              .affine = n->affine,
                              .leaves = n->options.leaves,
                              .only = q ? q->only : NULL,
                              .plain = n->wide,
                              .buffer = n->quantized,
                              .kernels = n->kernels}};
}

qg_code qg_pass_begin(qg_pass *out, qg_net *n, const qg_qat *q, const qg_train_batch *b)
{
    QG_ASSERT(b->B > 0);
    QG_TRY(check_batch(n, b, true));
    *out = start(n, q, b);
    out->hook.frozen = true;
    cut_parts(out, b);
    return QG_OK;
}

/* Between layers. */
static qg_code go_on(const qg_net *n)
{
    const qg_net_options *o = &n->options;
    if (o->poll && o->poll(o->poll_ctx))
        return QG_FAIL(QG_ELOST, "dropped on request");
    return QG_OK;
}

qg_code qg_layers_forward(const qg_pass *p)
{
    for (int l = 0; l < p->net->params->config.layers; l++) {
        qg_layer_forward(p, l);
        QG_TRY(go_on(p->net));
    }
    return QG_OK;
}

static qg_code forward(const qg_pass *p)
{
    qg_embedding_forward(p);
    return qg_layers_forward(p);
}

qg_code qg_layers_backward(const qg_pass *p)
{
    int L = p->net->params->config.layers;
    bool hidden = p->net->teacher && p->net->teacher->options.hidden > 0;
    for (int l = L - 1; l >= 0; l--) {
        if (hidden)
            qg_distill_hidden(p, l + 1);
        if (p->net->options.recompute && l < L - 1)
            qg_layer_forward(p, l);
        qg_layer_backward(p, l);
        QG_TRY(go_on(p->net));
    }
    if (hidden)
        qg_distill_hidden(p, 0);
    return QG_OK;
}

static qg_code backward(const qg_pass *p)
{
    QG_TRY(qg_layers_backward(p));
    qg_embedding_backward(p);
    return QG_OK;
}

/* Elements between tensors, and behind them: step sizes are no matter of the net. */
static void clear_gaps(float *grad, const qg_params *params)
{
    int last = params->n - params->scales;
    for (int i = 0; i < last; i++) {
        const qg_param *t = &params->param[i];
        size_t end = t->offset + (size_t)t->rows * (size_t)t->columns;
        size_t next = i + 1 < last ? params->param[i + 1].offset : params->count;
        memset(grad + end, 0, (next - end) * sizeof *grad);
    }
}

qg_code qg_check_logits(const qg_net *n, const qg_train_batch *b, const qg_step *step)
{
    int K = n->params->config.classes;
    for (int i = 0; i < b->B * K; i++)
        if (!isfinite(n->logits[i]))
            return step ? QG_FAIL(QG_ENUMERIC, "step %llu, sample %lld: logit %d is %g",
                                  (unsigned long long)step->number, (long long)b->sample[i / K],
                                  i % K, (double)n->logits[i])
                        : QG_FAIL(QG_ENUMERIC, "sample %lld: logit %d is %g",
                                  (long long)b->sample[i / K], i % K, (double)n->logits[i]);
    return QG_OK;
}

static qg_code check_losses(const double *loss, const qg_train_batch *b, const qg_parts *texts,
                            const qg_step *step)
{
    for (int l = 0; l < texts->n; l++)
        if (!isfinite(loss[l]))
            return QG_FAIL(QG_ENUMERIC, "step %llu, samples from %lld on: the loss is %g",
                           (unsigned long long)step->number, (long long)b->sample[texts->row[l]],
                           loss[l]);
    return QG_OK;
}

/* Losses and gradient of the classifier, down to net->dx. */
static qg_code classify(double *loss, float *logits, const qg_pass *p, const qg_step *step)
{
    qg_net *net = p->net;
    const qg_train_batch *batch = p->batch;
    int K = net->params->config.classes;
    qg_head_forward(p);
    QG_TRY(qg_check_logits(net, batch, step));
    qg_loss(loss, net->dlogits, net->logits, batch, &p->texts, K, &net->options, step->weight);
    if (net->teacher) {
        QG_TRY(qg_teacher_forward(net->teacher, batch));
        qg_distill_loss(loss, net->dlogits, p, step->weight);
    }
    QG_TRY(check_losses(loss, batch, &p->texts, step));
    if (logits)
        memcpy(logits, net->logits, (size_t)(batch->B * K) * sizeof *logits);
    qg_head_backward(p);
    return QG_OK;
}

static qg_code fill_in(double *loss, const qg_pass *p, const qg_step *step)
{
    qg_mlm_score sum = {0};
    QG_TRY(qg_mlm_head(&sum, p, step));
    *loss = sum.chosen ? sum.nll / step->weight : 0;
    return QG_OK;
}

qg_code qg_net_gradient(float *grad, double *loss, float *logits, qg_net *net, const qg_qat *qat,
                        const qg_train_batch *batch, const qg_step *step)
{
    bool mlm = net->params->objective == QG_OBJECTIVE_MLM;
    QG_ASSERT(!mlm || (!qat && !logits && (batch->target || batch->B == 0) && batch->leaves <= 1));
    QG_TRY(check_batch(net, batch, !mlm));
    qg_pass p = start(net, qat, batch);
    for (int l = 0; l < batch->leaves || l == 0; l++)
        loss[l] = 0;
    if (batch->B == 0) {
        memset(grad, 0, net->params->count * sizeof *grad);
        return QG_OK;
    }
    cut_parts(&p, batch);
    p.grad = grad;
    p.weight = step->weight;
    p.dropout = net->options.dropout;
    p.key = qg_dropout_key(net->options.seed, step->number);
    QG_TRY(forward(&p));
    QG_TRY(mlm ? fill_in(loss, &p, step) : classify(loss, logits, &p, step));
    QG_TRY(backward(&p));
    clear_gaps(grad, net->params);
    if (qat)
        qg_qat_leaf_gradient(grad, qat);
    return QG_OK;
}

qg_code qg_net_forward(float *logits, qg_net *net, const qg_qat *qat, const qg_train_batch *batch)
{
    QG_ASSERT(net->params->objective == QG_OBJECTIVE_CLASSIFICATION);
    QG_TRY(check_batch(net, batch, false));
    qg_pass p = start(net, qat, batch);
    if (batch->B == 0)
        return QG_OK;
    cut_parts(&p, batch);
    p.hook.frozen = true;
    QG_TRY(forward(&p));
    qg_head_forward(&p);
    QG_TRY(qg_check_logits(net, batch, NULL));
    memcpy(logits, net->logits,
           (size_t)batch->B * (size_t)net->params->config.classes * sizeof *logits);
    return QG_OK;
}

qg_code qg_net_mlm_score(qg_mlm_score *sum, qg_net *net, const qg_train_batch *batch)
{
    QG_ASSERT(net->params->objective == QG_OBJECTIVE_MLM && (batch->target || batch->B == 0));
    QG_TRY(check_batch(net, batch, false));
    qg_pass p = start(net, NULL, batch);
    if (batch->B == 0)
        return QG_OK;
    cut_parts(&p, batch);
    QG_TRY(forward(&p));
    return qg_mlm_head(sum, &p, NULL);
}
