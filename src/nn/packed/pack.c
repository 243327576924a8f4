/*
 * pack.c - from a checkpoint to a packed folder, one tensor in memory at a time.
 */
#include "qgrid/checkpoint.h"
#include "qgrid/safetensors_write.h"
#include "pack_codes.h"
#include "qgrid/packed.h"
#include "qgrid/tokenizer.h"
#include "qgrid/trained_scales.h"
#include "source.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/seal.h"
#include "qgrid/str.h"

#include <string.h>
#include <unistd.h>

typedef struct packer {
    qg_arena *arena;   /* names, errors */
    qg_arena *scratch; /* one tensor */
    qg_config config;
    const qg_precision_spec *spec;
    qg_checkpoint checkpoint;
    qg_trained_scales trained; /* of the weights, where the folder has them */
    qg_tensor *tensor;         /* planned, in file order */
    int n_tensors;
    qg_module *module;
    int n_modules;
    qg_layer_error *error; /* of each Linear layer */
    int n_errors;
    int64_t parameters;
    qg_safetensors_writer writer;
} packer;

static qg_code plan(packer *p, qg_dtype type, size_t count, const char *name, const char *part)
{
    qg_tensor *t = &p->tensor[p->n_tensors++];
    *t = (qg_tensor){.dtype = type, .ndim = 1, .shape = {(int64_t)count}};
    t->bytes = count * qg_dtype_size(type);
    t->name = qg_arena_printf(p->arena, "%s%s", name, part);
    return t->name ? QG_OK : QG_ENOMEM;
}

static qg_code plan_linear(packer *p, const qg_module *l)
{
    const qg_precision *s = p->spec->scheme;
    int n = l->rows, k = l->columns;
    qg_dtype type = qg_panel_dtype(s->format);
    size_t scales = qg_panels_scale_count(s->format, n, k, qg_precision_group(s, k));
    size_t codes = qg_panels_code_bytes(s->format, n, k) / qg_dtype_size(type);
    QG_TRY(plan(p, type, codes, l->name, ".codes"));
    if (scales)
        QG_TRY(plan(p, QG_F32, scales, l->name, ".scales"));
    if (s->format == QG_PANEL_S8)
        QG_TRY(plan(p, QG_I32, qg_panel_rows(n), l->name, ".colsum"));
    return plan(p, qg_stored_dtype(p->spec->vectors), qg_panel_rows(n), l->name, ".bias");
}

static qg_code plan_norm(packer *p, const qg_module *m)
{
    qg_dtype type = qg_stored_dtype(p->spec->vectors);
    QG_TRY(plan(p, type, (size_t)m->rows, m->name, ".weight"));
    return plan(p, type, (size_t)m->rows, m->name, ".bias");
}

static qg_code plan_table_scales(packer *p, const qg_module *m)
{
    return p->spec->embeddings == QG_EMBED_INT8
               ? plan(p, QG_F32, (size_t)m->rows, m->name, ".weight.scales")
               : QG_OK;
}

static qg_code plan_table(packer *p, const qg_module *m)
{
    return plan(p, qg_stored_dtype(p->spec->embeddings), (size_t)m->rows * (size_t)m->columns,
                m->name, ".weight");
}

typedef qg_code (*module_action)(packer *p, const qg_module *m);

/* The modules of one kind, one after the other. */
static qg_code each(packer *p, qg_module_kind kind, module_action act)
{
    for (int i = 0; i < p->n_modules; i++) {
        qg_mark mark = qg_arena_mark(p->scratch);
        if (p->module[i].kind == kind)
            QG_TRY(act(p, &p->module[i]));
        qg_arena_release(p->scratch, mark);
    }
    return QG_OK;
}

/* Wide elements first: whatever the sizes, every tensor then starts aligned to its element. */
static qg_code in_file_order(packer *p, module_action linear, module_action norm,
                             module_action table_scales, module_action table)
{
    bool wide = qg_dtype_size(qg_stored_dtype(p->spec->embeddings)) >
                qg_dtype_size(qg_stored_dtype(p->spec->vectors));
    QG_TRY(each(p, QG_MODULE_LINEAR, linear));
    QG_TRY(each(p, QG_MODULE_TABLE, table_scales));
    if (wide)
        QG_TRY(each(p, QG_MODULE_TABLE, table));
    QG_TRY(each(p, QG_MODULE_NORM, norm));
    return wide ? QG_OK : each(p, QG_MODULE_TABLE, table);
}

