/*
 * model.c - opening a packed folder: everything mapped is checked against config.json first.
 */
#include "model_internal.h"

#include "qgrid/file.h"
#include "qgrid/seal.h"
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
    int expected = qg_linear_count(&m->config), i = 0;
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

/* A qg_embeddings by its name. */
static qg_code read_kind(int *out, const qg_json_doc *d, const char *key)
{
    const qg_json *v = qg_json_get(d->root, key);
    for (int i = 0; v && v->type == QG_JSON_STRING && qg_embedding_names[i]; i++)
        if (strcmp(v->string, qg_embedding_names[i]) == 0) {
            *out = i;
            return QG_OK;
        }
    return missing_key(d, key);
}

static qg_code check_format(const qg_json_doc *d)
{
    const qg_json *format = qg_json_get(d->root, "format");
    if (!format || format->type != QG_JSON_NUMBER)
        return missing_key(d, "format");
    if (format->number != QG_PACK_FORMAT)
        return QG_JSON_FAIL(d, format, QG_EUNSUPPORTED,
                            "this folder has pack format %.0f, this qgrid reads format %d; run "
                            "qgrid quantize again",
                            format->number, QG_PACK_FORMAT);
    return QG_OK;
}

static qg_code load_manifest(qg_json_doc *d, qg_model *m)
{
    char *path = qg_path_join(m->arena, m->dir, "qgrid.json");
    return path ? qg_json_load(d, m->arena, path, MANIFEST_BYTES) : QG_ENOMEM;
}

/* Nothing of the folder is believed before its checksums hold; but one of another format may have
 * none. */
static qg_code check_folder(qg_model *m)
{
    qg_json_doc d;
    if (load_manifest(&d, m) == QG_OK && check_format(&d) == QG_EUNSUPPORTED)
        return QG_EUNSUPPORTED;
    qg_error_clear();
    return qg_seal_check(m->dir);
}

