/*
 * pack_codes.c - by format.
 */
#include "pack_codes.h"

#include <math.h>
#include <stdio.h>

void qg_pack_codes(void *panels, int32_t *colsum, const void *codes, qg_panel_format f, int n,
                   int k)
{
    switch (f) {
    case QG_PANEL_F32:
        qg_pack_f32(panels, codes, n, k);
        break;
    case QG_PANEL_F16:
    case QG_PANEL_BF16:
        qg_pack_u16(panels, codes, n, k);
        break;
    case QG_PANEL_BF16_PAIRS:
        qg_pack_bf16_pairs(panels, codes, n, k);
        break;
    case QG_PANEL_S8:
        qg_pack_s8(panels, colsum, codes, n, k);
        break;
    case QG_PANEL_S4:
        qg_pack_s4(panels, codes, n, k);
        break;
    case QG_PANEL_NF4:
        qg_pack_nf4(panels, codes, n, k);
        break;
    }
}

qg_code qg_stored_check(const char *dir, const char *tensor, const float *w, const float *kept,
                        size_t n, const qg_precision *scheme)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(kept[i]))
            return QG_FAIL_AT(QG_ENUMERIC, dir, 0, 0, tensor,
                              "element %zu is %g, %s cannot hold it", i, (double)w[i],
                              qg_precision_name(scheme));
    return QG_OK;
}

void qg_layer_error_measure(qg_layer_error *e, const char *name, const float *w, const float *v,
                            size_t n)
{
    double square = 0, ww = 0, vv = 0, wv = 0;
    *e = (qg_layer_error){0};
    snprintf(e->name, sizeof e->name, "%s", name);
    for (size_t i = 0; i < n; i++) {
        double d = (double)v[i] - (double)w[i];
        square += d * d;
        e->max_abs = fabs(d) > e->max_abs ? fabs(d) : e->max_abs;
        ww += (double)w[i] * (double)w[i];
        vv += (double)v[i] * (double)v[i];
        wv += (double)w[i] * (double)v[i];
    }
    e->mse = square / (double)n;
    e->cosine = ww > 0 && vv > 0 ? wv / sqrt(ww * vv) : 1;
}
