/*
 * test_gemm.c - matrix products: every implementation gives the bits of __ref, __ref those of the
 * definition in double within rounding.
 */
#include "qt.h"

#include "kernels/kernels_internal.h"
#include "qgrid/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int sizes[][3] = {
    /* m, n, k */
    {1, 1, 1},   {1, 3, 7},    {2, 16, 8},   {3, 17, 15},  {7, 31, 16},   {15, 33, 17},  {16, 63, 31},
    {17, 65, 33}, {13, 127, 63}, {12, 129, 65}, {5, 3, 768},  {33, 48, 255}, {31, 40, 256}, {2, 35, 257},
    {193, 33, 80}, {4, 64, 768}, {25, 768, 200}, {9, 16, 3072},
};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

typedef struct problem {
    qg_arena *arena;
    int m, n, k;
    float *x, *y, *want;
    void *scratch;
    qg_panels w;
    qg_qrows q;
} problem;

static float normal(qg_rng *r)
{
    return (float)qg_rng_normal(r);
}

static void make(problem *p, const int *size, qg_panel_format format, int group)
{
    qg_rng r = qg_rng_make(1, "test/gemm", (uint64_t)(size[0] * 7919 + size[1] * 31 + size[2]));
    qg_arena *a = qg_arena_create(0);
    *p = (problem){.arena = a, .m = size[0], .n = size[1], .k = size[2]};
    size_t m = (size_t)p->m, n = (size_t)p->n, k = (size_t)p->k, np = (n + 15) / 16 * 16;
    if (group == 0)
        group = p->k;
    int groups = (p->k + group - 1) / group;
    p->x = malloc(m * k * sizeof(float)); /* exact size: reads beyond it are seen by ASan */
    p->y = qg_arena_alloc(a, m * n, sizeof(float));
    p->want = qg_arena_alloc(a, m * n, sizeof(float));
    for (size_t i = 0; i < m * k; i++)
        p->x[i] = normal(&r);
    float *bias = qg_arena_alloc(a, np, sizeof *bias);
    float *scales = qg_arena_alloc(a, n * (size_t)groups, sizeof *scales);
    float *packed = qg_arena_alloc(a, np * (size_t)groups, sizeof *packed);
    void *codes = qg_arena_alloc(a, qg_panels_code_bytes(format, p->n, p->k), 1);
    int32_t *colsum = qg_arena_alloc(a, np, sizeof *colsum);
    int8_t *c8 = qg_arena_alloc(a, n * k, 1);
    uint16_t *c16 = qg_arena_alloc(a, n * k, sizeof *c16);
    float *c32 = qg_arena_alloc(a, n * k, sizeof *c32);
    for (size_t i = 0; i < n; i++)
        bias[i] = normal(&r);
    for (size_t i = 0; i < n * (size_t)groups; i++)
        scales[i] = 0.01f + 0.01f * (float)qg_rng_uniform(&r);
    for (size_t i = 0; i < n * k; i++) {
        c32[i] = normal(&r);
        c16[i] = (uint16_t)(0x3800 + qg_rng_below(&r, 1024) + (qg_rng_below(&r, 2) << 15));
        c8[i] = (int8_t)(format == QG_PANEL_S8 ? (int)qg_rng_below(&r, 256) - 128
                         : format == QG_PANEL_S4 ? (int)qg_rng_below(&r, 16) - 8
                                                 : (int)qg_rng_below(&r, 16));
    }
    if (format == QG_PANEL_F32)
        qg_pack_f32(codes, c32, p->n, p->k);
    else if (format == QG_PANEL_F16 || format == QG_PANEL_BF16)
        qg_pack_u16(codes, c16, p->n, p->k);
    else if (format == QG_PANEL_S8)
        qg_pack_s8(codes, colsum, c8, p->n, p->k);
    else if (format == QG_PANEL_S4)
        qg_pack_s4(codes, c8, p->n, p->k);
    else
        qg_pack_nf4(codes, (const uint8_t *)c8, p->n, p->k);
    qg_pack_scales(packed, scales, p->n, groups);
    p->w = (qg_panels){format, p->n, p->k, group, codes, packed, colsum, bias};
    p->scratch = qg_arena_alloc(a, qg_gemm_scratch(&p->w), 1);
    p->q = (qg_qrows){.ld = (p->k + 63) / 64 * 64};
    p->q.codes = qg_arena_alloc(a, m * (size_t)p->q.ld, 1);
    p->q.scale = qg_arena_alloc(a, m, sizeof(float));
}

