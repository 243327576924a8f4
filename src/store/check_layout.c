/*
 * check_layout.c - a layout that contradicts itself is refused before a file is made.
 *
 * The size is an upper bound: data, texts of attributes, and a share for headers, link tables and
 * scale references: at most 1.3 times the file (tests/unit/test_store_create.c).
 */
#include "h5.h"

#include "qgrid/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BASE_BYTES = (1 << 16) + (1 << 13),
    FIELD_BYTES = 220,
    DIM_BYTES = 160,
    ATTR_BYTES = 256,
    GROUP_BYTES = 320,
    COMPACT = 8,       /* links that HDF5 keeps in the group itself */
    TABLE_BYTES = 1800 /* of more */
};

typedef struct check {
    const char *file;
    const qg_field **sorted; /* [n] by path */
    int n;
    uint64_t bytes;
} check;

static int by_path(const void *a, const void *b)
{
    return strcmp((*(const qg_field *const *)a)->path, (*(const qg_field *const *)b)->path);
}

static int path_of(const void *key, const void *element)
{
    return strcmp(key, (*(const qg_field *const *)element)->path);
}

static const qg_field *find(const check *c, const char *path)
{
    const qg_field **f = bsearch(path, c->sorted, (size_t)c->n, sizeof(const qg_field *), path_of);
    return f ? *f : NULL;
}

static bool good_path(const char *p)
{
    size_t n = strlen(p);
    if (p[0] != '/' || n < 2 || n >= QG_H5_PATH || p[n - 1] == '/' || qg_utf8_check(p, n) != n)
        return false;
    return !strstr(p, "//") && !strstr(p, "/./") && strcmp(p + n - 2, "/.") != 0;
}

static qg_code check_dims(const check *c, const qg_field *f)
{
    for (int k = 0; k < f->ndim; k++) {
        const qg_field *scale = f->dim[k] ? find(c, f->dim[k]) : NULL;
        if (f->shape[k] < 0)
            return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path, "dimension %d is negative", k);
        if (f->scale)
            continue;
        if (!scale || !scale->scale)
            return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path,
                              "dimension %d: '%s' is not a scale of the layout", k,
                              f->dim[k] ? f->dim[k] : "");
        if (scale->shape[0] != f->shape[k])
            return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path,
                              "dimension %d has length %lld, its scale '%s' has %lld", k,
                              (long long)f->shape[k], f->dim[k], (long long)scale->shape[0]);
    }
    return QG_OK;
}

static qg_code check_parents(const check *c, const qg_field *f)
{
    char part[QG_H5_PATH];
    memcpy(part, f->path, strlen(f->path) + 1);
    for (char *slash; (slash = strrchr(part, '/')) != part;) {
        *slash = 0;
        if (find(c, part))
            return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path, "'%s' is a dataset, not a group",
                              part);
    }
    return QG_OK;
}

static qg_code check_field(check *c, const qg_field *f)
{
    size_t bytes = qg_h5_type_size(f->type, f->string_size);
    if (!good_path(f->path))
        return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path, "is not a path of a dataset");
    if (f->ndim < 0 || f->ndim > QG_STORE_MAX_DIMS || (f->scale && f->ndim != 1))
        return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path, "cannot have %d dimensions", f->ndim);
    if (bytes == 0)
        return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path, "strings need at least 1 byte");
    QG_TRY(check_parents(c, f));
    QG_TRY(check_dims(c, f));
    for (int k = 0; k < f->ndim; k++)
        if (__builtin_mul_overflow(bytes, (size_t)f->shape[k], &bytes) || bytes > INT64_MAX / 2)
            return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path, "its size overflows");
    c->bytes += FIELD_BYTES + (uint64_t)f->ndim * DIM_BYTES;
    c->bytes += (f->units ? strlen(f->units) : 0) + (f->doc ? strlen(f->doc) : 0);
    if (__builtin_add_overflow(c->bytes, bytes, &c->bytes) || c->bytes > INT64_MAX / 2)
        return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path, "the size of the file overflows");
    return QG_OK;
}

static bool same_folder(const char *a, const char *b)
{
    size_t n = (size_t)(strrchr(a, '/') - a);
    return n == (size_t)(strrchr(b, '/') - b) && memcmp(a, b, n) == 0;
}

static qg_code check_all(check *c, const qg_layout *l)
{
    int links = 0;
    for (int i = 0; i < c->n; i++) {
        const qg_field *f = c->sorted[i], *before = i ? c->sorted[i - 1] : NULL;
        QG_TRY(check_field(c, f));
        if (before && strcmp(before->path, f->path) == 0)
            return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, f->path, "is listed twice");
        links = before && same_folder(before->path, f->path) ? links + 1 : 1;
        c->bytes += links == 1 ? GROUP_BYTES : links == COMPACT + 1 ? TABLE_BYTES : 0;
    }
    for (int i = 0; i < l->n_attrs; i++) {
        const qg_attr *a = &l->attr[i];
        if (strcmp(a->path, "/") != 0 && !good_path(a->path))
            return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, a->path, "is not a path of an object");
        if (!a->text && a->integer && !(fabs(a->number) < 9223372036854775808.0))
            return QG_FAIL_AT(QG_ESTORE, c->file, 0, 0, a->path,
                              "attribute '%s': %g is not an integer of 64 bits", a->name,
                              a->number);
        c->bytes += ATTR_BYTES + strlen(a->name) + (a->text ? strlen(a->text) : 0);
        if (!find(c, a->path) && (i == 0 || strcmp(a->path, a[-1].path) != 0))
            c->bytes += GROUP_BYTES;
    }
    return QG_OK;
}

static qg_code sort_and_check(check *c, qg_arena *a, const qg_layout *l)
{
    c->sorted = qg_arena_alloc(a, (size_t)c->n, sizeof(const qg_field *));
    if (!c->sorted)
        return QG_ENOMEM;
    for (int i = 0; i < c->n; i++)
        c->sorted[i] = &l->field[i];
    qsort(c->sorted, (size_t)c->n, sizeof(const qg_field *), by_path);
    return check_all(c, l);
}

qg_code qg_store_forecast(uint64_t *bytes, const qg_layout *layout)
{
    return qg_h5_check_layout(bytes, "results", layout);
}

qg_code qg_h5_check_layout(uint64_t *bytes, const char *path, const qg_layout *l)
{
    check c = {.file = path, .n = l->n_fields, .bytes = BASE_BYTES};
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory to check the layout");
    qg_code rc = sort_and_check(&c, a, l);
    qg_arena_destroy(a);
    *bytes = c.bytes;
    return rc;
}
