/*
 * digest.c - one SHA-256 of all results, whatever their place in the file.
 *
 * Objects in the order of their paths; of each: kind, path, attributes by name; of datasets also
 * type, shape and raw little-endian values. Values are read in blocks of at most BLOCK bytes:
 *
 *     shape [a, b, c, d]: the last dimensions that fit are read whole, the one before in slices,
 *           `--+--'  |    the ones before that index by index
 */
#include "h5.h"

#include "qgrid/file.h"

#include <string.h>

#define BLOCK ((size_t)4 << 20)

/* The dimension that is sliced, and how many of its indices make a block. */
static int split(const qg_store_info *d, size_t *row, int64_t *slice)
{
    int k = d->ndim - 1;
    *row = qg_h5_type_size(d->type, d->string_size);
    while (k > 0 && *row * (size_t)d->shape[k] <= BLOCK)
        *row *= (size_t)d->shape[k--];
    *slice = *row >= BLOCK ? 1 : (int64_t)(BLOCK / *row);
    return k;
}

static bool next_index(const qg_store_info *d, int64_t *start, int k)
{
    for (k--; k >= 0; k--) {
        if (++start[k] < d->shape[k])
            return true;
        start[k] = 0;
    }
    return false;
}

static qg_code digest_values(qg_sha256 *sha, qg_store *s, const qg_store_info *d, char *block)
{
    int64_t start[QG_STORE_MAX_DIMS] = {0}, count[QG_STORE_MAX_DIMS], slice;
    size_t row;
    int k = split(d, &row, &slice);
    for (int i = 0; i < d->ndim; i++)
        count[i] = i < k ? 1 : d->shape[i];
    do {
        int64_t end = k < 0 ? 1 : d->shape[k];
        for (int64_t at = 0; at < end; at += slice) {
            int64_t n = end - at < slice ? end - at : slice;
            if (k >= 0) {
                start[k] = at;
                count[k] = n;
            }
            QG_TRY(qg_store_read(s, d->path, d->type, start, count, block));
            qg_sha256_add(sha, block, row * (size_t)n);
        }
    } while (next_index(d, start, k));
    return QG_OK;
}

static qg_code digest_dataset(qg_sha256 *sha, qg_store *s, const char *path, char *block)
{
    qg_store_info d;
    QG_TRY(qg_store_describe(&d, s, path));
    size_t element = qg_h5_type_size(d.type, d.string_size);
    qg_sha256_add_text(sha, qg_store_type_name(d.type));
    uint64_t head[2 + QG_STORE_MAX_DIMS] = {element, (uint64_t)d.ndim};
    bool empty = false;
    for (int k = 0; k < d.ndim; k++) {
        head[2 + k] = (uint64_t)d.shape[k];
        empty = empty || d.shape[k] == 0;
    }
    qg_sha256_add(sha, head, sizeof head);
    if (empty)
        return QG_OK;
    if (element > BLOCK)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path, "has strings of %zu bytes", element);
    return digest_values(sha, s, &d, block);
}

/* Whether a path is, or lies below, one of the paths in `tops`, separated by spaces. */
static bool is_below(const char *path, const char *tops)
{
    while (tops && *tops) {
        size_t n = strcspn(tops, " ");
        if (n > 0 && strncmp(path, tops, n) == 0 && (path[n] == '/' || path[n] == 0))
            return true;
        tops += n + (tops[n] == ' ');
    }
    return false;
}

static qg_code digest_tree(qg_sha256 *sha, qg_store *s, qg_arena *a, const char *except)
{
    qg_h5_node *node;
    char *block;
    int n;
    QG_NEW(block, a, BLOCK);
    QG_TRY(qg_h5_walk(&node, &n, s, a, "/"));
    for (int i = 0; i < n; i++) {
        if (is_below(node[i].path, except))
            continue;
        qg_sha256_add_text(sha, node[i].dataset ? "dataset" : "group");
        qg_sha256_add_text(sha, node[i].path);
        QG_TRY(qg_h5_digest_attrs(sha, s, node[i].path));
        if (node[i].dataset)
            QG_TRY(digest_dataset(sha, s, node[i].path, block));
    }
    return QG_OK;
}

/* A reader's digest is that of what was written. */
static qg_code check_structure(qg_store *s)
{
    bool sound = true;
    if (!s->writable && !s->trusting)
        QG_TRY(qg_store_check_structure(&sound, s));
    return sound ? QG_OK
                 : QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, NULL,
                              "is damaged, or was edited: its attributes, names and shapes are not "
                              "as they were written");
}

qg_code qg_store_digest(char hex[65], qg_store *s, const char *except)
{
    qg_sha256 sha;
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory for a digest");
    qg_sha256_init(&sha);
    qg_code rc = check_structure(s);
    if (rc == QG_OK)
        rc = digest_tree(&sha, s, a, except);
    qg_sha256_final(&sha, hex);
    qg_arena_destroy(a);
    return rc;
}