static void quantize(problem *p)
{
    memset(p->q.codes, 0, (size_t)p->m * (size_t)p->q.ld);
    qg_quantize_rows__ref(&p->q, p->x, p->k, p->m, p->k);
}

static void drop(problem *p)
{
    free(p->x);
    qg_arena_destroy(p->arena);
}

static const struct {
    qg_panel_format format;
    int group;
    const char *name;
} formats[] = {
    {QG_PANEL_F32, 1, "f32"},   {QG_PANEL_F16, 1, "f16"}, {QG_PANEL_BF16, 1, "bf16"},
    {QG_PANEL_S4, 0, "s4"},     {QG_PANEL_S4, 32, "s4_g32"}, {QG_PANEL_S4, 128, "s4_g128"},
    {QG_PANEL_NF4, 64, "nf4"}, {QG_PANEL_NF4, 8, "nf4_g8"},
};

static void reference_f32_is_the_product(void **state)
{
    (void)state;
    for (int s = 0; s < N_SIZES; s++)
        for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
            problem p;
            make(&p, sizes[s], formats[f].format, formats[f].group);
            float *w = qg_arena_alloc(p.arena, (size_t)(p.n * p.k), sizeof *w);
            qg_unpack_to_f32(w, &p.w);
            qg_gemm_f32__ref(p.y, p.n, p.x, p.k, p.m, &p.w, p.scratch);
            for (int i = 0; i < p.m; i++)
                for (int j = 0; j < p.n; j++) {
                    double sum = (double)p.w.bias[j], size = fabs(sum);
                    for (int k = 0; k < p.k; k++) {
                        double t = (double)p.x[i * p.k + k] * (double)w[j * p.k + k];
                        sum += t;
                        size += fabs(t);
                    }
                    qt_close(formats[f].name, (double)p.y[i * p.n + j], sum, 0, size * 3e-6);
                }
            drop(&p);
        }
}

typedef void gemm_f32_fn(float *, int, const float *, int, int, const qg_panels *, void *);
typedef void gemm_q_fn(float *, int, const qg_qrows *, int, const qg_panels *);

static void same_f32(void **state)
{
    const qg_kernel_info *info = *state;
    gemm_f32_fn *fn = (gemm_f32_fn *)info->fn;
    if (!info->supported)
        skip();
    for (int s = 0; s < N_SIZES; s++)
        for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
            problem p;
            make(&p, sizes[s], formats[f].format, formats[f].group);
            qg_gemm_f32__ref(p.want, p.n, p.x, p.k, p.m, &p.w, p.scratch);
            fn(p.y, p.n, p.x, p.k, p.m, &p.w, p.scratch);
            qt_same(formats[f].name, p.y, p.want, (size_t)(p.m * p.n), sizeof(float));
            /* A row alone has the bits it has among others. */
            fn(p.y, p.n, p.x + (size_t)(p.m - 1) * (size_t)p.k, p.k, 1, &p.w, p.scratch);
            qt_same("row alone", p.y, p.want + (size_t)(p.m - 1) * (size_t)p.n, (size_t)p.n,
                    sizeof(float));
            drop(&p);
        }
}

static void reference_s8_is_the_product(void **state)
{
    (void)state;
    for (int s = 0; s < N_SIZES; s++) {
        problem p;
        make(&p, sizes[s], QG_PANEL_S8, 1);
        quantize(&p);
        float *w = qg_arena_alloc(p.arena, (size_t)(p.n * p.k), sizeof *w);
        qg_unpack_to_f32(w, &p.w);
        qg_gemm_s8__ref(p.y, p.n, &p.q, p.m, &p.w);
        for (int i = 0; i < p.m; i++)
            for (int j = 0; j < p.n; j++) {
                double sum = (double)p.w.bias[j], size = fabs(sum);
                for (int k = 0; k < p.k; k++) {
                    double t = (double)p.q.scale[i] * (double)p.q.codes[i * p.q.ld + k] *
                               (double)w[j * p.k + k];
                    sum += t;
                    size += fabs(t);
                }
                qt_close("s8", (double)p.y[i * p.n + j], sum, 0, size * 1e-6);
            }
        drop(&p);
    }
}

