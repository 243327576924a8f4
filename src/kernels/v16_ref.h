/*
 * v16_ref.h - sixteen f32 lanes as plain C: the backend that defines what the others must equal.
 *
 * The three backends (v16_ref.h, v16_avx2.h, v16_avx512.h) offer the same functions; the row
 * operations (*.inc) are written once over them. `n` counts the valid lanes of a partial access
 * (1..16; larger means 16). Comparisons follow maxps/minps: the SECOND operand wins when equal or
 * not comparable.
 */
#ifndef QG_V16_REF_H
#define QG_V16_REF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct v16 {
    float f[16];
} v16;

typedef struct vi16 {
    int32_t i[16];
} vi16;

#define V16_EACH(expr)                                                                             \
    do {                                                                                           \
        v16 r_;                                                                                    \
        for (int j = 0; j < 16; j++)                                                               \
            r_.f[j] = (expr);                                                                      \
        return r_;                                                                                 \
    } while (0)

#define VI16_EACH(expr)                                                                            \
    do {                                                                                           \
        vi16 r_;                                                                                   \
        for (int j = 0; j < 16; j++)                                                               \
            r_.i[j] = (int32_t)(expr);                                                             \
        return r_;                                                                                 \
    } while (0)

static inline v16 v_set1(float x)
{
    V16_EACH(x);
}

static inline v16 v_load(const float *p)
{
    V16_EACH(p[j]);
}

static inline v16 v_load_n(const float *p, int n, float fill)
{
    V16_EACH(j < n ? p[j] : fill);
}

static inline void v_store(float *p, v16 a)
{
    memcpy(p, a.f, sizeof a.f);
}

static inline void v_store_n(float *p, v16 a, int n)
{
    memcpy(p, a.f, sizeof(float) * (size_t)(n < 16 ? n : 16));
}

/** Lanes n..15 become `fill`. */
static inline v16 v_keep_n(v16 a, int n, float fill)
{
    V16_EACH(j < n ? a.f[j] : fill);
}

static inline v16 v_add(v16 a, v16 b)
{
    V16_EACH(a.f[j] + b.f[j]);
}

static inline v16 v_sub(v16 a, v16 b)
{
    V16_EACH(a.f[j] - b.f[j]);
}

static inline v16 v_mul(v16 a, v16 b)
{
    V16_EACH(a.f[j] * b.f[j]);
}

static inline v16 v_div(v16 a, v16 b)
{
    V16_EACH(a.f[j] / b.f[j]);
}

/** a * b + c, rounded once. */
static inline v16 v_fma(v16 a, v16 b, v16 c)
{
    V16_EACH(fmaf(a.f[j], b.f[j], c.f[j]));
}

static inline v16 v_max(v16 a, v16 b)
{
    V16_EACH(a.f[j] > b.f[j] ? a.f[j] : b.f[j]);
}

static inline v16 v_min(v16 a, v16 b)
{
    V16_EACH(a.f[j] < b.f[j] ? a.f[j] : b.f[j]);
}

/* z - x y, rounded once. */
static inline v16 v_fnma(v16 a, v16 b, v16 c)
{
    V16_EACH(fmaf(-a.f[j], b.f[j], c.f[j]));
}

/** Rows become columns. */
static inline void v_transpose(v16 r[16])
{
    for (int i = 0; i < 16; i++) {
        for (int j = 0; j < i; j++) {
            float t = r[i].f[j];
            r[i].f[j] = r[j].f[i];
            r[j].f[i] = t;
        }
    }
}

static inline v16 v_abs(v16 a)
{
    V16_EACH(fabsf(a.f[j]));
}

/** |mag| with the sign of `sign`. */
static inline v16 v_copysign(v16 mag, v16 sign)
{
    V16_EACH(copysignf(mag.f[j], sign.f[j]));
}

/** To the nearest integer, ties to even. */
static inline v16 v_rint(v16 a)
{
    V16_EACH(nearbyintf(a.f[j]));
}

/** a > b ? x : y. */
static inline v16 v_select_gt(v16 a, v16 b, v16 x, v16 y)
{
    V16_EACH(a.f[j] > b.f[j] ? x.f[j] : y.f[j]);
}

static inline vi16 v_bits(v16 a)
{
    vi16 r;
    memcpy(r.i, a.f, sizeof r.i);
    return r;
}

static inline v16 v_from_bits(vi16 a)
{
    v16 r;
    memcpy(r.f, a.i, sizeof r.f);
    return r;
}

