/* gemm_bf16__amx.c - bfloat16 product with tdpbf16ps. */
#include "kernels/impl.h"
#include "kernels/v16_avx512.h"

#include "kernels/epilogue.inc"

#include <assert.h>

typedef struct operands {
    float *y;
    int ldy;
    const qg_panels *w;
} operands;

#define DOT _tile_dpbf16ps

static inline void finish_pair(const operands *o, int row, int column, const int32_t *sum)
{
    v16 a = v_add(v_from_bits(vi_load(sum)), v_load(o->w->bias + column));
    v16 b = v_add(v_from_bits(vi_load(sum + QG_NR)), v_load(o->w->bias + column + QG_NR));
    store_pair(o->y + (size_t)row * (size_t)o->ldy, o->w, column, a, b);
}

static inline void finish(const operands *o, int row, int column, const int32_t *sum)
{
    epilogue_bf16(o->y + (size_t)row * (size_t)o->ldy, o->w, column, v_from_bits(vi_load(sum)));
}

#include "kernels/gemm_amx.inc"

void qg_gemm_bf16__amx(float *y, int ldy, const uint16_t *x, int ldx, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_BF16_PAIRS && w->k <= ldx && ldx % 32 == 0);
    operands o = {y, ldy, w};
    block_job t = {.o = &o, .x = (const char *)x, .w = w->codes, .ldx = 2 * (size_t)ldx};
    t.bytes = 2 * qg_round_up(w->k, 2);
    t.n = w->n;
    product(&t, m);
}
