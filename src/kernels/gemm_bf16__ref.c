/*
 * gemm_bf16__ref.c - the definition of the product of bfloat16 activations and weights, which is
 * what one TDPBF16PS after another computes (Intel SDM, volume 2).
 */
#include "kernels/impl.h"
#include "kernels/v16_ref.h"

#include <assert.h>
#include <float.h>
#include <math.h>

static float flush(float x)
{
    return fabsf(x) < FLT_MIN ? copysignf(0.0f, x) : x;
}

static float wide(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return flush(x);
}

/* Channel `w` of a panel (its first pair) times a row. */
static float dot(const uint16_t *x, const uint16_t *w, int k)
{
    float acc = 0.0f;
    for (int from = 0; from < k; from += QG_BF16_BLOCK) {
        float part[2] = {0.0f, 0.0f};
        for (int i = from; i < from + QG_BF16_BLOCK && i < k; i++) {
            float code = wide(w[(size_t)(i / 2) * 2 * QG_NR + (size_t)(i % 2)]);
            part[i % 2] = flush(fmaf(wide(x[i]), code, part[i % 2]));
        }
        acc = flush(acc + flush(part[0] + part[1]));
    }
    return acc;
}

void qg_gemm_bf16__ref(float *y, int ldy, const uint16_t *x, int ldx, int m, const qg_panels *w)
{
    assert(w->format == QG_PANEL_BF16_PAIRS && w->k <= ldx);
    size_t panel = (size_t)qg_round_up(w->k, 2) * QG_NR;
    for (int r = 0; r < m; r++) {
        for (int o = 0; o < w->n; o++) {
            const uint16_t *codes = (const uint16_t *)w->codes + (size_t)(o / QG_NR) * panel;
            y[(size_t)r * (size_t)ldy + (size_t)o] =
                dot(x + (size_t)r * (size_t)ldx, codes + o % QG_NR * 2, w->k) + w->bias[o];
        }
        qg_activation__ref(y + (size_t)r * (size_t)ldy, (size_t)w->n, w->act);
    }
}
