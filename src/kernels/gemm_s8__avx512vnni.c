/*
 * gemm_s8__avx512vnni.c - 8-bit product with vpdpbusd, tiles of 12 rows by 2 panels.
 *
 * The instruction multiplies unsigned by signed bytes: the WEIGHTS are made unsigned (code + 128,
 * one xor for 12 rows), and the sums start at -128 times the sum of the row's activations.
 */
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#include "kernels/epilogue.inc"

#include <assert.h>

enum { ROWS = 12 };

/* Sum of the first 4 * blocks codes of a row. */
static int32_t row_sum(const int8_t *row, int blocks)
{
    __m512i sum = _mm512_setzero_si512(), one = _mm512_set1_epi8(1);
    int i = 0, n = blocks * 4;
    for (; i + 64 <= n; i += 64)
        sum = _mm512_dpbusd_epi32(sum, one, _mm512_loadu_si512(row + i));
    if (i < n) {
        __mmask64 some = (1ull << (n - i)) - 1;
        sum = _mm512_dpbusd_epi32(sum, one, _mm512_maskz_loadu_epi8(some, row + i));
    }
    return _mm512_reduce_add_epi32(sum);
}

typedef struct tile_job {
    float *y;
    int ldy, row, column; /* first row and channel of the tile */
    const qg_qrows *x;
    const qg_panels *w;
    const int32_t *sums; /* of the tile's rows of x */
} tile_job;

static inline __attribute__((always_inline)) void tile(const tile_job *t, int rows, int panels)
{
    int blocks = qg_round_up(t->w->k, 4) / 4;
    size_t ld = (size_t)t->x->ld, panel = (size_t)blocks * 64;
    const int8_t *c0 = (const int8_t *)t->w->codes + (size_t)(t->column / QG_NR) * panel;
    const int8_t *c1 = panels > 1 ? c0 + panel : c0;
    const int8_t *x = t->x->codes + (size_t)t->row * ld;
    const __m512i flip = _mm512_set1_epi8((char)0x80);
    __m512i sum[ROWS][2];
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = _mm512_set1_epi32(-128 * t->sums[r]);
    for (int b = 0; b < blocks; b++) {
        __m512i w0 = _mm512_xor_si512(_mm512_loadu_si512(c0 + (size_t)b * 64), flip), w1 = w0;
        if (panels > 1)
            w1 = _mm512_xor_si512(_mm512_loadu_si512(c1 + (size_t)b * 64), flip);
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, x + (size_t)r * ld + (size_t)b * 4, sizeof four);
            __m512i a = _mm512_set1_epi32(four);
            sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], w0, a);
            if (panels > 1)
                sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], w1, a);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        epilogue_s8(t->y, t->ldy, t->x, t->row + r, t->w, t->column, sum[r][0]);
        if (panels > 1)
            epilogue_s8(t->y, t->ldy, t->x, t->row + r, t->w, t->column + QG_NR, sum[r][1]);
    }
}

static void column(tile_job t, int m, int panels)
{
    const int32_t *sums = t.sums;
    int first = t.row;
    for (int r = 0; r < m;) {
        int left = m - r, rows = left >= 12 ? 12 : left >= 4 ? 4 : 1;
        t.row = first + r;
        t.sums = sums + r;
        if (panels == 2 && rows == 12)
            tile(&t, 12, 2);
        else if (panels == 2 && rows == 4)
            tile(&t, 4, 2);
        else if (panels == 2)
            tile(&t, 1, 2);
        else if (rows == 12)
            tile(&t, 12, 1);
        else if (rows == 4)
            tile(&t, 4, 1);
        else
            tile(&t, 1, 1);
        r += rows;
    }
}

void qg_gemm_s8__avx512vnni(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_S8 && w->k <= x->ld && w->k <= QG_S8_MAX_K);
    int32_t sums[QG_ROW_BLOCK];
    for (int r0 = 0; r0 < m; r0 += QG_ROW_BLOCK) {
        int rows = m - r0 < QG_ROW_BLOCK ? m - r0 : QG_ROW_BLOCK;
        for (int r = 0; r < rows; r++)
            sums[r] =
                row_sum(x->codes + (size_t)(r0 + r) * (size_t)x->ld, qg_round_up(w->k, 4) / 4);
        for (int o = 0; o < w->n; o += 2 * QG_NR) {
            tile_job t = {y, ldy, r0, o, x, w, sums};
            column(t, rows, w->n - o > QG_NR ? 2 : 1);
        }
    }
}
