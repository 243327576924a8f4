/*
 * forward.c - an encoder over a ragged batch: all tokens of all texts end to end, no padding.
 *
 * Devlin, Chang, Lee, Toutanova, "BERT", 2019, arXiv:1810.04805; layer order as in Hugging Face's
 * BertForSequenceClassification. Rows never see each other outside attention, which sees one text,
 * so the bits of a text's logits do not depend on the batch. A layer goes through the batch in
 * chunks of whole texts whose activations stay in the cache.
 */
#include "model_internal.h"

#include <math.h>
#include <string.h>

/* Input of one or several Linear layers, quantized once. */
typedef struct input {
    const float *x;
    int ld, m, k;
} input;

/* One range for all rows of a text, as PyTorch's dynamic quantization of a single text. */
static void quantize_texts(qg_model *m, const input *in, const int32_t *splits, int B)
{
    for (int b = 0; b < B; b++) {
        int first = splits[b] - splits[0], rows = splits[b + 1] - splits[b];
        const float *x = in->x + (size_t)first * (size_t)in->ld;
        qg_qrows part = m->workspace.rows;
        float lo, hi, scale;
        m->kernels->minmax(&lo, &hi, x, in->ld, rows, in->k);
        bool fits = isfinite(lo) && isfinite(hi);
        m->unfit |= !fits;
        int zero = qg_text_levels(&scale, fits ? lo : 0, fits ? hi : 0);
        part.codes += (size_t)first * (size_t)part.ld;
        part.scale += first;
        part.offset += first;
        m->kernels->quantize_affine(&part, x, in->ld, rows, in->k, scale, zero);
    }
}

/* Rows [first, first + n) of an input as the products read them, where a row stands alone. */
static void prepare_rows(qg_model *m, const input *in, qg_activations how, int first, int n)
{
    const float *x = in->x + (size_t)first * (size_t)in->ld;
    if (how == QG_ACTIVATIONS_BF16) {
        int ld = qg_bf16_stride(in->k);
        for (int r = 0; r < n; r++)
            m->unfit |=
                !(m->kernels->absmax(x + (size_t)r * (size_t)in->ld, in->k) < qg_input_limit(how));
        m->kernels->round_bf16(m->workspace.half + (size_t)first * (size_t)ld, ld, x, in->ld, n,
                               in->k);
    } else if (how == QG_ACTIVATIONS_TOKEN) {
        qg_qrows part = m->workspace.rows;
        part.codes += (size_t)first * (size_t)part.ld;
        part.scale += first;
        m->kernels->quantize_rows(&part, x, in->ld, n, in->k);
        for (int r = 0; r < n; r++)
            m->unfit |= !isfinite(part.scale[r]);
    }
}

static void begin_input(qg_model *m, const input *in, qg_activations how)
{
    m->workspace.rows.ld = qg_qrows_stride(in->k);
    m->workspace.rows.offset = how == QG_ACTIVATIONS_TEXT ? m->workspace.offset : NULL;
}

/* For the Linear layers that treat it so. */
static void prepare(qg_model *m, const input *in, qg_activations how, const int32_t *splits, int B)
{
    begin_input(m, in, how);
    if (how == QG_ACTIVATIONS_TEXT)
        quantize_texts(m, in, splits, B);
    else
        prepare_rows(m, in, how, 0, in->m);
}

/* Of a mixed model some read it as it is; all others, which are of one precision, alike. */
static qg_activations common(const qg_layer *y)
{
    const qg_dense *of[] = {&y->query, &y->key, &y->value};
    qg_activations how = QG_ACTIVATIONS_FLOAT;
    for (int i = 0; i < 3; i++)
        if (of[i]->activations != QG_ACTIVATIONS_FLOAT)
            how = of[i]->activations;
    return how;
}