static inline vi16 vi_set1(int32_t x)
{
    VI16_EACH(x);
}

/** Sum and difference modulo 2^32. */
static inline vi16 vi_add(vi16 a, vi16 b)
{
    VI16_EACH((uint32_t)a.i[j] + (uint32_t)b.i[j]);
}

static inline vi16 vi_sub(vi16 a, vi16 b)
{
    VI16_EACH((uint32_t)a.i[j] - (uint32_t)b.i[j]);
}

/** Of signed integers. Magnitudes of floats order as their bits do, with NaN above infinity. */
static inline vi16 vi_max(vi16 a, vi16 b)
{
    VI16_EACH(a.i[j] > b.i[j] ? a.i[j] : b.i[j]);
}

static inline vi16 vi_half(vi16 a)
{
    VI16_EACH(a.i[j] >> 1);
}

/** Moved to the place of the exponent of an f32. */
static inline vi16 vi_to_exponent(vi16 a)
{
    VI16_EACH((uint32_t)a.i[j] << 23);
}

/** The one tree of every reduction: lane j with j + 8, then + 4, + 2, + 1. */
static inline float v_hsum(v16 a)
{
    for (int w = 8; w >= 1; w /= 2) {
        for (int j = 0; j < w; j++)
            a.f[j] = a.f[j] + a.f[j + w];
    }
    return a.f[0];
}

static inline float v_hmax(v16 a)
{
    for (int w = 8; w >= 1; w /= 2) {
        for (int j = 0; j < w; j++)
            a.f[j] = a.f[j] > a.f[j + w] ? a.f[j] : a.f[j + w];
    }
    return a.f[0];
}

static inline float v_hmin(v16 a)
{
    for (int w = 8; w >= 1; w /= 2) {
        for (int j = 0; j < w; j++)
            a.f[j] = a.f[j] < a.f[j + w] ? a.f[j] : a.f[j + w];
    }
    return a.f[0];
}

static inline int32_t vi_hmax(vi16 a)
{
    int32_t top = a.i[0];
    for (int j = 1; j < 16; j++)
        top = a.i[j] > top ? a.i[j] : top;
    return top;
}

/** Values in [-128, 127], rounded to nearest even, as bytes. */
static inline void v_store_s8_n(int8_t *p, v16 a, int n)
{
    for (int j = 0; j < n && j < 16; j++)
        p[j] = (int8_t)rintf(a.f[j]);
}

/** Four vectors in a row. */
static inline void v_store_s8x4(int8_t *p, v16 a, v16 b, v16 c, v16 d)
{
    v_store_s8_n(p, a, 16);
    v_store_s8_n(p + 16, b, 16);
    v_store_s8_n(p + 32, c, 16);
    v_store_s8_n(p + 48, d, 16);
}

/** bfloat16 bits, nearest even. */
static inline void v_store_bf16_n(uint16_t *p, v16 a, int n)
{
    for (int j = 0; j < n && j < 16; j++) {
        uint32_t u;
        memcpy(&u, &a.f[j], sizeof u);
        p[j] = (uint16_t)((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
    }
}

static inline v16 v_load_s8_n(const int8_t *p, int n)
{
    V16_EACH(j < n ? (float)p[j] : 0.0f);
}

/** IEEE binary16 bits to f32, exactly; a signalling NaN becomes quiet. */
static inline float v_f16_value(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, mag = h & 0x7fffu, bits;
    float f;
    if (mag < 0x0400u) { /* zero and subnormals: mag * 2^-24 is exact */
        f = (float)mag * 0x1p-24f;
        memcpy(&bits, &f, sizeof bits);
    } else if (mag < 0x7c00u) {
        bits = (mag << 13) + ((127u - 15u) << 23);
    } else {
        bits = 0x7f800000u | (mag & 0x03ffu) << 13 | (mag > 0x7c00u ? 0x00400000u : 0u);
    }
    bits |= sign;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline v16 v_load_bf16_n(const uint16_t *p, int n)
{
    vi16 r;
    for (int j = 0; j < 16; j++)
        r.i[j] = (int32_t)(j < n ? (uint32_t)p[j] << 16 : 0);
    return v_from_bits(r);
}

static inline v16 v_load_f16_n(const uint16_t *p, int n)
{
    V16_EACH(j < n ? v_f16_value(p[j]) : 0.0f);
}

#endif
