/*
 * tensor.c - shapes as text, and any tensor as f32.
 */
#include "qgrid/tensor.h"

#include <math.h>
#include <string.h>

int64_t qg_tensor_count(const qg_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->ndim; i++)
        n *= t->shape[i];
    return n;
}

char *qg_shape_text(char *out, size_t size, const int64_t *shape, int ndim)
{
    size_t len = 0;
    for (int i = 0; i <= ndim && len < size; i++) {
        int n = i < ndim
                    ? snprintf(out + len, size - len, "%s%lld", i ? ", " : "[", (long long)shape[i])
                    : snprintf(out + len, size - len, "%s", ndim ? "]" : "[]");
        len += n < 0 ? size : (size_t)n;
    }
    return out;
}

/* One loop per type; memcpy because the file decides where an element lies. */
#define CONVERT(type, expression)                                                                  \
    for (int64_t i = 0; i < n; i++) {                                                              \
        type v;                                                                                    \
        memcpy(&v, src + (size_t)i * sizeof v, sizeof v);                                          \
        dst[i] = (expression);                                                                     \
    }                                                                                              \
    break

void qg_tensor_to_f32(float *dst, const qg_tensor *t)
{
    const unsigned char *src = t->data;
    int64_t n = qg_tensor_count(t);
    if (n == 0)
        return;
    switch (t->dtype) {
    case QG_BOOL:
        CONVERT(uint8_t, v ? 1.0f : 0.0f);
    case QG_U8:
        CONVERT(uint8_t, (float)v);
    case QG_I8:
        CONVERT(int8_t, (float)v);
    case QG_I16:
        CONVERT(int16_t, (float)v);
    case QG_I32:
        CONVERT(int32_t, (float)v);
    case QG_I64:
        CONVERT(int64_t, (float)v);
    case QG_U16:
        CONVERT(uint16_t, (float)v);
    case QG_U32:
        CONVERT(uint32_t, (float)v);
    case QG_U64:
        CONVERT(uint64_t, (float)v);
    case QG_F16:
        CONVERT(uint16_t, qg_f16_to_f32(v));
    case QG_BF16:
        CONVERT(uint16_t, qg_bf16_to_f32(v));
    case QG_F64:
        CONVERT(double, (float)v);
    case QG_F32:
        memcpy(dst, src, (size_t)n * sizeof *dst);
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            dst[i] = NAN;
    }
}
