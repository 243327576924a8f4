/*
 * wire.c - writing and reading plain bytes.
 */
#include "wire.h"

#include "qgrid/labels.h"

#include <string.h>

void qg_wire_put(qg_str *out, const void *data, size_t size)
{
    qg_str_addn(out, data, size);
}

void qg_wire_put_i64(qg_str *out, int64_t v)
{
    qg_str_addn(out, &v, sizeof v);
}

void qg_wire_put_text(qg_str *out, const char *text)
{
    size_t n = strlen(text);
    qg_wire_put_i64(out, (int64_t)n);
    qg_str_addn(out, text, n);
}

void qg_wire_get(qg_reader *r, void *data, size_t size)
{
    if (r->bad || size > r->size - r->at) {
        r->bad = true;
        memset(data, 0, size);
        return;
    }
    if (size)
        memcpy(data, r->data + r->at, size);
    r->at += size;
}

int64_t qg_wire_get_i64(qg_reader *r)
{
    int64_t v;
    qg_wire_get(r, &v, sizeof v);
    return v;
}

void *qg_wire_get_array(qg_reader *r, qg_arena *a, int64_t n, size_t size)
{
    size_t bytes;
    if (n < 0 || qg_mul_size(&bytes, (size_t)n, size) != QG_OK || bytes > r->size - r->at)
        r->bad = true;
    if (r->bad) {
        (void)QG_FAIL(QG_EBUG, "a message is shorter than it says");
        return NULL;
    }
    void *p = qg_arena_alloc(a, bytes, 1);
    if (p)
        qg_wire_get(r, p, bytes);
    return p;
}

char *qg_wire_get_text(qg_reader *r, qg_arena *a)
{
    int64_t n = qg_wire_get_i64(r);
    if (n < 0 || (uint64_t)n > r->size - r->at) {
        r->bad = true;
        n = 0;
    }
    char *p = qg_arena_alloc(a, (size_t)n + 1, 1);
    if (p)
        qg_wire_get(r, p, (size_t)n);
    return p;
}

bool qg_wire_is_bool(const bool *b)
{
    unsigned char byte;
    memcpy(&byte, b, 1);
    return byte <= 1;
}

qg_code qg_wire_end(const qg_reader *r)
{
    if (r->bad || r->at != r->size)
        return QG_FAIL(QG_EBUG, "a message of %zu bytes was not understood", r->size);
    return QG_OK;
}

void qg_wire_put_source(qg_str *out, const qg_model_source *s)
{
    qg_wire_put_text(out, s->dir ? s->dir : "");
    qg_wire_put_i64(out, s->random_head);
    qg_wire_put_i64(out, s->random_weights);
    qg_wire_put_i64(out, s->head_seed);
    qg_wire_put_i64(out, s->classes);
    qg_wire_put_i64(out, s->n_order);
    qg_wire_put(out, s->class_order, (size_t)s->n_order);
}

qg_code qg_wire_get_source(qg_model_source *s, qg_reader *r, qg_arena *a)
{
    s->dir = qg_wire_get_text(r, a);
    s->random_head = qg_wire_get_i64(r) != 0;
    s->random_weights = qg_wire_get_i64(r) != 0;
    s->head_seed = qg_wire_get_i64(r);
    s->classes = (int)qg_wire_get_i64(r);
    int64_t n = qg_wire_get_i64(r);
    if (!s->dir)
        return QG_ENOMEM;
    if (r->bad || n < 0 || n > QG_MAX_CLASSES)
        return QG_FAIL(QG_EBUG, "a message holds no source of a model");
    s->n_order = (int)n;
    if (n > 0 && !(s->class_order = qg_wire_get_array(r, a, n, 1)))
        return qg_error_last()->code;
    for (int k = 0; k < s->n_order; k++)
        if (s->class_order[k] >= n)
            return QG_FAIL(QG_EBUG, "a message holds no order of classes");
    return QG_OK;
}
