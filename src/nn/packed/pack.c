/*
 * pack.c - from a checkpoint to a packed folder, one tensor in memory at a time.
 */
#include "qgrid/checkpoint.h"
#include "qgrid/safetensors_write.h"
#include "pack_codes.h"
#include "qgrid/packed.h"
#include "qgrid/trained_scales.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/str.h"

#include <string.h>
#include <unistd.h>

static const char *const activation_names[] = {
    [QG_ACT_GELU] = "gelu", [QG_ACT_GELU_NEW] = "gelu_new", [QG_ACT_RELU] = "relu"};

typedef struct packer {
    qg_arena *arena;   /* names, errors */
    qg_arena *scratch; /* one tensor */
    qg_bert_config config;
    int file_vocab; /* rows of word embeddings in the checkpoint; config.vocab of them are kept */
    const qg_precision_spec *spec;
    qg_checkpoint checkpoint;
    qg_trained_scales trained; /* of the weights, where the folder has them */
    qg_tensor *tensor;         /* planned, in file order */
    int n_tensors;
    qg_linear_name *linear;
    int n_linears;
    char (*norm)[96];
    int n_norms;
    qg_layer_error *error;
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

static const qg_dtype code_types[] = {
    [QG_PANEL_F32] = QG_F32,         [QG_PANEL_F16] = QG_F16, [QG_PANEL_BF16] = QG_BF16,
    [QG_PANEL_BF16_PAIRS] = QG_BF16, [QG_PANEL_S8] = QG_I8,   [QG_PANEL_S4] = QG_U8,
    [QG_PANEL_NF4] = QG_U8};

static size_t padded(int n)
{
    return (size_t)(n + QG_NR - 1) / QG_NR * QG_NR;
}

static qg_code plan_linear(packer *p, const qg_linear_name *l)
{
    const qg_precision *s = p->spec->scheme;
    qg_dtype type = code_types[s->format];
    size_t scales = qg_panels_scale_count(s->format, l->n, l->k, qg_precision_group(s, l->k));
    QG_TRY(plan(p, type, qg_panels_code_bytes(s->format, l->n, l->k) / qg_dtype_size(type), l->name,
                ".codes"));
    if (scales)
        QG_TRY(plan(p, QG_F32, scales, l->name, ".scales"));
    if (s->format == QG_PANEL_S8)
        QG_TRY(plan(p, QG_I32, padded(l->n), l->name, ".colsum"));
    return plan(p, QG_F32, padded(l->n), l->name, ".bias");
}

/* Wide elements first: whatever the sizes, every tensor then starts aligned to its element. */
static qg_code plan_tensors(packer *p)
{
    static const qg_dtype types[] = {QG_F32, QG_F16, QG_I8};
    qg_table_name table[QG_TABLES];
    size_t C = (size_t)p->config.hidden;
    qg_table_names(table, &p->config);
    QG_NEW(p->tensor, p->arena, 4 * p->n_linears + 2 * p->n_norms + 2 * QG_TABLES);
    for (int i = 0; i < p->n_linears; i++)
        QG_TRY(plan_linear(p, &p->linear[i]));
    for (int i = 0; i < p->n_norms; i++) {
        QG_TRY(plan(p, QG_F32, C, p->norm[i], ".weight"));
        QG_TRY(plan(p, QG_F32, C, p->norm[i], ".bias"));
    }
    for (int i = 0; i < QG_TABLES && p->spec->embeddings == QG_EMBED_INT8; i++)
        QG_TRY(plan(p, QG_F32, (size_t)table[i].rows, table[i].name, ".scales"));
    for (int i = 0; i < QG_TABLES; i++)
        QG_TRY(plan(p, types[p->spec->embeddings], (size_t)table[i].rows * C, table[i].name, ""));
    return QG_OK;
}

/* A drawn head is not the one that was trained. */
static qg_code quantize(void *codes, float *scales, const packer *p, const qg_linear_name *l,
                        const float *w)
{
    const qg_precision *s = p->spec->scheme;
    bool drawn = p->checkpoint.random_head && strcmp(l->name, "classifier") == 0;
    if (!p->trained.weights || drawn) {
        qg_precision_quantize(codes, scales, w, l->n, l->k, s);
        return QG_OK;
    }
    QG_TRY(qg_trained_scales_read(scales, &p->trained, l->name, l->n, l->k, s));
    qg_levels_codes(codes, scales, w, l->n, l->k, qg_precision_group(s, l->k), &s->levels);
    return QG_OK;
}

static qg_code write_linear(packer *p, int i)
{
    const qg_precision *s = p->spec->scheme;
    const qg_linear_name *l = &p->linear[i];
    int group = qg_precision_group(s, l->k), groups = (l->k + group - 1) / group;
    size_t count = (size_t)l->n * (size_t)l->k, np = padded(l->n);
    size_t bytes = qg_panels_code_bytes(s->format, l->n, l->k);
    size_t n_scales = qg_panels_scale_count(s->format, l->n, l->k, group);
    char name[128];
    float *w, *scales, *packed_scales, *bias;
    uint32_t *codes;
    char *panels;
    int32_t *colsum;
    QG_NEW(w, p->scratch, count);
    QG_NEW(codes, p->scratch, count); /* room for the widest code */
    QG_NEW(scales, p->scratch, (size_t)l->n * (size_t)groups);
    QG_NEW(packed_scales, p->scratch, n_scales);
    QG_NEW(panels, p->scratch, bytes);
    QG_NEW(colsum, p->scratch, np);
    QG_NEW(bias, p->scratch, np);
    snprintf(name, sizeof name, "%s.weight", l->name);
    QG_TRY(qg_checkpoint_read(w, &p->checkpoint, name, l->n, l->k, 0));
    snprintf(name, sizeof name, "%s.bias", l->name);
    QG_TRY(qg_checkpoint_read(bias, &p->checkpoint, name, l->n, 1, 0));
    QG_TRY(quantize(codes, scales, p, l, w));
    qg_pack_codes(panels, colsum, codes, s->format, l->n, l->k);
    if (n_scales)
        qg_pack_scales(packed_scales, scales, l->n, s->format == QG_PANEL_S8 ? 1 : groups);
    qg_panels v = {s->format, l->n, l->k, group, panels, packed_scales, colsum, bias};
    qg_unpack_to_f32((float *)codes, &v);
    qg_layer_error_measure(&p->error[i], l->name, w, (const float *)codes, count);
    p->parameters += (int64_t)count + l->n;
    QG_TRY(qg_safetensors_put(&p->writer, panels, bytes));
    QG_TRY(qg_safetensors_put(&p->writer, packed_scales, n_scales * sizeof *packed_scales));
    if (s->format == QG_PANEL_S8)
        QG_TRY(qg_safetensors_put(&p->writer, colsum, np * sizeof *colsum));
    return qg_safetensors_put(&p->writer, bias, np * sizeof *bias);
}

static qg_code write_norm(packer *p, int i)
{
    static const char *const parts[] = {"weight", "bias"};
    float *v;
    char name[128];
    QG_NEW(v, p->scratch, p->config.hidden);
    for (int k = 0; k < 2; k++) {
        snprintf(name, sizeof name, "%s.%s", p->norm[i], parts[k]);
        QG_TRY(qg_checkpoint_read(v, &p->checkpoint, name, p->config.hidden, 1, 0));
        QG_TRY(qg_safetensors_put(&p->writer, v, (size_t)p->config.hidden * sizeof *v));
        p->parameters += p->config.hidden;
    }
    return QG_OK;
}

/* A table in f32, as 16 bit, or as 8-bit rows with a scale each (as int8 weights: max / 127). */
static qg_code convert_table(packer *p, const qg_table_name *t, float **table, void **out,
                             size_t *bytes, float **scales)
{
    int C = p->config.hidden;
    int file_rows = strstr(t->name, ".word_embeddings.") ? p->file_vocab : t->rows;
    size_t count = (size_t)t->rows * (size_t)C;
    QG_NEW(*table, p->scratch, count);
    QG_TRY(qg_checkpoint_read(*table, &p->checkpoint, t->name, t->rows, C, file_rows));
    *out = *table;
    *bytes = count * sizeof **table;
    if (p->spec->embeddings == QG_EMBED_FP16) {
        uint16_t *h = *out; /* in place: each element is read before it is written over */
        for (size_t i = 0; i < count; i++)
            h[i] = qg_f32_to_f16((*table)[i]);
        *bytes = count * sizeof *h;
    } else if (p->spec->embeddings == QG_EMBED_INT8) {
        int8_t *q;
        QG_NEW(q, p->scratch, count);
        QG_NEW(*scales, p->scratch, t->rows);
        qg_precision_quantize(q, *scales, *table, t->rows, C,
                              qg_embedding_precision(QG_EMBED_INT8));
        *out = q;
        *bytes = count;
    }
    return QG_OK;
}

static qg_code write_tables(packer *p)
{
    qg_table_name table[QG_TABLES];
    qg_table_names(table, &p->config);
    for (int scales_pass = 1; scales_pass >= 0; scales_pass--)
        for (int i = 0; i < QG_TABLES; i++) {
            float *w, *scales = NULL;
            void *out;
            size_t bytes;
            qg_mark m = qg_arena_mark(p->scratch);
            if (scales_pass && p->spec->embeddings != QG_EMBED_INT8)
                continue;
            QG_TRY(convert_table(p, &table[i], &w, &out, &bytes, &scales));
            if (scales_pass) {
                QG_TRY(
                    qg_safetensors_put(&p->writer, scales, (size_t)table[i].rows * sizeof *scales));
            } else {
                QG_TRY(qg_safetensors_put(&p->writer, out, bytes));
                p->parameters += (int64_t)table[i].rows * p->config.hidden;
            }
            qg_arena_release(p->scratch, m);
        }
    return QG_OK;
}

static qg_code write_weights(packer *p, const char *dir)
{
    char *path = qg_path_join(p->arena, dir, "model.safetensors");
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_safetensors_begin(&p->writer, path, p->tensor, p->n_tensors, NULL));
    qg_code rc = QG_OK;
    for (int i = 0; i < p->n_linears && rc == QG_OK; i++) {
        qg_mark m = qg_arena_mark(p->scratch);
        rc = write_linear(p, i);
        qg_arena_release(p->scratch, m);
    }
    for (int i = 0; i < p->n_norms && rc == QG_OK; i++) {
        qg_mark m = qg_arena_mark(p->scratch);
        rc = write_norm(p, i);
        qg_arena_release(p->scratch, m);
    }
    if (rc == QG_OK)
        rc = write_tables(p);
    if (rc == QG_OK)
        return qg_safetensors_end(&p->writer);
    qg_error kept = *qg_error_last();
    qg_safetensors_abandon(&p->writer);
    return qg_error_restore(&kept);
}

