/*
 * config.c - config.json of a Hugging Face folder: every field that matters is honoured or refused
 * by name. Its model_type decides which family reads it.
 */
#include "config_reader.h"
#include "families.h"

#include "qgrid/file.h"

#include <stdlib.h>
#include <string.h>

enum { CONFIG_BYTES = 4 << 20, MOST_TYPES = 64 };

/* ----------------------------------------------------------------------------------- family */

/* All model_types, and the family of each. */
typedef struct known_types {
    const char *name[MOST_TYPES + 1];
    const qg_family *family[MOST_TYPES];
    int n;
} known_types;

static qg_code list_types(known_types *k)
{
    *k = (known_types){.n = 0};
    for (const qg_family *const *f = qg_families; *f; f++)
        for (const char *const *type = (*f)->model_types; *type; type++) {
            QG_ASSERT(k->n < MOST_TYPES);
            k->family[k->n] = *f;
            k->name[k->n++] = *type;
        }
    return QG_OK;
}

static qg_code read_family(qg_config *c, qg_config_reader *r)
{
    int which;
    known_types known;
    QG_TRY(list_types(&known));
    QG_TRY(qg_config_choice(&which, r, "model_type", known.name));
    c->family = known.family[which];
    return QG_OK;
}

/* ----------------------------------------------------------------------------------- labels */

qg_code qg_config_number_labels(qg_config *c, qg_arena *a, int classes)
{
    const char **labels;
    QG_NEW(labels, a, classes + 1);
    for (int k = 0; k < classes; k++)
        if (!(labels[k] = qg_arena_printf(a, "LABEL_%d", k)))
            return QG_ENOMEM;
    c->classes = classes;
    c->labels = labels;
    return QG_OK;
}

static qg_code read_labels(qg_config *c, qg_config_reader *r)
{
    const qg_json *v = qg_json_get(r->doc.root, "id2label");
    QG_TRY(qg_config_whole(&c->classes, r, "num_labels", 2, 1, 4096));
    if (!v || v->type == QG_JSON_NULL)
        return qg_config_number_labels(c, r->arena, c->classes);
    if (v->type != QG_JSON_OBJECT || v->count < 1 || v->count > 4096)
        return QG_JSON_FAIL(&r->doc, v, QG_EFORMAT, "an object of labels by number is expected");
    if (qg_json_get(r->doc.root, "num_labels") && c->classes != v->count)
        return QG_JSON_FAIL(&r->doc, v, QG_EMODEL, "%d labels, num_labels says %d", v->count,
                            c->classes);
    const char **labels;
    QG_NEW(labels, r->arena, v->count + 1);
    for (const qg_json *m = v->child; m; m = m->next) {
        char *end;
        long id = strtol(m->key, &end, 10);
        if (*end || end == m->key || id < 0 || id >= v->count || labels[id])
            return QG_JSON_FAIL(&r->doc, m, QG_EFORMAT, "labels must be numbered 0 to %d",
                                v->count - 1);
        if (m->type != QG_JSON_STRING && m->type != QG_JSON_NUMBER)
            return QG_JSON_FAIL(&r->doc, m, QG_EFORMAT, "found %s, the name of a label is expected",
                                qg_json_kind(m));
        labels[id] =
            m->type == QG_JSON_STRING ? m->string : qg_arena_printf(r->arena, "%.17g", m->number);
        if (!labels[id])
            return QG_ENOMEM;
    }
    c->classes = v->count;
    c->labels = labels;
    c->has_head_labels = true;
    return QG_OK;
}

/* transformers keeps the two apart and names classes by id2label alone. */
static void compare_label2id(qg_config *c, qg_config_reader *r)
{
    const qg_json *v = qg_json_get(r->doc.root, "label2id");
    for (const qg_json *m = v && c->has_head_labels ? v->child : NULL; m; m = m->next) {
        bool number = m->type == QG_JSON_NUMBER && m->number >= 0 && m->number < c->classes;
        if (!number || strcmp(c->labels[(int)m->number], m->key) != 0)
            c->other_label = m->key;
    }
}

/* ------------------------------------------------------------------- keys of every family */

