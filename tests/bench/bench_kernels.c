/*
 * bench_kernels.c - speed of every implementation: bench_kernels [OP [M N K]].
 */
#include "qgrid/kernel.h"

#include "qgrid/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct problem {
    int m, n, k;
    float *x, *y;
    qg_panels w[6]; /* by format */
    qg_qrows q;
    void *scratch;
} problem;

static void *get(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!p)
        exit(1);
    memset(p, 0x11, (bytes + 63) / 64 * 64); /* small normal numbers, codes of 17 */
    return p;
}

static void make(problem *p, int m, int n, int k)
{
    *p = (problem){.m = m, .n = n, .k = k};
    p->x = get(sizeof(float) * (size_t)m * (size_t)(k > 2304 ? k : 2304));
    p->y = get(sizeof(float) * (size_t)m * (size_t)(n > k ? n : k));
    for (int f = 0; f < 6; f++) {
        int group = 32;
        size_t scales = qg_panels_scale_count((qg_panel_format)f, n, k, group);
        p->w[f] = (qg_panels){(qg_panel_format)f,
                              n,
                              k,
                              group,
                              get(qg_panels_code_bytes((qg_panel_format)f, n, k)),
                              get(sizeof(float) * scales + 64),
                              get(sizeof(int32_t) * (size_t)(n + 16)),
                              get(sizeof(float) * (size_t)(n + 16))};
    }
    p->q = (qg_qrows){.ld = qg_qrows_stride(k)};
    p->q.codes = get((size_t)m * (size_t)p->q.ld);
    p->q.scale = get(sizeof(float) * (size_t)m);
    p->scratch = get(qg_gemm_scratch(&p->w[0]) + qg_attention_scratch(m, 64));
}

/* One call; returns its number of operations (multiplications and additions, or elements). */
static double call(const qg_kernel_info *f, const problem *p, int variant)
{
    double mk = (double)p->m * p->k, flops = 2.0 * mk * p->n;
    if (strcmp(f->op, "gemm_f32") == 0) {
        ((__typeof__(((qg_kernels *)0)->gemm_f32))f->fn)(p->y, p->n, p->x, p->k, p->m,
                                                         &p->w[variant], p->scratch);
        return flops;
    }
    if (strcmp(f->op, "gemm_s8") == 0) {
        ((__typeof__(((qg_kernels *)0)->gemm_s8))f->fn)(p->y, p->n, &p->q, p->m,
                                                        &p->w[QG_PANEL_S8]);
        return flops;
    }
    if (strcmp(f->op, "gemm_s4s8") == 0) {
        ((__typeof__(((qg_kernels *)0)->gemm_s4s8))f->fn)(p->y, p->n, &p->q, p->m,
                                                          &p->w[QG_PANEL_S4]);
        return flops;
    }
    if (strcmp(f->op, "quantize_rows") == 0) {
        qg_qrows q = p->q;
        ((__typeof__(((qg_kernels *)0)->quantize_rows))f->fn)(&q, p->x, p->k, p->m, p->k);
        return mk;
    }
    if (strcmp(f->op, "layernorm") == 0) {
        ((__typeof__(((qg_kernels *)0)->layernorm))f->fn)(p->y, p->x, p->x, p->x, p->x, p->m, p->k,
                                                          1e-12f);
        return mk;
    }
    if (strcmp(f->op, "activation") == 0) {
        ((__typeof__(((qg_kernels *)0)->activation))f->fn)(p->x, (size_t)mk, QG_ACT_GELU);
        return mk;
    }
    if (strcmp(f->op, "attention") == 0) { /* 12 heads of 64, q k v side by side */
        ((__typeof__(((qg_kernels *)0)->attention))f->fn)(p->y, 768, p->x, p->x + 768, p->x + 1536,
                                                          2304, p->m, 12, 64, NULL, p->scratch);
        return 4.0 * p->m * p->m * 768;
    }
    return 0;
}

static void measure(const qg_kernel_info *f, const problem *p, int variant)
{
    static const char *const formats[] = {"f32", "f16", "bf16", "s8", "s4", "nf4"};
    double work = call(f, p, variant), best = 1e30, begin = qg_clock();
    if (work == 0)
        return;
    for (int i = 0; i < 3 || (qg_clock() - begin < 0.2 && i < 1000); i++) {
        double t = qg_clock();
        call(f, p, variant);
        t = qg_clock() - t;
        best = t < best ? t : best;
    }
    printf("%-14s %-11s %-5s m %d n %d k %d  %10.3f ms %9.2f G/s\n", f->op, f->isa,
           strcmp(f->op, "gemm_f32") == 0 ? formats[variant] : "", p->m, p->n, p->k, best * 1e3,
           work / best / 1e9);
}

int main(int argc, char **argv)
{
    int count, m = argc > 4 ? atoi(argv[2]) : 128, n = argc > 4 ? atoi(argv[3]) : 768;
    int k = argc > 4 ? atoi(argv[4]) : 768;
    const qg_kernel_info *list = qg_kernel_list(&count);
    problem p;
    if (m < 1 || n < 1 || k < 1)
        return 2;
    make(&p, m, n, k);
    for (int i = 0; i < count; i++) {
        if (!list[i].supported || (argc > 1 && strcmp(argv[1], list[i].op) != 0))
            continue;
        for (int v = 0; v < (strcmp(list[i].op, "gemm_f32") == 0 ? 6 : 1); v++) {
            if (v != QG_PANEL_S8)
                measure(&list[i], &p, v);
        }
    }
    return 0;
}
