/*
 * explained_model.c - weights of a precision, and batches of any size cut to the net's.
 */
#include "explained_model_internal.h"

#include "qgrid/trained_scales.h"

#include <math.h>
#include <string.h>

enum { TOKENS = 256 };

/* ------------------------------------------------------------------------------------- weights */

/* What a model trained with step sizes of its own has been packed with. */
static qg_code take_trained_scales(qg_explained_model *m, const qg_trained_scales *trained)
{
    const qg_qat *q = m->qat;
    const qg_precision *p = q->options.precision.scheme;
    for (int s = 0; s < m->params.sites; s++) {
        const qg_linear *l = &m->params.site[s];
        int n = l->n / l->parts;
        for (int i = 0; i < l->parts; i++) {
            char linear[96];
            const char *name = m->params.param[l->param + i].name;
            size_t at = l->weight + (size_t)i * (size_t)n * (size_t)l->k;
            snprintf(linear, sizeof linear, "%.*s", (int)(strlen(name) - strlen(".weight")), name);
            QG_TRY(qg_trained_scales_read(q->scales, trained, linear, n, l->k, p));
            qg_levels_values(q->weights + at, q->scales, m->values + at, n, l->k,
                             qg_precision_group(p, l->k), &p->levels, qg_kernels_get(NULL));
        }
    }
    return QG_OK;
}

static qg_code quantize(qg_explained_model *m, const qg_precision_spec *p)
{
    qg_trained_scales trained;
    qg_qat_options o = {.precision = *p, .inputs = QG_QAT_DEPLOYED};
    if (qg_precision_is_reference(p))
        return QG_OK;
    QG_TRY(qg_qat_create(&m->qat, &m->params, &o));
    qg_qat_prepare(m->qat, m->values);
    QG_TRY(qg_trained_scales_open(&trained, m->arena, m->params.dir, p->scheme));
    qg_code rc = trained.weights ? take_trained_scales(m, &trained) : QG_OK;
    qg_trained_scales_close(&trained);
    return rc;
}

/* --------------------------------------------------------------------------------------- memory */

static qg_code create(qg_explained_model *m, const qg_model_source *src, const qg_precision_spec *p,
                      const qg_explained_options *o)
{
    qg_config drawn = {0}; /* a drawn head has the classes that are wanted of it */
    if (src->classes)
        QG_TRY(qg_config_number_labels(&drawn, m->arena, src->classes));
    QG_TRY(qg_params_load(&m->params, &m->values, m->arena, src, drawn.labels, NULL));
    QG_TRY(quantize(m, p));
    int positions = m->params.config.positions;
    m->tokens = o->tokens > 0 ? o->tokens : TOKENS;
    int most = m->tokens > positions ? m->tokens : positions;
    qg_net_options net = {.tokens = most,
                          .texts = m->tokens,
                          .longest = positions,
                          .poll = o->poll,
                          .poll_ctx = o->poll_ctx};
    QG_NEW(m->splits, m->arena, m->tokens + 1);
    QG_NEW(m->label, m->arena, m->tokens);
    QG_NEW(m->sample, m->arena, m->tokens);
    QG_TRY(qg_net_create(&m->net, &m->params, &net));
    qg_net_set_weights(m->net, m->qat ? qg_qat_weights(m->qat) : m->values);
    return QG_OK;
}

qg_code qg_explained_model_create(qg_explained_model **out, const qg_model_source *src,
                                  const qg_precision_spec *p, const qg_explained_options *options)
{
    qg_arena *a = qg_arena_create(0);
    qg_explained_model *m = a ? qg_arena_alloc(a, 1, sizeof *m) : NULL;
    if (!m) {
        qg_arena_destroy(a);
        return QG_FAIL(QG_ENOMEM, "no memory");
    }
    m->arena = a;
    qg_code rc = create(m, src, p, options);
    if (rc != QG_OK) {
        qg_explained_model_destroy(m);
        return rc;
    }
    *out = m;
    return QG_OK;
}

