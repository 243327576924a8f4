/*
 * source.c - what a model is made from: the hash of its content, and whether it still has it.
 */
#include "source.h"

#include "known_hash.h"
#include "qgrid/file.h"
#include "qgrid/tokenizer.h"
#include "qgrid/trained_scales.h"
#include "qgrid/weights.h"

#include <dirent.h>
#include <string.h>

static void hash_config(qg_sha256 *h, const qg_config *c)
{
    int fields[] = {c->layers,    c->hidden, c->heads,           c->ffn,    c->vocab,
                    c->positions, c->types,  (int)c->activation, c->pad_id, c->classes};
    qg_sha256_add(h, fields, sizeof fields);
    qg_sha256_add(h, &c->layer_norm_eps, sizeof c->layer_norm_eps);
}

static qg_code hash_file(qg_sha256 *h, const char *path, const char *cache)
{
    char hex[QG_SHA256_HEX];
    QG_TRY(qg_known_hash(hex, path, cache));
    qg_sha256_add_text(h, hex);
    return QG_OK;
}

static qg_code hash_if_there(qg_sha256 *h, qg_arena *a, const char *dir, const char *name,
                             const char *cache)
{
    char *path = qg_path_join(a, dir, name);
    if (!path)
        return QG_ENOMEM;
    qg_sha256_add_text(h, name);
    return qg_file_exists(path) ? hash_file(h, path, cache) : QG_OK;
}

/* Folders without trained step sizes keep the hash they always had. */
static qg_code hash_trained_scales(qg_sha256 *h, qg_arena *a, const char *dir, const char *cache)
{
    for (const qg_precision *const *p = qg_precisions; *p; p++) {
        char *path = qg_trained_scales_path(a, dir, *p);
        if (!path)
            return QG_ENOMEM;
        if (!qg_file_exists(path))
            continue;
        qg_sha256_add_text(h, (*p)->name);
        QG_TRY(hash_file(h, path, cache));
    }
    return QG_OK;
}

/* Folders without them keep the hash they always had. */
static qg_code hash_rare(qg_sha256 *h, qg_arena *a, const char *dir, const qg_tokenizer_kind *kind,
                         const char *cache)
{
    for (const char *const *file = kind->rare; *file; file++) {
        char *path = qg_path_join(a, dir, *file);
        if (!path)
            return QG_ENOMEM;
        if (qg_file_exists(path))
            QG_TRY(hash_if_there(h, a, dir, *file, cache));
    }
    return QG_OK;
}

/* `cache` NULL: from the bytes of every file, nothing is remembered. */
static qg_code hash_all(qg_sha256 *h, qg_arena *a, const qg_model_source *src, const char *cache)
{
    qg_config c;
    qg_weights *w;
    int64_t head[] = {src->random_head, src->random_head ? src->head_seed : 0,
                      src->random_head ? src->classes : 0};
    QG_TRY(qg_config_load(&c, a, src->dir));
    hash_config(h, &c);
    qg_sha256_add(h, head, sizeof head);
    if (src->class_order && !src->random_head)
        qg_sha256_add(h, src->class_order, (size_t)src->n_order);
    const qg_tokenizer_kind *kind = qg_tokenizer_kind_of(src->dir);
    if (!kind)
        return QG_ENOMEM;
    for (const char *const *file = kind->files; *file; file++)
        QG_TRY(hash_if_there(h, a, src->dir, *file, cache));
    QG_TRY(hash_rare(h, a, src->dir, kind, cache));
    QG_TRY(hash_if_there(h, a, src->dir, "qgrid.json", cache));
    if (src->random_weights) {
        qg_sha256_add_text(h, "random weights");
        qg_sha256_add(h, &src->head_seed, sizeof src->head_seed);
        qg_sha256_add(h, &c.initializer_range, sizeof c.initializer_range);
        return QG_OK;
    }
    QG_TRY(hash_trained_scales(h, a, src->dir, cache));
    QG_TRY(qg_weights_open(&w, src->dir));
    qg_code rc = QG_OK;
    for (const char *const *f = qg_weights_files(w); *f && rc == QG_OK; f++)
        rc = hash_file(h, *f, cache);
    qg_weights_close(w);
    return rc;
}

static qg_code hash_source(char hex[QG_SHA256_HEX], const qg_model_source *src, bool anew)
{
    qg_sha256 h;
    qg_arena *a = qg_arena_create(0);
    const char *cache = a && !anew ? qg_model_cache_dir(a) : NULL;
    if (!a || (!cache && !anew)) {
        qg_arena_destroy(a);
        return QG_FAIL(QG_ENOMEM, "no memory");
    }
    qg_sha256_init(&h);
    qg_code rc = hash_all(&h, a, src, cache);
    qg_sha256_final(&h, hex);
    qg_arena_destroy(a);
    return rc;
}

qg_code qg_model_hash(char hex[QG_SHA256_HEX], const qg_model_source *src)
{
    return hash_source(hex, src, false);
}

/* The file of the folder that was written to last. */
static void newest_file(char *out, size_t size, const char *dir)
{
    char path[4096];
    qg_file_id id;
    int64_t last[2] = {0, 0};
    struct dirent *e;
    DIR *d = opendir(dir);
    snprintf(out, size, "%s", dir);
    while (d && (e = readdir(d))) {
        int n = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (n < 0 || (size_t)n >= sizeof path || !qg_file_exists(path) || !qg_file_id_of(&id, path))
            continue;
        if (id.changed[0] > last[0] || (id.changed[0] == last[0] && id.changed[1] > last[1])) {
            memcpy(last, id.changed, sizeof last);
            snprintf(out, size, "%s", path);
        }
    }
    if (d)
        closedir(d);
}

qg_code qg_source_check(const qg_model_source *src, const char *hash, bool anew)
{
    char hex[QG_SHA256_HEX], file[4096];
    if (src->own)
        return QG_OK;
    QG_TRY(hash_source(hex, src, anew));
    if (strcmp(hex, hash) == 0)
        return QG_OK;
    newest_file(file, sizeof file, src->dir);
    return QG_FAIL_AT(QG_ESOURCE, file, 0, 0, NULL,
                      "changed while the model was read: it is no longer the one that the run was "
                      "planned with; let what writes it end, and run again");
}