static void config_text(qg_str *s, const qg_bert_config *c)
{
    qg_str_addf(s,
                "{\n  \"architectures\": [\"BertForSequenceClassification\"],\n"
                "  \"model_type\": \"bert\",\n  \"hidden_act\": \"%s\",\n"
                "  \"hidden_size\": %d,\n  \"intermediate_size\": %d,\n"
                "  \"num_hidden_layers\": %d,\n  \"num_attention_heads\": %d,\n"
                "  \"max_position_embeddings\": %d,\n  \"type_vocab_size\": %d,\n"
                "  \"vocab_size\": %d,\n  \"pad_token_id\": %d,\n"
                "  \"position_embedding_type\": \"absolute\",\n  \"layer_norm_eps\": ",
                activation_names[c->activation], c->hidden, c->ffn, c->layers, c->heads,
                c->positions, c->types, c->vocab, c->pad_id);
    qg_str_add_f64(s, c->layer_norm_eps);
    qg_str_add(s, ",\n  \"id2label\": {");
    for (int k = 0; k < c->classes; k++) {
        qg_str_addf(s, "%s\"%d\": ", k ? ", " : "", k);
        qg_str_add_json(s, c->labels[k], strlen(c->labels[k]));
    }
    qg_str_add(s, "}\n}\n");
}

