/*
 * gemm__ref.c - the products as they are defined, one element after another.
 */
#include "kernels_internal.h"

#include <math.h>

/* Partial sums of blocks of QG_KBLOCK, added in order; then the bias. */
#define QG_CHAIN(result, k_total, a, b)                                                            \
    do {                                                                                           \
        for (int k0 = 0; k0 < (k_total); k0 += QG_KBLOCK) {                                        \
            float part = 0;                                                                        \
            for (int k = k0; k < (k_total) && k < k0 + QG_KBLOCK; k++)                             \
                part = fmaf((a), (b), part);                                                       \
            (result) = k0 ? (result) + part : part;                                                \
        }                                                                                          \
    } while (0)

void qg_panel_gemm__ref(float *y, int ldy, const float *x, int ldx, int m, int n, int k_total,
                        const float *panels, const float *bias, void *scratch)
{
    (void)scratch;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            const float *row = x + (size_t)i * (size_t)ldx;
            const float *w = panels + (size_t)(j / QG_NR) * (size_t)k_total * QG_NR + j % QG_NR;
            float sum = 0;
            QG_CHAIN(sum, k_total, row[k], w[(size_t)k * QG_NR]);
            y[(size_t)i * (size_t)ldy + (size_t)j] = bias ? sum + bias[j] : sum;
        }
}

void qg_gemm_f32__ref(float *y, int ldy, const float *x, int ldx, int m, const qg_panels *w,
                      void *scratch)
{
    float *column = scratch; /* one decoded block of one channel at a time */
    for (int j = 0; j < w->n; j++)
        for (int k0 = 0; k0 < w->k; k0 += QG_KBLOCK) {
            int end = k0 + QG_KBLOCK < w->k ? k0 + QG_KBLOCK : w->k;
            for (int k = k0; k < end; k++)
                column[k - k0] = qg_panel_value(w, j, k);
            for (int i = 0; i < m; i++) {
                const float *row = x + (size_t)i * (size_t)ldx;
                float *out = &y[(size_t)i * (size_t)ldy + (size_t)j], part = 0;
                for (int k = k0; k < end; k++)
                    part = fmaf(row[k], column[k - k0], part);
                *out = k0 ? *out + part : part;
                if (end == w->k)
                    *out += w->bias[j];
            }
        }
}

static int s8_code(const qg_panels *w, int row, int k)
{
    size_t kp = (size_t)qg_round_up(w->k, 4);
    return ((const int8_t *)w->codes)[((size_t)(row / QG_NR) * kp + (size_t)(k / 4 * 4)) * QG_NR +
                                      (size_t)(row % QG_NR) * 4 + (size_t)(k % 4)];
}

void qg_gemm_s8__ref(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    for (int j = 0; j < w->n; j++)
        for (int i = 0; i < m; i++) {
            const int8_t *row = x->codes + (size_t)i * (size_t)x->ld;
            int32_t dot = 0;
            for (int k = 0; k < w->k; k++)
                dot += row[k] * s8_code(w, j, k);
            if (x->offset)
                dot += x->offset[i] * w->colsum[j];
            y[(size_t)i * (size_t)ldy + (size_t)j] =
                fmaf((float)dot, x->scale[i] * w->scales[j], w->bias[j]);
        }
}

static int s4_code(const qg_panels *w, int row, int k)
{
    size_t kp = (size_t)qg_round_up(w->k, 8);
    const uint8_t *b = (const uint8_t *)w->codes +
                       ((size_t)(row / QG_NR) * kp / 8 + (size_t)(k / 8)) * QG_NR * 4 +
                       (size_t)(row % QG_NR) * 4 + (size_t)(k % 4);
    return (*b >> (k % 8 >= 4 ? 4 : 0) & 15) - 8;
}

void qg_gemm_s4s8__ref(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    int groups = (w->k + w->group - 1) / w->group;
    for (int j = 0; j < w->n; j++)
        for (int i = 0; i < m; i++) {
            const int8_t *row = x->codes + (size_t)i * (size_t)x->ld;
            float sum = 0;
            for (int g = 0; g < groups; g++) {
                int end = (g + 1) * w->group < w->k ? (g + 1) * w->group : w->k;
                int32_t dot = 0;
                for (int k = g * w->group; k < end; k++)
                    dot += row[k] * s4_code(w, j, k);
                sum = fmaf((float)dot,
                           w->scales[((size_t)(j / QG_NR) * (size_t)groups + (size_t)g) * QG_NR +
                                     (size_t)(j % QG_NR)],
                           sum);
            }
            y[(size_t)i * (size_t)ldy + (size_t)j] = fmaf(sum, x->scale[i], w->bias[j]);
        }
}