/* A drawn head is not the one that was trained. */
static qg_code quantize(void *codes, float *scales, const packer *p, const qg_module *l,
                        const float *w)
{
    const qg_precision *s = p->spec->scheme;
    int n = l->rows, k = l->columns;
    bool drawn = p->checkpoint.random_head && l->role == QG_ROLE_CLASSIFIER;
    if (!p->trained.weights || drawn) {
        qg_precision_quantize(codes, scales, w, n, k, s);
        return QG_OK;
    }
    QG_TRY(qg_trained_scales_read(scales, &p->trained, l->name, n, k, s));
    qg_levels_codes(codes, scales, w, n, k, qg_precision_group(s, k), &s->levels);
    return QG_OK;
}

/* The numbers of a tensor as a kind of floats holds them. */
static qg_code put_floats(packer *p, const char *tensor, const float *w, size_t n, int kind)
{
    uint16_t *half;
    float *kept;
    if (kind == QG_EMBED_FP32)
        return qg_safetensors_put(&p->writer, w, n * sizeof *w);
    QG_NEW(half, p->scratch, n);
    QG_NEW(kept, p->scratch, n);
    qg_precision_quantize(half, NULL, w, 1, (int)n, qg_embedding_precision(kind));
    qg_halves_to_f32(kept, half, n, kind);
    QG_TRY(qg_stored_check(p->checkpoint.dir, tensor, w, kept, n, qg_embedding_precision(kind)));
    return qg_safetensors_put(&p->writer, half, n * sizeof *half);
}

static qg_code write_linear(packer *p, const qg_module *l)
{
    const qg_precision *s = p->spec->scheme;
    int n = l->rows, k = l->columns, group = qg_precision_group(s, k);
    int groups = (k + group - 1) / group;
    size_t count = (size_t)n * (size_t)k, np = qg_panel_rows(n);
    size_t bytes = qg_panels_code_bytes(s->format, n, k);
    size_t n_scales = qg_panels_scale_count(s->format, n, k, group);
    qg_parameter weight = qg_module_weight(l), offset = qg_module_bias(l);
    float *w, *scales, *packed_scales, *bias;
    uint32_t *codes;
    char *panels;
    int32_t *colsum;
    QG_NEW(w, p->scratch, count);
    QG_NEW(codes, p->scratch, count); /* room for the widest code */
    QG_NEW(scales, p->scratch, (size_t)n * (size_t)groups);
    QG_NEW(packed_scales, p->scratch, n_scales);
    QG_NEW(panels, p->scratch, bytes);
    QG_NEW(colsum, p->scratch, np);
    QG_NEW(bias, p->scratch, np);
    QG_TRY(qg_checkpoint_read(w, &p->checkpoint, &weight));
    QG_TRY(qg_checkpoint_read(bias, &p->checkpoint, &offset));
    QG_TRY(quantize(codes, scales, p, l, w));
    qg_pack_codes(panels, colsum, codes, s->format, n, k);
    if (n_scales)
        qg_pack_scales(packed_scales, scales, n, s->format == QG_PANEL_S8 ? 1 : groups);
    qg_panels v = {.format = s->format,
                   .n = n,
                   .k = k,
                   .group = group,
                   .codes = panels,
                   .scales = packed_scales,
                   .colsum = colsum,
                   .bias = bias};
    qg_unpack_to_f32((float *)codes, &v);
    QG_TRY(qg_stored_check(p->checkpoint.dir, weight.name, w, (const float *)codes, count, s));
    qg_layer_error_measure(&p->error[p->n_errors++], l->name, w, (const float *)codes, count);
    p->parameters += (int64_t)count + n;
    QG_TRY(qg_safetensors_put(&p->writer, panels, bytes));
    QG_TRY(qg_safetensors_put(&p->writer, packed_scales, n_scales * sizeof *packed_scales));
    if (s->format == QG_PANEL_S8)
        QG_TRY(qg_safetensors_put(&p->writer, colsum, np * sizeof *colsum));
    return put_floats(p, offset.name, bias, np, p->spec->vectors);
}

static qg_code write_norm(packer *p, const qg_module *m)
{
    qg_parameter part[2];
    float *v;
    QG_NEW(v, p->scratch, m->rows);
    for (int i = 0, n = qg_module_parameters(part, m); i < n; i++) {
        QG_TRY(qg_checkpoint_read(v, &p->checkpoint, &part[i]));
        QG_TRY(put_floats(p, part[i].name, v, (size_t)m->rows, p->spec->vectors));
        p->parameters += m->rows;
    }
    return QG_OK;
}

static qg_code read_table(float **out, packer *p, const qg_module *m)
{
    qg_parameter weight = qg_module_weight(m);
    QG_NEW(*out, p->scratch, (size_t)m->rows * (size_t)m->columns);
    return qg_checkpoint_read(*out, &p->checkpoint, &weight);
}

