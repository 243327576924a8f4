/*
 * pickle_ops.c - the opcodes that data needs, one row each; the others are known by name only.
 *
 * Source: Lib/pickletools.py of CPython 3.11. What could run code, import or build instances
 * (INST, OBJ, NEWOBJ, EXT, PERSID ...) has no function here.
 */
#include "io/pickle_machine.h"

#include "qgrid/str.h"

#include <string.h>

enum { MEMO_SLACK = 4096, NAME_MAX_LENGTH = 200 };

static qg_code op_proto(qg_pickle *p, const qg_pickle_op *op)
{
    uint64_t version;
    QG_TRY(qg_pickle_number(&version, p, op->width));
    if (version < 2 || version > 5)
        return QG_PICKLE_FAIL(p, QG_EUNSUPPORTED, "pickle protocol %llu is not one of 2 to 5",
                              (unsigned long long)version);
    return QG_OK;
}

/* A frame only says how far a reader may read ahead. */
static qg_code op_frame(qg_pickle *p, const qg_pickle_op *op)
{
    uint64_t n;
    QG_TRY(qg_pickle_number(&n, p, op->width));
    if (n > p->size - p->pos)
        return QG_PICKLE_FAIL(p, QG_EFORMAT,
                              "a frame of %llu bytes, %zu are left: is it truncated?",
                              (unsigned long long)n, p->size - p->pos);
    return QG_OK;
}

static qg_code op_stop(qg_pickle *p, const qg_pickle_op *op)
{
    (void)op;
    p->stopped = true;
    return QG_OK;
}

static qg_code op_mark(qg_pickle *p, const qg_pickle_op *op)
{
    (void)op;
    if (p->marks == p->mark_cap) {
        size_t cap = p->mark_cap ? 2 * p->mark_cap : 16;
        size_t *mark = qg_arena_grow(p->arena, p->mark, p->marks, cap, sizeof *mark);
        if (!mark)
            return QG_ENOMEM;
        p->mark = mark;
        p->mark_cap = cap;
    }
    p->mark[p->marks++] = p->stack.n;
    return QG_OK;
}

static qg_code op_constant(qg_pickle *p, const qg_pickle_op *op)
{
    return qg_pickle_put(p, (qg_pickle_value){.kind = op->kind, .integer = op->width});
}

static qg_code op_unsigned(qg_pickle *p, const qg_pickle_op *op)
{
    uint64_t v;
    QG_TRY(qg_pickle_number(&v, p, op->width));
    return qg_pickle_put(p, (qg_pickle_value){.kind = QG_PICKLE_INT, .integer = (int64_t)v});
}

static qg_code op_signed(qg_pickle *p, const qg_pickle_op *op)
{
    uint64_t v;
    QG_TRY(qg_pickle_number(&v, p, op->width));
    return qg_pickle_put(p, (qg_pickle_value){.kind = QG_PICKLE_INT, .integer = (int32_t)v});
}

/* Two's complement of any length; what does not fit 64 bits is kept as bytes. */
static qg_code op_long(qg_pickle *p, const qg_pickle_op *op)
{
    uint64_t n, v = 0;
    const unsigned char *b = NULL;
    QG_TRY(qg_pickle_number(&n, p, op->width));
    QG_TRY(qg_pickle_bytes(&b, p, n));
    if (n > 8)
        return qg_pickle_put(
            p,
            (qg_pickle_value){.kind = QG_PICKLE_BIG, .len = (uint32_t)n, .text = (const char *)b});
    if (n > 0 && b[n - 1] & 0x80)
        v = UINT64_MAX;
    for (uint64_t i = n; i-- > 0;)
        v = v << 8 | b[i];
    return qg_pickle_put(p, (qg_pickle_value){.kind = QG_PICKLE_INT, .integer = (int64_t)v});
}

static qg_code op_float(qg_pickle *p, const qg_pickle_op *op)
{
    const unsigned char *b = NULL;
    uint64_t bits = 0;
    qg_pickle_value v = {.kind = op->kind};
    QG_TRY(qg_pickle_bytes(&b, p, 8));
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | b[i];
    memcpy(&v.real, &bits, sizeof bits);
    return qg_pickle_put(p, v);
}

