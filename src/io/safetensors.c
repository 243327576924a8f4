/*
 * safetensors.c - reads the safetensors format, and nothing that is only nearly it.
 *
 *   | u64 n, little endian | n bytes of JSON, first one '{' | data: tensors end to end, no holes |
 *
 * Every byte of the data belongs to exactly one tensor; order in the header is free.
 * Format: https://github.com/huggingface/safetensors, README.md.
 */
#include "io/weights_internal.h"
#include "qgrid/json.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_MAX ((uint64_t)100000000)

typedef struct extent {
    uint64_t begin, end; /* in the data */
    const char *name;
} extent;

typedef struct reader {
    qg_weights *w;
    const char *path;
    const unsigned char *data; /* after the header */
    uint64_t size;             /* of the data */
    extent *extents;
    int n;
} reader;

#define FAIL(r, code, name, ...) QG_FAIL_AT((code), (r)->path, 0, 0, (name), __VA_ARGS__)

/* A whole number without sign, point or exponent, as the format writes sizes; exact below 2^53. */
static bool read_size(uint64_t *out, const qg_json_doc *doc, const qg_json *v)
{
    if (v->type != QG_JSON_NUMBER || !(v->number >= 0) || v->number > QG_JSON_MOST_INTEGER)
        return false;
    for (size_t i = v->offset; i < doc->size && !strchr(",] \t\r\n", doc->text[i]); i++)
        if (doc->text[i] < '0' || doc->text[i] > '9')
            return false;
    *out = (uint64_t)v->number;
    return true;
}

static qg_code read_dtype(qg_dtype *out, const reader *r, const char *name, const qg_json *v)
{
    char known[128] = "";
    size_t len = 0;
    if (!v || v->type != QG_JSON_STRING)
        return FAIL(r, QG_EFORMAT, name, "a string 'dtype' is expected, found %s",
                    v ? qg_json_kind(v) : "none");
    if (qg_dtype_find(out, v->string))
        return QG_OK;
    for (int i = 0; i < QG_DTYPE_COUNT; i++)
        len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i ? ", " : "",
                                qg_dtype_name((qg_dtype)i));
    return FAIL(r, QG_EUNSUPPORTED, name, "dtype '%s' is not one of %s", v->string, known);
}

static qg_code read_shape(qg_tensor *t, const reader *r, const qg_json_doc *doc, const qg_json *v)
{
    if (!v || v->type != QG_JSON_ARRAY)
        return FAIL(r, QG_EFORMAT, t->name, "an array 'shape' is expected, found %s",
                    v ? qg_json_kind(v) : "none");
    if (v->count > QG_MAX_DIMS)
        return FAIL(r, QG_EUNSUPPORTED, t->name, "%d dimensions, at most %d are supported",
                    v->count, QG_MAX_DIMS);
    uint64_t bytes = qg_dtype_size(t->dtype);
    for (const qg_json *d = v->child; d; d = d->next) {
        uint64_t size = 0;
        if (!read_size(&size, doc, d))
            return FAIL(r, QG_EFORMAT, t->name, "size %d of 'shape' is not a whole number",
                        t->ndim);
        if (__builtin_mul_overflow(bytes, size, &bytes) || bytes > INT64_MAX)
            return FAIL(r, QG_EFORMAT, t->name, "the product of the sizes in 'shape' overflows");
        t->shape[t->ndim++] = (int64_t)size;
    }
    t->bytes = (size_t)bytes; /* 0 where elements are smaller than a byte */
    return QG_OK;
}

static qg_code read_offsets(extent *e, const reader *r, const qg_json_doc *doc, const qg_json *v)
{
    if (!v || v->type != QG_JSON_ARRAY || v->count != 2)
        return FAIL(r, QG_EFORMAT, e->name, "an array 'data_offsets' of two numbers is expected");
    if (!read_size(&e->begin, doc, v->child) || !read_size(&e->end, doc, v->child->next))
        return FAIL(r, QG_EFORMAT, e->name, "'data_offsets' are not two whole numbers");
    if (e->begin > e->end)
        return FAIL(r, QG_EFORMAT, e->name, "'data_offsets' are reversed: [%llu, %llu]",
                    (unsigned long long)e->begin, (unsigned long long)e->end);
    if (e->end > r->size)
        return FAIL(r, QG_EFORMAT, e->name,
                    "the tensor ends at byte %llu of the data, which has %llu: is the file "
                    "truncated?",
                    (unsigned long long)e->end, (unsigned long long)r->size);
    return QG_OK;
}

