/*
 * settings.c - the small JSON files of a tokenizer: every key that changes tokens is honoured or
 * refused by name.
 *
 * Tokens come with flags as objects, or bare: then those that are named as special are looked for
 * in the text as typed, the others of added_tokens.json in the normalized text (transformers,
 * tokenization_utils_base, for folders without added_tokens_decoder).
 */
#include "settings.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_BYTES = 256 << 20, MAX_LENGTH = 1 << 20 };

const char *const qg_special_keys[QG_SPECIALS] = {"pad_token", "unk_token", "cls_token",
                                                  "sep_token", "mask_token"};

const char *const qg_file_classes[] = {"PreTrainedTokenizerFast", "TokenizersBackend", NULL};

bool qg_is_file_class(const char *name)
{
    const char *const *known = qg_file_classes;
    while (*known && strcmp(*known, name) != 0)
        known++;
    return *known != NULL;
}

/* ------------------------------------------------------------------------------------ values */

qg_code qg_token_flag(int *out, const qg_json_doc *d, const qg_json *object, const char *key)
{
    const qg_json *v = qg_json_get(object, key);
    if (!v || v->type == QG_JSON_NULL)
        return QG_OK;
    if (v->type != QG_JSON_BOOL)
        return QG_JSON_FAIL(d, v, QG_EFORMAT, "found %s, true or false is expected",
                            qg_json_kind(v));
    *out = v->boolean;
    return QG_OK;
}

qg_code qg_token_id(int *out, const qg_json_doc *d, const qg_json *v)
{
    if (v->type != QG_JSON_NUMBER || v->number != rint(v->number) || v->number < 0 ||
        v->number > INT32_MAX)
        return QG_JSON_FAIL(d, v, QG_EFORMAT, "the id of a token is expected");
    *out = (int)v->number;
    return QG_OK;
}

qg_code qg_token_put(qg_added *list, qg_arena *a, const qg_json_doc *d, const qg_json *token,
                     int id, qg_added_weight weight)
{
    const qg_json *content = qg_json_get(token, "content");
    int single = 0, normalized = -1, special = 0, ignored = 0;
    if (token->type != QG_JSON_OBJECT || !content || content->type != QG_JSON_STRING)
        return QG_JSON_FAIL(d, token, QG_EFORMAT, "an object with \"content\" is expected");
    QG_TRY(qg_token_flag(&single, d, token, "single_word"));
    QG_TRY(qg_token_flag(&normalized, d, token, "normalized"));
    QG_TRY(qg_token_flag(&special, d, token, "special"));
    QG_TRY(qg_token_flag(&ignored, d, token, "lstrip"));
    QG_TRY(qg_token_flag(&ignored, d, token, "rstrip"));
    qg_added_token t = {.text = content->string,
                        .id = id,
                        .single_word = single != 0,
                        .normalized = normalized < 0 ? !special : normalized != 0,
                        .weight = weight};
    return qg_added_put(list, a, &t, d, token);
}

/* A further special token by its name, or as an object with flags. */
static qg_code put_special(qg_added *list, qg_arena *a, const qg_json_doc *d, const qg_json *v)
{
    if (v->type != QG_JSON_STRING)
        return qg_token_put(list, a, d, v, -1, QG_ADDED_SPECIAL);
    qg_added_token t = {.text = v->string, .id = -1};
    return qg_added_put(list, a, &t, d, v);
}

/* "[UNK]" or {"content": "[UNK]", ...} */
static const char *token_text(const qg_json *v)
{
    if (v && v->type == QG_JSON_OBJECT)
        v = qg_json_get(v, "content");
    return v && v->type == QG_JSON_STRING && v->string[0] ? v->string : NULL;
}

/* ------------------------------------------------------------------- the five, and further ones */

static qg_code read_specials(qg_token_settings *s, qg_arena *a, const qg_json_doc *d)
{
    static const char *const further[] = {"additional_special_tokens", "extra_special_tokens"};
    for (int i = 0; i < QG_SPECIALS; i++) {
        const qg_json *v = qg_json_get(d->root, qg_special_keys[i]);
        const char *text = token_text(v);
        if (!text)
            continue;
        if (s->special[i] && strcmp(s->special[i], text) != 0)
            return QG_JSON_FAIL(d, v, QG_EMODEL,
                                "is '%.60s' here, '%.60s' in tokenizer_config.json", text,
                                s->special[i]);
        s->special[i] = text;
    }
    for (size_t k = 0; k < sizeof further / sizeof further[0]; k++) {
        const qg_json *v = qg_json_get(d->root, further[k]);
        if (!v || v->type == QG_JSON_NULL)
            continue;
        if (v->type != QG_JSON_ARRAY && v->type != QG_JSON_OBJECT)
            return QG_JSON_FAIL(d, v, QG_EFORMAT, "found %s, tokens are expected", qg_json_kind(v));
        for (const qg_json *one = v->child; one; one = one->next)
            QG_TRY(put_special(&s->added, a, d, one));
    }
    return QG_OK;
}

/* ------------------------------------------------------------------------ tokenizer_config.json */