void qg_explained_model_destroy(qg_explained_model *m)
{
    if (!m)
        return;
    qg_net_destroy(m->net);
    qg_qat_destroy(m->qat);
    qg_arena_destroy(m->arena);
}

/* ------------------------------------------------------------------------ parameters drawn anew */

static size_t word_table(size_t *n, const qg_explained_model *m)
{
    const qg_param *t = &m->params.param[qg_params_at(&m->params, QG_ROLE_WORD, QG_OUTSIDE)];
    *n = (size_t)t->rows * (size_t)t->columns;
    return t->offset;
}

static void keep_words(qg_explained_model *m)
{
    size_t n, at = word_table(&n, m);
    if (m->words)
        memcpy(m->words, m->drawn + at, n * sizeof *m->words);
}

static void drop_noise(qg_explained_model *m)
{
    size_t n, at = word_table(&n, m);
    if (m->words)
        memcpy(m->drawn + at, m->words, n * sizeof *m->words);
}

/* From here on the block that may change is the one in use. */
static qg_code use_drawn(qg_explained_model *m)
{
    if (m->qat)
        return QG_FAIL(QG_EBUG, "parameters of a model that is quantized cannot be drawn anew");
    if (!m->drawn) {
        QG_NEW(m->drawn, m->arena, m->params.count);
        memcpy(m->drawn, m->values, m->params.count * sizeof *m->drawn);
    }
    return QG_OK;
}

qg_code qg_explained_model_draw_part(qg_explained_model *m, int part, uint64_t seed)
{
    QG_TRY(use_drawn(m));
    drop_noise(m);
    QG_TRY(qg_params_draw_part(m->drawn, &m->params, part, seed, m->arena));
    keep_words(m);
    qg_net_set_weights(m->net, m->drawn);
    return QG_OK;
}

static double deviation(const float *v, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i];
    for (size_t i = 0; i < n; i++)
        squares += ((double)v[i] - sum / (double)n) * ((double)v[i] - sum / (double)n);
    return sqrt(squares / (double)n);
}

qg_code qg_explained_model_disturb(qg_explained_model *m, const int32_t *ids, int64_t n,
                                   double sigma, uint64_t seed, int64_t draw)
{
    size_t size, at = word_table(&size, m), C = (size_t)m->params.config.hidden;
    QG_TRY(use_drawn(m));
    if (!m->words) {
        QG_NEW(m->words, m->arena, size);
        m->spread = deviation(m->values + at, size);
        keep_words(m);
        qg_net_set_weights(m->net, m->drawn);
    }
    qg_rng stream = qg_rng_make(seed, "randomisation/noise", 0);
    for (int64_t i = 0; i < n; i++) {
        size_t row = (size_t)ids[i] * C;
        qg_rng r = qg_rng_stream(&stream, (uint64_t)draw << 32 | (uint32_t)ids[i]);
        for (size_t c = 0; c < C; c++) {
            double noise = draw < 0 ? 0 : sigma * m->spread * qg_rng_normal(&r);
            m->drawn[at + row + c] = (float)((double)m->words[row + c] + noise);
        }
    }
    return QG_OK;
}

void qg_explained_model_restore(qg_explained_model *m)
{
    if (!m->drawn)
        return;
    memcpy(m->drawn, m->values, m->params.count * sizeof *m->drawn);
    keep_words(m);
    qg_net_set_weights(m->net, m->drawn); /* noise goes there */
}

const char *qg_explained_model_gradients(const qg_explained_model *m)
{
    return m->qat && m->qat->kind != QG_INPUT_FLOAT ? "ste" : "exact";
}

/* ---------------------------------------------------------------------------------------- parts */

/* The texts from `first` on that are computed together, as a batch of the net; ids are those of the
 * batch, or NULL. */