static qg_code read_tensor(reader *r, const qg_json_doc *doc, const qg_json *m)
{
    qg_tensor t = {.name = m->key};
    extent *e = &r->extents[r->n++];
    char shape[128];
    e->name = m->key;
    if (m->type != QG_JSON_OBJECT)
        return FAIL(r, QG_EFORMAT, m->key,
                    "found %s, an object with dtype, shape and data_offsets "
                    "is expected",
                    qg_json_kind(m));
    for (const qg_json *k = m->child; k; k = k->next)
        if (strcmp(k->key, "dtype") != 0 && strcmp(k->key, "shape") != 0 &&
            strcmp(k->key, "data_offsets") != 0)
            return FAIL(r, QG_EFORMAT, m->key, "unknown key '%s'", k->key);
    QG_TRY(read_dtype(&t.dtype, r, m->key, qg_json_get(m, "dtype")));
    QG_TRY(read_shape(&t, r, doc, qg_json_get(m, "shape")));
    QG_TRY(read_offsets(e, r, doc, qg_json_get(m, "data_offsets")));
    if (qg_dtype_size(t.dtype) == 0)
        t.bytes = (size_t)(e->end - e->begin);
    if (e->end - e->begin != t.bytes)
        return FAIL(r, QG_EFORMAT, m->key, "'data_offsets' span %llu bytes, %s of %s takes %zu",
                    (unsigned long long)(e->end - e->begin),
                    qg_shape_text(shape, sizeof shape, t.shape, t.ndim), qg_dtype_name(t.dtype),
                    t.bytes);
    t.data = r->data + e->begin;
    return qg_weights_add(r->w, &t);
}

static qg_code check_metadata(const reader *r, const qg_json *m)
{
    if (m->type != QG_JSON_OBJECT)
        return FAIL(r, QG_EFORMAT, m->key, "found %s, an object of strings is expected",
                    qg_json_kind(m));
    for (const qg_json *k = m->child; k; k = k->next)
        if (k->type != QG_JSON_STRING)
            return FAIL(r, QG_EFORMAT, m->key, "'%s' is %s, a string is expected", k->key,
                        qg_json_kind(k));
    return QG_OK;
}

static int by_begin(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* Tensors sorted by place must follow each other without a gap up to the end of the file. */
static qg_code check_cover(reader *r)
{
    uint64_t at = 0;
    qsort(r->extents, (size_t)r->n, sizeof *r->extents, by_begin);
    for (int i = 0; i < r->n; i++) {
        const extent *e = &r->extents[i];
        if (e->begin < at)
            return FAIL(r, QG_EFORMAT, e->name, "overlaps tensor '%s' by %llu bytes",
                        r->extents[i - 1].name, (unsigned long long)(at - e->begin));
        if (e->begin > at)
            return FAIL(r, QG_EFORMAT, e->name, "a hole of %llu bytes lies before this tensor",
                        (unsigned long long)(e->begin - at));
        at = e->end;
    }
    if (at < r->size)
        return FAIL(r, QG_EFORMAT, NULL, "%llu bytes follow the last tensor",
                    (unsigned long long)(r->size - at));
    return QG_OK;
}

static qg_code header_size(size_t *out, const reader *r, const unsigned char *p, size_t size)
{
    uint64_t n = 0;
    if (size < 8)
        return FAIL(r, QG_EFORMAT, NULL, "has %zu bytes, too few for a safetensors file", size);
    for (int i = 7; i >= 0; i--)
        n = n << 8 | p[i];
    if (n == 0)
        return FAIL(r, QG_EFORMAT, NULL, "the header length is 0");
    if (n > HEADER_MAX)
        return FAIL(r, QG_EFORMAT, NULL,
                    "the header length %llu is above %llu: not a safetensors file, or damaged",
                    (unsigned long long)n, (unsigned long long)HEADER_MAX);
    if (n > size - 8)
        return FAIL(r, QG_EFORMAT, NULL,
                    "the header has %llu bytes, the file ends after %zu of them: is it truncated?",
                    (unsigned long long)n, size - 8);
    if (p[8] != '{')
        return FAIL(r, QG_EFORMAT, NULL, "the header begins with byte 0x%02x, '{' is expected",
                    p[8]);
    *out = (size_t)n;
    return QG_OK;
}

qg_code qg_safetensors_parse(qg_weights *w, const char *path, const void *data, size_t size)
{
    reader r = {.w = w, .path = path};
    const unsigned char *p = data;
    qg_json_doc doc;
    size_t n = 0;
    QG_TRY(header_size(&n, &r, p, size));
    r.data = p + 8 + n;
    r.size = size - 8 - n;
    const char *text = (const char *)p + 8;
    QG_TRY(qg_json_bound(path, text, n));
    QG_TRY(qg_json_parse(&doc, w->arena, path, text, n));
    QG_NEW(r.extents, w->arena, doc.root->count);
    for (const qg_json *m = doc.root->child; m; m = m->next) {
        if (strcmp(m->key, "__metadata__") == 0)
            QG_TRY(check_metadata(&r, m));
        else
            QG_TRY(read_tensor(&r, &doc, m));
    }
    return check_cover(&r);
}
