/*
 * operations.c - calls of every operation, and their operands.
 */
#include "operations.h"

#include "qgrid/rng.h"

#include <string.h>

enum { HEADS = 12, HEAD = 64, WIDTH = HEADS * HEAD, TABLE_ROWS = 30521 };

/* The function of an implementation, with the type that it has in the table. */
#define FN(op, p) ((__typeof__(qg_kernels_get(NULL)->op))(p)->fn)

static void call_gemm_f32(void *ctx)
{
    const qg_problem *p = ctx;
    FN(gemm_f32, p)(p->y, p->n, p->x, p->k, p->m, &p->w, p->scratch);
}

static void call_gemm_s8(void *ctx)
{
    const qg_problem *p = ctx;
    FN(gemm_s8, p)(p->y, p->n, &p->q, p->m, &p->w);
}

static void call_gemm_s4s8(void *ctx)
{
    const qg_problem *p = ctx;
    FN(gemm_s4s8, p)(p->y, p->n, &p->q, p->m, &p->w);
}

static void call_gemm_bf16(void *ctx)
{
    const qg_problem *p = ctx;
    FN(gemm_bf16, p)(p->y, p->n, p->half, qg_bf16_stride(p->k), p->m, &p->w);
}

static void call_round_bf16(void *ctx)
{
    qg_problem *p = ctx;
    FN(round_bf16, p)(p->half, qg_bf16_stride(p->k), p->x, p->k, p->m, p->k);
}

static void call_quantize_rows(void *ctx)
{
    qg_problem *p = ctx;
    FN(quantize_rows, p)(&p->q, p->x, p->k, p->m, p->k);
}

static void call_minmax(void *ctx)
{
    const qg_problem *p = ctx;
    FN(minmax, p)(&p->y[0], &p->y[1], p->x, p->k, p->m, p->k);
}

static void call_quantize_affine(void *ctx)
{
    qg_problem *p = ctx;
    FN(quantize_affine, p)(&p->q, p->x, p->k, p->m, p->k, 0.02f, 128);
}

static void call_absmax(void *ctx)
{
    const qg_problem *p = ctx;
    for (int i = 0; i < p->m; i++)
        p->y[i] = FN(absmax, p)(p->x + (size_t)i * (size_t)p->k, p->k);
}

static const qg_uniform fifteen_steps = {0.02f, 0.0f, -8.0f, 7.0f};

static void call_fake_quantize(void *ctx)
{
    const qg_problem *p = ctx;
    for (size_t i = 0; i < (size_t)p->m * (size_t)p->k; i += (size_t)p->k)
        FN(fake_quantize, p)(p->y + i, p->x + i, p->k, &fifteen_steps);
}

static void call_fake_quantize_gradient(void *ctx)
{
    const qg_problem *p = ctx;
    for (int i = 0; i < p->m; i++) {
        size_t at = (size_t)i * (size_t)p->k;
        p->y[i] = FN(fake_quantize_gradient, p)(p->master + at, p->x + at, p->k, &fifteen_steps);
    }
}

static void call_layernorm(void *ctx)
{
    const qg_problem *p = ctx;
    FN(layernorm, p)(p->y, p->x, p->master, p->x, p->x, p->m, p->k, 1e-12f);
}

static void call_activation(void *ctx)
{
    const qg_problem *p = ctx;
    FN(activation, p)(p->x, (size_t)p->m * (size_t)p->k, QG_ACT_GELU);
}

static void call_vexp(void *ctx)
{
    const qg_problem *p = ctx;
    FN(vexp, p)(p->y, p->x, (size_t)p->m * (size_t)p->k);
}

static void call_embed_f32(void *ctx)
{
    const qg_problem *p = ctx;
    for (int i = 0; i < p->m; i++)
        FN(embed_f32, p)(p->y + (size_t)i * (size_t)p->k, p->table, p->ids[i], p->k);
}

static void call_embed_f16(void *ctx)
{
    const qg_problem *p = ctx;
    for (int i = 0; i < p->m; i++)
        FN(embed_f16, p)(p->y + (size_t)i * (size_t)p->k, p->table, p->ids[i], p->k);
}

static void call_embed_bf16(void *ctx)
{
    const qg_problem *p = ctx;
    for (int i = 0; i < p->m; i++)
        FN(embed_bf16, p)(p->y + (size_t)i * (size_t)p->k, p->table, p->ids[i], p->k);
}

static void call_embed_s8(void *ctx)
{
    const qg_problem *p = ctx;
    for (int i = 0; i < p->m; i++)
        FN(embed_s8, p)(p->y + (size_t)i * (size_t)p->k, p->table, p->w.scales, p->ids[i], p->k);
}

