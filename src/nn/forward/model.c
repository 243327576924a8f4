/*
 * model.c - opening a packed folder: everything mapped is checked against config.json first.
 */
#include "model_internal.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

enum { MANIFEST_BYTES = 16 << 20 };

static qg_code missing_key(const qg_json_doc *d, const char *key)
{
    return QG_FAIL_AT(QG_EFORMAT, d->path, 0, 0, key, "is missing or of another type");
}

static qg_code read_errors(qg_model *m, const qg_json_doc *d)
{
    const qg_json *v = qg_json_get(d->root, "layers");
    int expected = QG_LINEARS_PER_LAYER * m->config.layers + 2, i = 0;
    if (!v || v->type != QG_JSON_ARRAY || v->count != expected)
        return missing_key(d, "layers");
    QG_NEW(m->errors, m->arena, expected);
    for (const qg_json *e = v->child; e; e = e->next, i++) {
        const qg_json *name = qg_json_get(e, "name"), *mse = qg_json_get(e, "mse");
        const qg_json *max = qg_json_get(e, "max_abs"), *cosine = qg_json_get(e, "cosine");
        if (!name || !mse || !max || !cosine || name->type != QG_JSON_STRING)
            return missing_key(d, "layers");
        snprintf(m->errors[i].name, sizeof m->errors[i].name, "%s", name->string);
        m->errors[i].mse = mse->number;
        m->errors[i].max_abs = max->number;
        m->errors[i].cosine = cosine->number;
    }
    m->n_linears = expected;
    return QG_OK;
}

static qg_code read_manifest(qg_model *m)
{
    static const char *const embeddings[] = {"fp32", "fp16", "int8"};
    qg_json_doc d;
    char *path = qg_path_join(m->arena, m->dir, "qgrid.json");
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_json_load(&d, m->arena, path, MANIFEST_BYTES));
    const qg_json *format = qg_json_get(d.root, "format");
    const qg_json *precision = qg_json_get(d.root, "precision");
    const qg_json *kind = qg_json_get(d.root, "embeddings");
    const qg_json *parameters = qg_json_get(d.root, "parameters");
    if (!format || format->type != QG_JSON_NUMBER)
        return missing_key(&d, "format");
    if (format->number != QG_PACK_FORMAT)
        return QG_JSON_FAIL(&d, format, QG_EUNSUPPORTED,
                            "this folder has pack format %.0f, this qgrid reads format %d; run "
                            "qgrid quantize again",
                            format->number, QG_PACK_FORMAT);
    if (!precision || precision->type != QG_JSON_STRING)
        return missing_key(&d, "precision");
    m->precision = qg_precision_find(precision->string);
    if (!m->precision)
        return QG_JSON_FAIL(&d, precision, QG_EUNSUPPORTED, "there is no precision '%s'",
                            precision->string);
    if (!parameters || parameters->type != QG_JSON_NUMBER)
        return missing_key(&d, "parameters");
    m->parameters = (int64_t)parameters->number;
    m->embeddings = -1;
    for (int i = 0; i < 3 && kind && kind->type == QG_JSON_STRING; i++)
        if (strcmp(kind->string, embeddings[i]) == 0)
            m->embeddings = i;
    if (m->embeddings < 0)
        return missing_key(&d, "embeddings");
    m->precision_name = qg_precision_spec_name(m->arena, m->precision, m->embeddings);
    if (!m->precision_name)
        return QG_ENOMEM;
    return read_errors(m, &d);
}

/* A tensor of exactly `count` elements, aligned to its element. */
static qg_code get(const void **out, qg_model *m, const char *name, const char *part, qg_dtype type,
                   size_t count)
{
    char full[160];
    snprintf(full, sizeof full, "%s%s", name, part);
    const qg_tensor *t = qg_weights_find(m->weights, full);
    if (!t)
        return QG_FAIL_AT(QG_EMODEL, m->dir, 0, 0, full, "the packed folder lacks this tensor");
    if (t->dtype != type || t->bytes != count * qg_dtype_size(type))
        return QG_FAIL_AT(QG_EMODEL, m->dir, 0, 0, full, "has %lld x %s, %zu x %s is expected",
                          (long long)qg_tensor_count(t), qg_dtype_name(t->dtype), count,
                          qg_dtype_name(type));
    if ((uintptr_t)t->data % qg_dtype_size(type) != 0)
        return QG_FAIL_AT(QG_EMODEL, m->dir, 0, 0, full, "is not aligned");
    *out = t->data;
    return QG_OK;
}

static qg_code get_linear(qg_panels *p, qg_model *m, const qg_linear_name *l)
{
    static const qg_dtype types[] = {
        [QG_PANEL_F32] = QG_F32,         [QG_PANEL_F16] = QG_F16, [QG_PANEL_BF16] = QG_BF16,
        [QG_PANEL_BF16_PAIRS] = QG_BF16, [QG_PANEL_S8] = QG_I8,   [QG_PANEL_S4] = QG_U8,
        [QG_PANEL_NF4] = QG_U8};
    qg_panel_format f = m->precision->format;
    int group = qg_precision_group(m->precision, l->k);
    size_t np = (size_t)(l->n + QG_NR - 1) / QG_NR * QG_NR;
    size_t scales = qg_panels_scale_count(f, l->n, l->k, group);
    const void *v = NULL;
    *p = (qg_panels){.format = f, .n = l->n, .k = l->k, .group = group};
    QG_TRY(get(&p->codes, m, l->name, ".codes", types[f],
               qg_panels_code_bytes(f, l->n, l->k) / qg_dtype_size(types[f])));
    QG_TRY(get(&v, m, l->name, ".bias", QG_F32, np));
    p->bias = v;
    if (scales) {
        QG_TRY(get(&v, m, l->name, ".scales", QG_F32, scales));
        p->scales = v;
    }
    if (f == QG_PANEL_S8) {
        QG_TRY(get(&v, m, l->name, ".colsum", QG_I32, np));
        p->colsum = v;
    }
    return QG_OK;
}