/* 8-bit rows have a scale each, as int8 weights: max / 127. */
static qg_code quantize_table(int8_t **codes, float **scales, packer *p, const qg_module *m)
{
    const qg_precision *s = qg_embedding_precision(QG_EMBED_INT8);
    qg_parameter weight = qg_module_weight(m);
    float *w, *kept;
    size_t columns = (size_t)m->columns, count = (size_t)m->rows * columns;
    QG_TRY(read_table(&w, p, m));
    QG_NEW(*codes, p->scratch, count);
    QG_NEW(*scales, p->scratch, m->rows);
    QG_NEW(kept, p->scratch, count);
    qg_precision_quantize(*codes, *scales, w, m->rows, m->columns, s);
    for (size_t i = 0; i < count; i++)
        kept[i] = (*scales)[i / columns] * (float)(*codes)[i];
    return qg_stored_check(p->checkpoint.dir, weight.name, w, kept, count, s);
}

static qg_code write_table_scales(packer *p, const qg_module *m)
{
    int8_t *codes;
    float *scales;
    if (p->spec->embeddings != QG_EMBED_INT8)
        return QG_OK;
    QG_TRY(quantize_table(&codes, &scales, p, m));
    return qg_safetensors_put(&p->writer, scales, (size_t)m->rows * sizeof *scales);
}

static qg_code write_table(packer *p, const qg_module *m)
{
    size_t count = (size_t)m->rows * (size_t)m->columns;
    qg_parameter weight = qg_module_weight(m);
    float *w, *scales;
    int8_t *codes;
    p->parameters += (int64_t)count;
    if (p->spec->embeddings == QG_EMBED_INT8) {
        QG_TRY(quantize_table(&codes, &scales, p, m));
        return qg_safetensors_put(&p->writer, codes, count);
    }
    QG_TRY(read_table(&w, p, m));
    return put_floats(p, weight.name, w, count, p->spec->embeddings);
}

static qg_code write_weights(packer *p, const char *dir)
{
    char *path = qg_path_join(p->arena, dir, "model.safetensors");
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_safetensors_begin(&p->writer, path, p->tensor, p->n_tensors, NULL));
    qg_code rc = in_file_order(p, write_linear, write_norm, write_table_scales, write_table);
    if (rc == QG_OK)
        return qg_safetensors_end(&p->writer);
    qg_error kept = *qg_error_last();
    qg_safetensors_abandon(&p->writer);
    return qg_error_restore(&kept);
}

static void manifest_text(qg_str *s, const packer *p)
{
    qg_str_addf(s,
                "{\n  \"format\": %d,\n  \"precision\": \"%s\",\n  \"embeddings\": \"%s\",\n"
                "  \"vectors\": \"%s\",\n  \"parameters\": %lld,\n  \"layers\": [",
                QG_PACK_FORMAT, p->spec->scheme->name, qg_embedding_names[p->spec->embeddings],
                qg_embedding_names[p->spec->vectors], (long long)p->parameters);
    for (int i = 0; i < p->n_errors; i++) {
        const qg_layer_error *e = &p->error[i];
        qg_str_addf(s, "%s\n    {\"name\": \"%s\", \"mse\": ", i ? "," : "", e->name);
        qg_str_add_f64(s, e->mse);
        qg_str_add(s, ", \"max_abs\": ");
        qg_str_add_f64(s, e->max_abs);
        qg_str_add(s, ", \"cosine\": ");
        qg_str_add_f64(s, e->cosine);
        qg_str_add(s, "}");
    }
    qg_str_add(s, "\n  ]\n}\n");
}

static qg_code write_text(const packer *p, const char *dir, const char *name, bool manifest)
{
    qg_str s = {0};
    char *path = qg_path_join(p->arena, dir, name);
    if (!path)
        return QG_ENOMEM;
    if (manifest)
        manifest_text(&s, p);
    else
        qg_config_text(&s, &p->config, true);
    qg_code rc = qg_str_status(&s);
    if (rc == QG_OK)
        rc = qg_file_write(path, s.data, s.len);
    qg_str_fini(&s);
    return rc;
}

/* The classes are decided here; config.json of the packed folder says them. */
static qg_code settle_config(packer *p, const qg_model_source *src)
{
    qg_config *c = &p->config;
    int entries;
    QG_TRY(qg_source_config(c, p->arena, src));
    if (src->classes && src->classes != c->classes) {
        if (!src->random_head)
            return QG_FAIL_AT(QG_EMODEL, src->dir, 0, 0, "id2label",
                              "the model has %d classes, %d are wanted", c->classes, src->classes);
        QG_TRY(qg_config_number_labels(c, p->arena, src->classes));
    }
    QG_TRY(qg_tokenizer_entries(&entries, src->dir));
    if (entries > c->vocab)
        return QG_FAIL_AT(QG_EMODEL, src->dir, 0, 0, qg_tokenizer_file(src->dir),
                          "%d vocabulary entries and added tokens, the embedding table has %d rows",
                          entries, c->vocab);
    return QG_OK;
}