static qg_code op_text(qg_pickle *p, const qg_pickle_op *op)
{
    uint64_t n;
    const unsigned char *b = NULL;
    QG_TRY(qg_pickle_number(&n, p, op->width));
    QG_TRY(qg_pickle_bytes(&b, p, n));
    if (n > INT32_MAX)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "a text of %llu bytes", (unsigned long long)n);
    const char *text = (const char *)b;
    if (op->kind == QG_PICKLE_STRING && qg_utf8_check(text, (size_t)n) != n)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "a string is not valid UTF-8");
    return qg_pickle_put(p, (qg_pickle_value){.kind = op->kind, .len = (uint32_t)n, .text = text});
}

static qg_code op_empty(qg_pickle *p, const qg_pickle_op *op)
{
    qg_pickle_value v;
    QG_TRY(qg_pickle_new_seq(&v, p, op->kind));
    return qg_pickle_put(p, v);
}

/* Puts one tuple in the place of the n topmost values. */
static qg_code make_tuple(qg_pickle *p, size_t n)
{
    qg_pickle_value v, *top;
    QG_TRY(qg_pickle_top(&top, p, n));
    QG_TRY(qg_pickle_new_seq(&v, p, QG_PICKLE_TUPLE));
    QG_TRY(qg_pickle_push(p, v.seq, top, n));
    p->stack.n -= n;
    return qg_pickle_put(p, v);
}

static qg_code op_tuple_n(qg_pickle *p, const qg_pickle_op *op)
{
    return make_tuple(p, (size_t)op->width);
}

static qg_code op_tuple(qg_pickle *p, const qg_pickle_op *op)
{
    size_t n;
    (void)op;
    QG_TRY(qg_pickle_unmark(&n, p));
    return make_tuple(p, n);
}

/* Appends the n topmost values to the list or dict below them. */
static qg_code extend(qg_pickle *p, const qg_pickle_op *op, size_t n)
{
    qg_pickle_value *top;
    QG_TRY(qg_pickle_top(&top, p, n + 1));
    if (top->kind != op->kind)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "%s on %s", op->name, qg_pickle_kind_name(top->kind));
    if (op->kind == QG_PICKLE_DICT && n % 2 != 0)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "a key without a value");
    QG_TRY(qg_pickle_push(p, top->seq, top + 1, n));
    p->stack.n -= n;
    return QG_OK;
}

static qg_code op_extend_n(qg_pickle *p, const qg_pickle_op *op)
{
    return extend(p, op, (size_t)op->width);
}

static qg_code op_extend(qg_pickle *p, const qg_pickle_op *op)
{
    size_t n;
    QG_TRY(qg_pickle_unmark(&n, p));
    return extend(p, op, n);
}

/* Writers number the memo in order; a far index would only serve to fill memory. */
static qg_code put_memo(qg_pickle *p, uint64_t index)
{
    qg_pickle_value *top, none = {.kind = QG_PICKLE_GLOBAL, .len = UINT32_MAX};
    QG_TRY(qg_pickle_top(&top, p, 1));
    if (index > p->puts++ + MEMO_SLACK)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "memo index %llu after %zu entries",
                              (unsigned long long)index, p->puts - 1);
    while (p->memo.n <= index)
        QG_TRY(qg_pickle_push(p, &p->memo, &none, 1));
    p->memo.item[index] = *top;
    return QG_OK;
}

static qg_code op_put(qg_pickle *p, const qg_pickle_op *op)
{
    uint64_t index;
    QG_TRY(qg_pickle_number(&index, p, op->width));
    return put_memo(p, index);
}

static qg_code op_memoize(qg_pickle *p, const qg_pickle_op *op)
{
    (void)op;
    return put_memo(p, p->memo.n);
}

static qg_code op_get(qg_pickle *p, const qg_pickle_op *op)
{
    uint64_t index;
    QG_TRY(qg_pickle_number(&index, p, op->width));
    if (index >= p->memo.n ||
        (p->memo.item[index].kind == QG_PICKLE_GLOBAL && p->memo.item[index].len == UINT32_MAX))
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "memo entry %llu does not exist",
                              (unsigned long long)index);
    return qg_pickle_put(p, p->memo.item[index]);
}