/* y = act(in W^T + b); `prepare` was called for this input. */
static void linear(qg_model *m, float *y, int ldy, const input *in, const qg_dense *l)
{
    const qg_panels *w = &l->w;
    if (m->finding)
        qg_find_unfit(m->finding, in->x, in->ld, in->m, in->k, qg_input_limit(l->activations), l,
                      true);
    if (l->activations == QG_ACTIVATIONS_FLOAT)
        m->kernels->gemm_f32(y, ldy, in->x, in->ld, in->m, w, m->workspace.gemm);
    else if (w->format == QG_PANEL_BF16_PAIRS)
        m->kernels->gemm_bf16(y, ldy, m->workspace.half, qg_bf16_stride(in->k), in->m, w);
    else if (w->format == QG_PANEL_S8)
        m->kernels->gemm_s8(y, ldy, &m->workspace.rows, in->m, w);
    else
        m->kernels->gemm_s4s8(y, ldy, &m->workspace.rows, in->m, w);
    if (m->finding)
        qg_find_unfit(m->finding, y, ldy, in->m, w->n, INFINITY, l, false);
    if (m->poll && !m->stop)
        m->stop = m->poll(m->poll_ctx);
}

static void table_row(const qg_model *m, float *x, const qg_table *t, int32_t id)
{
    int C = m->config.hidden;
    switch (t->kind) {
    case QG_EMBED_FP32:
        m->kernels->embed_f32(x, t->data, id, C);
        break;
    case QG_EMBED_FP16:
        m->kernels->embed_f16(x, t->data, id, C);
        break;
    case QG_EMBED_INT8:
        m->kernels->embed_s8(x, t->data, t->scales, id, C);
        break;
    case QG_EMBED_BF16:
        m->kernels->embed_bf16(x, t->data, id, C);
        break;
    }
}

/* x = LayerNorm((word + type) + position); `hidden` is used for the addends. */
static void embed(qg_model *m, const qg_batch *b)
{
    int C = m->config.hidden;
    float *row = m->workspace.hidden;
    for (int t = 0; t < b->B; t++)
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
            float *x = m->workspace.x + (size_t)i * (size_t)C;
            table_row(m, x, &m->word, b->ids[i]);
            table_row(m, row, &m->type, 0);
            for (int c = 0; c < C; c++)
                x[c] += row[c];
            table_row(m, row, &m->position,
                      m->config.first_position +
                          (b->positions ? b->positions[i] : i - b->splits[t]));
            for (int c = 0; c < C; c++)
                x[c] += row[c];
        }
    m->kernels->layernorm(m->workspace.x, m->workspace.x, NULL, m->embedding_norm.gamma,
                          m->embedding_norm.beta, b->splits[b->B], C,
                          (float)m->config.layer_norm_eps);
    if (m->finding)
        qg_find_unfit(m->finding, m->workspace.x, C, b->splits[b->B], C, INFINITY,
                      &m->embedding_norm, false);
}

/* Texts [first, last) of the batch, treated together. */
typedef struct chunk {
    const int32_t *splits; /* of `first` on: absolute */
    int B, T;
    float *x; /* [T, C] rows of workspace.x */
} chunk;

/* The next texts with at most QG_CHUNK_TOKENS tokens together (one longer text stands alone): what
 * a layer makes of them stays in the cache. */
static chunk next_chunk(const qg_model *m, const qg_batch *b, int first)
{
    const int32_t *splits = b->splits + first;
    int n = 1;
    while (first + n < b->B && splits[n + 1] - splits[0] <= QG_CHUNK_TOKENS)
        n++;
    return (chunk){splits, n, splits[n] - splits[0],
                   m->workspace.x + (size_t)splits[0] * (size_t)m->config.hidden};
}

static void attend(qg_model *m, const chunk *c, float *probs)
{
    int C = m->config.hidden, H = m->config.heads;
    for (int t = 0; t < c->B; t++) {
        size_t first = (size_t)(c->splits[t] - c->splits[0]);
        const float *q = m->workspace.qkv + first * 3 * (size_t)C;
        m->kernels->attention(m->workspace.context + first * (size_t)C, C, q, q + C, q + 2 * C,
                              3 * C, c->splits[t + 1] - c->splits[t], H, C / H, probs,
                              m->workspace.attention);
    }
}