static qg_code get_norm(qg_layer_norm *n, qg_model *m, const char *name)
{
    const void *v;
    QG_TRY(get(&v, m, name, ".weight", QG_F32, (size_t)m->config.hidden));
    n->gamma = v;
    QG_TRY(get(&v, m, name, ".bias", QG_F32, (size_t)m->config.hidden));
    n->beta = v;
    return QG_OK;
}

static qg_code get_table(qg_table *t, qg_model *m, const qg_table_name *name)
{
    static const qg_dtype types[] = {QG_F32, QG_F16, QG_I8};
    const void *v;
    t->rows = name->rows;
    QG_TRY(get(&t->data, m, name->name, "", types[m->embeddings],
               (size_t)name->rows * (size_t)m->config.hidden));
    if (m->embeddings == QG_EMBED_INT8) {
        QG_TRY(get(&v, m, name->name, ".scales", QG_F32, (size_t)name->rows));
        t->scales = v;
    }
    return QG_OK;
}

static qg_code get_all(qg_model *m)
{
    int linears, norms;
    qg_table_name table[QG_TABLES];
    const qg_linear_name *l = qg_linear_names(m->arena, &m->config, &linears);
    char(*norm)[96] = qg_norm_names(m->arena, &m->config, &norms);
    if (!l || !norm)
        return QG_ENOMEM;
    qg_table_names(table, &m->config);
    QG_NEW(m->layers, m->arena, m->config.layers);
    QG_TRY(get_table(&m->word, m, &table[0]));
    QG_TRY(get_table(&m->position, m, &table[1]));
    QG_TRY(get_table(&m->type, m, &table[2]));
    QG_TRY(get_norm(&m->embedding_norm, m, norm[0]));
    for (int i = 0; i < m->config.layers; i++) {
        qg_layer *y = &m->layers[i];
        qg_panels *parts[] = {&y->query,        &y->key,   &y->value, &y->attention_output,
                              &y->intermediate, &y->output};
        for (int k = 0; k < QG_LINEARS_PER_LAYER; k++)
            QG_TRY(get_linear(parts[k], m, &l[i * QG_LINEARS_PER_LAYER + k]));
        y->intermediate.act = (qg_activation)m->config.activation;
        QG_TRY(get_norm(&y->attention_norm, m, norm[1 + 2 * i]));
        QG_TRY(get_norm(&y->output_norm, m, norm[2 + 2 * i]));
    }
    QG_TRY(get_linear(&m->pooler, m, &l[linears - 2]));
    m->pooler.act = QG_ACT_TANH;
    return get_linear(&m->classifier, m, &l[linears - 1]);
}

static qg_code open_all(qg_model *m, const char *dir)
{
    const char *why = NULL;
    m->kernels = qg_kernels_get(&why);
    if (!m->kernels)
        return QG_FAIL(QG_EUNSUPPORTED, "%s", why);
    if (!(m->dir = qg_arena_strdup(m->arena, dir)))
        return QG_ENOMEM;
    if (!qg_is_packed(dir))
        return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, NULL, "is not a packed folder (no qgrid.json)");
    char *weights = qg_path_join(m->arena, dir, "model.safetensors");
    if (!weights)
        return QG_ENOMEM;
    QG_TRY(qg_bert_config_load(&m->config, m->arena, dir));
    QG_TRY(read_manifest(m));
    QG_TRY(qg_weights_open(&m->weights, weights));
    m->bytes = qg_path_bytes(weights);
    return get_all(m);
}

qg_code qg_model_open(qg_model **out, const char *packed_dir)
{
    qg_arena *a = qg_arena_create(0);
    qg_model *m = a ? qg_arena_alloc(a, 1, sizeof *m) : NULL;
    if (!m) {
        if (a)
            qg_arena_destroy(a);
        return QG_FAIL(QG_ENOMEM, "no memory");
    }
    m->arena = a;
    qg_code rc = open_all(m, packed_dir);
    if (rc != QG_OK) {
        qg_error kept = *qg_error_last();
        qg_model_close(m);
        return qg_error_restore(&kept);
    }
    *out = m;
    return QG_OK;
}

void qg_model_close(qg_model *m)
{
    if (!m)
        return;
    if (m->weights)
        qg_weights_close(m->weights);
    qg_arena_destroy(m->workspace.arena);
    qg_arena_destroy(m->arena);
}

const qg_bert_config *qg_model_config(const qg_model *m)
{
    return &m->config;
}

int64_t qg_model_size_bytes(const qg_model *m)
{
    return m->bytes;
}

int64_t qg_model_parameters(const qg_model *m)
{
    return m->parameters;
}

const char *qg_model_dir(const qg_model *m)
{
    return m->dir;
}

const char *qg_model_precision(const qg_model *m)
{
    return m->precision_name;
}

const qg_precision *qg_model_scheme(const qg_model *m)
{
    return m->precision;
}

const qg_layer_error *qg_model_layer_errors(const qg_model *m, int *n)
{
    *n = m->n_linears;
    return m->errors;
}