static qg_code push_global(qg_pickle *p, const char *module, const char *name)
{
    int id = p->hooks ? p->hooks->global(module, name) : -1;
    if (id < 0)
        return QG_PICKLE_FAIL(p, QG_EUNSUPPORTED,
                              "global '%s.%s' is not allowed: only tensors are read; save the "
                              "model's state_dict, or as safetensors",
                              module, name);
    return qg_pickle_put(p, (qg_pickle_value){.kind = QG_PICKLE_GLOBAL, .len = (uint32_t)id});
}

static qg_code read_line(char out[NAME_MAX_LENGTH + 1], qg_pickle *p)
{
    size_t n = 0, left = p->size - p->pos;
    const unsigned char *b = p->data + p->pos;
    while (n < left && n <= NAME_MAX_LENGTH && b[n] != '\n')
        n++;
    if (n == left || n > NAME_MAX_LENGTH)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "the name of a global does not end");
    memcpy(out, b, n);
    out[n] = 0;
    p->pos += n + 1;
    return QG_OK;
}

static qg_code op_global(qg_pickle *p, const qg_pickle_op *op)
{
    char module[NAME_MAX_LENGTH + 1], name[NAME_MAX_LENGTH + 1];
    (void)op;
    QG_TRY(read_line(module, p));
    QG_TRY(read_line(name, p));
    return push_global(p, module, name);
}

static qg_code op_stack_global(qg_pickle *p, const qg_pickle_op *op)
{
    char text[2][NAME_MAX_LENGTH + 1];
    qg_pickle_value *top;
    (void)op;
    QG_TRY(qg_pickle_top(&top, p, 2));
    for (int i = 0; i < 2; i++) {
        if (top[i].kind != QG_PICKLE_STRING || top[i].len > NAME_MAX_LENGTH)
            return QG_PICKLE_FAIL(p, QG_EFORMAT, "the name of a global is %s",
                                  qg_pickle_kind_name(top[i].kind));
        memcpy(text[i], top[i].text, top[i].len);
        text[i][top[i].len] = 0;
    }
    p->stack.n -= 2;
    return push_global(p, text[0], text[1]);
}

static qg_code op_reduce(qg_pickle *p, const qg_pickle_op *op)
{
    qg_pickle_value *top, v;
    QG_TRY(qg_pickle_top(&top, p, 2));
    if (top[0].kind != QG_PICKLE_GLOBAL || top[1].kind != QG_PICKLE_TUPLE)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "%s on %s and %s", op->name,
                              qg_pickle_kind_name(top[0].kind), qg_pickle_kind_name(top[1].kind));
    QG_TRY(p->hooks->reduce(&v, p, top[0].len, top[1].seq));
    p->stack.n -= 2;
    return qg_pickle_put(p, v);
}

/* Attributes of a dict (torch's _metadata) are read over; nothing else may have any. */
static qg_code op_build(qg_pickle *p, const qg_pickle_op *op)
{
    qg_pickle_value *top;
    QG_TRY(qg_pickle_top(&top, p, 2));
    bool passed = top[0].kind == QG_PICKLE_OBJECT && p->hooks && p->hooks->stateful(top[0].len);
    if (!passed && (top[0].kind != QG_PICKLE_DICT || top[1].kind != QG_PICKLE_DICT))
        return QG_PICKLE_FAIL(p, QG_EUNSUPPORTED, "%s on %s with %s is not allowed", op->name,
                              qg_pickle_kind_name(top[0].kind), qg_pickle_kind_name(top[1].kind));
    p->stack.n--;
    return QG_OK;
}

static qg_code op_persistent(qg_pickle *p, const qg_pickle_op *op)
{
    qg_pickle_value *top, v;
    (void)op;
    QG_TRY(qg_pickle_top(&top, p, 1));
    if (!p->hooks)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "a persistent id is not expected here");
    QG_TRY(p->hooks->persistent(&v, p, top));
    p->stack.n--;
    return qg_pickle_put(p, v);
}