static void same_s8(void **state)
{
    const qg_kernel_info *info = *state;
    gemm_q_fn *fn = (gemm_q_fn *)info->fn;
    if (!info->supported)
        skip();
    for (int s = 0; s < N_SIZES; s++)
        for (int kind = 0; kind < 4; kind++) { /* random; with offsets; all 127; -128 and offsets */
            problem p;
            int32_t offset[256];
            make(&p, sizes[s], QG_PANEL_S8, 1);
            quantize(&p);
            for (int i = 0; i < p.m; i++)
                offset[i] = i % 3 == 0 ? 128 : i - 100;
            for (int i = 0; i < p.m && kind >= 2; i++)
                memset(p.q.codes + i * p.q.ld, kind == 2 ? 127 : -128, (size_t)p.k);
            for (size_t i = 0; kind >= 2 && i < qg_panels_code_bytes(QG_PANEL_S8, p.n, p.k); i++)
                ((int8_t *)(uintptr_t)p.w.codes)[i] = kind == 2 ? 127 : -128;
            if (kind % 2)
                p.q.offset = offset;
            qg_gemm_s8__ref(p.want, p.n, &p.q, p.m, &p.w);
            fn(p.y, p.n, &p.q, p.m, &p.w);
            qt_same("s8", p.y, p.want, (size_t)(p.m * p.n), sizeof(float));
            drop(&p);
        }
}

static void same_s4s8(void **state)
{
    const qg_kernel_info *info = *state;
    gemm_q_fn *fn = (gemm_q_fn *)info->fn;
    static const int groups[] = {0, 32, 128, 12, 8};
    if (!info->supported)
        skip();
    for (int s = 0; s < N_SIZES; s++)
        for (size_t g = 0; g < 5; g++) {
            problem p;
            make(&p, sizes[s], QG_PANEL_S4, groups[g]);
            quantize(&p);
            qg_gemm_s4s8__ref(p.want, p.n, &p.q, p.m, &p.w);
            fn(p.y, p.n, &p.q, p.m, &p.w);
            qt_same("s4s8", p.y, p.want, (size_t)(p.m * p.n), sizeof(float));
            drop(&p);
        }
}

static void packing_is_reversible(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    int n = 19, k = 21;
    int8_t codes[19 * 21];
    uint8_t levels[19 * 21];
    float scales[19 * 3], w[19 * 21];
    for (int i = 0; i < n * k; i++) {
        codes[i] = (int8_t)(i * 7 % 16 - 8);
        levels[i] = (uint8_t)(i * 5 % 16);
    }
    for (int i = 0; i < n * 3; i++)
        scales[i] = 0.5f + (float)i;
    uint8_t *panels = qg_arena_alloc(a, qg_panels_code_bytes(QG_PANEL_S4, n, k), 1);
    float *packed = qg_arena_alloc(a, qg_panels_scale_count(QG_PANEL_S4, n, k, 8), sizeof *packed);
    qg_pack_scales(packed, scales, n, 3);
    qg_panels p = {QG_PANEL_S4, n, k, 8, panels, packed, NULL, NULL};
    qg_pack_s4(panels, codes, n, k);
    qg_unpack_to_f32(w, &p);
    for (int i = 0; i < n * k; i++)
        qt_close("s4", (double)w[i], codes[i] * (double)scales[i / k * 3 + i % k / 8], 0, 0);
    p.format = QG_PANEL_NF4;
    qg_pack_nf4(panels, levels, n, k);
    qg_unpack_to_f32(w, &p);
    for (int i = 0; i < n * k; i++)
        qt_close("nf4", (double)w[i],
                 (double)(qg_nf4_levels[levels[i]] * scales[i / k * 3 + i % k / 8]), 0, 0);
    qg_arena_destroy(a);
}

int main(void)
{
    static struct CMUnitTest tests[64] = {
        cmocka_unit_test(reference_f32_is_the_product),
        cmocka_unit_test(reference_s8_is_the_product),
        cmocka_unit_test(packing_is_reversible),
    };
    static char names[64][64];
    size_t n = 3;
    int count;
    const qg_kernel_info *k = qg_kernel_list(&count);
    for (int i = 0; i < count; i++) {
        CMUnitTestFunction fn = strcmp(k[i].op, "gemm_f32") == 0   ? same_f32
                                : strcmp(k[i].op, "gemm_s8") == 0   ? same_s8
                                : strcmp(k[i].op, "gemm_s4s8") == 0 ? same_s4s8
                                                                    : NULL;
        if (!fn)
            continue;
        snprintf(names[n], sizeof names[n], "%s__%s_gives_the_bits_of_ref", k[i].op, k[i].isa);
        tests[n] = (struct CMUnitTest){names[n], fn, NULL, NULL, (void *)(uintptr_t)&k[i]};
        n++;
    }
    return qt_run("gemm", tests, n);
}
