/*
 * wordpiece_load.c - vocab.txt, tokenizer_config.json and tokenizer.json of a model folder.
 *
 * Where both JSON files speak, tokenizer_config.json wins, as in transformers' fast class, which
 * sets the normaliser from the configuration. A "truncation" entry of tokenizer.json is left aside:
 * how long a text may be is the caller's decision.
 */
#include "wordpiece.h"

#include "tokenizers.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

enum { JSON_BYTES = 256 << 20, MAX_LENGTH = 1 << 20 };

static const char *const special_keys[QG_SPECIALS] = {"pad_token", "unk_token", "cls_token",
                                                      "sep_token", "mask_token"};
static const char *const special_defaults[QG_SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]",
                                                          "[MASK]"};

typedef struct flags {
    int lower, accents, cjk; /* -1: nobody says */
} flags;

static qg_code read_flag(int *out, const qg_json_doc *d, const qg_json *object, const char *key)
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

/* "[UNK]" or {"content": "[UNK]", ...} */
static const char *token_text(const qg_json *v)
{
    if (v && v->type == QG_JSON_OBJECT)
        v = qg_json_get(v, "content");
    return v && v->type == QG_JSON_STRING && v->string[0] ? v->string : NULL;
}

static qg_code read_config(qg_wordpiece *t, flags *f, qg_arena *a, const char *path)
{
    qg_json_doc d;
    QG_TRY(qg_json_load(&d, a, path, JSON_BYTES));
    QG_TRY(read_flag(&f->lower, &d, d.root, "do_lower_case"));
    QG_TRY(read_flag(&f->accents, &d, d.root, "strip_accents"));
    QG_TRY(read_flag(&f->cjk, &d, d.root, "tokenize_chinese_chars"));
    for (int i = 0; i < QG_SPECIALS; i++) {
        const char *text = token_text(qg_json_get(d.root, special_keys[i]));
        if (text)
            t->common.special_text[i] = text;
    }
    const qg_json *basic = qg_json_get(d.root, "do_basic_tokenize");
    if (basic && basic->type == QG_JSON_BOOL && !basic->boolean)
        return QG_JSON_FAIL(&d, basic, QG_EUNSUPPORTED, "only true is supported");
    const qg_json *length = qg_json_get(d.root, "model_max_length");
    if (length && length->type == QG_JSON_NUMBER && length->number >= 2 &&
        length->number <= MAX_LENGTH)
        t->common.max_length = (int)length->number;
    return QG_OK;
}

static qg_code check_model(qg_wordpiece *t, const qg_json_doc *d, const qg_json *m)
{
    const qg_json *type = qg_json_get(m, "type");
    const qg_json *prefix = qg_json_get(m, "continuing_subword_prefix");
    const qg_json *chars = qg_json_get(m, "max_input_chars_per_word");
    if (type && (type->type != QG_JSON_STRING || strcmp(type->string, "WordPiece") != 0))
        return QG_JSON_FAIL(d, type, QG_EUNSUPPORTED, "model '%s' is not supported, only WordPiece",
                            type->type == QG_JSON_STRING ? type->string : qg_json_kind(type));
    if (prefix && (prefix->type != QG_JSON_STRING || strcmp(prefix->string, "##") != 0))
        return QG_JSON_FAIL(d, prefix, QG_EUNSUPPORTED, "only \"##\" is supported");
    if (chars) {
        if (chars->type != QG_JSON_NUMBER || !(chars->number >= 1 && chars->number <= 65536))
            return QG_JSON_FAIL(d, chars, QG_EFORMAT, "a number in [1, 65536] is expected");
        t->max_word_chars = (int)chars->number;
    }
    return QG_OK;
}

static qg_code read_fast(qg_wordpiece *t, flags *f, qg_arena *a, const char *path)
{
    qg_json_doc *d;
    QG_NEW(d, a, 1);
    QG_TRY(qg_json_load(d, a, path, JSON_BYTES));
    const qg_json *model = qg_json_get(d->root, "model"), *n = qg_json_get(d->root, "normalizer");
    const qg_json *type = qg_json_get(n, "type"), *vocab = qg_json_get(model, "vocab");
    if (!model)
        return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, "/model", "this key is missing");
    QG_TRY(check_model(t, d, model));
    if (type && (type->type != QG_JSON_STRING || strcmp(type->string, "BertNormalizer") != 0))
        return QG_JSON_FAIL(d, type, QG_EUNSUPPORTED,
                            "normalizer '%s' is not supported, only BertNormalizer",
                            type->type == QG_JSON_STRING ? type->string : qg_json_kind(type));
    QG_TRY(read_flag(&f->lower, d, n, "lowercase"));
    QG_TRY(read_flag(&f->accents, d, n, "strip_accents"));
    QG_TRY(read_flag(&f->cjk, d, n, "handle_chinese_chars"));
    if (t->common.vocab.n > 0)
        return QG_OK;
    if (!vocab)
        return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, "/model/vocab", "this key is missing");
    return qg_vocab_from_json(&t->common.vocab, a, d, vocab);
}

