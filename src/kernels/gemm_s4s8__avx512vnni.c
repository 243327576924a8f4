/*
 * gemm_s4s8__avx512vnni.c - product of 8-bit activations and grouped 4-bit weights with vpdpbusd,
 * tiles of 6 rows by 2 panels.
 *
 * Stored nibbles are unsigned (code + 8): a group's sums start at -8 times the sum of the row's
 * activations in that group.
 */
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#include "kernels/epilogue.inc"

#include <assert.h>

enum { ROWS = 6, MAX_GROUPS = 512 };

typedef struct tile_job {
    float *y;
    int ldy, row, column; /* first row and channel of the tile */
    const qg_qrows *x;
    const qg_panels *w;
    int blocks, step;                   /* of 8 values of k: all, and in a group */
    const int32_t (*start)[MAX_GROUPS]; /* [row][group] */
} tile_job;

/* -8 times the sum of each group of a row. */
static void group_starts(int32_t *start, const int8_t *row, int blocks, int step)
{
    for (int from = 0; from < blocks; from += step) {
        int to = from + step < blocks ? from + step : blocks;
        int32_t sum = 0;
        for (int i = from * 8; i < to * 8; i++)
            sum += row[i];
        *start++ = -8 * sum;
    }
}

static inline __m512i low_nibbles(__m512i bytes)
{
    return _mm512_and_si512(bytes, _mm512_set1_epi8(15));
}

static inline __m512i high_nibbles(__m512i bytes)
{
    return _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15));
}

static inline __m512i four(const int8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return _mm512_set1_epi32(v);
}

/* Adds blocks [from, to) of two panels (or one twice) to the sums. */
static inline __attribute__((always_inline)) void dot_blocks(__m512i (*sum)[2], const tile_job *t,
                                                             int rows, int panels, int from, int to)
{
    size_t ld = (size_t)t->x->ld, panel = (size_t)t->blocks * 64;
    const uint8_t *c = (const uint8_t *)t->w->codes + (size_t)(t->column / QG_NR) * panel;
    const int8_t *x = t->x->codes + (size_t)t->row * ld;
    for (int b = from; b < to; b++) {
        __m512i w0 = _mm512_loadu_si512(c + (size_t)b * 64), w1 = w0;
        if (panels > 1)
            w1 = _mm512_loadu_si512(c + panel + (size_t)b * 64);
        __m512i low0 = low_nibbles(w0), low1 = low_nibbles(w1);
        __m512i high0 = high_nibbles(w0), high1 = high_nibbles(w1);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            const int8_t *at = x + (size_t)r * ld + (size_t)b * 8;
            __m512i a = four(at), z = four(at + 4);
            sum[r][0] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum[r][0], low0, a), high0, z);
            if (panels > 1)
                sum[r][1] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum[r][1], low1, a), high1, z);
        }
    }
}

static inline __attribute__((always_inline)) void tile(const tile_job *t, int rows, int panels)
{
    int groups = qg_groups(t->w);
    const float *scale = t->w->scales + (size_t)(t->column / QG_NR) * (size_t)groups * QG_NR;
    v16 acc[ROWS][2];
    for (int r = 0; r < rows; r++)
        acc[r][0] = acc[r][1] = v_set1(0.0f);
    for (int g = 0; g < groups; g++, scale += QG_NR) {
        __m512i sum[ROWS][2];
        int to = (g + 1) * t->step < t->blocks ? (g + 1) * t->step : t->blocks;
        for (int r = 0; r < rows; r++)
            sum[r][0] = sum[r][1] = _mm512_set1_epi32(t->start[r][g]);
        dot_blocks(sum, t, rows, panels, g * t->step, to);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            acc[r][0] = v_fma(v_from_int(sum[r][0]), v_load(scale), acc[r][0]);
            if (panels > 1)
                acc[r][1] =
                    v_fma(v_from_int(sum[r][1]), v_load(scale + (size_t)groups * QG_NR), acc[r][1]);
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        epilogue_s4(t->y, t->ldy, t->x, t->row + r, t->w, t->column, acc[r][0]);
        if (panels > 1)
            epilogue_s4(t->y, t->ldy, t->x, t->row + r, t->w, t->column + QG_NR, acc[r][1]);
    }
}

static void row_tile(tile_job t, int rows)
{
    for (t.column = 0; t.column < t.w->n; t.column += 2 * QG_NR) {
        bool two = t.w->n - t.column > QG_NR;
        if (two && rows == ROWS)
            tile(&t, ROWS, 2);
        else if (two)
            tile(&t, 1, 2);
        else if (rows == ROWS)
            tile(&t, ROWS, 1);
        else
            tile(&t, 1, 1);
    }
}

void qg_gemm_s4s8__avx512vnni(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_S4 && w->k <= x->ld && !x->offset && w->group > 0);
    if (!groups_are_blocks(w) || qg_groups(w) > MAX_GROUPS) {
        qg_gemm_s4s8__avx512(y, ldy, x, m, w);
        return;
    }
    int32_t start[ROWS][MAX_GROUPS];
    int blocks = qg_round_up(w->k, 8) / 8, step = qg_groups(w) > 1 ? w->group / 8 : blocks;
    for (int r = 0; r < m;) {
        int rows = m - r >= ROWS ? ROWS : 1;
        for (int i = 0; i < rows; i++)
            group_starts(start[i], x->codes + (size_t)(r + i) * (size_t)x->ld, blocks, step);
        tile_job t = {y, ldy, r, 0, x, w, blocks, step, (const int32_t(*)[MAX_GROUPS])start};
        row_tile(t, rows);
        r += rows;
    }
}
