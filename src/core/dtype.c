/*
 * dtype.c - names and sizes of element types, and the two 16-bit floating-point formats.
 *
 * Formats: IEEE 754-2019 binary16, and bfloat16 (the upper half of a binary32). Results are those
 * of the processor's own instructions (F16C, AVX512-BF16 apart from subnormals): round to nearest
 * even, NaN made quiet with the upper bits of its payload kept.
 */
#include "qgrid/tensor.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size;
} table[QG_DTYPE_COUNT] = {
#define X(name, size) [QG_##name] = {#name, size},
    QG_DTYPE_LIST(X)
#undef X
};

size_t qg_dtype_size(qg_dtype t)
{
    return table[t].size;
}

const char *qg_dtype_name(qg_dtype t)
{
    return table[t].name;
}

bool qg_dtype_find(qg_dtype *out, const char *name)
{
    for (int i = 0; i < QG_DTYPE_COUNT; i++)
        if (strcmp(table[i].name, name) == 0) {
            *out = (qg_dtype)i;
            return true;
        }
    return false;
}

static uint32_t bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

float qg_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, magnitude = h & 0x7fffu;
    uint32_t exponent = magnitude >> 10;
    uint32_t normal = (magnitude << 13) + ((127u - 15u) << 23);
    uint32_t special = (magnitude << 13) | 0x7f800000u | (magnitude > 0x7c00u ? 0x400000u : 0u);
    uint32_t small = bits_of((float)magnitude * 0x1p-24f); /* exact: subnormals and zero */
    uint32_t u = exponent == 0 ? small : exponent == 31 ? special : normal;
    return float_of(sign | u);
}

uint16_t qg_f32_to_f16(float x)
{
    uint32_t u = bits_of(x), sign = u >> 16 & 0x8000u, a = u & 0x7fffffffu;
    if (a > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u | (a >> 13 & 0x3ffu));
    if (a >= 0x477ff000u) /* 65520, halfway between the largest number and what follows it */
        return (uint16_t)(sign | 0x7c00u);
    if (a < 0x38800000u) /* below 2^-14: adding 0.5 rounds to multiples of 2^-24 */
        return (uint16_t)(sign | (bits_of(float_of(a) + 0.5f) - bits_of(0.5f)));
    a += 0xfffu + (a >> 13 & 1u);
    return (uint16_t)(sign | (a - ((127u - 15u) << 23)) >> 13);
}

float qg_bf16_to_f32(uint16_t h)
{
    return float_of((uint32_t)h << 16);
}

uint16_t qg_f32_to_bf16(float x)
{
    uint32_t u = bits_of(x);
    if ((u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(u >> 16 | 0x40u);
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
}
