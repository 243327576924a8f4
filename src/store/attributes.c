/*
 * attributes.c - attributes as text and as part of a digest.
 */
#include "h5.h"

#include "qgrid/file.h"

#include <stdlib.h>
#include <string.h>

qg_code qg_h5_put_text(hid_t object, const char *path, const char *field, const char *name,
                       const char *text)
{
    size_t size = strlen(text);
    hid_t type = qg_h5_type(QG_STORE_STRING, size ? size : 1), space = H5Screate(H5S_SCALAR);
    hid_t id = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    qg_code rc =
        QG_H5(id < 0 ? -1 : H5Awrite(id, type, text), path, field, "cannot write an attribute");
    if (id >= 0)
        H5Aclose(id);
    H5Sclose(space);
    H5Tclose(type);
    return rc;
}

/* An attribute's value as it lies in memory: fixed types and texts only. */
typedef struct value {
    char *bytes;
    size_t size;
    hsize_t n;
    H5T_class_t class;
} value;

static qg_code fail(const qg_store *s, const char *path, const char *name, const char *why)
{
    return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path, "attribute '%s' %s", name, why);
}

static qg_code read_variable_text(value *v, const qg_store *s, qg_arena *a, hid_t id, hid_t type,
                                  const char *path)
{
    char *text = NULL;
    QG_TRY(QG_H5(H5Aread(id, type, &text), s->path, path, "cannot read an attribute"));
    v->bytes = qg_arena_strdup(a, text ? text : "");
    v->size = text ? strlen(text) : 0;
    if (text)
        H5free_memory(text);
    return v->bytes ? QG_OK : QG_ENOMEM;
}

static qg_code read_typed(value *v, const qg_store *s, qg_arena *a, hid_t id, hid_t type,
                          hid_t space, const char *path, const char *name)
{
    hssize_t n = H5Sget_simple_extent_npoints(space);
    v->class = H5Tget_class(type);
    v->size = H5Tget_size(type);
    v->n = (hsize_t)n;
    if (v->class != H5T_STRING && v->class != H5T_INTEGER && v->class != H5T_FLOAT)
        return fail(s, path, name, "has a type that qgrid does not write");
    if (H5Tis_variable_str(type) > 0 && n == 1)
        return read_variable_text(v, s, a, id, type, path);
    if (H5Tis_variable_str(type) != 0 || n < 0 || v->size == 0 || v->n > s->size / v->size)
        return fail(s, path, name, "has an impossible size");
    v->bytes = qg_arena_alloc(a, v->size * v->n + 1, 1);
    if (!v->bytes)
        return QG_ENOMEM;
    return v->n == 0
               ? QG_OK
               : QG_H5(H5Aread(id, type, v->bytes), s->path, path, "cannot read an attribute");
}

static qg_code read_value(value *v, const qg_store *s, qg_arena *a, hid_t object, const char *path,
                          const char *name)
{
    *v = (value){.n = 1};
    hid_t id = H5Aopen(object, name, H5P_DEFAULT);
    QG_TRY(QG_H5(id, s->path, path, "cannot open an attribute"));
    hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    qg_code rc = QG_H5(type < 0 ? type : space, s->path, path, "cannot read an attribute");
    if (rc == QG_OK)
        rc = read_typed(v, s, a, id, type, space, path, name);
    if (type >= 0)
        H5Tclose(type);
    if (space >= 0)
        H5Sclose(space);
    H5Aclose(id);
    return rc;
}

qg_code qg_store_attr_text(char **out, qg_store *s, qg_arena *a, const char *path, const char *name)
{
    value v = {0};
    *out = NULL;
    QG_TRY(qg_h5_check_links(s, path));
    hid_t object = H5Oopen(s->file, path, H5P_DEFAULT);
    QG_TRY(QG_H5(object, s->path, path, "cannot open"));
    htri_t there = H5Aexists(object, name);
    qg_code rc = QG_H5(there, s->path, path, "cannot look for an attribute");
    if (rc == QG_OK && there)
        rc = read_value(&v, s, a, object, path, name);
    H5Oclose(object);
    if (rc != QG_OK || !there)
        return rc;
    if (v.class == H5T_INTEGER && v.n == 1 && v.size == sizeof(int64_t)) {
        int64_t number;
        memcpy(&number, v.bytes, sizeof number);
        *out = qg_arena_printf(a, "%lld", (long long)number);
        return *out ? QG_OK : QG_ENOMEM;
    }
    if (v.class != H5T_STRING || v.n != 1)
        return fail(s, path, name, "is not a text");
    v.bytes[strnlen(v.bytes, v.size)] = 0;
    *out = v.bytes;
    return QG_OK;
}

/* Bookkeeping of dimension scales holds addresses inside the file. */
static bool is_bookkeeping(const char *name)
{
    static const char *const names[] = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

typedef struct names {
    qg_arena *arena;
    const char **name;
    int n, cap;
} names;

/* Ends an iteration without an error of HDF5's in place of the one that is set. */
enum { NO_MEMORY = 1 };

static herr_t add_name(hid_t object, const char *name, const H5A_info_t *info, void *ctx)
{
    names *l = ctx;
    (void)object, (void)info;
    if (is_bookkeeping(name))
        return 0;
    if (l->n == l->cap) {
        int cap = l->cap ? 2 * l->cap : 32;
        const char **grown =
            qg_arena_grow(l->arena, l->name, (size_t)l->n, (size_t)cap, sizeof *grown);
        if (!grown)
            return NO_MEMORY;
        l->name = grown;
        l->cap = cap;
    }
    l->name[l->n] = qg_arena_strdup(l->arena, name);
    return l->name[l->n++] ? 0 : NO_MEMORY;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static qg_code digest_all(qg_sha256 *sha, qg_store *s, qg_arena *a, hid_t object, const char *path)
{
    names l = {.arena = a};
    hsize_t at = 0;
    herr_t end = H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &at, add_name, &l);
    QG_TRY(QG_H5(end, s->path, path, "cannot list attributes"));
    if (end == NO_MEMORY)
        return QG_ENOMEM;
    if (l.n > 1)
        qsort(l.name, (size_t)l.n, sizeof *l.name, by_name);
    for (int i = 0; i < l.n; i++) {
        value v;
        QG_TRY(read_value(&v, s, a, object, path, l.name[i]));
        uint64_t head[] = {(uint64_t)v.class, v.size, v.n};
        qg_sha256_add_text(sha, l.name[i]);
        qg_sha256_add(sha, head, sizeof head);
        qg_sha256_add(sha, v.bytes, v.size * v.n);
    }
    return QG_OK;
}

qg_code qg_h5_digest_attrs(void *sha, qg_store *s, const char *path)
{
    hid_t object = H5Oopen(s->file, path, H5P_DEFAULT);
    QG_TRY(QG_H5(object, s->path, path, "cannot open"));
    qg_mark m = qg_arena_mark(s->arena);
    qg_code rc = digest_all(sha, s, s->arena, object, path);
    qg_arena_release(s->arena, m);
    H5Oclose(object);
    return rc;
}
