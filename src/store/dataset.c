/*
 * dataset.c - open datasets, and blocks of them in and out.
 *
 * A dataset stays open after its first use, in a slot given by a hash of its path; another path of
 * the same slot replaces it. Many small writes then cost one HDF5 call each.
 */
#include "sums.h"

#include <string.h>

static unsigned slot_of(const char *path)
{
    unsigned h = 2166136261u; /* FNV-1a */
    for (; *path; path++)
        h = (h ^ (unsigned char)*path) * 16777619u;
    return h % QG_H5_CACHE;
}

void qg_h5_dataset_close(qg_h5_dataset *d)
{
    if (d->id > 0)
        H5Dclose(d->id);
    if (d->space > 0)
        H5Sclose(d->space);
    if (d->memory > 0)
        H5Tclose(d->memory);
    memset(d, 0, sizeof *d);
}

qg_code qg_h5_check_links(const qg_store *s, const char *path)
{
    char part[QG_H5_PATH];
    size_t n = strlen(path);
    H5L_info_t info;
    if (path[0] != '/' || n >= sizeof part)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path, "is not a path of at most %d bytes",
                          QG_H5_PATH - 1);
    memcpy(part, path, n + 1);
    for (size_t i = 2; n > 1 && i <= n; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        part[i] = 0;
        if (H5Lexists(s->file, part, H5P_DEFAULT) == 0)
            return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path, "does not exist");
        QG_TRY(QG_H5(H5Lget_info(s->file, part, &info, H5P_DEFAULT), s->path, path, "cannot open"));
        if (info.type != H5L_TYPE_HARD)
            return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path, "'%s' is a link to elsewhere", part);
        part[i] = path[i];
    }
    return QG_OK;
}

/* Raw data must lie in this file; what we write must lie in one piece without filters. */
static qg_code check_storage(const qg_store *s, const qg_h5_dataset *d)
{
    hid_t create = H5Dget_create_plist(d->id);
    QG_TRY(QG_H5(create, s->path, d->path, "cannot read the storage layout"));
    H5D_layout_t layout = H5Pget_layout(create);
    int external = H5Pget_external_count(create);
    H5Pclose(create);
    bool inside = layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED || layout == H5D_COMPACT;
    if (external != 0 || !inside)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, d->path, "has its data outside of this file");
    if (s->writable && layout != H5D_CONTIGUOUS)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, d->path,
                          "is chunked or compact: such a file can be read, not continued");
    return QG_OK;
}

static qg_code read_shape(const qg_store *s, qg_h5_dataset *d)
{
    hsize_t shape[QG_STORE_MAX_DIMS];
    size_t bytes = qg_h5_type_size(d->info.type, d->info.string_size);
    if (H5Sget_simple_extent_type(d->space) == H5S_NULL ||
        H5Sget_simple_extent_ndims(d->space) > QG_STORE_MAX_DIMS)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, d->path, "has not 0 to %d dimensions",
                          QG_STORE_MAX_DIMS);
    d->info.ndim = H5Sget_simple_extent_dims(d->space, shape, NULL);
    QG_TRY(QG_H5(d->info.ndim, s->path, d->path, "cannot read the shape"));
    for (int k = 0; k < d->info.ndim; k++) {
        if (shape[k] > INT64_MAX || __builtin_mul_overflow(bytes, (size_t)shape[k], &bytes))
            return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, d->path, "has an impossible shape");
        d->info.shape[k] = (int64_t)shape[k];
    }
    /* Callers allocate and go through what the shape says: a file holds no more than its length. */
    haddr_t at = H5Dget_offset(d->id);
    H5Eclear2(H5E_DEFAULT);
    if (bytes > s->size || (at != HADDR_UNDEF && at > s->size - bytes))
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, d->path,
                          "claims %zu bytes in a file of %llu bytes", bytes,
                          (unsigned long long)s->size);
    return QG_OK;
}

static qg_code open_dataset(const qg_store *s, qg_h5_dataset *d)
{
    QG_TRY(qg_h5_check_links(s, d->path));
    d->id = H5Dopen2(s->file, d->path, H5P_DEFAULT);
    QG_TRY(QG_H5(d->id, s->path, d->path, "cannot open"));
    QG_TRY(check_storage(s, d));
    d->memory = H5Dget_type(d->id);
    QG_TRY(QG_H5(d->memory, s->path, d->path, "cannot read the type"));
    QG_TRY(qg_h5_type_find(&d->info.type, &d->info.string_size, d->memory, s->path, d->path));
    d->space = H5Dget_space(d->id);
    QG_TRY(QG_H5(d->space, s->path, d->path, "cannot read the shape"));
    return read_shape(s, d);
}