static void call_attention(void *ctx)
{
    const qg_problem *p = ctx; /* q, k and v side by side */
    FN(attention, p)
    (p->y, WIDTH, p->x, p->x + WIDTH, p->x + 2 * (size_t)WIDTH, 3 * WIDTH, p->m, HEADS, HEAD, NULL,
     p->scratch);
}

static void call_matmul(void *ctx)
{
    const qg_problem *p = ctx; /* the codes of the panels serve as a plain matrix */
    FN(matmul, p)(p->y, p->n, p->x, p->k, 1, p->w.codes, p->n, p->m, p->n, p->k, 1);
}

/* Sixteen rows at a time; the room of y is that of x. */
static void call_transpose(void *ctx)
{
    const qg_problem *p = ctx;
    int width = p->k / 16 * 16;
    for (int i = 0; i + 16 <= p->m; i += 16)
        FN(transpose, p)(p->y, 16, p->x + (size_t)i * (size_t)p->k, p->k, 16, width);
}

static const qg_variant float_weights[] = {
    {"fp32", QG_PANEL_F32, 0},     {"fp16", QG_PANEL_F16, 0},       {"bf16", QG_PANEL_BF16, 0},
    {"int4_g32", QG_PANEL_S4, 32}, {"int4_g128", QG_PANEL_S4, 128}, {"nf4", QG_PANEL_NF4, 64},
    {NULL, QG_PANEL_F32, 0},
};
static const qg_variant f32_weights[] = {{"fp32", QG_PANEL_F32, 0}, {NULL, QG_PANEL_F32, 0}};
static const qg_variant s8_weights[] = {{"int8", QG_PANEL_S8, 0}, {NULL, QG_PANEL_F32, 0}};
static const qg_variant bf16_weights[] = {{"bf16_a16", QG_PANEL_BF16_PAIRS, 0},
                                          {NULL, QG_PANEL_F32, 0}};
static const qg_variant s4_weights[] = {
    {"int4_g32_a8", QG_PANEL_S4, 32},
    {"int4_g128_a8", QG_PANEL_S4, 128},
    {NULL, QG_PANEL_F32, 0},
};

// clang-format off
static const qg_operation operations[] = {
    {"gemm_f32", QG_SIZES_PRODUCT, call_gemm_f32, float_weights, 0, false},
    {"gemm_s8", QG_SIZES_PRODUCT, call_gemm_s8, s8_weights, 0, false},
    {"gemm_s4s8", QG_SIZES_PRODUCT, call_gemm_s4s8, s4_weights, 0, false},
    {"gemm_bf16", QG_SIZES_PRODUCT, call_gemm_bf16, bf16_weights, 0, false},
    {"matmul", QG_SIZES_PRODUCT, call_matmul, f32_weights, 0, false},
    {"transpose", QG_SIZES_ROWS, call_transpose, NULL, 8, false},
    {"round_bf16", QG_SIZES_ROWS, call_round_bf16, NULL, 6, false},
    {"quantize_rows", QG_SIZES_ROWS, call_quantize_rows, NULL, 5, false},
    {"minmax", QG_SIZES_ROWS, call_minmax, NULL, 4, false},
    {"quantize_affine", QG_SIZES_ROWS, call_quantize_affine, NULL, 5, false},
    {"absmax", QG_SIZES_ROWS, call_absmax, NULL, 4, false},
    {"fake_quantize", QG_SIZES_ROWS, call_fake_quantize, NULL, 8, false},
    {"fake_quantize_gradient", QG_SIZES_ROWS, call_fake_quantize_gradient, NULL, 8, false},
    {"layernorm", QG_SIZES_ROWS, call_layernorm, NULL, 12, false},
    {"activation", QG_SIZES_ROWS, call_activation, NULL, 8, true},
    {"vexp", QG_SIZES_ROWS, call_vexp, NULL, 8, false},
    {"embed_f32", QG_SIZES_ROWS, call_embed_f32, NULL, 8, false},
    {"embed_f16", QG_SIZES_ROWS, call_embed_f16, NULL, 6, false},
    {"embed_bf16", QG_SIZES_ROWS, call_embed_bf16, NULL, 6, false},
    {"embed_s8", QG_SIZES_ROWS, call_embed_s8, NULL, 5, false},
    {"attention", QG_SIZES_ATTENTION, call_attention, NULL, 0, false},
};
// clang-format on

const qg_operation *qg_operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    return NULL;
}

/* Bytes 0x21 are small normal numbers in every float format and ordinary integer codes. */
static void *filled(qg_arena *a, size_t bytes)
{
    void *p = qg_arena_alloc(a, bytes, 1);
    if (p)
        memset(p, 0x21, bytes);
    return p;
}

