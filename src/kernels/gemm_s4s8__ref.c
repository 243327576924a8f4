/*
 * gemm_s4s8__ref.c - the definition of the product of 8-bit activations and grouped 4-bit weights.
 */
#include "kernels/impl.h"

#include <assert.h>
#include <math.h>

/* Sum over k in [from, to) of one channel; `panel` points at its first byte. */
static int32_t dot(const int8_t *x, const uint8_t *panel, int from, int to)
{
    int32_t sum = 0;
    for (int i = from; i < to; i++) {
        int nibble =
            panel[(size_t)(i / 8) * 4 * QG_NR + (size_t)(i % 4)] >> (i % 8 < 4 ? 0 : 4) & 15;
        sum += x[i] * (nibble - 8);
    }
    return sum;
}

void qg_gemm_s4s8__ref(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_S4 && w->k <= x->ld && !x->offset && w->group > 0);
    int groups = qg_groups(w);
    size_t panel = (size_t)qg_round_up(w->k, 8) / 2 * QG_NR;
    for (int r = 0; r < m; r++) {
        const int8_t *row = x->codes + (size_t)r * (size_t)x->ld;
        for (int o = 0; o < w->n; o++) {
            const uint8_t *codes = (const uint8_t *)w->codes + (size_t)(o / QG_NR) * panel;
            const float *scales = w->scales + (size_t)(o / QG_NR) * (size_t)groups * QG_NR;
            float acc = 0.0f;
            for (int g = 0; g < groups; g++) {
                int from = g * w->group, to = w->k - from < w->group ? w->k : from + w->group;
                int32_t sum = dot(row, codes + o % QG_NR * 4, from, to);
                acc = fmaf((float)sum, scales[g * QG_NR + o % QG_NR], acc);
            }
            y[(size_t)r * (size_t)ldy + (size_t)o] = fmaf(acc, x->scale[r], w->bias[o]);
        }
        qg_activation__ref(y + (size_t)r * (size_t)ldy, (size_t)w->n, w->act);
    }
}
