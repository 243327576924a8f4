/*
 * torch_objects.c - the allow-list: each global that a tensor's pickle names, and what it makes.
 * Numpy's numbers and arrays, element types and devices, which training loops keep beside the
 * tensors, are passed over: nothing of them is built.
 *
 * Source: torch/_utils.py and torch/serialization.py of PyTorch 1.13 (arguments of the functions,
 * persistent ids of storages).
 */
#include "io/torch_objects.h"

#include <string.h>

enum { ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, SIZE, ASIDE, STORAGE_CLASS };

static const struct {
    const char *module, *name;
    int id; /* storage classes: STORAGE_CLASS + dtype */
} allowed[] = {
    {"collections", "OrderedDict", ORDERED_DICT},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER},
    {"torch", "Size", SIZE},
    {"torch", "BoolStorage", STORAGE_CLASS + QG_BOOL},
    {"torch", "ByteStorage", STORAGE_CLASS + QG_U8},
    {"torch", "CharStorage", STORAGE_CLASS + QG_I8},
    {"torch", "ShortStorage", STORAGE_CLASS + QG_I16},
    {"torch", "IntStorage", STORAGE_CLASS + QG_I32},
    {"torch", "LongStorage", STORAGE_CLASS + QG_I64},
    {"torch", "HalfStorage", STORAGE_CLASS + QG_F16},
    {"torch", "BFloat16Storage", STORAGE_CLASS + QG_BF16},
    {"torch", "FloatStorage", STORAGE_CLASS + QG_F32},
    {"torch", "DoubleStorage", STORAGE_CLASS + QG_F64},
    {"torch", "device", ASIDE},
    {"torch", "bool", ASIDE},
    {"torch", "uint8", ASIDE},
    {"torch", "int8", ASIDE},
    {"torch", "int16", ASIDE},
    {"torch", "int32", ASIDE},
    {"torch", "int64", ASIDE},
    {"torch", "float16", ASIDE},
    {"torch", "bfloat16", ASIDE},
    {"torch", "float32", ASIDE},
    {"torch", "float64", ASIDE},
    {"numpy", "dtype", ASIDE},
    {"numpy", "ndarray", ASIDE},
    {"numpy.core.multiarray", "scalar", ASIDE},
    {"numpy._core.multiarray", "scalar", ASIDE},
    {"numpy.core.multiarray", "_reconstruct", ASIDE},
    {"numpy._core.multiarray", "_reconstruct", ASIDE},
    {"_codecs", "encode", ASIDE}, /* how protocol 2 writes bytes */
};

static bool is_aside(uint32_t class)
{
    return class == QG_TORCH_ASIDE;
}

static int find_global(const char *module, const char *name)
{
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (strcmp(allowed[i].module, module) == 0 && strcmp(allowed[i].name, name) == 0)
            return allowed[i].id;
    return -1;
}

/* OrderedDict(), or as Python 2 wrote it: OrderedDict([(key, value), ...]). */
static qg_code make_dict(qg_pickle_value *out, qg_pickle *p, const qg_pickle_seq *args)
{
    QG_TRY(qg_pickle_new_seq(out, p, QG_PICKLE_DICT));
    if (args->n == 0)
        return QG_OK;
    if (args->n != 1 || args->item[0].kind != QG_PICKLE_LIST)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "OrderedDict wants one list of pairs");
    const qg_pickle_seq *list = args->item[0].seq;
    for (size_t i = 0; i < list->n; i++) {
        const qg_pickle_value *pair = &list->item[i];
        if ((pair->kind != QG_PICKLE_LIST && pair->kind != QG_PICKLE_TUPLE) || pair->seq->n != 2)
            return QG_PICKLE_FAIL(p, QG_EFORMAT, "OrderedDict wants pairs, element %zu is none", i);
        QG_TRY(qg_pickle_push(p, out->seq, pair->seq->item, 2));
    }
    return QG_OK;
}

static qg_code read_sizes(int64_t *out, qg_pickle *p, const char *what, const qg_pickle_seq *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->item[i].kind != QG_PICKLE_INT || list->item[i].integer < 0)
            return QG_PICKLE_FAIL(p, QG_EFORMAT, "%s %zu of a tensor is negative or no integer",
                                  what, i);
        out[i] = list->item[i].integer;
    }
    return QG_OK;
}

/* (storage, storage_offset, size, stride, requires_grad, backward_hooks[, metadata]) */
static qg_code make_tensor(qg_pickle_value *out, qg_pickle *p, const qg_pickle_seq *args)
{
    const qg_pickle_value *a = args->item;
    if (args->n < 6 || args->n > 7 || a[0].kind != QG_PICKLE_OBJECT ||
        a[0].len != QG_TORCH_STORAGE || a[1].kind != QG_PICKLE_INT ||
        a[2].kind != QG_PICKLE_TUPLE || a[3].kind != QG_PICKLE_TUPLE)
        return QG_PICKLE_FAIL(p, QG_EFORMAT,
                              "_rebuild_tensor_v2 wants (storage, offset, size, stride, "
                              "requires_grad, hooks)");
    if (args->n == 7 && a[6].kind != QG_PICKLE_NONE && (a[6].kind != QG_PICKLE_DICT || a[6].seq->n))
        return QG_PICKLE_FAIL(p, QG_EUNSUPPORTED, "a tensor with metadata is not supported");
    const qg_pickle_seq *size = a[2].seq, *stride = a[3].seq;
    if (size->n != stride->n || size->n > QG_MAX_DIMS)
        return QG_PICKLE_FAIL(p, QG_EFORMAT,
                              "a tensor has %zu sizes and %zu strides, at most %d of each", size->n,
                              stride->n, QG_MAX_DIMS);
    if (a[1].integer < 0)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "a tensor begins at element %lld of its storage",
                              (long long)a[1].integer);
    qg_torch_tensor *t;
    QG_NEW(t, qg_pickle_arena(p), 1);
    t->storage = a[0].object;
    t->offset = a[1].integer;
    t->ndim = (int)size->n;
    QG_TRY(read_sizes(t->shape, p, "size", size));
    QG_TRY(read_sizes(t->stride, p, "stride", stride));
    *out = (qg_pickle_value){.kind = QG_PICKLE_OBJECT, .len = QG_TORCH_TENSOR, .object = t};
    return QG_OK;
}

