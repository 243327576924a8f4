/*
 * qat.c - the state of fake quantization over a training run.
 */
#include "qat.h"

#include "learned_scales.h"

#include <string.h>

static size_t elements(const qg_param *t)
{
    return (size_t)t->rows * (size_t)t->columns;
}

static bool is_table(const qg_param *t)
{
    return t->kind == QG_MODULE_TABLE;
}

/* Biases, and what norms have. */
static bool is_vector(const qg_param *t)
{
    return t->columns == 1 && !is_table(t);
}

static bool is_halves(int kind)
{
    return kind == QG_EMBED_FP16 || kind == QG_EMBED_BF16;
}

/* Room for the codes of one matrix; values at levels of integers come without. */
static size_t most_codes(const qg_params *params, const qg_qat_options *o)
{
    size_t most = 0;
    for (int i = 0; i < params->sites && !qg_precision_has_levels(o->precision.scheme); i++) {
        size_t n = elements(&params->param[params->site[i].param]);
        most = n > most ? n : most;
    }
    for (int i = 0; i < params->n; i++) {
        const qg_param *t = &params->param[i];
        int kind = is_table(t) ? o->precision.embeddings : o->precision.vectors;
        size_t n = is_halves(kind) && (is_table(t) || is_vector(t)) ? elements(t) : 0;
        most = n > most ? n : most;
    }
    return most;
}

static qg_code create(qg_qat *q, const qg_params *params, const qg_qat_options *o)
{
    size_t rows = 0, scales = 0;
    *q = (qg_qat){.arena = q->arena, .params = params, .options = *o};
    QG_ASSERT(!o->learned || params->scheme == o->precision.scheme);
    q->active = o->start == 0;
    q->kind = o->inputs == QG_QAT_MOVING ? QG_INPUT_MOVING : qg_input_kind_of(o->precision.scheme);
    for (int i = 0; i < params->n; i++) {
        size_t m = is_table(&params->param[i]) ? (size_t)params->param[i].rows : 0;
        rows = m > rows ? m : rows;
    }
    QG_NEW(q->scale_at, q->arena, params->sites);
    for (int i = 0; i < params->sites; i++) {
        const qg_linear *l = &params->site[i];
        q->scale_at[i] = scales;
        scales += qg_weights_scales(o->precision.scheme, l->n, l->k);
    }
    QG_NEW(q->table_scales, q->arena, rows);
    QG_NEW(q->range, q->arena, params->sites);
    QG_NEW(q->scales, q->arena, scales);
    QG_NEW(q->codes, q->arena, most_codes(params, o));
    QG_NEW(q->weights, q->arena, params->count);
    return QG_OK;
}

qg_code qg_qat_create(qg_qat **out, const qg_params *params, const qg_qat_options *options)
{
    qg_arena *a = qg_arena_create(0);
    qg_qat *q = a ? qg_arena_alloc(a, 1, sizeof *q) : NULL;
    if (!q) {
        qg_arena_destroy(a);
        return QG_FAIL(QG_ENOMEM, "no memory");
    }
    q->arena = a;
    qg_code rc = create(q, params, options);
    if (rc != QG_OK) {
        qg_arena_destroy(a);
        return rc;
    }
    *out = q;
    return QG_OK;
}

void qg_qat_destroy(qg_qat *q)
{
    if (q)
        qg_arena_destroy(q->arena);
}

size_t qg_qat_bytes(const qg_qat *q)
{
    return qg_arena_used(q->arena);
}

static void prepare_site(qg_qat *q, int site, const float *values)
{
    const qg_linear *l = &q->params->site[site];
    const qg_precision *p = q->options.precision.scheme;
    int n = l->n / l->parts;
    float *scales = q->scales + q->scale_at[site];
    for (int i = 0; i < l->parts; i++) {
        size_t at = l->weight + (size_t)i * (size_t)n * (size_t)l->k;
        if (q->options.learned) {
            qg_scales_of(scales, values, q->params, site, i);
            qg_levels_values(q->weights + at, scales, values + at, n, l->k,
                             qg_precision_group(p, l->k), &p->levels, qg_kernels_get(NULL));
        } else {
            qg_weights_forward(q->weights + at, scales, q->codes, values + at, n, l->k, p);
        }
        scales += qg_weights_scales(p, n, l->k);
    }
}

void qg_qat_reach(qg_qat *q, uint64_t step, float *values)
{
    const qg_qat_options *o = &q->options;
    q->active = step >= o->start;
    if (o->freeze > 0)
        q->frozen = step >= o->freeze;
    if (o->learned && step > 0 && step == o->start)
        qg_params_measure_scales(values, q->params);
}

/* Embedding tables and vectors, which are stored in a kind of their own. */
static void prepare_others(qg_qat *q, const float *values)
{
    const qg_precision_spec *p = &q->options.precision;
    for (int i = 0; i < q->params->n - q->params->scales; i++) {
        const qg_param *t = &q->params->param[i];
        int kind = is_table(t) ? p->embeddings : is_vector(t) ? p->vectors : QG_EMBED_FP32;
        if (kind != QG_EMBED_FP32)
            qg_weights_forward(q->weights + t->offset, q->table_scales, q->codes,
                               values + t->offset, t->rows, t->columns,
                               qg_embedding_precision(kind));
    }
}

void qg_qat_prepare(qg_qat *q, const float *values)
{
    size_t from = 0; /* what lies between the weights of Linear layers is copied */
    q->values = values;
    if (!q->active)
        return;
    for (int i = 0; i < q->params->sites; i++) {
        const qg_linear *l = &q->params->site[i];
        memcpy(q->weights + from, values + from, (l->weight - from) * sizeof *values);
        from = l->weight + (size_t)l->n * (size_t)l->k;
        prepare_site(q, i, values);
    }
    memcpy(q->weights + from, values + from, (q->params->count - from) * sizeof *values);
    prepare_others(q, values);
}

const float *qg_qat_weights(const qg_qat *q)
{
    return q->active ? q->weights : q->values;
}

void qg_qat_weight_gradient(float *grad, const qg_qat *q, const float *values, size_t from,
                            size_t to)
{
    const qg_precision *p = q->options.precision.scheme;
    for (int i = 0; i < q->params->sites && q->active; i++) {
        const qg_linear *l = &q->params->site[i];
        size_t begin = l->weight, end = begin + (size_t)l->n * (size_t)l->k;
        size_t first = from > begin ? from : begin, last = to < end ? to : end;
        if (first < last)
            qg_weights_backward(grad + begin, values + begin, q->scales + q->scale_at[i],
                                first - begin, last - begin, l->k, p, q->options.learned);
    }
}

void qg_qat_leaf_gradient(float *grad, const qg_qat *q)
{
    if (q->active && q->options.learned)
        qg_scales_gradient(grad, q->values, q->params);
}

qg_range *qg_qat_ranges(qg_qat *q)
{
    return q->range;
}

void qg_qat_observe(qg_qat *q, const qg_range *seen)
{
    for (int i = 0; i < q->params->sites && q->active && !q->frozen; i++)
        q->range[i] = qg_range_moved(q->range[i], seen[i]);
}
