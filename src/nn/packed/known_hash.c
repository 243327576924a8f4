/*
 * known_hash.c - SHA-256 of large files, remembered: a checkpoint of 475 MiB takes as long to hash
 * as a few hundred texts take to score.
 */
#include "known_hash.h"

#include "qgrid/str.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    LARGE = 16 << 20, /* bytes: smaller files are hashed in an instant */
    SETTLED = 2       /* seconds since the last change: clocks of file systems are coarse */
};

/* Path of the record; NULL when out of memory. */
static char *record_of(qg_arena *a, const struct stat *s, const char *cache)
{
    char name[QG_SHA256_HEX];
    int64_t state[] = {(int64_t)s->st_dev,          (int64_t)s->st_ino,
                       (int64_t)s->st_size,         (int64_t)s->st_mtim.tv_sec,
                       (int64_t)s->st_mtim.tv_nsec, (int64_t)s->st_ctim.tv_sec,
                       (int64_t)s->st_ctim.tv_nsec};
    qg_sha256_bytes(name, state, sizeof state);
    return qg_arena_printf(a, "%s/sha256/%.32s", cache, name);
}

static bool is_hash(const char *text, size_t size)
{
    return size == QG_SHA256_HEX - 1 && strspn(text, "0123456789abcdef") == size;
}

static bool recall(char hex[QG_SHA256_HEX], qg_arena *a, const char *record)
{
    char *text;
    size_t size;
    if (!qg_file_exists(record) || qg_file_read(&text, &size, a, record, 4096) != QG_OK ||
        !is_hash(text, size))
        return false;
    memcpy(hex, text, QG_SHA256_HEX);
    return true;
}

static void remember(const char hex[QG_SHA256_HEX], qg_arena *a, const char *record)
{
    char *dir = qg_path_dir(a, record);
    if (!dir || qg_mkdirs(dir) != QG_OK || qg_file_write(record, hex, QG_SHA256_HEX - 1) != QG_OK)
        qg_error_clear(); /* next time it is hashed again */
}

/* A file that is written meanwhile has no hash. */
static qg_code hash_whole(char hex[QG_SHA256_HEX], const char *path)
{
    qg_file_id before, after;
    bool there = qg_file_id_of(&before, path);
    QG_TRY(qg_sha256_file(hex, path));
    if (!there || !qg_file_id_of(&after, path) || !qg_file_id_same(&before, &after))
        return QG_FAIL_AT(QG_ESOURCE, path, 0, 0, NULL,
                          "changed while it was read; let what writes it end, and run again");
    return QG_OK;
}

static qg_code known_hash(char hex[QG_SHA256_HEX], qg_arena *a, const char *path, const char *cache)
{
    struct stat s;
    if (!cache || stat(path, &s) != 0 || s.st_size < LARGE)
        return hash_whole(hex, path);
    char *record = record_of(a, &s, cache);
    if (!record)
        return QG_ENOMEM;
    if (recall(hex, a, record))
        return QG_OK;
    QG_TRY(hash_whole(hex, path));
    if (time(NULL) - s.st_mtim.tv_sec > SETTLED && time(NULL) - s.st_ctim.tv_sec > SETTLED)
        remember(hex, a, record);
    return QG_OK;
}

qg_code qg_known_hash(char hex[QG_SHA256_HEX], const char *path, const char *cache)
{
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = known_hash(hex, a, path, cache);
    qg_arena_destroy(a);
    return rc;
}