/* (data, requires_grad, backward_hooks) */
static qg_code make_parameter(qg_pickle_value *out, qg_pickle *p, const qg_pickle_seq *args)
{
    if (args->n != 3 || args->item[0].kind != QG_PICKLE_OBJECT ||
        args->item[0].len != QG_TORCH_TENSOR)
        return QG_PICKLE_FAIL(p, QG_EFORMAT,
                              "_rebuild_parameter wants (tensor, requires_grad, "
                              "hooks)");
    *out = args->item[0];
    return QG_OK;
}

static qg_code call_global(qg_pickle_value *out, qg_pickle *p, uint32_t id,
                           const qg_pickle_seq *args)
{
    switch (id) {
    case ORDERED_DICT:
        return make_dict(out, p, args);
    case REBUILD_TENSOR:
        return make_tensor(out, p, args);
    case REBUILD_PARAMETER:
        return make_parameter(out, p, args);
    case SIZE:
        if (args->n != 1 || args->item[0].kind != QG_PICKLE_TUPLE)
            return QG_PICKLE_FAIL(p, QG_EFORMAT, "torch.Size wants one tuple");
        *out = args->item[0];
        return QG_OK;
    case ASIDE:
        *out = (qg_pickle_value){.kind = QG_PICKLE_OBJECT, .len = QG_TORCH_ASIDE};
        return QG_OK;
    default:
        return QG_PICKLE_FAIL(p, QG_EUNSUPPORTED, "a call of a storage class is not allowed");
    }
}

static qg_code keep_storage(qg_torch *t, qg_torch_storage *s)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 256;
        void *grown = qg_arena_grow(t->w->arena, t->storage, t->n, cap, sizeof *t->storage);
        if (!grown)
            return QG_ENOMEM;
        t->storage = grown;
        t->cap = cap;
    }
    t->storage[t->n++] = s;
    return QG_OK;
}

/* Before torch 0.4 a storage could be a part of another one: (key, begin, length). */
static qg_code read_part(qg_torch_storage *s, qg_pickle *p, const qg_pickle_value *part)
{
    s->length = s->count;
    if (part->kind == QG_PICKLE_NONE)
        return QG_OK;
    const qg_pickle_value *a =
        part->kind == QG_PICKLE_TUPLE && part->seq->n == 3 ? part->seq->item : NULL;
    if (!a || a[1].kind != QG_PICKLE_INT || a[2].kind != QG_PICKLE_INT)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "a part of a storage wants (key, begin, length)");
    s->begin = a[1].integer;
    s->length = a[2].integer;
    if (s->begin < 0 || s->length < 0 || s->begin > s->count || s->length > s->count - s->begin)
        return QG_PICKLE_FAIL(p, QG_EFORMAT,
                              "a part of a storage, %lld elements from %lld, leaves its %lld",
                              (long long)s->length, (long long)s->begin, (long long)s->count);
    return QG_OK;
}

/* ('storage', class, key, location, elements[, part]) */
static qg_code make_storage(qg_pickle_value *out, qg_pickle *p, const qg_pickle_value *id)
{
    qg_torch_storage *s;
    size_t n = id->kind == QG_PICKLE_TUPLE ? id->seq->n : 0;
    const qg_pickle_value *a = n ? id->seq->item : NULL;
    if (n < 5 || n > 6 || !qg_pickle_is_text(&a[0], "storage") || a[1].kind != QG_PICKLE_GLOBAL ||
        a[1].len < STORAGE_CLASS || a[2].kind != QG_PICKLE_STRING || a[4].kind != QG_PICKLE_INT)
        return QG_PICKLE_FAIL(p, QG_EFORMAT,
                              "a persistent id wants ('storage', class, key, "
                              "location, elements)");
    if (a[4].integer < 0)
        return QG_PICKLE_FAIL(p, QG_EFORMAT, "a storage of %lld elements", (long long)a[4].integer);
    QG_NEW(s, qg_pickle_arena(p), 1);
    s->key = a[2].text;
    s->key_len = a[2].len;
    s->dtype = (qg_dtype)(a[1].len - STORAGE_CLASS);
    s->count = a[4].integer;
    QG_TRY(read_part(s, p, n == 6 ? &a[5] : &(qg_pickle_value){.kind = QG_PICKLE_NONE}));
    *out = (qg_pickle_value){.kind = QG_PICKLE_OBJECT, .len = QG_TORCH_STORAGE, .object = s};
    return keep_storage(qg_pickle_ctx(p), s);
}

qg_pickle_hooks qg_torch_hooks(qg_torch *t)
{
    return (qg_pickle_hooks){.ctx = t,
                             .global = find_global,
                             .reduce = call_global,
                             .stateful = is_aside,
                             .persistent = make_storage};
}