/* {"7600": {"content": "<user>", ...}, ...} */
static qg_code read_decoder(qg_token_settings *s, qg_arena *a, const qg_json_doc *d)
{
    const qg_json *decoder = qg_json_get(d->root, "added_tokens_decoder");
    if (!decoder || decoder->type == QG_JSON_NULL)
        return QG_OK;
    if (decoder->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(d, decoder, QG_EFORMAT, "an object of tokens by id is expected");
    for (const qg_json *one = decoder->child; one; one = one->next) {
        char *end;
        long id = strtol(one->key, &end, 10);
        if (*end || end == one->key || id < 0 || id > INT32_MAX)
            return QG_JSON_FAIL(d, one, QG_EFORMAT, "the key is no id");
        QG_TRY(qg_token_put(&s->added, a, d, one, (int)id, QG_ADDED_LISTED));
    }
    return QG_OK;
}

/* What would make other tokens, and is not done here. */
static qg_code refuse_others(const qg_json_doc *d)
{
    const qg_json *basic = qg_json_get(d->root, "do_basic_tokenize");
    const qg_json *never = qg_json_get(d->root, "never_split");
    const qg_json *split = qg_json_get(d->root, "split_special_tokens");
    const qg_json *own = qg_json_get(qg_json_get(d->root, "auto_map"), "AutoTokenizer");
    if (basic && basic->type == QG_JSON_BOOL && !basic->boolean)
        return QG_JSON_FAIL(d, basic, QG_EUNSUPPORTED, "only true is supported");
    if (never && never->type == QG_JSON_ARRAY && never->count > 0)
        return QG_JSON_FAIL(d, never, QG_EUNSUPPORTED,
                            "words that are never split are not supported, added tokens are");
    if (split && split->type == QG_JSON_BOOL && split->boolean)
        return QG_JSON_FAIL(d, split, QG_EUNSUPPORTED, "only false is supported");
    if (own && own->type != QG_JSON_NULL)
        return QG_JSON_FAIL(d, own, QG_EUNSUPPORTED,
                            "a tokenizer by a program of its own is not supported");
    return QG_OK;
}

static qg_code read_side(int *left, const qg_json_doc *d)
{
    const qg_json *v = qg_json_get(d->root, "truncation_side");
    if (!v || v->type == QG_JSON_NULL)
        return QG_OK;
    if (v->type != QG_JSON_STRING ||
        (strcmp(v->string, "left") != 0 && strcmp(v->string, "right") != 0))
        return QG_JSON_FAIL(d, v, QG_EUNSUPPORTED, "\"left\" or \"right\" is expected");
    *left = v->string[0] == 'l';
    return QG_OK;
}

static qg_code read_config(qg_token_settings *s, qg_arena *a, const qg_json_doc *d)
{
    const qg_json *class = qg_json_get(d->root, "tokenizer_class");
    const qg_json *length = qg_json_get(d->root, "model_max_length");
    s->file_alone = class && class->type == QG_JSON_STRING && qg_is_file_class(class->string);
    QG_TRY(qg_token_flag(&s->lower, d, d->root, "do_lower_case"));
    QG_TRY(qg_token_flag(&s->accents, d, d->root, "strip_accents"));
    QG_TRY(qg_token_flag(&s->cjk, d, d->root, "tokenize_chinese_chars"));
    QG_TRY(refuse_others(d));
    QG_TRY(read_side(&s->left, d));
    QG_TRY(read_decoder(s, a, d));
    if (length && length->type == QG_JSON_NUMBER && length->number >= 2 &&
        length->number <= MAX_LENGTH)
        s->max_length = (int)length->number;
    return QG_OK;
}

/* -------------------------------------------------------------------------- added_tokens.json */

/* {"<user>": 7600, ...} */
static qg_code read_added(qg_token_settings *s, qg_arena *a, const qg_json_doc *d)
{
    if (d->root->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(d, d->root, QG_EFORMAT, "an object of ids by token is expected");
    for (const qg_json *one = d->root->child; one; one = one->next) {
        qg_added_token t = {.text = one->key, .normalized = true};
        QG_TRY(qg_token_id(&t.id, d, one));
        QG_TRY(qg_added_put(&s->added, a, &t, d, one));
    }
    return QG_OK;
}

/* ---------------------------------------------------------------------------------------- all */

static qg_code read_map(qg_token_settings *s, qg_arena *a, const qg_json_doc *d)
{
    if (d->root->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(d, d->root, QG_EFORMAT, "an object of special tokens is expected");
    return read_specials(s, a, d);
}

static qg_code read_all_of_config(qg_token_settings *s, qg_arena *a, const qg_json_doc *d)
{
    QG_TRY(read_config(s, a, d));
    return read_specials(s, a, d);
}

qg_code qg_token_settings_load(qg_token_settings *out, qg_arena *a, const char *dir)
{
    static const struct {
        const char *file;
        qg_code (*read)(qg_token_settings *s, qg_arena *a, const qg_json_doc *d);
    } files[] = {{"tokenizer_config.json", read_all_of_config},
                 {"special_tokens_map.json", read_map},
                 {"added_tokens.json", read_added}};
    *out = (qg_token_settings){.lower = -1, .accents = -1, .cjk = -1, .left = -1};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        qg_json_doc *d;
        char *path = qg_path_join(a, dir, files[i].file);
        QG_NEW(d, a, 1);
        if (!path)
            return QG_ENOMEM;
        if (!qg_file_exists(path))
            continue;
        QG_TRY(qg_json_load(d, a, path, SETTINGS_BYTES));
        QG_TRY(files[i].read(out, a, d));
    }
    return QG_OK;
}
