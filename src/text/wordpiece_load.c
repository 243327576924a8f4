/*
 * wordpiece_load.c - a WordPiece tokenizer from the files of a model folder.
 *
 * Where tokenizer_config.json and a BertNormalizer of tokenizer.json disagree the former wins, as
 * in transformers' fast class, which sets the normalizer from the configuration; for classes that
 * only name tokenizer.json that file alone counts. What else disagrees is refused.
 */
#include "wordpiece_json.h"

#include "tokenizers.h"
#include "wordpiece.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <string.h>

static const char *const special_defaults[QG_SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]",
                                                          "[MASK]"};

/* -------------------------------------------------------------------------------------- digest */

static bool is_plain_special(const qg_tokenizer *t, const qg_added_token *token)
{
    for (int i = 0; i < QG_SPECIALS; i++)
        if (strcmp(token->text, t->special_text[i]) == 0)
            return !token->normalized && !token->single_word;
    return false;
}

/* What few tokenizers have is added only where it is there. */
static void hash_rare(qg_sha256 *h, const qg_wordpiece *t)
{
    int rare[] = {t->keeps_controls, t->keeps_punctuation, t->common.left};
    if (rare[0] || rare[1] || rare[2])
        qg_sha256_add(h, rare, sizeof rare);
    for (int i = 0; i < t->common.added.n; i++) {
        const qg_added_token *token = &t->common.added.token[i];
        int numbers[] = {token->id, token->single_word, token->normalized};
        if (is_plain_special(&t->common, token))
            continue;
        qg_sha256_add(h, numbers, sizeof numbers);
        qg_sha256_add_text(h, token->text);
    }
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
    hash_rare(&h, t);
    qg_sha256_final(&h, t->common.sha256);
}

/* ------------------------------------------------------------------------------- added tokens */

/* The special tokens that there are belong to the added ones. */
static qg_code add_specials(qg_tokenizer *t, qg_arena *a)
{
    for (int i = 0; i < QG_SPECIALS; i++) {
        const char *text = t->special_text[i];
        bool there = qg_added_named(&t->added, text) ||
                     qg_vocab_find(&t->vocab, text, strlen(text), false) >= 0;
        if (there)
            QG_TRY(
                qg_added_put(&t->added, a, &(qg_added_token){.text = text, .id = -1}, NULL, NULL));
    }
    return QG_OK;
}

/* The text of an added token as the normalizer leaves it. */
static qg_code make_form(qg_added_token *token, const qg_wordpiece *t, qg_arena *a)
{
    int32_t normal[QG_MOST_NORMAL];
    size_t len = strlen(token->text), most = QG_MOST_NORMAL * qg_utf8_length(token->text, len);
    QG_NEW(token->form, a, most);
    for (size_t i = 0; i < len;) {
        int width, n = qg_wordpiece_normal(normal, t, qg_utf8_decode(token->text + i, &width));
        memcpy(token->form + token->form_len, normal, (size_t)n * sizeof *normal);
        token->form_len += n;
        i += (size_t)width;
    }
    return QG_OK;
}

static qg_code settle_added(qg_wordpiece *t, qg_arena *a, const char *where)
{
    qg_added *list = &t->common.added;
    QG_TRY(add_specials(&t->common, a));
    QG_TRY(qg_added_settle(list, a, &t->common.vocab, where));
    t->common.size = t->common.vocab.n;
    for (int i = 0; i < list->n; i++) {
        if (list->token[i].id >= t->common.size)
            t->common.size = list->token[i].id + 1;
        if (list->token[i].normalized)
            QG_TRY(make_form(&list->token[i], t, a));
    }
    return qg_added_finish(list, a);
}

/* ---------------------------------------------------------------------------------------- all */

