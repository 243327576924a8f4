/*
 * wordpiece_json.c - tokenizer.json: every part of it is honoured or refused by name.
 *
 * Left aside, because they change no token of a single text: the decoder, the padding, and of the
 * truncation all but its side: how long a text may be is the caller's decision.
 */
#include "wordpiece_json.h"

#include <string.h>

enum { JSON_BYTES = 256 << 20, MOST_WORD_CHARS = 65536 };

static bool is_null(const qg_json *v)
{
    return !v || v->type == QG_JSON_NULL;
}

/* "type" of a part; NULL where it is null or missing, "" where it is something else. */
static const char *type_of(const qg_json *part)
{
    const qg_json *type = qg_json_get(part, "type");
    return is_null(part) ? NULL : type && type->type == QG_JSON_STRING ? type->string : "";
}

/* Refuses keys that `known` (NULL-terminated) does not have. */
static qg_code only_known(const qg_json_doc *d, const qg_json *object, const char *const *known)
{
    if (object->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(d, object, QG_EFORMAT, "found %s, an object is expected",
                            qg_json_kind(object));
    for (const qg_json *m = object->child; m; m = m->next) {
        const char *const *k = known;
        while (*k && strcmp(*k, m->key) != 0)
            k++;
        if (!*k)
            return QG_JSON_FAIL(d, m, QG_EUNSUPPORTED, "this part is not supported");
    }
    return QG_OK;
}

/* A part of another type than those that are honoured; `part` NULL: of the whole file. */
static qg_code refuse(const qg_json_doc *d, const char *name, const qg_json *part,
                      const char *honoured)
{
    const char *type = type_of(part);
    return QG_JSON_FAIL(d, part ? part : d->root, QG_EUNSUPPORTED,
                        "%s %s%.60s%s is not supported, only %s", name, type ? "'" : "",
                        type ? type : "null", type ? "'" : "", honoured);
}

static bool is_text(const qg_json *v, const char *text)
{
    return v && v->type == QG_JSON_STRING && strcmp(v->string, text) == 0;
}

/* --------------------------------------------------------------------------------- normalizer */

static qg_code read_normalizer(qg_wordpiece_json *out, const qg_json_doc *d)
{
    static const char *const keys[] = {"type",          "clean_text", "handle_chinese_chars",
                                       "strip_accents", "lowercase",  NULL};
    const qg_json *n = qg_json_get(d->root, "normalizer");
    const char *type = type_of(n);
    if (!type || strcmp(type, "Lowercase") == 0) {
        out->clean = out->cjk = out->accents = 0;
        out->lower = type != NULL;
        out->bert = false;
        return QG_OK;
    }
    if (strcmp(type, "BertNormalizer") != 0)
        return refuse(d, "normalizer", n, "BertNormalizer, Lowercase and null");
    out->bert = true;
    out->clean = out->cjk = out->lower = 1;
    out->accents = -1;
    QG_TRY(only_known(d, n, keys));
    QG_TRY(qg_token_flag(&out->clean, d, n, "clean_text"));
    QG_TRY(qg_token_flag(&out->cjk, d, n, "handle_chinese_chars"));
    QG_TRY(qg_token_flag(&out->accents, d, n, "strip_accents"));
    return qg_token_flag(&out->lower, d, n, "lowercase");
}

static qg_code read_pre_tokenizer(qg_wordpiece_json *out, const qg_json_doc *d)
{
    const qg_json *p = qg_json_get(d->root, "pre_tokenizer");
    const char *type = type_of(p);
    if (!type || (strcmp(type, "BertPreTokenizer") != 0 && strcmp(type, "WhitespaceSplit") != 0))
        return refuse(d, "pre_tokenizer", p, "BertPreTokenizer and WhitespaceSplit");
    out->punctuation = type[0] == 'B';
    return QG_OK;
}

/* ----------------------------------------------------------------------------- post-processor */

/* {"KIND": {"id": ID, ...}} of a template. */
static bool is_piece(const qg_json *piece, const char *kind, const char *id)
{
    return piece && is_text(qg_json_get(qg_json_get(piece, kind), "id"), id);
}

/* ["[SEP]", 3] */
static bool is_pair(const qg_json *v, const char *text, int id)
{
    return v && v->type == QG_JSON_ARRAY && v->count == 2 && is_text(v->child, text) &&
           v->child->next->type == QG_JSON_NUMBER && v->child->next->number == id;
}

/* What the template inserts for a token is that token. */
static bool is_itself(const qg_json *post, const char *text, int id)
{
    const qg_json *ids = qg_json_get(qg_json_get(qg_json_get(post, "special_tokens"), text), "ids");
    return ids && ids->type == QG_JSON_ARRAY && ids->count == 1 &&
           ids->child->type == QG_JSON_NUMBER && ids->child->number == id;
}

qg_code qg_wordpiece_json_ends(const qg_json_doc *d, const qg_tokenizer *t)
{
    const char *cls = t->special_text[QG_CLS], *sep = t->special_text[QG_SEP];
    int cls_id = t->special_id[QG_CLS], sep_id = t->special_id[QG_SEP];
    const qg_json *post = qg_json_get(d->root, "post_processor");
    const qg_json *single = qg_json_get(post, "single");
    const char *type = type_of(post);
    bool good = false;
    if (type && strcmp(type, "TemplateProcessing") == 0) {
        const qg_json *first = single && single->type == QG_JSON_ARRAY ? single->child : NULL;
        good = first && single->count == 3 && is_piece(first, "SpecialToken", cls) &&
               is_piece(first->next, "Sequence", "A") &&
               is_piece(first->next->next, "SpecialToken", sep) && is_itself(post, cls, cls_id) &&
               is_itself(post, sep, sep_id);
    } else if (type && strcmp(type, "BertProcessing") == 0) {
        good = is_pair(qg_json_get(post, "cls"), cls, cls_id) &&
               is_pair(qg_json_get(post, "sep"), sep, sep_id);
    } else {
        return refuse(d, "post_processor", post, "TemplateProcessing and BertProcessing");
    }
    if (!good)
        return QG_JSON_FAIL(d, post, QG_EUNSUPPORTED,
                            "only %s (id %d), the text, %s (id %d) are supported", cls, cls_id, sep,
                            sep_id);
    return QG_OK;
}

/* -------------------------------------------------------------------------------------- model */

static qg_code read_model(qg_wordpiece_json *out, qg_arena *a, const qg_json_doc *d)
{
    static const char *const keys[] = {
        "type",  "unk_token", "continuing_subword_prefix", "max_input_chars_per_word",
        "vocab", NULL};
    const qg_json *m = qg_json_get(d->root, "model");
    if (is_null(m))
        return QG_FAIL_AT(QG_EFORMAT, d->path, 0, 0, "/model", "this key is missing");
    const qg_json *type = qg_json_get(m, "type"), *unk = qg_json_get(m, "unk_token");
    const qg_json *prefix = qg_json_get(m, "continuing_subword_prefix");
    const qg_json *chars = qg_json_get(m, "max_input_chars_per_word");
    const qg_json *vocab = qg_json_get(m, "vocab");
    if (type && !is_text(type, "WordPiece"))
        return refuse(d, "model", m, "WordPiece");
    QG_TRY(only_known(d, m, keys));
    if (prefix && !is_text(prefix, "##"))
        return QG_JSON_FAIL(d, prefix, QG_EUNSUPPORTED, "only \"##\" is supported");
    if (unk && unk->type == QG_JSON_STRING)
        out->unk = unk->string;
    if (chars) {
        if (chars->type != QG_JSON_NUMBER ||
            !(chars->number >= 1 && chars->number <= MOST_WORD_CHARS))
            return QG_JSON_FAIL(d, chars, QG_EFORMAT, "a number in [1, %d] is expected",
                                MOST_WORD_CHARS);
        out->max_word_chars = (int)chars->number;
    }
    if (!vocab)
        return QG_FAIL_AT(QG_EFORMAT, d->path, 0, 0, "/model/vocab", "this key is missing");
    return qg_vocab_from_json(&out->vocab, a, d, vocab);
}

/* ------------------------------------------------------------------------------- the rest, all */

static qg_code read_added(qg_added *list, qg_arena *a, const qg_json_doc *d)
{
    const qg_json *v = qg_json_get(d->root, "added_tokens");
    if (is_null(v))
        return QG_OK;
    if (v->type != QG_JSON_ARRAY)
        return QG_JSON_FAIL(d, v, QG_EFORMAT, "found %s, a list of tokens is expected",
                            qg_json_kind(v));
    for (const qg_json *one = v->child; one; one = one->next) {
        const qg_json *id = qg_json_get(one, "id");
        int number;
        QG_TRY(qg_token_id(&number, d, id ? id : one));
        QG_TRY(qg_token_put(list, a, d, one, number, QG_ADDED_LISTED));
    }
    return QG_OK;
}

static qg_code read_side(int *left, const qg_json_doc *d)
{
    const qg_json *v = qg_json_get(qg_json_get(d->root, "truncation"), "direction");
    if (v && !is_text(v, "Left") && !is_text(v, "Right"))
        return QG_JSON_FAIL(d, v, QG_EUNSUPPORTED, "\"Left\" or \"Right\" is expected");
    *left = v ? v->string[0] == 'L' : -1;
    return QG_OK;
}

qg_code qg_wordpiece_json_load(qg_wordpiece_json *out, qg_added *added, qg_arena *a,
                               const char *path)
{
    static const char *const keys[] = {
        "version",       "truncation",     "padding", "added_tokens", "normalizer",
        "pre_tokenizer", "post_processor", "decoder", "model",        NULL};
    *out = (qg_wordpiece_json){.max_word_chars = 100};
    QG_TRY(qg_json_load(&out->doc, a, path, JSON_BYTES));
    QG_TRY(only_known(&out->doc, out->doc.root, keys));
    QG_TRY(read_model(out, a, &out->doc));
    QG_TRY(read_normalizer(out, &out->doc));
    QG_TRY(read_pre_tokenizer(out, &out->doc));
    QG_TRY(read_side(&out->left, &out->doc));
    return read_added(added, a, &out->doc);
}
