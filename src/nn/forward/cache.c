/*
 * cache.c - content hashes of models, and packed folders named by them.
 */
#include "nn/packed/known_hash.h"
#include "model_internal.h"
#include "qgrid/tokenizer.h"
#include "qgrid/trained_scales.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/str.h"
#include "qgrid/weights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static qg_code hash_all(qg_sha256 *h, qg_arena *a, const qg_model_source *src)
{
    qg_config c;
    qg_weights *w;
    int64_t head[] = {src->random_head, src->random_head ? src->head_seed : 0,
                      src->random_head ? src->classes : 0};
    const char *cache = qg_model_cache_dir(a);
    if (!cache)
        return QG_ENOMEM;
    QG_TRY(qg_config_load(&c, a, src->dir));
    hash_config(h, &c);
    qg_sha256_add(h, head, sizeof head);
    const qg_tokenizer_kind *kind = qg_tokenizer_kind_of(src->dir);
    if (!kind)
        return QG_ENOMEM;
    for (const char *const *file = kind->files; *file; file++)
        QG_TRY(hash_if_there(h, a, src->dir, *file, cache));
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

qg_code qg_model_hash(char hex[QG_SHA256_HEX], const qg_model_source *src)
{
    qg_sha256 h;
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_sha256_init(&h);
    qg_code rc = hash_all(&h, a, src);
    qg_sha256_final(&h, hex);
    qg_arena_destroy(a);
    return rc;
}

char *qg_model_cache_dir(qg_arena *a)
{
    const char *own = getenv("QGRID_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        return qg_arena_strdup(a, own);
    if (xdg && *xdg)
        return qg_path_join(a, xdg, "qgrid");
    if (home && *home)
        return qg_path_join(a, home, ".cache/qgrid");
    return qg_arena_printf(a, "/tmp/qgrid-%ld", (long)getuid());
}

static void cache_name(char *out, size_t size, const char *cache, const char *model_hash,
                       const qg_precision_spec *p)
{
    char hex[QG_SHA256_HEX];
    int numbers[] = {QG_PACK_FORMAT, p->embeddings, p->vectors};
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_sha256_add_text(&h, model_hash);
    qg_sha256_add_text(&h, p->scheme->name);
    qg_sha256_add(&h, numbers, sizeof numbers);
    qg_sha256_final(&h, hex);
    snprintf(out, size, "%s/%.32s-%s", cache, hex, p->scheme->name);
}

bool qg_model_is_cached(const char *model_hash, const qg_precision_spec *p, const char *cache_dir)
{
    char dir[4096];
    cache_name(dir, sizeof dir, cache_dir, model_hash, p);
    return qg_is_packed(dir);
}

static qg_code open_packed(qg_model **out, const qg_model_source *src, const qg_precision_spec *p)
{
    QG_TRY(qg_model_open(out, src->dir));
    const qg_precision_spec *is = &(*out)->precision_spec;
    if (!p ||
        (is->scheme == p->scheme && is->embeddings == p->embeddings && is->vectors == p->vectors))
        return QG_OK;
    qg_code rc = QG_FAIL_AT(QG_EMODEL, src->dir, 0, 0, NULL, "is packed as %s, %s is wanted",
                            is->name, p->name ? p->name : p->scheme->name);
    qg_error kept = *qg_error_last();
    qg_model_close(*out);
    *out = NULL;
    (void)rc;
    return qg_error_restore(&kept);
}

/* Trouble of the machine and not of a cell: a run stops, and finds the cell open when it is mended.
 */
static qg_code check_writable(const char *dir)
{
    char why[400];
    if (qg_mkdirs(dir) != QG_OK)
        snprintf(why, sizeof why, "%s", qg_error_last()->msg);
    else if (access(dir, W_OK | X_OK) != 0)
        snprintf(why, sizeof why, "cannot write: %s", strerror(errno));
    else
        return QG_OK;
    return QG_FAIL_AT(QG_ECACHE, dir, 0, 0, NULL,
                      "packed models are kept in this folder: %s; set QGRID_CACHE to another", why);
}

qg_code qg_model_open_cached(qg_model **out, const qg_model_source *src, const char *model_hash,
                             const qg_precision_spec *p, const char *cache_dir)
{
    char dir[4096];
    if (qg_is_packed(src->dir))
        return open_packed(out, src, p);
    if (!p)
        return QG_FAIL(QG_EBUG, "a checkpoint is opened without a precision");
    cache_name(dir, sizeof dir, cache_dir, model_hash, p);
    if (!qg_is_packed(dir)) {
        QG_TRY(check_writable(cache_dir));
        QG_TRY(qg_model_pack(src, p, dir));
    }
    qg_code rc = qg_model_open(out, dir);
    if (rc == QG_OK || (rc != QG_EFORMAT && rc != QG_EMODEL))
        return rc;
    qg_warn("%s is damaged and is packed again", dir);
    qg_error_clear();
    QG_TRY(qg_remove(dir));
    QG_TRY(qg_model_pack(src, p, dir));
    return qg_model_open(out, dir);
}
