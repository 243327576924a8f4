/*
 * scratch.c - sizes and layout of the scratch memory of products and attention.
 */
#include "kernels/impl.h"

#include <stdint.h>

/* The rows of x of one block of k, and two panels of decoded weights. */
size_t qg_gemm_scratch(const qg_panels *w)
{
    (void)w;
    return sizeof(float) * ((size_t)QG_ROW_BLOCK * QG_X_STRIDE + (size_t)2 * QG_KBLOCK * QG_NR);
}

/* Takes `count` floats, rounded up to whole cache lines. */
static float *take(char *base, size_t *used, size_t count)
{
    size_t at = *used;
    *used += (count * sizeof(float) + QG_ALIGN - 1) / QG_ALIGN * QG_ALIGN;
    return base ? (float *)(void *)(base + at) : NULL;
}

qg_attention_plan qg_attention_plan_make(void *scratch, int n, int D)
{
    qg_attention_plan a = {0};
    size_t n16 = (size_t)qg_round_up(n, QG_NR), d16 = (size_t)qg_round_up(D, QG_NR);
    a.zeros_n = (int)(n16 > d16 ? n16 : d16);
    a.gemm = take(scratch, &a.bytes, qg_gemm_scratch(NULL) / sizeof(float));
    a.keys = take(scratch, &a.bytes, n16 * (size_t)D);
    a.values = take(scratch, &a.bytes, d16 * (size_t)n);
    a.scores = take(scratch, &a.bytes, (size_t)QG_ATTENTION_ROWS * (size_t)n);
    a.zeros = take(scratch, &a.bytes, (size_t)a.zeros_n);
    return a;
}

size_t qg_attention_scratch(int n, int D)
{
    return qg_attention_plan_make(NULL, n, D).bytes;
}