static qg_code cut(qg_train_batch *out, qg_explained_model *m, const qg_batch *b, int first,
                   const int32_t *target, bool with_ids)
{
    int n = 0, from = b->splits[first];
    do {
        int32_t end = b->splits[first + n + 1], len = end - b->splits[first + n];
        if (len < 1 || len > m->params.config.positions)
            return QG_FAIL(QG_EMODEL, "text %d of the batch has %d tokens, the model takes 1 to %d",
                           first + n, len, m->params.config.positions);
        if (n > 0 && end - from > m->tokens)
            break;
        m->label[n] = target ? target[first + n] : 0;
        m->splits[++n] = end - from;
    } while (first + n < b->B && n < m->tokens);
    *out = (qg_train_batch){.B = n,
                            .ids = with_ids ? b->ids + from : NULL,
                            .splits = m->splits,
                            .label = m->label,
                            .sample = m->sample,
                            .positions = b->positions ? b->positions + from : NULL};
    return QG_OK;
}

static qg_entry entry_of(qg_explain_layer layer)
{
    return layer == QG_EXPLAIN_EMBEDDINGS ? QG_ENTRY_EMBEDDINGS : QG_ENTRY_WORDS;
}

static qg_code embed(void *ctx, float *x, const qg_batch *b, qg_explain_layer layer)
{
    qg_explained_model *m = ctx;
    qg_train_batch part;
    for (int t = 0; t < b->B; t += part.B) {
        size_t at = (size_t)b->splits[t] * (size_t)m->params.config.hidden;
        QG_TRY(cut(&part, m, b, t, NULL, true));
        QG_TRY(qg_net_embed(x + at, m->net, &part, entry_of(layer)));
    }
    return QG_OK;
}

static qg_code backward(double *value, float *dx, qg_explained_model *m, const float *x,
                        const qg_batch *b, const int32_t *target, const qg_input_question *ask)
{
    qg_train_batch part;
    for (int t = 0; t < b->B; t += part.B) {
        size_t at = (size_t)b->splits[t] * (size_t)m->params.config.hidden;
        QG_TRY(cut(&part, m, b, t, target, false));
        QG_TRY(qg_net_input_gradient(value + t, dx ? dx + at : NULL, m->net, m->qat, &part, x + at,
                                     ask));
    }
    return QG_OK;
}

static qg_code gradient(void *ctx, double *value, float *dx, const float *x, const qg_batch *b,
                        const int32_t *target, qg_explain_output output, qg_explain_layer layer)
{
    qg_input_question ask = {entry_of(layer), output == QG_EXPLAIN_PROBABILITY, false};
    return backward(value, dx, ctx, x, b, target, &ask);
}

static qg_code relevance(void *ctx, double *value, float *dx, const float *x, const qg_batch *b,
                         const int32_t *target, qg_explain_output output, qg_explain_layer layer)
{
    qg_input_question ask = {entry_of(layer), output == QG_EXPLAIN_PROBABILITY, true};
    return backward(value, dx, ctx, x, b, target, &ask);
}

static qg_code logits(void *ctx, float *out, const qg_batch *b)
{
    qg_explained_model *m = ctx;
    qg_train_batch part;
    if (m->deployed)
        return qg_model_forward(out, m->deployed, b, NULL);
    for (int t = 0; t < b->B; t += part.B) {
        QG_TRY(cut(&part, m, b, t, NULL, true));
        QG_TRY(qg_net_forward(out + (size_t)t * (size_t)m->params.config.classes, m->net, m->qat,
                              &part));
    }
    return QG_OK;
}

static qg_code attention(void *ctx, float *out, const qg_batch *b)
{
    const qg_explainable of = qg_explainable_of_model(((qg_explained_model *)ctx)->deployed);
    return of.attention(of.ctx, out, b);
}

qg_explainable qg_explained_model_functions(qg_explained_model *m, qg_model *deployed)
{
    const qg_config *c = &m->params.config;
    m->deployed = deployed;
    return (qg_explainable){.ctx = m,
                            .classes = c->classes,
                            .hidden = c->hidden,
                            .vocab = c->vocab,
                            .max_tokens = c->positions,
                            .logits = logits,
                            .embed = embed,
                            .gradient = gradient,
                            .relevance = relevance,
                            .layers = c->layers,
                            .heads = c->heads,
                            .attention = deployed ? attention : NULL};
}
