/*
 * pickle.c - the stack machine: reads an opcode, looks it up, bounds everything.
 *
 * Source: Lib/pickletools.py of CPython 3.11 (opcodes and their arguments).
 */
#include "io/pickle_machine.h"

#include <stdio.h>
#include <string.h>

qg_arena *qg_pickle_arena(const qg_pickle *p)
{
    return p->arena;
}

void *qg_pickle_ctx(const qg_pickle *p)
{
    return p->hooks->ctx;
}

qg_code qg_pickle_fail(const qg_pickle *p, qg_code code, const char *src, const char *fmt, ...)
{
    char msg[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    (void)qg_error_set(code, src, "%s (byte %zu of the pickle)", msg, p->at);
    return qg_error_place(p->path, 0, 0, p->field);
}

const char *qg_pickle_kind_name(qg_pickle_kind kind)
{
    static const char *const name[] = {"None",    "a bool",   "an integer", "a large integer",
                                       "a float", "a string", "bytes",      "a tuple",
                                       "a list",  "a dict",   "a global",   "an object"};
    return name[kind];
}

bool qg_pickle_is_text(const qg_pickle_value *v, const char *text)
{
    return v->kind == QG_PICKLE_STRING && v->len == strlen(text) &&
           memcmp(v->text, text, v->len) == 0;
}

qg_code qg_pickle_new_seq(qg_pickle_value *out, qg_pickle *p, qg_pickle_kind kind)
{
    *out = (qg_pickle_value){.kind = kind};
    QG_NEW(out->seq, p->arena, 1);
    return QG_OK;
}

static qg_code reserve(qg_pickle *p, qg_pickle_seq *seq, size_t n)
{
    if (n <= seq->cap)
        return QG_OK;
    size_t cap = seq->cap ? 2 * seq->cap : 4;
    while (cap < n)
        cap *= 2;
    void *item = qg_arena_grow(p->arena, seq->item, seq->n, cap, sizeof *seq->item);
    if (!item)
        return QG_ENOMEM;
    seq->item = item;
    seq->cap = cap;
    return QG_OK;
}

qg_code qg_pickle_push(qg_pickle *p, qg_pickle_seq *seq, const qg_pickle_value *items, size_t n)
{
    if (n == 0)
        return QG_OK;
    QG_TRY(reserve(p, seq, seq->n + n));
    memcpy(seq->item + seq->n, items, n * sizeof *items);
    seq->n += n;
    return QG_OK;
}

qg_code qg_pickle_put(qg_pickle *p, qg_pickle_value v)
{
    return qg_pickle_push(p, &p->stack, &v, 1);
}

qg_code qg_pickle_top(qg_pickle_value **out, qg_pickle *p, size_t n)
{
    size_t floor = p->marks ? p->mark[p->marks - 1] : 0;
    if (p->stack.n - floor < n)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "the stack holds %zu values, %zu are needed",
                              p->stack.n - floor, n);
    *out = p->stack.item + p->stack.n - n;
    return QG_OK;
}

qg_code qg_pickle_unmark(size_t *n, qg_pickle *p)
{
    if (p->marks == 0)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "a mark is missing");
    *n = p->stack.n - p->mark[--p->marks];
    return QG_OK;
}

qg_code qg_pickle_bytes(const unsigned char **out, qg_pickle *p, uint64_t n)
{
    if (n > p->size - p->pos)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "the pickle ends too early: is it truncated?");
    *out = p->data + p->pos;
    p->pos += (size_t)n;
    return QG_OK;
}

qg_code qg_pickle_number(uint64_t *out, qg_pickle *p, int width)
{
    const unsigned char *b = NULL;
    *out = 0;
    QG_TRY(qg_pickle_bytes(&b, p, (uint64_t)width));
    while (width-- > 0)
        *out = *out << 8 | b[width];
    return QG_OK;
}

static qg_code step(qg_pickle *p)
{
    const unsigned char *code = NULL;
    p->at = p->pos;
    QG_TRY(qg_pickle_bytes(&code, p, 1));
    const qg_pickle_op *op = &qg_pickle_ops[*code];
    if (!op->run)
        return QG_PICKLE_FAIL(p, op->name ? QG_EUNSUPPORTED : QG_EFORMAT,
                              "opcode %s (0x%02x) is not allowed", op->name ? op->name : "unknown",
                              *code);
    return op->run(p, op);
}

qg_code qg_pickle_load(qg_pickle_value *out, size_t *used, qg_arena *a, const char *path,
                       const char *field, const void *data, size_t size,
                       const qg_pickle_hooks *hooks)
{
    qg_pickle p = {.arena = a, .path = path, .field = field, .data = data, .size = size};
    p.hooks = hooks;
    QG_TRY(reserve(&p, &p.stack, 1)); /* the top of an empty stack is a place, too */
    for (int i = 0; !p.stopped; i++) {
        if (i == QG_PICKLE_MAX_OPS)
            return QG_PICKLE_FAIL(&p, QG_EFORMAT, "more than %d operations", QG_PICKLE_MAX_OPS);
        QG_TRY(step(&p));
    }
    if (p.marks != 0 || p.stack.n != 1)
        return QG_PICKLE_FAIL(&p, QG_EFORMAT, "the pickle ends with %zu values, one is expected",
                              p.stack.n);
    *out = p.stack.item[0];
    if (used)
        *used = p.pos;
    return QG_OK;
}
