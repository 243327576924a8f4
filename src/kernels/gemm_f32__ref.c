/*
 * gemm_f32__ref.c - the definition of an f32 product: one chain of fma per element and block of k.
 */
#include "kernels/impl.h"

#include <assert.h>
#include <math.h>

void qg_gemm_f32__ref(float *y, int ldy, const float *x, int ldx, int m, const qg_panels *w,
                      void *scratch)
{
    assert(w->format != QG_PANEL_S8 && w->n > 0 && w->k > 0);
    float *block = scratch; /* [QG_KBLOCK][16] */
    for (int c = 0; c < w->n; c += QG_NR) {
        int cols = w->n - c < QG_NR ? w->n - c : QG_NR;
        for (int k0 = 0; k0 < w->k; k0 += QG_KBLOCK) {
            int kn = w->k - k0 < QG_KBLOCK ? w->k - k0 : QG_KBLOCK;
            qg_panel_decode(block, w, c / QG_NR, k0, kn);
            for (int r = 0; r < m; r++) {
                const float *row = x + (size_t)r * (size_t)ldx + k0;
                float *out = y + (size_t)r * (size_t)ldy + c;
                for (int j = 0; j < cols; j++) {
                    float part = 0.0f;
                    for (int i = 0; i < kn; i++)
                        part = fmaf(row[i], block[i * QG_NR + j], part);
                    out[j] = k0 == 0 ? part : out[j] + part;
                    if (k0 + kn == w->k)
                        out[j] = out[j] + w->bias[c + j];
                }
            }
        }
    }
    for (int r = 0; r < m; r++)
        qg_activation__ref(y + (size_t)r * (size_t)ldy, (size_t)w->n, w->act);
}
