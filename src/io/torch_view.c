/*
 * torch_view.c - strided views of storages as row-major elements.
 *
 * Element (i0, i1, ...) of a view is element offset + i0 * stride0 + i1 * stride1 + ... of its
 * storage. Transposed, stepped and expanded views are copied, up to a limit: an expanded view of a
 * few bytes may claim to be of any size.
 */
#include "io/torch_objects.h"

#include <string.h>

#define COPY_FREE ((size_t)64 << 20) /* on top of twice the file's size */

static qg_code check_range(const qg_torch *t, const char *name, const qg_torch_tensor *v,
                           int64_t *count)
{
    int64_t last = v->offset, step;
    bool overflow = false;
    *count = 1;
    for (int d = 0; d < v->ndim; d++)
        overflow |= __builtin_mul_overflow(*count, v->shape[d], count);
    if (overflow || *count > INT64_MAX / 8)
        return QG_FAIL_AT(QG_EFORMAT, t->path, 0, 0, name, "the product of the sizes overflows");
    if (*count == 0)
        return QG_OK;
    for (int d = 0; d < v->ndim; d++) {
        overflow |= __builtin_mul_overflow(v->shape[d] - 1, v->stride[d], &step);
        overflow |= __builtin_add_overflow(last, step, &last);
    }
    if (overflow || last >= v->storage->length)
        return QG_FAIL_AT(QG_EFORMAT, t->path, 0, 0, name,
                          "this view reaches outside of its storage of %lld elements",
                          (long long)v->storage->length);
    return QG_OK;
}

static bool is_contiguous(const qg_torch_tensor *v)
{
    int64_t want = 1;
    for (int d = v->ndim - 1; d >= 0; d--) {
        if (v->shape[d] != 1 && v->stride[d] != want)
            return false;
        want *= v->shape[d];
    }
    return true;
}

/* Counts the indices up like an odometer; `at` follows in the storage. */
static void copy_view(unsigned char *dst, const qg_torch_tensor *v, const unsigned char *src,
                      int64_t count)
{
    int64_t index[QG_MAX_DIMS] = {0}, at = 0;
    size_t size = qg_dtype_size(v->storage->dtype);
    for (int64_t i = 0; i < count; i++) {
        memcpy(dst + (size_t)i * size, src + (size_t)at * size, size);
        for (int d = v->ndim - 1; d >= 0; d--) {
            at += v->stride[d];
            if (++index[d] < v->shape[d])
                break;
            at -= v->stride[d] * v->shape[d];
            index[d] = 0;
        }
    }
}

qg_code qg_torch_contiguous(qg_torch *t, const char *name, qg_torch_tensor *v)
{
    int64_t count;
    qg_torch_storage *s = v->storage;
    if (v->contiguous)
        return QG_OK;
    QG_TRY(check_range(t, name, v, &count));
    QG_TRY(qg_torch_find_storage(t, name, s));
    size_t size = qg_dtype_size(s->dtype), bytes = (size_t)count * size;
    const unsigned char *src = count ? s->data + (size_t)(s->begin + v->offset) * size : s->data;
    if (count == 0 || is_contiguous(v)) {
        v->contiguous = src;
        return QG_OK;
    }
    size_t limit = COPY_FREE + 2 * t->size;
    if (bytes > limit - t->copied)
        return QG_FAIL_AT(QG_EFORMAT, t->path, 0, 0, name,
                          "this view takes %zu bytes when copied; %zu are allowed for a file of "
                          "%zu, %zu are in use",
                          bytes, limit, t->size, t->copied);
    unsigned char *copy;
    QG_NEW(copy, t->w->arena, bytes);
    copy_view(copy, v, src, count);
    t->copied += bytes;
    v->contiguous = copy;
    return QG_OK;
}