/* x = LayerNorm(y + x). */
static void add_norm(qg_model *m, float *x, const float *y, const qg_layer_norm *n, int rows)
{
    int C = m->config.hidden;
    m->kernels->layernorm(x, y, x, n->gamma, n->beta, rows, C, (float)m->config.layer_norm_eps);
    if (m->finding) /* all rows up to here, so that they count from the text's first */
        qg_find_unfit(m->finding, m->workspace.x, C, (int)((x - m->workspace.x) / C) + rows, C,
                      INFINITY, n, false);
}

/* The same, prepared as an input: a few rows at a time, while they are in the nearest cache. */
static void add_norm_prepare(qg_model *m, const chunk *c, const float *y, const qg_layer_norm *n,
                             const input *x, qg_activations how)
{
    enum { ROWS = 8 };
    begin_input(m, x, how);
    for (int r = 0; r < c->T; r += ROWS) {
        int rows = c->T - r < ROWS ? c->T - r : ROWS;
        size_t at = (size_t)r * (size_t)x->k;
        add_norm(m, c->x + at, y + at, n, rows);
        prepare_rows(m, x, how, r, rows);
    }
    if (how == QG_ACTIVATIONS_TEXT)
        quantize_texts(m, x, c->splits, c->B);
}

static void encoder_layer(qg_model *m, const qg_layer *y, const chunk *c, float *probs)
{
    qg_workspace *s = &m->workspace;
    int C = m->config.hidden, F = m->config.ffn;
    input x = {c->x, C, c->T, C}, context = {s->context, C, c->T, C}, ffn = {s->ffn, F, c->T, F};

    prepare(m, &x, common(y), c->splits, c->B);
    linear(m, s->qkv, 3 * C, &x, &y->query);
    linear(m, s->qkv + C, 3 * C, &x, &y->key);
    linear(m, s->qkv + 2 * C, 3 * C, &x, &y->value);
    attend(m, c, probs);
    prepare(m, &context, y->attention_output.activations, c->splits, c->B);
    linear(m, s->hidden, C, &context, &y->attention_output);

    add_norm_prepare(m, c, s->hidden, &y->attention_norm, &x, y->intermediate.activations);
    linear(m, s->ffn, F, &x, &y->intermediate);
    prepare(m, &ffn, y->output.activations, c->splits, c->B);
    linear(m, s->hidden, C, &ffn, &y->output);
    add_norm(m, c->x, s->hidden, &y->output_norm, c->T);
}

/* The pooler on each text's first token, then the classifier: one row a text. */
static void classify(float *logits, qg_model *m, const qg_batch *b)
{
    qg_workspace *s = &m->workspace;
    int C = m->config.hidden, K = m->config.classes;
    input cls = {s->cls, C, b->B, C}, pooled = {s->pooled, C, b->B, C};
    for (int t = 0; t < b->B; t++) {
        s->one[t + 1] = t + 1;
        memcpy(s->cls + (size_t)t * (size_t)C, s->x + (size_t)b->splits[t] * (size_t)C,
               (size_t)C * sizeof *s->x);
    }
    prepare(m, &cls, m->pooler.activations, s->one, b->B);
    linear(m, s->pooled, C, &cls, &m->pooler);
    prepare(m, &pooled, m->classifier.activations, s->one, b->B);
    linear(m, logits, K, &pooled, &m->classifier);
}

static qg_code check_tokens(const qg_model *m, const qg_batch *b, int t)
{
    int positions = m->config.positions;
    for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
        if (b->ids[i] < 0 || b->ids[i] >= m->word.rows)
            return QG_FAIL(QG_EMODEL, "text %d: token id %d is outside the vocabulary of %d", t,
                           b->ids[i], m->word.rows);
        if (b->positions && (b->positions[i] < 0 || b->positions[i] >= positions))
            return QG_FAIL(QG_EMODEL, "text %d: place %d is outside the %d of the model", t,
                           b->positions[i], positions);
    }
    return QG_OK;
}