static qg_code must_be_false(qg_config_reader *r, const char *key)
{
    const qg_json *v = qg_json_get(r->doc.root, key);
    if (v && !(v->type == QG_JSON_BOOL && !v->boolean) && v->type != QG_JSON_NULL)
        return QG_JSON_FAIL(&r->doc, v, QG_EUNSUPPORTED, "only false is supported");
    return QG_OK;
}

/* What is not an encoder that classifies single texts is refused. */
static qg_code check_task(qg_config_reader *r)
{
    static const char *const problems[] = {"single_label_classification", NULL};
    int ignored;
    QG_TRY(qg_config_choice(&ignored, r, "problem_type", problems));
    QG_TRY(must_be_false(r, "is_decoder"));
    QG_TRY(must_be_false(r, "add_cross_attention"));
    return must_be_false(r, "is_encoder_decoder");
}

static qg_code read_sizes(qg_config *c, qg_config_reader *r)
{
    for (const qg_config_size *s = c->family->sizes; s->option; s++)
        QG_TRY(qg_config_whole(qg_config_size_at(c, s), r, s->key, s->missing ? s->missing : -1, 1,
                               s->most));
    if (c->hidden % c->heads != 0)
        return QG_FAIL_AT(QG_EMODEL, r->doc.path, 0, 0, "num_attention_heads",
                          "%d heads do not divide hidden_size %d", c->heads, c->hidden);
    return QG_OK;
}

/* Codes of a quantizer are no weights. */
static qg_code refuse_quantized(qg_config_reader *r)
{
    const qg_json *v = qg_json_get(r->doc.root, "quantization_config");
    const qg_json *method = v ? qg_json_get(v, "quant_method") : NULL;
    if (!v || v->type == QG_JSON_NULL)
        return QG_OK;
    return QG_JSON_FAIL(
        &r->doc, v, QG_EUNSUPPORTED,
        "a checkpoint that was quantized by %.40s; use the weights that it was made "
        "from, qgrid quantizes them itself",
        method && method->type == QG_JSON_STRING ? method->string : "another program");
}

/* Which class was saved, where it is none of ours; NULL otherwise. */
static qg_code read_architecture(qg_config *c, qg_config_reader *r)
{
    const qg_json *v = qg_json_get(r->doc.root, "architectures");
    const qg_json *first = v && v->type == QG_JSON_ARRAY ? v->child : NULL;
    if (!first || first->type != QG_JSON_STRING || !strstr(first->string, "For"))
        return QG_OK;
    for (int k = 0; k < QG_OBJECTIVES; k++)
        if (strcmp(first->string, c->family->architecture[k]) == 0)
            return QG_OK;
    c->architecture = first->string;
    return QG_OK;
}

static qg_code read_all(qg_config *c, qg_config_reader *r)
{
    if (r->doc.root->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(&r->doc, r->doc.root, QG_EFORMAT, "an object is expected");
    QG_TRY(read_family(c, r));
    QG_TRY(refuse_quantized(r));
    QG_TRY(check_task(r));
    QG_TRY(read_sizes(c, r));
    QG_TRY(c->family->read_config(c, r));
    QG_TRY(read_labels(c, r));
    compare_label2id(c, r);
    return read_architecture(c, r);
}

qg_code qg_config_load(qg_config *out, qg_arena *a, const char *dir)
{
    qg_config_reader r = {.arena = a};
    char *path = qg_path_join(a, dir, "config.json");
    if (!path)
        return QG_ENOMEM;
    *out = (qg_config){0};
    QG_TRY(qg_json_load(&r.doc, a, path, CONFIG_BYTES));
    return read_all(out, &r);
}

const char *qg_config_doubts(qg_arena *a, const qg_config *c, const char *dir)
{
    const char *task = c->architecture ? "its classifier was trained for another task" : "";
    if (c->other_label)
        return qg_arena_printf(
            a, "%s: config.json's label2id has %s, id2label does not, and counts%s%s", dir,
            c->other_label, *task ? "; " : "", task);
    if (c->architecture)
        return qg_arena_printf(a, "%s: config.json names the class %s: %s", dir, c->architecture,
                               task);
    return "";
}