/* Numbers are of the model whose hash they are filed under, or of none. */
static qg_code check_source(const packer *p, const qg_model_source *src, const char *hash)
{
    if (hash)
        QG_TRY(qg_source_check(src, hash, true));
    if (p->checkpoint.weights)
        QG_TRY(qg_weights_check_unchanged(p->checkpoint.weights));
    return p->trained.weights ? qg_weights_check_unchanged(p->trained.weights) : QG_OK;
}

/* What was wrong with the model, unless it is no longer the one that was to be packed. */
static qg_code own_failure(const qg_model_source *src, const char *hash)
{
    qg_error kept = *qg_error_last();
    if (hash && qg_source_check(src, hash, true) == QG_ESOURCE)
        return QG_ESOURCE;
    return qg_error_restore(&kept);
}

static qg_code pack_into(packer *p, const qg_model_source *src, const char *tmp, const char *hash)
{
    const char *why = "";
    if (!qg_kernels_get(&why))
        return QG_FAIL(QG_EUNSUPPORTED, "%s", why);
    QG_TRY(settle_config(p, src));
    QG_TRY(qg_modules_of(&p->module, &p->n_modules, p->arena, &p->config,
                         QG_OBJECTIVE_CLASSIFICATION));
    QG_NEW(p->error, p->arena, p->n_modules);
    QG_NEW(p->tensor, p->arena, 4 * p->n_modules);
    QG_TRY(in_file_order(p, plan_linear, plan_norm, plan_table_scales, plan_table));
    QG_TRY(qg_checkpoint_open(&p->checkpoint, p->arena, src, &p->config));
    QG_TRY(qg_trained_scales_open(&p->trained, p->arena, src->dir, p->spec->scheme));
    if (p->trained.weights && src->class_order)
        return QG_FAIL_AT(QG_EUNSUPPORTED, src->dir, 0, 0, "labels",
                          "holds trained step sizes, whose classes keep their order");
    QG_TRY(qg_mkdirs(tmp));
    QG_TRY(write_weights(p, tmp));
    qg_checkpoint_warn(&p->checkpoint);
    QG_TRY(qg_tokenizer_copy(p->arena, tmp, src->dir));
    QG_TRY(write_text(p, tmp, "config.json", false));
    QG_TRY(write_text(p, tmp, "qgrid.json", true));
    QG_TRY(qg_seal_write(tmp));
    return check_source(p, src, hash);
}

qg_code qg_source_pack(const qg_model_source *src, const qg_precision_spec *spec,
                       const char *out_dir, const char *hash)
{
    char tmp[4096];
    QG_TRY(qg_file_temporary_name(tmp, sizeof tmp, out_dir));
    packer p = {.spec = spec, .arena = qg_arena_create(0), .scratch = qg_arena_create(0)};
    qg_code rc = QG_OK;
    if (!p.arena || !p.scratch)
        rc = QG_FAIL(QG_ENOMEM, "no memory");
    else if (qg_is_packed(src->dir))
        rc = QG_FAIL_AT(QG_EUNSUPPORTED, src->dir, 0, 0, NULL,
                        "is packed already; quantize the checkpoint it was made from");
    else
        rc = pack_into(&p, src, tmp, hash);
    if (rc == QG_EFORMAT || rc == QG_EMODEL || rc == QG_ENUMERIC) /* of this model, or of none? */
        rc = own_failure(src, hash);
    qg_checkpoint_close(&p.checkpoint);
    qg_trained_scales_close(&p.trained);
    /* Another process may have been faster: its folder is as good as ours. */
    if (rc == QG_OK && rename(tmp, out_dir) != 0 && !qg_is_packed(out_dir))
        rc = QG_FAIL_AT(QG_EIO, out_dir, 0, 0, NULL, "cannot be created");
    qg_error kept = *qg_error_last();
    if (qg_dir_exists(tmp) && qg_remove(tmp) != QG_OK)
        qg_error_clear();
    if (p.arena)
        qg_arena_destroy(p.arena);
    if (p.scratch)
        qg_arena_destroy(p.scratch);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

qg_code qg_model_pack(const qg_model_source *src, const qg_precision_spec *p, const char *out_dir)
{
    return qg_source_pack(src, p, out_dir, NULL);
}
