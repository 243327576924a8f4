/*
 * pack.c - weights into panels, and back one by one. Scalar: used when a model is packed, and by
 * reference kernels.
 */
#include "kernels_internal.h"
#include "qgrid/tensor.h"

#include <string.h>

const float qg_nf4_levels[16] = {
    -1.0f,         -0.6961928f,   -0.52507305f, -0.3949175f,  -0.28444138f, -0.18477343f,
    -0.091050036f, 0.0f,          0.0795803f,   0.1609302f,   0.2461123f,   0.33791524f,
    0.44070983f,   0.562617f,     0.72295684f,  1.0f};

static int padded_k(qg_panel_format f, int k)
{
    return f == QG_PANEL_S8 ? qg_round_up(k, 4)
           : f >= QG_PANEL_S4 ? qg_round_up(k, 8)
                              : k;
}

size_t qg_panels_code_bytes(qg_panel_format f, int n, int k)
{
    size_t cells = (size_t)qg_round_up(n, QG_NR) * (size_t)padded_k(f, k);
    switch (f) {
    case QG_PANEL_F32:
        return cells * 4;
    case QG_PANEL_F16:
    case QG_PANEL_BF16:
        return cells * 2;
    case QG_PANEL_S8:
        return cells;
    default:
        return cells / 2;
    }
}

size_t qg_panels_scale_count(qg_panel_format f, int n, int k, int group)
{
    size_t np = (size_t)qg_round_up(n, QG_NR);
    if (f == QG_PANEL_S8)
        return np;
    return f >= QG_PANEL_S4 ? np * (size_t)((k + group - 1) / group) : 0;
}

/* Place of (row, k) among `width` interleaved k: [row / 16][k / width][row % 16][k % width]. */
static size_t at(int row, int k, int kp, int width)
{
    return ((size_t)(row / QG_NR) * (size_t)kp + (size_t)(k / width * width)) * QG_NR +
           (size_t)(row % QG_NR) * (size_t)width + (size_t)(k % width);
}

void qg_pack_f32(float *panels, const float *w, int n, int k)
{
    memset(panels, 0, qg_panels_code_bytes(QG_PANEL_F32, n, k));
    for (int r = 0; r < n; r++)
        for (int i = 0; i < k; i++)
            panels[at(r, i, k, 1)] = w[(size_t)r * (size_t)k + (size_t)i];
}

void qg_pack_u16(uint16_t *panels, const uint16_t *w, int n, int k)
{
    memset(panels, 0, qg_panels_code_bytes(QG_PANEL_F16, n, k));
    for (int r = 0; r < n; r++)
        for (int i = 0; i < k; i++)
            panels[at(r, i, k, 1)] = w[(size_t)r * (size_t)k + (size_t)i];
}

void qg_pack_s8(int8_t *panels, int32_t *colsum, const int8_t *codes, int n, int k)
{
    int kp = padded_k(QG_PANEL_S8, k);
    memset(panels, 0, qg_panels_code_bytes(QG_PANEL_S8, n, k));
    memset(colsum, 0, (size_t)qg_round_up(n, QG_NR) * sizeof *colsum);
    for (int r = 0; r < n; r++)
        for (int i = 0; i < k; i++) {
            int8_t c = codes[(size_t)r * (size_t)k + (size_t)i];
            panels[at(r, i, kp, 4)] = c;
            colsum[r] += c;
        }
}

/* Byte of a 4-bit code, and whether it is the high nibble. */
static size_t nibble_at(int row, int k, int kp, int *high)
{
    *high = k % 8 / 4;
    return ((size_t)(row / QG_NR) * (size_t)kp / 8 + (size_t)(k / 8)) * QG_NR * 4 +
           (size_t)(row % QG_NR) * 4 + (size_t)(k % 4);
}

static void pack_nibbles(uint8_t *panels, const void *codes, int n, int k, int shift, int padding)
{
    int kp = padded_k(QG_PANEL_S4, k), high;
    const int8_t *c = codes;
    memset(panels, padding | padding << 4, qg_panels_code_bytes(QG_PANEL_S4, n, k));
    for (int r = 0; r < n; r++)
        for (int i = 0; i < k; i++) {
            int v = c[(size_t)r * (size_t)k + (size_t)i] + shift;
            uint8_t *b = &panels[nibble_at(r, i, kp, &high)];
            *b = (uint8_t)(high ? (*b & 0x0f) | v << 4 : (*b & 0xf0) | v);
        }
}

void qg_pack_s4(uint8_t *panels, const int8_t *codes, int n, int k)
{
    pack_nibbles(panels, codes, n, k, 8, 8);
}

void qg_pack_nf4(uint8_t *panels, const uint8_t *codes, int n, int k)
{
    pack_nibbles(panels, codes, n, k, 0, 7);
}

void qg_pack_scales(float *panels, const float *scales, int n, int groups)
{
    size_t np = (size_t)qg_round_up(n, QG_NR);
    for (size_t i = 0; i < np * (size_t)groups; i++)
        panels[i] = 1.0f;
    for (int r = 0; r < n; r++)
        for (int g = 0; g < groups; g++)
            panels[((size_t)(r / QG_NR) * (size_t)groups + (size_t)g) * QG_NR +
                   (size_t)(r % QG_NR)] = scales[(size_t)r * (size_t)groups + (size_t)g];
}

float qg_panel_value(const qg_panels *p, int row, int k)
{
    int high, kp = padded_k(p->format, p->k);
    switch (p->format) {
    case QG_PANEL_F32:
        return ((const float *)p->codes)[at(row, k, kp, 1)];
    case QG_PANEL_F16:
        return qg_f16_to_f32(((const uint16_t *)p->codes)[at(row, k, kp, 1)]);
    case QG_PANEL_BF16:
        return qg_bf16_to_f32(((const uint16_t *)p->codes)[at(row, k, kp, 1)]);
    case QG_PANEL_S8:
        return (float)((const int8_t *)p->codes)[at(row, k, kp, 4)] * p->scales[row];
    default:
        break;
    }
    size_t b = nibble_at(row, k, kp, &high);
    int v = ((const uint8_t *)p->codes)[b] >> (high ? 4 : 0) & 15;
    int groups = (p->k + p->group - 1) / p->group;
    float s = p->scales[((size_t)(row / QG_NR) * (size_t)groups + (size_t)(k / p->group)) * QG_NR +
                        (size_t)(row % QG_NR)];
    return p->format == QG_PANEL_S4 ? (float)(v - 8) * s : qg_nf4_levels[v] * s;
}

void qg_unpack_to_f32(float *w, const qg_panels *p)
{
    for (int r = 0; r < p->n; r++)
        for (int i = 0; i < p->k; i++)
            w[(size_t)r * (size_t)p->k + (size_t)i] = qg_panel_value(p, r, i);
}

size_t qg_gemm_scratch(const qg_panels *w)
{
    (void)w;
    return QG_PANEL_SCRATCH;
}

/* Keys and values of one head as panels, scores of a block of queries, and a panel product's. */
size_t qg_attention_scratch(int n, int D)
{
    size_t np = (size_t)qg_round_up(n, QG_NR), dp = (size_t)qg_round_up(D, QG_NR);
    return (np * (size_t)D + dp * (size_t)n + QG_QBLOCK * np) * sizeof(float) + 3 * QG_ALIGN +
           QG_PANEL_SCRATCH;
}