static void manifest_text(qg_str *s, const packer *p)
{
    qg_str_addf(s,
                "{\n  \"format\": %d,\n  \"precision\": \"%s\",\n  \"embeddings\": \"%s\",\n"
                "  \"parameters\": %lld,\n  \"layers\": [",
                QG_PACK_FORMAT, p->spec->scheme->name, qg_embedding_names[p->spec->embeddings],
                (long long)p->parameters);
    for (int i = 0; i < p->n_linears; i++) {
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
        config_text(&s, &p->config);
    qg_code rc = qg_str_status(&s);
    if (rc == QG_OK)
        rc = qg_file_write(path, s.data, s.len);
    qg_str_fini(&s);
    return rc;
}

/* Classes and rows kept are decided here; config.json of the packed folder says them. */
static qg_code settle_config(packer *p, const qg_model_source *src)
{
    qg_bert_config *c = &p->config;
    int entries;
    QG_TRY(qg_bert_config_load(c, p->arena, src->dir));
    if (src->classes && src->classes != c->classes) {
        if (!src->random_head)
            return QG_FAIL_AT(QG_EMODEL, src->dir, 0, 0, "id2label",
                              "the model has %d classes, %d are wanted", c->classes, src->classes);
        const char **labels;
        QG_NEW(labels, p->arena, src->classes + 1);
        for (int k = 0; k < src->classes; k++)
            if (!(labels[k] = qg_arena_printf(p->arena, "LABEL_%d", k)))
                return QG_ENOMEM;
        c->classes = src->classes;
        c->labels = labels;
    }
    p->file_vocab = c->vocab;
    QG_TRY(qg_vocabulary_entries(&entries, src->dir));
    if (entries > c->vocab)
        return QG_FAIL_AT(QG_EMODEL, src->dir, 0, 0, "vocab.txt",
                          "%d vocabulary entries, the embedding table has %d rows", entries,
                          c->vocab);
    if (entries > 0)
        c->vocab = entries;
    return QG_OK;
}

static qg_code pack_into(packer *p, const qg_model_source *src, const char *tmp)
{
    const char *first = "", *why = "";
    if (!qg_kernels_get(&why))
        return QG_FAIL(QG_EUNSUPPORTED, "%s", why);
    QG_TRY(settle_config(p, src));
    p->linear = qg_linear_names(p->arena, &p->config, &p->n_linears);
    p->norm = qg_norm_names(p->arena, &p->config, &p->n_norms);
    if (!p->linear || !p->norm)
        return QG_ENOMEM;
    QG_NEW(p->error, p->arena, p->n_linears);
    QG_TRY(plan_tensors(p));
    QG_TRY(qg_checkpoint_open(&p->checkpoint, p->arena, src, &p->config));
    QG_TRY(qg_trained_scales_open(&p->trained, p->arena, src->dir, p->spec->scheme));
    QG_TRY(qg_mkdirs(tmp));
    QG_TRY(write_weights(p, tmp));
    int unused = qg_checkpoint_unused(&p->checkpoint, &first);
    if (unused)
        qg_warn("%s: %d tensors of the checkpoint are not part of the model (%s, ...)", src->dir,
                unused, first);
    QG_TRY(qg_tokenizer_copy(p->arena, tmp, src->dir));
    QG_TRY(write_text(p, tmp, "config.json", false));
    return write_text(p, tmp, "qgrid.json", true);
}

qg_code qg_model_pack(const qg_model_source *src, const qg_precision_spec *spec,
                      const char *out_dir)
{
    char tmp[4096], host[65] = "";
    packer p = {.spec = spec, .arena = qg_arena_create(0), .scratch = qg_arena_create(0)};
    qg_code rc = QG_OK;
    gethostname(host, sizeof host - 1);
    snprintf(tmp, sizeof tmp, "%s.tmp-%s-%ld", out_dir, host, (long)getpid());
    if (!p.arena || !p.scratch)
        rc = QG_FAIL(QG_ENOMEM, "no memory");
    else if (qg_is_packed(src->dir))
        rc = QG_FAIL_AT(QG_EUNSUPPORTED, src->dir, 0, 0, NULL,
                        "is packed already; quantize the checkpoint it was made from");
    else
        rc = pack_into(&p, src, tmp);
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
