/*
 * gemm_s4s8__amx.c - product of 8-bit activations and grouped 4-bit weights with tdpbssd.
 *
 * A few hundred k of two panels are unpacked to bytes, which stay in the first cache level; then
 * for 32 rows at a time each group is one integer product, added to f32 sums in memory:
 *
 *   rows of x (second level) > two panels > piece of k: unpack > 32 rows > group
 */
#include "kernels/amx.h"
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#include "kernels/epilogue.inc"

#include <assert.h>

enum { ROWS = 2 * AMX_ROWS, CACHED = 256, PIECE = 512, WIDE = 2 * QG_NR };

typedef struct block_job {
    const qg_qrows *x;
    const qg_panels *w;
    int column;        /* first channel of the two panels */
    int group, groups; /* k in a group, groups in all */
    int width;         /* bytes of a tile row of x: 64, or a shorter group */
    int rows, configured;
    int8_t weights[2][PIECE * QG_NR] __attribute__((aligned(64))); /* VNNI order */
    float acc[CACHED][WIDE] __attribute__((aligned(64)));
    int32_t sum[ROWS][WIDE] __attribute__((aligned(64)));
} block_job;

/* Nibbles of [k0, k0 + kn) as signed bytes; what is behind the last k or panel is 0. */
static void unpack(block_job *t, int k0, int kn)
{
    int blocks = qg_round_up(t->w->k, 8) / 8, first = k0 / 8, count = qg_round_up(kn, 8) / 8;
    const __m512i low = _mm512_set1_epi8(15), zero = _mm512_set1_epi8(8);
    for (int p = 0; p < 2; p++) {
        int panel = t->column / QG_NR + p;
        const uint8_t *c =
            (const uint8_t *)t->w->codes + ((size_t)panel * (size_t)blocks + (size_t)first) * 64;
        int8_t *to = t->weights[p];
        int have = panel * QG_NR >= t->w->n ? 0 : blocks - first < count ? blocks - first : count;
        for (int b = 0; b < have; b++, to += 128) {
            __m512i bytes = _mm512_loadu_si512(c + (size_t)b * 64);
            __m512i high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low);
            _mm512_store_si512(to, _mm512_sub_epi8(_mm512_and_si512(bytes, low), zero));
            _mm512_store_si512(to + 64, _mm512_sub_epi8(high, zero));
        }
        memset(to, 0, (size_t)(t->weights[p] + PIECE * QG_NR - to));
    }
}

/* sum = x[row .. row + rows) times the weights of one group, `at` k into the piece. */
static inline __attribute__((always_inline)) void dot(block_job *t, const int8_t *x, int at, int kn,
                                                      bool two_rows)
{
    size_t ld = (size_t)t->x->ld;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int k = 0; k < kn; k += t->width) {
        amx_fence();
        _tile_loadd(6, t->weights[0] + (size_t)(at + k) * QG_NR, AMX_BYTES);
        _tile_loadd(4, x + k, ld);
        _tile_dpbssd(0, 4, 6);
        _tile_loadd(7, t->weights[1] + (size_t)(at + k) * QG_NR, AMX_BYTES);
        _tile_dpbssd(1, 4, 7);
        if (two_rows) {
            _tile_loadd(5, x + AMX_ROWS * ld + k, ld);
            _tile_dpbssd(2, 5, 6);
            _tile_dpbssd(3, 5, 7);
        }
    }
    _tile_stored(0, t->sum[0], WIDE * 4);
    _tile_stored(1, t->sum[0] + QG_NR, WIDE * 4);
    if (two_rows) {
        _tile_stored(2, t->sum[AMX_ROWS], WIDE * 4);
        _tile_stored(3, t->sum[AMX_ROWS] + QG_NR, WIDE * 4);
    }
    amx_fence();
}

/* acc = fma((f32)sum, scale of the group, acc); acc is 0 before the first group. */
static void add_group(block_job *t, int row, int g)
{
    const float *s0 =
        t->w->scales + ((size_t)(t->column / QG_NR) * (size_t)t->groups + (size_t)g) * QG_NR;
    const float *s1 = t->w->n - t->column > QG_NR ? s0 + (size_t)t->groups * QG_NR : s0;
    v16 scale0 = v_load(s0), scale1 = v_load(s1);
    for (int r = 0; r < t->rows; r++) {
        float *acc = t->acc[row + r];
        v16 a0 = g ? v_load(acc) : v_set1(0.0f), a1 = g ? v_load(acc + QG_NR) : v_set1(0.0f);
        v_store(acc, v_fma(v_from_int(vi_load(t->sum[r])), scale0, a0));
        v_store(acc + QG_NR, v_fma(v_from_int(vi_load(t->sum[r] + QG_NR)), scale1, a1));
    }
}

/* All groups of the piece of k from k0 on times `m` rows of x from r0 on. */
static void piece(block_job *t, int r0, int m, int k0, int kn)
{
    for (int r = 0; r < m; r += ROWS) {
        t->rows = m - r < ROWS ? m - r : ROWS;
        if (t->rows != t->configured)
            amx_configure(t->rows < AMX_ROWS ? t->rows : AMX_ROWS, t->rows - AMX_ROWS, t->width);
        t->configured = t->rows;
        const int8_t *x = t->x->codes + (size_t)(r0 + r) * (size_t)t->x->ld + k0;
        for (int at = 0; at < kn; at += t->group) {
            int here = kn - at < t->group ? kn - at : t->group;
            if (t->rows > AMX_ROWS)
                dot(t, x + at, at, here, true);
            else
                dot(t, x + at, at, here, false);
            add_group(t, r, (k0 + at) / t->group);
        }
    }
}

void qg_gemm_s4s8__amx(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_S4 && w->k <= x->ld && !x->offset && w->group > 0);
    int g = w->group, step = g >= 64 ? 64 : g;
    if (g > PIECE || g >= w->k || g % 8 || 64 % step || g % step || PIECE % g) {
        qg_gemm_s4s8__avx512vnni(y, ldy, x, m, w);
        return;
    }
    block_job t = {.x = x, .w = w, .group = g, .groups = qg_groups(w), .width = step};
    for (int r0 = 0; r0 < m; r0 += CACHED) {
        int rows = m - r0 < CACHED ? m - r0 : CACHED;
        for (t.column = 0; t.column < w->n; t.column += WIDE) {
            for (int k0 = 0; k0 < w->k; k0 += PIECE) {
                int kn = w->k - k0 < PIECE ? w->k - k0 : PIECE;
                unpack(&t, k0, kn);
                piece(&t, r0, rows, k0, kn);
            }
            for (int r = 0; r < rows; r++)
                for (int c = 0; c < WIDE && t.column + c < w->n; c += QG_NR)
                    epilogue_s4(y, ldy, x, r0 + r, w, t.column + c, v_load(t.acc[r] + c));
        }
    }
    _tile_release();
}