static qg_code check_batch(const qg_model *m, const qg_batch *b, int *longest)
{
    *longest = 0;
    if (b->B < 1)
        return QG_FAIL(QG_EMODEL, "a batch without texts");
    for (int t = 0; t < b->B; t++) {
        int n = b->splits[t + 1] - b->splits[t];
        if (n < 1)
            return QG_FAIL(QG_EMODEL, "text %d of the batch has no tokens", t);
        if (n > m->config.positions)
            return QG_FAIL(QG_EMODEL, "text %d has %d tokens, the model has %d positions", t, n,
                           m->config.positions);
        *longest = n > *longest ? n : *longest;
        QG_TRY(check_tokens(m, b, t));
    }
    return QG_OK;
}

void qg_model_set_poll(qg_model *m, bool (*poll)(void *ctx), void *ctx)
{
    m->poll = poll;
    m->poll_ctx = ctx;
}

/* Layers from `first` on, over workspace.x, and the head. */
static qg_code run_layers(float *logits, qg_model *m, const qg_batch *b, int first,
                          const qg_capture *capture)
{
    int T = b->splits[b->B], C = m->config.hidden;
    size_t state = (size_t)T * (size_t)C;
    size_t heads = (size_t)m->config.heads * (size_t)T * (size_t)T;
    float *hidden = capture ? capture->hidden : NULL;
    float *probs = capture && b->B == 1 ? capture->attentions : NULL;
    for (int i = first; i < m->config.layers; i++) {
        for (int t = 0; t < b->B;) {
            chunk c = next_chunk(m, b, t);
            encoder_layer(m, &m->layers[i], &c, probs ? probs + (size_t)i * heads : NULL);
            t += c.B;
        }
        if (m->stop)
            return QG_FAIL(QG_ELOST, "dropped on request");
        if (hidden)
            memcpy(hidden + (size_t)(i + 1) * state, m->workspace.x, state * sizeof *hidden);
    }
    classify(logits, m, b);
    if (capture && capture->pooled)
        memcpy(capture->pooled, m->workspace.pooled, (size_t)b->B * (size_t)C * sizeof *logits);
    return QG_OK;
}

qg_code qg_forward_pass(float *logits, qg_model *m, const qg_batch *b, const qg_capture *capture)
{
    size_t state = (size_t)b->splits[b->B] * (size_t)m->config.hidden;
    m->stop = m->unfit = false;
    embed(m, b);
    if (capture && capture->hidden)
        memcpy(capture->hidden, m->workspace.x, state * sizeof *capture->hidden);
    return run_layers(logits, m, b, 0, capture);
}

/* Memory for a batch that may be run. */
static qg_code begin_batch(qg_model *m, const qg_batch *b)
{
    int longest;
    QG_TRY(check_batch(m, b, &longest));
    return qg_workspace_reserve(m, b->splits[b->B], b->B, longest);
}

/* A pass that met numbers which are not finite is run again to find where. */
static qg_code check_logits(float *logits, qg_model *m, const qg_batch *b)
{
    bool finite = !m->unfit;
    for (int i = 0; i < b->B * m->config.classes; i++)
        finite &= isfinite(logits[i]) != 0;
    return finite ? QG_OK : qg_forward_explain(logits, m, b);
}

qg_code qg_model_forward(float *logits, qg_model *m, const qg_batch *b, const qg_capture *capture)
{
    QG_TRY(begin_batch(m, b));
    QG_TRY(qg_forward_pass(logits, m, b, capture));
    return check_logits(logits, m, b);
}

qg_code qg_model_forward_from(float *logits, qg_model *m, const qg_batch *b, int layer,
                              const float *x)
{
    QG_ASSERT(layer >= 0 && layer <= m->config.layers);
    QG_TRY(begin_batch(m, b));
    m->stop = m->unfit = false;
    memcpy(m->workspace.x, x,
           (size_t)b->splits[b->B] * (size_t)m->config.hidden * sizeof *m->workspace.x);
    QG_TRY(run_layers(logits, m, b, layer, NULL));
    return check_logits(logits, m, b);
}
