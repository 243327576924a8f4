/*
 * gemm_bf16__avx512bf16.c - bfloat16 product with vdpbf16ps, tiles of 12 rows by 2 panels.
 *
 * The instruction adds pairs in one chain, another order than the definition: the one kernel whose
 * bits differ from the reference.
 */
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#include "kernels/epilogue.inc"

#include <assert.h>

enum { ROWS = 12 };

typedef struct tile_job {
    float *y;
    int ldy, ldx, column;
    const uint16_t *x;
    const qg_panels *w;
} tile_job;

static inline __m512bh pairs(const void *p)
{
    return (__m512bh)_mm512_loadu_si512(p);
}

static inline __attribute__((always_inline)) void tile(const tile_job *t, int rows, int panels)
{
    size_t panel = (size_t)qg_round_up(t->w->k, 2) * QG_NR;
    const uint16_t *w0 = (const uint16_t *)t->w->codes + (size_t)(t->column / QG_NR) * panel;
    const uint16_t *w1 = panels > 1 ? w0 + panel : w0;
    __m512 sum[ROWS][2];
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = _mm512_setzero_ps();
    for (int i = 0; i < t->w->k; i += 2) {
        __m512bh b0 = pairs(w0 + (size_t)i * QG_NR), b1 = b0;
        if (panels > 1)
            b1 = pairs(w1 + (size_t)i * QG_NR);
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            int32_t two;
            memcpy(&two, t->x + (size_t)r * (size_t)t->ldx + i, sizeof two);
            __m512bh a = (__m512bh)_mm512_set1_epi32(two);
            sum[r][0] = _mm512_dpbf16_ps(sum[r][0], a, b0);
            if (panels > 1)
                sum[r][1] = _mm512_dpbf16_ps(sum[r][1], a, b1);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        float *y = t->y + (size_t)r * (size_t)t->ldy;
        epilogue_bf16(y, t->w, t->column, sum[r][0]);
        if (panels > 1)
            epilogue_bf16(y, t->w, t->column + QG_NR, sum[r][1]);
    }
}

static inline __attribute__((always_inline)) void column(tile_job t, int m, int panels)
{
    for (int r = 0; r < m;) {
        int left = m - r, rows = left >= ROWS ? ROWS : left >= 4 ? 4 : 1;
        if (rows == ROWS)
            tile(&t, ROWS, panels);
        else if (rows == 4)
            tile(&t, 4, panels);
        else
            tile(&t, 1, panels);
        r += rows;
        t.x += (size_t)rows * (size_t)t.ldx;
        t.y += (size_t)rows * (size_t)t.ldy;
    }
}

void qg_gemm_bf16__avx512bf16(float *y, int ldy, const uint16_t *x, int ldx, int m,
                              const qg_panels *w)
{
    assert(w->format == QG_PANEL_BF16_PAIRS && qg_round_up(w->k, 2) <= ldx);
    for (int r0 = 0; r0 < m; r0 += QG_ROW_BLOCK) {
        int rows = m - r0 < QG_ROW_BLOCK ? m - r0 : QG_ROW_BLOCK;
        for (int o = 0; o < w->n; o += 2 * QG_NR) {
            tile_job t = {y + (size_t)r0 * (size_t)ldy, ldy, ldx, o,
                          x + (size_t)r0 * (size_t)ldx, w};
            if (w->n - o > QG_NR)
                column(t, rows, 2);
            else
                column(t, rows, 1);
        }
    }
}
