/*
 * tokenizer.c - the registry of tokenizers, and which of them a model folder has.
 */
#include "settings.h"
#include "tokenizers.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <string.h>

enum { CONFIG_BYTES = 256 << 20 };

const qg_tokenizer_kind *const qg_tokenizer_kinds[] = {
#define QG_TOKENIZER(id) &qg_tokenizer_##id,
#include "tokenizers.def"
#undef QG_TOKENIZER
    NULL,
};

/* ------------------------------------------------------------------------ the kind of a folder */

static const qg_tokenizer_kind *of_class(const char *class)
{
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++)
        for (const char *const *name = (*k)->classes; *name; name++)
            if (strcmp(*name, class) == 0)
                return *k;
    return NULL;
}

static qg_code unknown_class(const qg_json_doc *d, const qg_json *v)
{
    qg_str known = {0};
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++)
        for (const char *const *name = (*k)->classes; *name; name++)
            qg_str_addf(&known, "%s, ", *name);
    for (const char *const *name = qg_file_classes; *name; name++)
        qg_str_addf(&known, "%s%s", *name, name[1] ? ", " : "");
    qg_code rc = QG_JSON_FAIL(
        d, v, QG_EUNSUPPORTED, "tokenizer '%s' is not supported, known are: %s",
        v->type == QG_JSON_STRING ? v->string : qg_json_kind(v), known.data ? known.data : "");
    qg_str_fini(&known);
    return rc;
}

/* What tokenizer_config.json says; NULL where it says nothing. */
static qg_code named_kind(const qg_tokenizer_kind **out, qg_arena *a, const char *dir)
{
    qg_json_doc d;
    char *path = qg_path_join(a, dir, "tokenizer_config.json");
    *out = NULL;
    if (!path)
        return QG_ENOMEM;
    if (!qg_file_exists(path))
        return QG_OK;
    QG_TRY(qg_json_load(&d, a, path, CONFIG_BYTES));
    const qg_json *v = qg_json_get(d.root, "tokenizer_class");
    if (!v || v->type == QG_JSON_NULL)
        return QG_OK;
    *out = v->type == QG_JSON_STRING ? of_class(v->string) : NULL;
    bool by_file = v->type == QG_JSON_STRING && qg_is_file_class(v->string);
    return *out || by_file ? QG_OK : unknown_class(&d, v);
}

/* The kind whose vocabulary is there. */
static const qg_tokenizer_kind *kind_by_files(const char *dir)
{
    char path[4096];
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++) {
        snprintf(path, sizeof path, "%s/%s", dir, (*k)->files[0]);
        if (qg_file_exists(path))
            return *k;
    }
    return qg_tokenizer_kinds[0];
}

const qg_tokenizer_kind *qg_tokenizer_kind_of(const char *dir)
{
    const qg_tokenizer_kind *k = NULL;
    qg_arena *a = qg_arena_create(0);
    qg_code rc = a ? named_kind(&k, a, dir) : QG_ENOMEM;
    qg_arena_destroy(a);
    if (rc == QG_ENOMEM)
        return NULL;
    if (rc != QG_OK)
        qg_error_clear(); /* loading will say it again */
    return k ? k : kind_by_files(dir);
}

const char *qg_tokenizer_file(const char *dir)
{
    const qg_tokenizer_kind *k = qg_tokenizer_kind_of(dir);
    return (k ? k : kind_by_files(dir))->files[0];
}

qg_code qg_tokenizer_load(qg_tokenizer **out, qg_arena *a, const char *dir)
{
    const qg_tokenizer_kind *k;
    QG_TRY(named_kind(&k, a, dir));
    if (!k)
        k = kind_by_files(dir);
    return k->load(out, a, dir);
}

qg_code qg_tokenizer_entries(int *out, const char *dir)
{
    static const char *const vocabularies[] = {"vocab.txt", "tokenizer.json"};
    qg_arena *a = qg_arena_create(0);
    qg_code rc = a ? QG_OK : QG_ENOMEM;
    bool there = false;
    *out = -1;
    for (size_t i = 0; i < sizeof vocabularies / sizeof vocabularies[0] && a; i++) {
        char *path = qg_path_join(a, dir, vocabularies[i]);
        if (!path)
            rc = QG_ENOMEM;
        there = there || (path && qg_file_exists(path));
    }
    qg_tokenizer *t;
    if (rc == QG_OK && there)
        rc = qg_tokenizer_load(&t, a, dir);
    if (rc == QG_OK && there)
        *out = qg_tokenizer_size(t);
    qg_arena_destroy(a);
    return rc;
}

static qg_code copy_files(qg_arena *a, const char *to, const char *from, const char *const *files)
{
    for (const char *const *file = files; *file; file++) {
        char *source = qg_path_join(a, from, *file);
        char *target = qg_path_join(a, to, *file);
        if (!source || !target)
            return QG_ENOMEM;
        if (qg_file_exists(source))
            QG_TRY(qg_file_copy(target, source));
    }
    return QG_OK;
}

qg_code qg_tokenizer_copy(qg_arena *a, const char *to, const char *from)
{
    const qg_tokenizer_kind *k = qg_tokenizer_kind_of(from);
    if (!k)
        return QG_ENOMEM;
    QG_TRY(copy_files(a, to, from, k->files));
    return copy_files(a, to, from, k->rare);
}

/* ------------------------------------------------------------------------- a loaded tokenizer */

int qg_tokenizer_size(const qg_tokenizer *t)
{
    return t->size;
}

const char *qg_tokenizer_token(const qg_tokenizer *t, int id)
{
    if (id >= 0 && id < t->vocab.n && t->vocab.token[id])
        return t->vocab.token[id];
    for (int i = 0; i < t->added.n; i++)
        if (t->added.token[i].id == id)
            return t->added.token[i].text;
    return NULL;
}

int qg_tokenizer_id(const qg_tokenizer *t, const char *token)
{
    const qg_added_token *added = qg_added_named(&t->added, token);
    return added ? added->id : qg_vocab_find(&t->vocab, token, strlen(token), false);
}

int qg_tokenizer_max_length(const qg_tokenizer *t)
{
    return t->max_length;
}

qg_specials qg_tokenizer_specials(const qg_tokenizer *t)
{
    return (qg_specials){t->special_id[QG_PAD], t->special_id[QG_UNK],  t->special_id[QG_CLS],
                         t->special_id[QG_SEP], t->special_id[QG_MASK], t->size};
}

const char *qg_tokenizer_sha256(const qg_tokenizer *t)
{
    return t->sha256;
}

const char *qg_tokenizer_piece(const qg_tokenizer *t, int id, bool *continues)
{
    return t->kind->piece(t, id, continues);
}