static float *constants(qg_arena *a, size_t n, float value)
{
    float *v = qg_arena_alloc(a, n, sizeof *v);
    for (size_t i = 0; v && i < n; i++)
        v[i] = value;
    return v;
}

static qg_code make_weights(qg_problem *p, qg_arena *a, const qg_variant *v)
{
    size_t np = (size_t)(p->n + QG_NR - 1) / QG_NR * QG_NR;
    size_t scales = qg_panels_scale_count(v->format, p->n, p->k, v->group);
    p->w = (qg_panels){.format = v->format, .n = p->n, .k = p->k, .group = v->group};
    p->w.codes = filled(a, qg_panels_code_bytes(v->format, p->n, p->k));
    p->w.scales = constants(a, scales ? scales : 1, 0.01f);
    p->w.colsum = filled(a, np * sizeof *p->w.colsum);
    p->w.bias = constants(a, np, 0.1f);
    p->scratch = qg_arena_alloc(a, qg_gemm_scratch(&p->w), 1);
    return p->w.codes && p->w.scales && p->w.colsum && p->w.bias && p->scratch ? QG_OK : QG_ENOMEM;
}

static qg_code make_table(qg_problem *p, qg_arena *a, qg_rng *rng)
{
    p->table = filled(a, (size_t)TABLE_ROWS * (size_t)p->k * sizeof(float));
    p->w.scales = constants(a, TABLE_ROWS, 0.01f);
    QG_NEW(p->ids, a, p->m);
    for (int i = 0; i < p->m; i++)
        p->ids[i] = (int32_t)qg_rng_below(rng, TABLE_ROWS);
    return p->table && p->w.scales ? QG_OK : QG_ENOMEM;
}

qg_code qg_problem_make(qg_problem *p, qg_arena *a, const qg_operation *op, const qg_variant *v,
                        int m, int n, int k)
{
    qg_rng rng = qg_rng_make(42, "bench", 0);
    bool attention = op->sizes == QG_SIZES_ATTENTION, product = op->sizes == QG_SIZES_PRODUCT;
    size_t rows = (size_t)m, width = attention ? 3 * (size_t)WIDTH : (size_t)k;
    *p = (qg_problem){.m = m, .n = n, .k = k, .q.ld = qg_qrows_stride(k)};
    p->values = rows * width;
    QG_NEW(p->x, a, p->values);
    QG_NEW(p->master, a, p->values);
    for (size_t i = 0; i < p->values; i++)
        p->master[i] = (float)qg_rng_uniform(&rng) * 4 - 2;
    qg_problem_reset(p);
    QG_NEW(p->y, a, rows * (product ? (size_t)n : attention ? WIDTH : (size_t)k) + 2);
    p->q.codes = filled(a, rows * (size_t)p->q.ld);
    p->q.scale = constants(a, rows, 0.02f);
    QG_NEW(p->q.offset, a, m);
    if (product)
        p->q.offset = NULL; /* one scale a token */
    p->half = filled(a, rows * (size_t)qg_bf16_stride(k) * sizeof *p->half);
    if (!p->q.codes || !p->q.scale || !p->half)
        return QG_ENOMEM;
    if (v)
        return make_weights(p, a, v);
    if (attention)
        return (p->scratch = qg_arena_alloc(a, qg_attention_scratch(m, HEAD), 1)) ? QG_OK
                                                                                  : QG_ENOMEM;
    return strncmp(op->name, "embed", 5) == 0 ? make_table(p, a, &rng) : QG_OK;
}

void qg_problem_reset(void *problem)
{
    qg_problem *p = problem;
    memcpy(p->x, p->master, p->values * sizeof *p->x);
}

double qg_problem_flops(const qg_problem *p, const qg_operation *op)
{
    double m = p->m, n = p->n, k = p->k;
    if (op->sizes == QG_SIZES_PRODUCT)
        return 2 * m * n * k;
    return op->sizes == QG_SIZES_ATTENTION ? 4 * m * n * k * HEADS : 0;
}

double qg_problem_bytes(const qg_problem *p, const qg_operation *op)
{
    double m = p->m, n = p->n, k = p->k;
    if (op->sizes == QG_SIZES_ATTENTION)
        return 4 * m * WIDTH * sizeof(float);
    if (op->sizes == QG_SIZES_ROWS)
        return op->bytes * m * k;
    double x = op->variants == float_weights ? sizeof(float) : op->variants == bf16_weights ? 2 : 1;
    double scales = (double)qg_panels_scale_count(p->w.format, p->n, p->k, p->w.group);
    return x * m * k + (double)qg_panels_code_bytes(p->w.format, p->n, p->k) +
           scales * sizeof(float) + m * n * sizeof(float);
}
