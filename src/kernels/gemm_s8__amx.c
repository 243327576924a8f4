/*
 * gemm_s8__amx.c - 8-bit product with tdpbssd, blocks of 32 rows by 2 panels.
 *
 * Loops, outermost first: rows of x that fit the second cache level, two panels (they stay in the
 * first level where k is not too long), 32 rows, k. The next panels are fetched on the way: with
 * few rows the product is as fast as the weights arrive.
 */
#include "kernels/amx.h"
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#include "kernels/epilogue.inc"

#include <assert.h>

enum { ROWS = 2 * AMX_ROWS, CACHED_BYTES = 1 << 20 };

/* Sums of a block whose outputs are not written yet. */
typedef struct sums {
    int32_t value[ROWS][2 * QG_NR] __attribute__((aligned(64)));
    int row, rows, column, panels;
    int written; /* rows */
} sums;

typedef struct block_job {
    float *y;
    int ldy, row, column; /* first row and channel of the block */
    int rows, panels, configured;
    const qg_qrows *x;
    const qg_panels *w;
    const char *ahead; /* weights to fetch */
    int ahead_lines;   /* in a step of k */
    sums *now, *before;
} block_job;

/* Writes up to `count` rows of outputs of the block before: between the tile instructions of this
 * one they cost next to nothing. */
static __attribute__((noinline)) void write_some(const block_job *t, int count)
{
    sums *s = t->before;
    for (; count > 0 && s->written < s->rows; count--, s->written++)
        for (int p = 0; p < s->panels; p++)
            epilogue_s8(t->y, t->ldy, t->x, s->row + s->written, t->w, s->column + p * QG_NR,
                        vi_load(s->value[s->written] + p * QG_NR));
}

/* Weights of one step of 64 k: in place, or the last ones copied so that a whole tile is there. */
static inline const int8_t *weights(const int8_t *panel, int step, int tail, int8_t *room)
{
    const int8_t *from = panel + (size_t)step * AMX_TILE;
    if (tail == 0)
        return from;
    memcpy(room, from, (size_t)tail * AMX_BYTES / 4);
    return room;
}

static inline __attribute__((always_inline)) void dot(block_job *t, bool two_rows, bool two_panels)
{
    int32_t(*sum)[2 * QG_NR] = t->now->value;
    size_t ld = (size_t)t->x->ld, panel = (size_t)qg_round_up(t->w->k, 4) * QG_NR;
    const int8_t *w0 = (const int8_t *)t->w->codes + (size_t)(t->column / QG_NR) * panel;
    const int8_t *w1 = w0 + panel, *x0 = t->x->codes + (size_t)t->row * ld, *x1 = x0 + 16 * ld;
    int steps = qg_round_up(t->w->k, 64) / 64, tail = qg_round_up(t->w->k, 4) % 64;
    int8_t room[2][AMX_TILE] __attribute__((aligned(64)));
    int write = (t->before->rows + steps - 1) / steps;
    if (tail)
        memset(room, 0, sizeof room);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int s = 0; s < steps; s++) {
        int left = s == steps - 1 ? tail : 0;
        const int8_t *b0 = weights(w0, s, left, room[0]);
        const int8_t *b1 = two_panels ? weights(w1, s, left, room[1]) : b0;
        amx_fence();
        _tile_loadd(6, b0, AMX_BYTES);
        _tile_loadd(4, x0 + (size_t)s * 64, ld);
        _tile_dpbssd(0, 4, 6);
        if (two_panels) {
            _tile_loadd(7, b1, AMX_BYTES);
            _tile_dpbssd(1, 4, 7);
        }
        if (two_rows) {
            _tile_loadd(5, x1 + (size_t)s * 64, ld);
            _tile_dpbssd(2, 5, 6);
            if (two_panels)
                _tile_dpbssd(3, 5, 7);
        }
        for (int i = 0; i < t->ahead_lines; i++, t->ahead += 64)
            _mm_prefetch(t->ahead, _MM_HINT_T1);
        write_some(t, write);
    }
    _tile_stored(0, sum[0], 2 * AMX_BYTES);
    if (two_panels)
        _tile_stored(1, sum[0] + QG_NR, 2 * AMX_BYTES);
    if (two_rows)
        _tile_stored(2, sum[AMX_ROWS], 2 * AMX_BYTES);
    if (two_rows && two_panels)
        _tile_stored(3, sum[AMX_ROWS] + QG_NR, 2 * AMX_BYTES);
    amx_fence();
}

static void block(block_job *t)
{
    sums *s = t->now;
    if (t->rows != t->configured)
        amx_configure(t->rows < AMX_ROWS ? t->rows : AMX_ROWS, t->rows - AMX_ROWS, AMX_BYTES);
    t->configured = t->rows;
    if (t->rows > AMX_ROWS && t->panels == 2)
        dot(t, true, true);
    else if (t->rows > AMX_ROWS)
        dot(t, true, false);
    else if (t->panels == 2)
        dot(t, false, true);
    else
        dot(t, false, false);
    s->row = t->row;
    s->rows = t->rows;
    s->column = t->column;
    s->panels = t->panels;
    s->written = 0;
    t->now = t->before;
    t->before = s;
}

/* Spreads the fetching of the panels after this pair over the steps of a pass over `rows` rows. */
static void fetch_ahead(block_job *t, int rows)
{
    size_t panel = (size_t)qg_round_up(t->w->k, 4) * QG_NR;
    int steps = qg_round_up(t->w->k, 64) / 64 * (qg_round_up(rows, ROWS) / ROWS);
    int panels = qg_round_up(t->w->n, QG_NR) / QG_NR - t->column / QG_NR - 2;
    panels = panels > 2 ? 2 : panels;
    t->ahead_lines = 0;
    if (panels <= 0)
        return;
    t->ahead = (const char *)t->w->codes + (size_t)(t->column / QG_NR + 2) * panel;
    t->ahead_lines = (int)((size_t)panels * panel / 64 / (size_t)steps);
}

void qg_gemm_s8__amx(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_S8 && w->k <= x->ld && w->k <= QG_S8_MAX_K && x->ld % 64 == 0);
    sums buffer[2];
    block_job t = {.y = y, .ldy = ldy, .x = x, .w = w, .now = &buffer[0], .before = &buffer[1]};
    t.before->rows = t.before->written = 0;
    int cached = CACHED_BYTES / x->ld / ROWS * ROWS;
    cached = cached < ROWS ? ROWS : cached;
    for (int r0 = 0; r0 < m; r0 += cached) {
        int end = m - r0 < cached ? m : r0 + cached;
        for (t.column = 0; t.column < w->n; t.column += 2 * QG_NR) {
            t.panels = w->n - t.column > QG_NR ? 2 : 1;
            fetch_ahead(&t, end - r0);
            for (t.row = r0; t.row < end; t.row += ROWS) {
                t.rows = end - t.row < ROWS ? end - t.row : ROWS;
                block(&t);
            }
        }
    }
    _tile_release();
    write_some(&t, ROWS);
}