static qg_code read_manifest(qg_model *m)
{
    qg_json_doc d;
    QG_TRY(load_manifest(&d, m));
    QG_TRY(check_format(&d));
    const qg_json *precision = qg_json_get(d.root, "precision");
    const qg_json *parameters = qg_json_get(d.root, "parameters");
    if (!precision || precision->type != QG_JSON_STRING)
        return missing_key(&d, "precision");
    m->precision = qg_precision_find(precision->string);
    if (!m->precision)
        return QG_JSON_FAIL(&d, precision, QG_EUNSUPPORTED, "there is no precision '%s'",
                            precision->string);
    if (!parameters || parameters->type != QG_JSON_NUMBER)
        return missing_key(&d, "parameters");
    m->parameters = (int64_t)parameters->number;
    m->precision_spec.scheme = m->precision;
    QG_TRY(read_kind(&m->precision_spec.embeddings, &d, "embeddings"));
    QG_TRY(read_kind(&m->precision_spec.vectors, &d, "vectors"));
    m->precision_spec.name = qg_precision_spec_name(m->arena, &m->precision_spec);
    if (!m->precision_spec.name)
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

/* A bias, or a vector of a norm, as f32; stored in halves it is a copy. */
static qg_code get_vector(const float **out, qg_model *m, const char *name, const char *part,
                          size_t count)
{
    int kind = m->precision_spec.vectors;
    const void *v;
    float *copy;
    QG_TRY(get(&v, m, name, part, qg_stored_dtype(kind), count));
    *out = v;
    if (kind == QG_EMBED_FP32)
        return QG_OK;
    QG_NEW(copy, m->arena, count);
    qg_halves_to_f32(copy, v, count, kind);
    *out = copy;
    return QG_OK;
}

static qg_code get_linear(qg_dense *out, qg_model *m, const qg_module *l)
{
    qg_panels *p = &out->w;
    qg_panel_format f = m->precision->format;
    qg_dtype type = qg_panel_dtype(f);
    int n = l->rows, k = l->columns, group = qg_precision_group(m->precision, k);
    size_t np = qg_panel_rows(n), scales = qg_panels_scale_count(f, n, k, group);
    size_t codes = qg_panels_code_bytes(f, n, k) / qg_dtype_size(type);
    const void *v = NULL;
    out->activations = m->precision->activations;
    *p = (qg_panels){.format = f, .n = n, .k = k, .group = group};
    QG_TRY(get(&p->codes, m, l->name, ".codes", type, codes));
    QG_TRY(get_vector(&p->bias, m, l->name, ".bias", np));
    if (scales) {
        QG_TRY(get(&v, m, l->name, ".scales", QG_F32, scales));
        p->scales = v;
    }
    if (f == QG_PANEL_S8) {
        QG_TRY(get(&v, m, l->name, ".colsum", QG_I32, np));
        p->colsum = v;
    }
    if (l->role == QG_ROLE_INTERMEDIATE)
        p->act = m->config.activation;
    else if (l->role == QG_ROLE_POOLER)
        p->act = m->config.family->head_activation;
    return QG_OK;
}

static qg_code get_norm(qg_layer_norm *n, qg_model *m, const qg_module *module)
{
    QG_TRY(get_vector(&n->gamma, m, module->name, ".weight", (size_t)module->rows));
    return get_vector(&n->beta, m, module->name, ".bias", (size_t)module->rows);
}

static qg_code get_table(qg_table *t, qg_model *m, const qg_module *module)
{
    const void *v;
    t->rows = module->rows;
    t->kind = m->precision_spec.embeddings;
    QG_TRY(get(&t->data, m, module->name, ".weight", qg_stored_dtype(t->kind),
               (size_t)module->rows * (size_t)module->columns));
    if (t->kind == QG_EMBED_INT8) {
        QG_TRY(get(&v, m, module->name, ".weight.scales", QG_F32, (size_t)module->rows));
        t->scales = v;
    }
    return QG_OK;
}

void *qg_model_place(qg_model *m, const qg_module *module)
{
    static const size_t in_model[QG_ROLES] = {
        [QG_ROLE_WORD] = offsetof(qg_model, word),
        [QG_ROLE_POSITION] = offsetof(qg_model, position),
        [QG_ROLE_TYPE] = offsetof(qg_model, type),
        [QG_ROLE_EMBEDDING_NORM] = offsetof(qg_model, embedding_norm),
        [QG_ROLE_POOLER] = offsetof(qg_model, pooler),
        [QG_ROLE_CLASSIFIER] = offsetof(qg_model, classifier),
    };
    static const size_t in_layer[QG_ROLES] = {
        [QG_ROLE_QUERY] = offsetof(qg_layer, query),
        [QG_ROLE_KEY] = offsetof(qg_layer, key),
        [QG_ROLE_VALUE] = offsetof(qg_layer, value),
        [QG_ROLE_ATTENTION_OUTPUT] = offsetof(qg_layer, attention_output),
        [QG_ROLE_ATTENTION_NORM] = offsetof(qg_layer, attention_norm),
        [QG_ROLE_INTERMEDIATE] = offsetof(qg_layer, intermediate),
        [QG_ROLE_OUTPUT] = offsetof(qg_layer, output),
        [QG_ROLE_OUTPUT_NORM] = offsetof(qg_layer, output_norm),
    };
    return module->layer == QG_OUTSIDE ? (char *)m + in_model[module->role]
                                       : (char *)&m->layers[module->layer] + in_layer[module->role];
}

static qg_code get_all(qg_model *m)
{
    qg_module *module;
    int n;
    QG_TRY(qg_modules_of(&module, &n, m->arena, &m->config, QG_OBJECTIVE_CLASSIFICATION));
    QG_NEW(m->layers, m->arena, m->config.layers);
    for (int i = 0; i < n; i++) {
        void *place = qg_model_place(m, &module[i]);
        if (module[i].kind == QG_MODULE_LINEAR)
            QG_TRY(get_linear(place, m, &module[i]));
        else if (module[i].kind == QG_MODULE_NORM)
            QG_TRY(get_norm(place, m, &module[i]));
        else
            QG_TRY(get_table(place, m, &module[i]));
    }
    return QG_OK;
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
    QG_TRY(check_folder(m));
    QG_TRY(qg_config_load(&m->config, m->arena, dir));
    QG_TRY(read_manifest(m));
    QG_TRY(qg_weights_open(&m->weights, weights));
    m->bytes = qg_path_bytes(weights);
    QG_TRY(get_all(m));
    QG_TRY(qg_seal_check(dir)); /* of the very file that is mapped */
    return qg_model_check_unchanged(m);
}

qg_code qg_model_check_unchanged(const qg_model *m)
{
    return qg_weights_check_unchanged(m->weights);
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

const qg_config *qg_model_config(const qg_model *m)
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
    return m->precision_spec.name;
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
