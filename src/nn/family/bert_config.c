/*
 * bert_config.c - config.json of a Hugging Face BERT: every field that matters is honoured or
 * refused by name.
 */
#include "qgrid/file.h"
#include "qgrid/kernel.h"
#include "qgrid/model.h"
#include "qgrid/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_BYTES = 4 << 20, MOST = 1 << 24 };

typedef struct reader {
    qg_json_doc doc;
    qg_arena *arena;
} reader;

static qg_code whole(int *out, reader *r, const char *key, int def, int least, int most)
{
    const qg_json *v = qg_json_get(r->doc.root, key);
    if (!v && def < 0)
        return QG_FAIL_AT(QG_EFORMAT, r->doc.path, 0, 0, key, "this key is missing");
    if (!v || (v->type == QG_JSON_NULL && def >= 0)) {
        *out = def;
        return QG_OK;
    }
    if (v->type != QG_JSON_NUMBER || v->number != rint(v->number) || v->number < least ||
        v->number > most)
        return QG_JSON_FAIL(&r->doc, v, QG_EFORMAT, "an integer in [%d, %d] is expected", least,
                            most);
    *out = (int)v->number;
    return QG_OK;
}

/* A text field that must have one of the given values when it is present. */
static qg_code one_of(int *out, reader *r, const char *key, const char *const *known)
{
    char list[200];
    const qg_json *v = qg_json_get(r->doc.root, key);
    *out = 0;
    if (!v || v->type == QG_JSON_NULL)
        return QG_OK;
    for (; v->type == QG_JSON_STRING && known[*out]; (*out)++)
        if (strcmp(v->string, known[*out]) == 0)
            return QG_OK;
    return QG_JSON_FAIL(&r->doc, v, QG_EUNSUPPORTED, "%s is not supported, known are: %s",
                        v->type == QG_JSON_STRING ? v->string : qg_json_kind(v),
                        qg_join_names(list, sizeof list, known));
}

static qg_code must_be_false(reader *r, const char *key)
{
    const qg_json *v = qg_json_get(r->doc.root, key);
    if (v && !(v->type == QG_JSON_BOOL && !v->boolean) && v->type != QG_JSON_NULL)
        return QG_JSON_FAIL(&r->doc, v, QG_EUNSUPPORTED, "only false is supported");
    return QG_OK;
}

static qg_code numbered_labels(qg_bert_config *c, reader *r)
{
    const char **labels;
    QG_NEW(labels, r->arena, c->classes + 1);
    for (int k = 0; k < c->classes; k++)
        if (!(labels[k] = qg_arena_printf(r->arena, "LABEL_%d", k)))
            return QG_ENOMEM;
    c->labels = labels;
    return QG_OK;
}

static qg_code read_labels(qg_bert_config *c, reader *r)
{
    const qg_json *v = qg_json_get(r->doc.root, "id2label");
    QG_TRY(whole(&c->classes, r, "num_labels", 2, 1, 4096));
    if (!v || v->type == QG_JSON_NULL)
        return numbered_labels(c, r);
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
        if (*end || end == m->key || id < 0 || id >= v->count || labels[id] ||
            m->type != QG_JSON_STRING)
            return QG_JSON_FAIL(&r->doc, m, QG_EFORMAT, "labels must be numbered 0 to %d",
                                v->count - 1);
        labels[id] = m->string;
    }
    c->classes = v->count;
    c->labels = labels;
    c->has_head_labels = true;
    return QG_OK;
}

static qg_code check_label2id(const qg_bert_config *c, reader *r)
{
    const qg_json *v = qg_json_get(r->doc.root, "label2id");
    for (const qg_json *m = v && c->has_head_labels ? v->child : NULL; m; m = m->next) {
        if (m->type != QG_JSON_NUMBER || !(m->number >= 0 && m->number < c->classes) ||
            strcmp(c->labels[(int)m->number], m->key) != 0)
            return QG_JSON_FAIL(&r->doc, m, QG_EMODEL, "does not agree with id2label");
    }
    return QG_OK;
}

static qg_code read_fields(qg_bert_config *c, reader *r)
{
    static const char *const types[] = {"bert", NULL};
    static const char *const positions[] = {"absolute", NULL};
    static const char *const acts[] = {"gelu", "gelu_new", "relu", NULL};
    static const char *const problems[] = {"single_label_classification", NULL};
    int ignored;
    if (r->doc.root->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(&r->doc, r->doc.root, QG_EFORMAT, "an object is expected");
    QG_TRY(one_of(&ignored, r, "model_type", types));
    QG_TRY(one_of(&ignored, r, "position_embedding_type", positions));
    QG_TRY(one_of(&ignored, r, "problem_type", problems));
    QG_TRY(one_of(&c->activation, r, "hidden_act", acts));
    c->activation += QG_ACT_GELU;
    QG_TRY(must_be_false(r, "is_decoder"));
    QG_TRY(must_be_false(r, "add_cross_attention"));
    QG_TRY(must_be_false(r, "is_encoder_decoder"));
    QG_TRY(whole(&c->hidden, r, "hidden_size", -1, 1, 1 << 16));
    QG_TRY(whole(&c->layers, r, "num_hidden_layers", -1, 1, 1024));
    QG_TRY(whole(&c->heads, r, "num_attention_heads", -1, 1, 1 << 12));
    QG_TRY(whole(&c->ffn, r, "intermediate_size", -1, 1, 1 << 17));
    QG_TRY(whole(&c->vocab, r, "vocab_size", -1, 1, MOST));
    QG_TRY(whole(&c->positions, r, "max_position_embeddings", -1, 1, 1 << 20));
    QG_TRY(whole(&c->types, r, "type_vocab_size", 2, 1, 1 << 10));
    QG_TRY(whole(&c->pad_id, r, "pad_token_id", 0, 0, MOST));
    if (c->hidden % c->heads != 0)
        return QG_FAIL_AT(QG_EMODEL, r->doc.path, 0, 0, "num_attention_heads",
                          "%d heads do not divide hidden_size %d", c->heads, c->hidden);
    const qg_json *eps = qg_json_get(r->doc.root, "layer_norm_eps");
    c->layer_norm_eps = eps ? eps->number : 1e-12;
    if (eps && (eps->type != QG_JSON_NUMBER || !(eps->number > 0 && eps->number < 1)))
        return QG_JSON_FAIL(&r->doc, eps, QG_EFORMAT, "a number in (0, 1) is expected");
    const qg_json *range = qg_json_get(r->doc.root, "initializer_range");
    c->initializer_range = range ? range->number : 0.02;
    if (range && (range->type != QG_JSON_NUMBER || !(range->number > 0 && range->number < 1000)))
        return QG_JSON_FAIL(&r->doc, range, QG_EFORMAT, "a number above 0 is expected");
    QG_TRY(read_labels(c, r));
    return check_label2id(c, r);
}

qg_code qg_bert_config_load(qg_bert_config *out, qg_arena *a, const char *dir)
{
    reader r = {.arena = a};
    char *path = qg_path_join(a, dir, "config.json");
    if (!path)
        return QG_ENOMEM;
    *out = (qg_bert_config){0};
    QG_TRY(qg_json_load(&r.doc, a, path, CONFIG_BYTES));
    return read_fields(out, &r);
}
