/*
 * weights_index.c - model.safetensors.index.json: which shard holds which tensor.
 *
 * {"metadata": {...}, "weight_map": {"tensor name": "model-00001-of-00002.safetensors", ...}}
 */
#include "io/weights_internal.h"
#include "qgrid/json.h"

#include <string.h>

enum { INDEX_MAX = 64 << 20 };

/* A shard lies beside its index: anything that could name another place is refused. */
static bool plain_file_name(const char *s)
{
    return s[0] && s[0] != '.' && !strpbrk(s, "/\\") && strlen(s) < 256;
}

/* Position of a shard's name in the list, which grows when the name is new. */
static qg_code shard_of(int *at, const char **shard, int *n, const qg_json_doc *doc,
                        const qg_json *m)
{
    if (m->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, m, QG_EFORMAT, "found %s, a file name is expected",
                            qg_json_kind(m));
    for (*at = *n - 1; *at >= 0; (*at)--)
        if (strcmp(shard[*at], m->string) == 0)
            return QG_OK;
    if (!plain_file_name(m->string))
        return QG_JSON_FAIL(doc, m, QG_EFORMAT,
                            "shard '%s' is not a plain file name in the index's folder", m->string);
    if (*n == QG_WEIGHTS_MAX_SHARDS)
        return QG_JSON_FAIL(doc, m, QG_EFORMAT, "more than %d shards", QG_WEIGHTS_MAX_SHARDS);
    *at = *n;
    shard[(*n)++] = m->string;
    return QG_OK;
}

static qg_code check_map(const qg_weights *w, const qg_json_doc *doc, const qg_json *map,
                         const int *wanted)
{
    int i = 0;
    for (const qg_json *m = map->child; m; m = m->next, i++) {
        const qg_tensor *t = qg_weights_find(w, m->key);
        if (!t)
            return QG_JSON_FAIL(doc, m, QG_EFORMAT,
                                "tensor '%s' is in no shard, '%s' should hold it", m->key,
                                m->string);
        if (w->file[t - w->tensors] != wanted[i])
            return QG_JSON_FAIL(doc, m, QG_EFORMAT, "tensor '%s' is not in '%s' but in %s", m->key,
                                m->string, w->files[w->file[t - w->tensors]]);
    }
    return QG_OK;
}

qg_code qg_weights_add_index(qg_weights *w, const char *path)
{
    qg_json_doc doc;
    char *text;
    size_t size;
    int *wanted, shards = 0, i = 0;
    const char **shard, *dir = qg_path_dir(w->arena, path);
    if (!dir)
        return QG_ENOMEM;
    QG_TRY(qg_file_read(&text, &size, w->arena, path, INDEX_MAX));
    QG_TRY(qg_json_bound(path, text, size));
    QG_TRY(qg_json_parse(&doc, w->arena, path, text, size));
    const qg_json *map = qg_json_get(doc.root, "weight_map");
    if (!map || map->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(&doc, map ? map : doc.root, QG_EFORMAT,
                            "an object 'weight_map' is expected");
    QG_NEW(wanted, w->arena, map->count);
    QG_NEW(shard, w->arena, QG_WEIGHTS_MAX_SHARDS);
    for (const qg_json *m = map->child; m; m = m->next, i++)
        QG_TRY(shard_of(&wanted[i], shard, &shards, &doc, m));
    for (i = 0; i < shards; i++) {
        const char *file = qg_path_join(w->arena, dir, shard[i]);
        if (!file)
            return QG_ENOMEM;
        QG_TRY(qg_weights_add_file(w, file));
    }
    QG_TRY(qg_weights_seal(w));
    return check_map(w, &doc, map, wanted);
}
