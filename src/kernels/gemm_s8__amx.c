/* gemm_s8__amx.c - 8-bit product with tdpbssd. */
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#include "kernels/epilogue.inc"

#include <assert.h>

typedef struct operands {
    float *y;
    int ldy;
    const qg_qrows *x;
    const qg_panels *w;
} operands;

#define DOT _tile_dpbssd

static inline void finish_pair(const operands *o, int row, int column, const int32_t *sum)
{
    v16 a = output_s8(o->x, row, o->w, column, vi_load(sum));
    v16 b = output_s8(o->x, row, o->w, column + QG_NR, vi_load(sum + QG_NR));
    store_pair(o->y + (size_t)row * (size_t)o->ldy, o->w, column, a, b);
}

static inline void finish(const operands *o, int row, int column, const int32_t *sum)
{
    epilogue_s8(o->y, o->ldy, o->x, row, o->w, column, vi_load(sum));
}

#include "kernels/gemm_amx.inc"

void qg_gemm_s8__amx(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_S8 && w->k <= x->ld && w->k <= QG_S8_MAX_K && x->ld % 64 == 0);
    operands o = {y, ldy, x, w};
    block_job t = {.o = &o, .x = (const char *)x->codes, .w = w->codes, .ldx = (size_t)x->ld};
    t.bytes = qg_round_up(w->k, 4);
    t.n = w->n;
    product(&t, m);
}
