/*
 * tensor.h - element types, and a named n-dimensional array.
 *
 * Letters used for sizes everywhere: B texts in a batch, T tokens in a batch (all texts end to
 * end), C hidden size, H heads, D head size (C / H), F feed-forward size, V vocabulary rows, L
 * layers, P positions, K classes. In matrix products: m rows of activations, n output columns, k
 * summed.
 */
#ifndef QGRID_TENSOR_H
#define QGRID_TENSOR_H

#include "qgrid/arena.h"

#include <stdbool.h>

/* name in safetensors, bytes per element (0: less than one). Those behind F64 are kept as bytes:
 * they have no value here. */
#define QG_DTYPE_LIST(X)                                                                           \
    X(BOOL, 1)                                                                                     \
    X(U8, 1)                                                                                       \
    X(I8, 1)                                                                                       \
    X(I16, 2)                                                                                      \
    X(I32, 4)                                                                                      \
    X(I64, 8)                                                                                      \
    X(U16, 2)                                                                                      \
    X(U32, 4)                                                                                      \
    X(U64, 8)                                                                                      \
    X(F16, 2)                                                                                      \
    X(BF16, 2)                                                                                     \
    X(F32, 4)                                                                                      \
    X(F64, 8)                                                                                      \
    X(C64, 8)                                                                                      \
    X(F8_E4M3, 1)                                                                                  \
    X(F8_E5M2, 1)                                                                                  \
    X(F8_E8M0, 1)                                                                                  \
    X(F6_E2M3, 0)                                                                                  \
    X(F6_E3M2, 0)                                                                                  \
    X(F4, 0)

/* Type of an element. */
typedef enum qg_dtype {
#define X(name, size) QG_##name,
    QG_DTYPE_LIST(X)
#undef X
        QG_DTYPE_COUNT
} qg_dtype;

/* Most dimensions of a tensor. */
enum { QG_MAX_DIMS = 8 };

/* Row-major and contiguous; `data` need not be aligned (files decide), so read through the
 * functions below. */
typedef struct qg_tensor {
    const char *name;
    qg_dtype dtype;
    int ndim;
    int64_t shape[QG_MAX_DIMS];
    const void *data;
    size_t bytes;
} qg_tensor;

/** Bytes of one element; name as in safetensors ("F32"). Local. */
size_t qg_dtype_size(qg_dtype t);
const char *qg_dtype_name(qg_dtype t);

/** Dtype by its safetensors name; false when unknown. */
bool qg_dtype_find(qg_dtype *out, const char *name);

/** Elements of a tensor (1 for a scalar). Shapes in a qg_tensor never overflow: loaders check. */
int64_t qg_tensor_count(const qg_tensor *t);

/** "[768, 3072]"; returns out. */
char *qg_shape_text(char *out, size_t size, const int64_t *shape, int ndim);

/* Conversions, round to nearest even, subnormals kept, overflow to infinity. IEEE 754 / bfloat16.
 */
float qg_f16_to_f32(uint16_t h);
uint16_t qg_f32_to_f16(float x);
float qg_bf16_to_f32(uint16_t h);
uint16_t qg_f32_to_bf16(float x);

/**
 * All elements as f32, aligned or not; NaN where the dtype has no value here.
 * @param[out] dst  [count] caller-owned
 */
void qg_tensor_to_f32(float *dst, const qg_tensor *t);

#endif
