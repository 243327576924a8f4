/*
 * safetensors_write.c - header from the tensors' shapes, then data in pieces; all or nothing.
 *
 * The header is padded with spaces so that the data begins at a multiple of 64. Equal input gives
 * equal bytes: no dates, no hashes, order as given.
 */
#include "qgrid/safetensors_write.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALIGNMENT = 64, HEADER_MAX = 100000000 };

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static qg_code check_names(const char *path, const qg_tensor *tensors, int n)
{
    qg_arena *a = qg_arena_create(0);
    const char **name = a ? qg_arena_alloc(a, (size_t)n, sizeof *name) : NULL;
    qg_code rc = name ? QG_OK : QG_FAIL(QG_ENOMEM, "no memory for %d names", n);
    for (int i = 0; i < n && rc == QG_OK; i++) {
        name[i] = tensors[i].name;
        size_t len = strlen(name[i]);
        if (strcmp(name[i], "__metadata__") == 0 || qg_utf8_check(name[i], len) != len)
            rc = QG_FAIL_AT(QG_EFORMAT, path, 0, 0, name[i], "cannot be the name of a tensor");
    }
    if (rc == QG_OK)
        qsort(name, (size_t)n, sizeof *name, by_text);
    for (int i = 1; i < n && rc == QG_OK; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            rc = QG_FAIL_AT(QG_EFORMAT, path, 0, 0, name[i], "two tensors have this name");
    qg_arena_destroy(a);
    return rc;
}

static void add_metadata(qg_str *s, const char *const *metadata)
{
    qg_str_add(s, "\"__metadata__\":{");
    for (int i = 0; metadata[i]; i += 2) {
        qg_str_add(s, i ? "," : "");
        qg_str_add_json(s, metadata[i], strlen(metadata[i]));
        qg_str_add(s, ":");
        qg_str_add_json(s, metadata[i + 1], strlen(metadata[i + 1]));
    }
    qg_str_add(s, "}");
}

/* Appends the JSON; *end = bytes of data. */
static void add_header(qg_str *s, uint64_t *end, const qg_tensor *tensors, int n,
                       const char *const *metadata)
{
    *end = 0;
    qg_str_add(s, "{");
    if (metadata)
        add_metadata(s, metadata);
    for (int i = 0; i < n; i++) {
        const qg_tensor *t = &tensors[i];
        uint64_t begin = *end;
        *end += (uint64_t)qg_tensor_count(t) * qg_dtype_size(t->dtype);
        qg_str_add(s, i || metadata ? "," : "");
        qg_str_add_json(s, t->name, strlen(t->name));
        qg_str_addf(s, ":{\"dtype\":\"%s\",\"shape\":[", qg_dtype_name(t->dtype));
        for (int d = 0; d < t->ndim; d++)
            qg_str_addf(s, "%s%lld", d ? "," : "", (long long)t->shape[d]);
        qg_str_addf(s, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)begin,
                    (unsigned long long)*end);
    }
    qg_str_add(s, "}");
}

static qg_code write_fail(qg_safetensors_writer *w, const char *what)
{
    qg_code rc = QG_FAIL_AT(QG_EIO, w->path, 0, 0, NULL, "%s: %s", what, strerror(errno));
    qg_safetensors_abandon(w);
    return rc;
}

static qg_code write_bytes(qg_safetensors_writer *w, const char *p, size_t size)
{
    while (size > 0) {
        ssize_t put = write(w->fd, p, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return write_fail(w, "cannot write");
        p += put;
        size -= (size_t)put;
    }
    return QG_OK;
}

static qg_code open_with_header(qg_safetensors_writer *w, qg_str *s)
{
    QG_TRY(qg_str_status(s));
    if (s->len > HEADER_MAX)
        return QG_FAIL_AT(QG_EFORMAT, w->path, 0, 0, NULL,
                          "a header of %zu bytes, at most %d are allowed", s->len, HEADER_MAX);
    QG_TRY(qg_file_check_output(w->path));
    QG_TRY(qg_file_target(w->to, sizeof w->to, w->path));
    QG_TRY(qg_file_temporary(&w->fd, w->tmp, sizeof w->tmp, w->to));
    char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (char)(s->len >> (8 * i));
    QG_TRY(write_bytes(w, length, sizeof length));
    return write_bytes(w, s->data, s->len);
}

qg_code qg_safetensors_begin(qg_safetensors_writer *w, const char *path, const qg_tensor *tensors,
                             int n, const char *const *metadata)
{
    qg_str s = {0};
    w->path = path;
    w->fd = -1;
    QG_TRY(check_names(path, tensors, n));
    add_header(&s, &w->left, tensors, n, metadata);
    while ((8 + s.len) % ALIGNMENT != 0 && !s.failed)
        qg_str_add(&s, " ");
    qg_code rc = open_with_header(w, &s);
    qg_str_fini(&s);
    return rc;
}

qg_code qg_safetensors_put(qg_safetensors_writer *w, const void *data, size_t size)
{
    QG_ASSERT(size <= w->left);
    w->left -= size;
    return write_bytes(w, data, size);
}

qg_code qg_safetensors_end(qg_safetensors_writer *w)
{
    char dir[4096];
    QG_ASSERT(w->fd >= 0 && w->left == 0);
    if (qg_fsync(w->fd) != 0)
        return write_fail(w, "cannot sync");
    int bad = close(w->fd);
    w->fd = -1;
    if (bad || rename(w->tmp, w->to) != 0) {
        qg_code rc = QG_FAIL_AT(QG_EIO, w->path, 0, 0, NULL, "cannot write: %s", strerror(errno));
        unlink(w->tmp);
        return rc;
    }
    const char *slash = strrchr(w->to, '/');
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - w->to) + 1 : 1, slash ? w->to : ".");
    return qg_file_sync(dir);
}

void qg_safetensors_abandon(qg_safetensors_writer *w)
{
    if (w->fd < 0)
        return;
    close(w->fd);
    unlink(w->tmp);
    w->fd = -1;
}

qg_code qg_safetensors_write(const char *path, const qg_tensor *tensors, int n,
                             const char *const *metadata)
{
    qg_safetensors_writer w;
    for (int i = 0; i < n; i++)
        QG_ASSERT(tensors[i].bytes ==
                  (size_t)qg_tensor_count(&tensors[i]) * qg_dtype_size(tensors[i].dtype));
    QG_TRY(qg_safetensors_begin(&w, path, tensors, n, metadata));
    for (int i = 0; i < n; i++)
        QG_TRY(qg_safetensors_put(&w, tensors[i].data, tensors[i].bytes));
    return qg_safetensors_end(&w);
}