// clang-format off
const qg_pickle_op qg_pickle_ops[256] = {
    [0x80] = {"PROTO", op_proto, 1},
    [0x95] = {"FRAME", op_frame, 8},
    ['.']  = {"STOP", op_stop},
    ['(']  = {"MARK", op_mark},
    ['N']  = {"NONE", op_constant, 0, QG_PICKLE_NONE},
    [0x88] = {"NEWTRUE", op_constant, 1, QG_PICKLE_BOOL},
    [0x89] = {"NEWFALSE", op_constant, 0, QG_PICKLE_BOOL},
    ['K']  = {"BININT1", op_unsigned, 1},
    ['M']  = {"BININT2", op_unsigned, 2},
    ['J']  = {"BININT", op_signed, 4},
    [0x8a] = {"LONG1", op_long, 1},
    [0x8b] = {"LONG4", op_long, 4},
    ['G']  = {"BINFLOAT", op_float, 8, QG_PICKLE_FLOAT},
    ['U']  = {"SHORT_BINSTRING", op_text, 1, QG_PICKLE_STRING},
    ['T']  = {"BINSTRING", op_text, 4, QG_PICKLE_STRING},
    [0x8c] = {"SHORT_BINUNICODE", op_text, 1, QG_PICKLE_STRING},
    ['X']  = {"BINUNICODE", op_text, 4, QG_PICKLE_STRING},
    [0x8d] = {"BINUNICODE8", op_text, 8, QG_PICKLE_STRING},
    ['C']  = {"SHORT_BINBYTES", op_text, 1, QG_PICKLE_BYTES},
    ['B']  = {"BINBYTES", op_text, 4, QG_PICKLE_BYTES},
    [0x8e] = {"BINBYTES8", op_text, 8, QG_PICKLE_BYTES},
    [')']  = {"EMPTY_TUPLE", op_empty, 0, QG_PICKLE_TUPLE},
    [']']  = {"EMPTY_LIST", op_empty, 0, QG_PICKLE_LIST},
    ['}']  = {"EMPTY_DICT", op_empty, 0, QG_PICKLE_DICT},
    ['t']  = {"TUPLE", op_tuple},
    [0x85] = {"TUPLE1", op_tuple_n, 1},
    [0x86] = {"TUPLE2", op_tuple_n, 2},
    [0x87] = {"TUPLE3", op_tuple_n, 3},
    ['a']  = {"APPEND", op_extend_n, 1, QG_PICKLE_LIST},
    ['e']  = {"APPENDS", op_extend, 0, QG_PICKLE_LIST},
    ['s']  = {"SETITEM", op_extend_n, 2, QG_PICKLE_DICT},
    ['u']  = {"SETITEMS", op_extend, 0, QG_PICKLE_DICT},
    ['h']  = {"BINGET", op_get, 1},
    ['j']  = {"LONG_BINGET", op_get, 4},
    ['q']  = {"BINPUT", op_put, 1},
    ['r']  = {"LONG_BINPUT", op_put, 4},
    [0x94] = {"MEMOIZE", op_memoize},
    ['c']  = {"GLOBAL", op_global},
    [0x93] = {"STACK_GLOBAL", op_stack_global},
    ['R']  = {"REDUCE", op_reduce},
    ['b']  = {"BUILD", op_build},
    ['Q']  = {"BINPERSID", op_persistent},
    ['0']  = {"POP"}, ['1'] = {"POP_MARK"}, ['2'] = {"DUP"}, ['F'] = {"FLOAT"}, ['I'] = {"INT"},
    ['L']  = {"LONG"}, ['P'] = {"PERSID"}, ['S'] = {"STRING"}, ['V'] = {"UNICODE"},
    ['d']  = {"DICT"}, ['g'] = {"GET"}, ['i'] = {"INST"}, ['l'] = {"LIST"}, ['o'] = {"OBJ"},
    ['p']  = {"PUT"}, [0x81] = {"NEWOBJ"}, [0x82] = {"EXT1"}, [0x83] = {"EXT2"}, [0x84] = {"EXT4"},
    [0x8f] = {"EMPTY_SET"}, [0x90] = {"ADDITEMS"}, [0x91] = {"FROZENSET"}, [0x92] = {"NEWOBJ_EX"},
    [0x96] = {"BYTEARRAY8"}, [0x97] = {"NEXT_BUFFER"}, [0x98] = {"READONLY_BUFFER"},
};
// clang-format on
