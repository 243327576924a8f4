/*
 * gemm_s8__ref.c - the definition of the product of 8-bit activations and 8-bit weights.
 */
#include "kernels/impl.h"

#include <assert.h>
#include <math.h>

static int32_t dot(const int8_t *x, const int8_t *panel, int k)
{
    int32_t sum = 0;
    for (int i = 0; i < k; i++)
        sum += x[i] * panel[(size_t)(i / 4) * 4 * QG_NR + (size_t)(i % 4)];
    return sum;
}

void qg_gemm_s8__ref(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_S8 && w->k <= x->ld && w->k <= QG_S8_MAX_K);
    size_t panel = (size_t)qg_round_up(w->k, 4) * QG_NR;
    for (int r = 0; r < m; r++) {
        const int8_t *row = x->codes + (size_t)r * (size_t)x->ld;
        int32_t offset = x->offset ? x->offset[r] : 0;
        for (int o = 0; o < w->n; o++) {
            const int8_t *codes = (const int8_t *)w->codes + (size_t)(o / QG_NR) * panel;
            int32_t sum = dot(row, codes + o % QG_NR * 4, w->k) + offset * w->colsum[o];
            y[(size_t)r * (size_t)ldy + (size_t)o] =
                fmaf((float)sum, x->scale[r] * w->scales[o], w->bias[o]);
        }
        qg_activation__ref(y + (size_t)r * (size_t)ldy, (size_t)w->n, w->act);
    }
}