static void hash_tokenizer(qg_wordpiece *t)
{
    int numbers[] = {t->lower_case, t->strip_accents, t->split_cjk, t->max_word_chars};
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_sha256_add(&h, numbers, sizeof numbers);
    for (int i = 0; i < t->common.vocab.n; i++)
        qg_sha256_add_text(&h, t->common.vocab.token[i] ? t->common.vocab.token[i] : "");
    for (int i = 0; i < QG_SPECIALS; i++)
        qg_sha256_add_text(&h, t->common.special_text[i]);
    qg_sha256_final(&h, t->common.sha256);
}

static qg_code finish(qg_wordpiece *t, const flags *f, const char *where)
{
    t->lower_case = f->lower != 0;
    t->strip_accents = f->accents < 0 ? t->lower_case : f->accents != 0;
    t->split_cjk = f->cjk != 0;
    for (int i = 0; i < QG_SPECIALS; i++) {
        const char *text = t->common.special_text[i];
        t->common.special_id[i] = qg_vocab_find(&t->common.vocab, text, strlen(text), false);
        if (t->common.special_id[i] < 0 && (i == QG_UNK || i == QG_CLS || i == QG_SEP))
            return QG_FAIL_AT(QG_EFORMAT, where, 0, 0, special_keys[i], "the vocabulary lacks '%s'",
                              text);
    }
    hash_tokenizer(t);
    return QG_OK;
}

static qg_code make(qg_wordpiece **out, qg_arena *a)
{
    QG_NEW(*out, a, 1);
    (*out)->max_word_chars = 100;
    (*out)->common.kind = &qg_tokenizer_wordpiece;
    memcpy((*out)->common.special_text, special_defaults, sizeof special_defaults);
    return QG_OK;
}

qg_code qg_wordpiece_make(qg_tokenizer **out, qg_arena *a, const char *vocab_path, bool lower_case,
                          int strip_accents)
{
    flags f = {lower_case, strip_accents, -1};
    qg_wordpiece *t;
    QG_TRY(make(&t, a));
    QG_TRY(qg_vocab_load(&t->common.vocab, a, vocab_path));
    *out = &t->common;
    return finish(t, &f, vocab_path);
}

qg_code qg_wordpiece_bare(qg_wordpiece **out, qg_arena *a, bool lower_case)
{
    QG_TRY(make(out, a));
    (*out)->lower_case = (*out)->strip_accents = lower_case;
    (*out)->split_cjk = true;
    return QG_OK;
}

qg_code qg_wordpiece_load(qg_tokenizer **out, qg_arena *a, const char *dir)
{
    flags fast = {-1, -1, -1}, config = {-1, -1, -1};
    char *vocab = qg_path_join(a, dir, "vocab.txt");
    char *config_path = qg_path_join(a, dir, "tokenizer_config.json");
    char *fast_path = qg_path_join(a, dir, "tokenizer.json");
    if (!vocab || !config_path || !fast_path)
        return QG_ENOMEM;
    qg_wordpiece *t;
    QG_TRY(make(&t, a));
    *out = &t->common;
    if (qg_file_exists(vocab))
        QG_TRY(qg_vocab_load(&t->common.vocab, a, vocab));
    else if (!qg_file_exists(fast_path))
        return QG_FAIL_AT(QG_EIO, dir, 0, 0, NULL,
                          "has no vocabulary: neither vocab.txt nor tokenizer.json is there");
    if (qg_file_exists(config_path))
        QG_TRY(read_config(t, &config, a, config_path));
    if (qg_file_exists(fast_path))
        QG_TRY(read_fast(t, &fast, a, fast_path));
    flags f = {config.lower >= 0 ? config.lower : fast.lower,
               config.accents >= 0 ? config.accents : fast.accents,
               config.cjk >= 0 ? config.cjk : fast.cjk};
    return finish(t, &f, vocab);
}

static qg_code count_lines(int *out, const char *path)
{
    qg_map m;
    QG_TRY(qg_file_map(&m, path));
    const char *s = m.data;
    int64_t n = 0;
    for (size_t i = 0; i < m.size; i++)
        n += s[i] == '\n';
    if (m.size > 0 && s[m.size - 1] != '\n')
        n++;
    qg_file_unmap(&m);
    if (n == 0 || n > 1 << 24)
        return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL, "holds %lld vocabulary entries",
                          (long long)n);
    *out = (int)n;
    return QG_OK;
}

qg_code qg_wordpiece_entries(int *out, const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/vocab.txt", dir);
    *out = -1;
    return qg_file_exists(path) ? count_lines(out, path) : QG_OK;
}