qg_code qg_h5_dataset_get(qg_h5_dataset **out, qg_store *s, const char *path)
{
    qg_h5_dataset *d = &s->dataset[slot_of(path)];
    *out = d;
    if (strcmp(d->path, path) == 0 && path[0])
        return QG_OK;
    if (strlen(path) >= sizeof d->path)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path, "is not a path of at most %d bytes",
                          QG_H5_PATH - 1);
    qg_h5_dataset_close(d);
    memcpy(d->path, path, strlen(path) + 1);
    qg_code rc = open_dataset(s, d);
    if (rc == QG_OK)
        return QG_OK;
    qg_h5_dataset_close(d);
    qg_error why = *qg_error_last();
    if (s->writable) /* HDF5 finds odd bytes where a file has been cut */
        QG_TRY(qg_h5_check_size(s));
    return qg_error_restore(&why);
}

qg_code qg_store_describe(qg_store_info *out, qg_store *s, const char *path)
{
    qg_h5_dataset *d;
    QG_TRY(qg_h5_dataset_get(&d, s, path));
    *out = d->info;
    out->path = path;
    return QG_OK;
}

/* The block in the file; *n = its elements. */
static qg_code select_block(hsize_t *n, const qg_store *s, const qg_h5_dataset *d,
                            const int64_t *start, const int64_t *count)
{
    hsize_t from[QG_STORE_MAX_DIMS], many[QG_STORE_MAX_DIMS];
    *n = 1;
    for (int k = 0; k < d->info.ndim; k++) {
        int64_t size = d->info.shape[k], first = start ? start[k] : 0;
        int64_t c = count ? count[k] : size - first;
        if (first < 0 || c < 0 || first > size || c > size - first)
            return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, d->path,
                              "%lld elements from %lld on do not fit in %lld (dimension %d)",
                              (long long)c, (long long)first, (long long)size, k);
        from[k] = (hsize_t)first;
        many[k] = (hsize_t)c;
        *n *= many[k];
    }
    if (*n == 0 || d->info.ndim == 0)
        return QG_OK;
    return QG_H5(H5Sselect_hyperslab(d->space, H5S_SELECT_SET, from, NULL, many, NULL), s->path,
                 d->path, "cannot select a block");
}

static qg_code transfer(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                        const int64_t *count, void *in, const void *out)
{
    qg_h5_dataset *d;
    hsize_t n;
    QG_TRY(qg_h5_dataset_get(&d, s, path));
    if (d->info.type != type)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path, "holds %s, %s is wanted",
                          qg_store_type_name(d->info.type), qg_store_type_name(type));
    QG_TRY(select_block(&n, s, d, start, count));
    if (n == 0)
        return QG_OK;
    hid_t memory = H5Screate_simple(1, &n, NULL);
    QG_TRY(QG_H5(memory, s->path, path, "cannot describe memory"));
    herr_t bad = in ? H5Dread(d->id, d->memory, memory, d->space, H5P_DEFAULT, in)
                    : H5Dwrite(d->id, d->memory, memory, d->space, H5P_DEFAULT, out);
    qg_code rc = QG_H5(bad, s->path, path, in ? "cannot read" : "cannot write");
    H5Sclose(memory);
    return rc;
}

qg_code qg_h5_read(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                   const int64_t *count, void *data)
{
    return transfer(s, path, type, start, count, data, NULL);
}

qg_code qg_h5_write(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                    const int64_t *count, const void *data)
{
    if (!s->writable)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path, "the file is open for reading only");
    s->written = true;
    QG_TRY(qg_h5_before_write(s));
    return transfer(s, path, type, start, count, NULL, data);
}

qg_code qg_store_write(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                       const int64_t *count, const void *data)
{
    if (s->writable)
        QG_TRY(qg_h5_unseal(s, path));
    return qg_h5_write(s, path, type, start, count, data);
}

qg_code qg_store_read(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                      const int64_t *count, void *data)
{
    QG_TRY(qg_h5_refuse_damaged(s, path));
    return qg_h5_read(s, path, type, start, count, data);
}