static qg_code finish(qg_wordpiece *t, qg_arena *a, const char *where)
{
    QG_TRY(settle_added(t, a, where));
    for (int i = 0; i < QG_SPECIALS; i++) {
        const char *text = t->common.special_text[i];
        const qg_added_token *token = qg_added_named(&t->common.added, text);
        t->common.special_id[i] = token ? token->id : -1;
        if (!token && (i == QG_UNK || i == QG_CLS || i == QG_SEP))
            return QG_FAIL_AT(QG_EFORMAT, where, 0, 0, qg_special_keys[i],
                              "the vocabulary lacks '%s'", text);
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

/* From three values each, -1: nobody says. */
static void set_flags(qg_wordpiece *t, int lower, int accents, int cjk)
{
    t->lower_case = lower != 0;
    t->strip_accents = accents < 0 ? t->lower_case : accents != 0;
    t->split_cjk = cjk != 0;
}

qg_code qg_wordpiece_make(qg_tokenizer **out, qg_arena *a, const char *vocab_path, bool lower_case,
                          int strip_accents)
{
    qg_wordpiece *t;
    QG_TRY(make(&t, a));
    QG_TRY(qg_vocab_load(&t->common.vocab, a, vocab_path));
    set_flags(t, lower_case, strip_accents, -1);
    *out = &t->common;
    return finish(t, a, vocab_path);
}

qg_code qg_wordpiece_bare(qg_wordpiece **out, qg_arena *a, bool lower_case)
{
    QG_TRY(make(out, a));
    set_flags(*out, lower_case, -1, -1);
    for (int i = 0; i < QG_SPECIALS; i++)
        QG_TRY(qg_added_put(&(*out)->common.added, a,
                            &(qg_added_token){.text = special_defaults[i], .id = i}, NULL, NULL));
    return qg_added_finish(&(*out)->common.added, a);
}

/* ----------------------------------------------------------------------- tokenizer.json beside */

/* Both files name the same token for every id; added tokens may stand in vocab.txt, too. */
static qg_code compare_vocabularies(const qg_vocab *lines, const qg_wordpiece_json *json,
                                    const qg_added *added, const char *path)
{
    int n = lines->n > json->vocab.n ? lines->n : json->vocab.n;
    for (int id = 0; id < n; id++) {
        const char *line = id < lines->n ? lines->token[id] : NULL;
        const char *token = id < json->vocab.n ? json->vocab.token[id] : NULL;
        const qg_added_token *more = line && !token ? qg_added_named(added, line) : NULL;
        bool same = line && token ? strcmp(line, token) == 0 : more && more->id == id;
        if (!same)
            return QG_FAIL_AT(QG_EMODEL, path, id + 1, 0, NULL,
                              "token %d is %s%.60s%s here, %s%.60s%s in tokenizer.json: one of the "
                              "files is not this model's",
                              id, line ? "'" : "", line ? line : "missing", line ? "'" : "",
                              token ? "'" : "", token ? token : "missing", token ? "'" : "");
    }
    return QG_OK;
}

/* A normalizer without flags is not set by tokenizer_config.json. */
static qg_code refuse_conflict(const qg_wordpiece_json *json, const char *key, int config, int file)
{
    if (config < 0 || config == file)
        return QG_OK;
    return QG_FAIL_AT(
        QG_EMODEL, json->doc.path, 0, 0, "/normalizer",
        "is not BertNormalizer and has its own way, but tokenizer_config.json says %s "
        "%s",
        key, config ? "true" : "false");
}

static qg_code set_by_json(qg_wordpiece *t, const qg_token_settings *s, const qg_wordpiece_json *j)
{
    bool config = j->bert && !s->file_alone;
    set_flags(t, config && s->lower >= 0 ? s->lower : j->lower,
              config && s->accents >= 0 ? s->accents : j->accents,
              config && s->cjk >= 0 ? s->cjk : j->cjk);
    if (!j->bert && !s->file_alone) {
        QG_TRY(refuse_conflict(j, "do_lower_case", s->lower, j->lower));
        QG_TRY(refuse_conflict(j, "strip_accents", s->accents, j->accents));
        QG_TRY(refuse_conflict(j, "tokenize_chinese_chars", s->cjk, j->cjk));
    }
    t->keeps_controls = !j->clean;
    t->keeps_punctuation = !j->punctuation;
    t->max_word_chars = j->max_word_chars;
    t->common.vocab = j->vocab;
    if (s->left < 0)
        t->common.left = j->left > 0;
    if (j->unk && s->special[QG_UNK] && strcmp(j->unk, s->special[QG_UNK]) != 0)
        return QG_FAIL_AT(QG_EMODEL, j->doc.path, 0, 0, "/model/unk_token",
                          "is '%.60s', unk_token is '%.60s' elsewhere", j->unk, s->special[QG_UNK]);
    if (j->unk)
        t->common.special_text[QG_UNK] = j->unk;
    return QG_OK;
}

static qg_code load_json(qg_wordpiece *t, qg_arena *a, const qg_token_settings *s,
                         const char *json_path, const char *vocab_path)
{
    qg_wordpiece_json *j;
    qg_vocab lines = t->common.vocab;
    QG_NEW(j, a, 1);
    QG_TRY(qg_wordpiece_json_load(j, &t->common.added, a, json_path));
    QG_TRY(set_by_json(t, s, j));
    QG_TRY(finish(t, a, json_path));
    QG_TRY(qg_wordpiece_json_ends(&j->doc, &t->common));
    return lines.n ? compare_vocabularies(&lines, j, &t->common.added, vocab_path) : QG_OK;
}

qg_code qg_wordpiece_load(qg_tokenizer **out, qg_arena *a, const char *dir)
{
    char *vocab = qg_path_join(a, dir, "vocab.txt"), *json = qg_path_join(a, dir, "tokenizer.json");
    qg_token_settings s;
    qg_wordpiece *t;
    if (!vocab || !json)
        return QG_ENOMEM;
    QG_TRY(make(&t, a));
    *out = &t->common;
    QG_TRY(qg_token_settings_load(&s, a, dir));
    for (int i = 0; i < QG_SPECIALS; i++)
        if (s.special[i])
            t->common.special_text[i] = s.special[i];
    t->common.added = s.added;
    t->common.max_length = s.max_length;
    t->common.left = s.left > 0;
    if (qg_file_exists(vocab))
        QG_TRY(qg_vocab_load(&t->common.vocab, a, vocab));
    if (qg_file_exists(json))
        return load_json(t, a, &s, json, vocab);
    if (s.file_alone)
        return QG_FAIL_AT(QG_EIO, dir, 0, 0, "tokenizer.json",
                          "is missing, and the tokenizer_class of tokenizer_config.json says that "
                          "it is the tokenizer");
    if (t->common.vocab.n == 0)
        return QG_FAIL_AT(QG_EIO, dir, 0, 0, NULL,
                          "has no vocabulary: neither vocab.txt nor tokenizer.json is there");
    set_flags(t, s.lower, s.accents, s.cjk);
    return finish(t, a, vocab);
}
