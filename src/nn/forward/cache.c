/*
 * cache.c - packed folders, named by the content hash of their models.
 */
#include "model_internal.h"
#include "nn/packed/source.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Out of the way of others, who may have packed anew meanwhile: then their folder goes back. */
static qg_code put_aside(const char *dir)
{
    char aside[4200], weights[4300];
    qg_file_id was = {0}, is = {0};
    snprintf(weights, sizeof weights, "%s/qgrid.json", dir);
    bool known = qg_file_id_of(&was, weights);
    if (qg_seal_check(dir) == QG_OK)
        return QG_OK;
    qg_error_clear();
    QG_TRY(qg_file_temporary_name(aside, sizeof aside, dir));
    if (rename(dir, aside) != 0)
        return errno == ENOENT
                   ? QG_OK
                   : QG_FAIL_AT(QG_ECACHE, dir, 0, 0, NULL,
                                "is damaged and cannot be moved away: %s", strerror(errno));
    snprintf(weights, sizeof weights, "%s/qgrid.json", aside);
    if (known && qg_file_id_of(&is, weights) && is.inode != was.inode && rename(aside, dir) == 0)
        return QG_OK;
    return qg_remove(aside);
}

/* Whether packing again may help. */
static bool is_damage(qg_code rc)
{
    return rc == QG_EFORMAT || rc == QG_EMODEL || rc == QG_EUNSUPPORTED || rc == QG_ESOURCE ||
           rc == QG_EIO;
}

/* Names of classes are no part of a model's hash: models that differ in nothing else share a pack.
 */
static qg_code take_labels(qg_model *m, const qg_model_source *src)
{
    qg_config c;
    if (src->random_head || src->random_weights || src->own)
        return QG_OK;
    QG_TRY(qg_source_config(&c, m->arena, src));
    if (c.classes != m->config.classes)
        return QG_OK;
    m->config.labels = c.labels;
    m->config.has_head_labels = c.has_head_labels;
    m->config.other_label = c.other_label;
    m->config.architecture = c.architecture;
    return QG_OK;
}

qg_code qg_model_open_cached(qg_model **out, const qg_model_source *src, const char *model_hash,
                             const qg_precision_spec *p, const char *cache_dir)
{
    enum { ATTEMPTS = 3 }; /* others may be at it, too */
    char dir[4096];
    const char *why = "";
    if (qg_is_packed(src->dir))
        return open_packed(out, src, p);
    if (!p)
        return QG_FAIL(QG_EBUG, "a checkpoint is opened without a precision");
    if (!qg_kernels_get(&why))
        return QG_FAIL(QG_EUNSUPPORTED, "%s", why);
    cache_name(dir, sizeof dir, cache_dir, model_hash, p);
    for (int i = 0;; i++) {
        if (!qg_is_packed(dir)) {
            QG_TRY(check_writable(cache_dir));
            qg_remove_leftovers(cache_dir, NULL);
            if (qg_dir_exists(dir))
                QG_TRY(put_aside(dir));
            QG_TRY(qg_source_pack(src, p, dir, model_hash));
        }
        qg_code rc = qg_model_open(out, dir);
        if (rc == QG_OK) {
            rc = take_labels(*out, src);
            if (rc == QG_OK)
                return QG_OK;
            qg_model_close(*out);
            *out = NULL;
            return rc;
        }
        if (!is_damage(rc) || i == ATTEMPTS)
            return rc;
        qg_warn("%s: %s; it is packed again",
                qg_error_last()->path[0] ? qg_error_last()->path : dir, qg_error_last()->msg);
        qg_error_clear();
        QG_TRY(put_aside(dir));
    }
}
