/*
 * pack.c - weights into panels of 16 output channels and back (layouts: qgrid/kernel.h).
 */
#include "kernels/impl.h"
#include "kernels/v16_ref.h"

#include <assert.h>
#include <string.h>

const float qg_nf4_levels[16] = {
    -1.0f,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0.0f,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1.0f,
};

enum { S4_ZERO = 8, NF4_ZERO = 7 }; /* stored nibbles that stand for 0 */

size_t qg_panels_code_bytes(qg_panel_format f, int n, int k)
{
    size_t np = (size_t)qg_round_up(n, QG_NR);
    switch (f) {
    case QG_PANEL_F32:
        return np * (size_t)k * sizeof(float);
    case QG_PANEL_F16:
    case QG_PANEL_BF16:
        return np * (size_t)k * sizeof(uint16_t);
    case QG_PANEL_BF16_PAIRS:
        return np * (size_t)qg_round_up(k, 2) * sizeof(uint16_t);
    case QG_PANEL_S8:
        return np * (size_t)qg_round_up(k, 4);
    case QG_PANEL_S4:
    case QG_PANEL_NF4:
        return np * (size_t)qg_round_up(k, 8) / 2;
    }
    return 0;
}

size_t qg_panels_scale_count(qg_panel_format f, int n, int k, int group)
{
    size_t np = (size_t)qg_round_up(n, QG_NR);
    if (f == QG_PANEL_S8)
        return np;
    if (f == QG_PANEL_S4 || f == QG_PANEL_NF4)
        return np * (size_t)((k + group - 1) / group);
    return 0;
}

/* Places of element (o, i) in the kinds of panels. */
static size_t at_plain(int o, int i, int k)
{
    return ((size_t)(o / QG_NR) * (size_t)k + (size_t)i) * QG_NR + (size_t)(o % QG_NR);
}

static size_t at_pair(int o, int i, int kp)
{
    return at_plain(o, i / 2, kp / 2) * 2 + (size_t)(i % 2);
}

static size_t at_s8(int o, int i, int kp)
{
    return at_plain(o, i / 4, kp / 4) * 4 + (size_t)(i % 4);
}

static size_t at_nibble(int o, int i, int kp, unsigned *shift)
{
    *shift = i % 8 < 4 ? 0 : 4;
    return at_plain(o, i / 8, kp / 8) * 4 + (size_t)(i % 4);
}

/* In training this happens once a step, so it goes by squares of 16 x 16, cache line by line. */
void qg_pack_f32(float *panels, const float *w, int n, int k)
{
    for (int o = 0; o < n; o += QG_NR, panels += (size_t)k * QG_NR)
        for (int i = 0; i < k; i += QG_NR) {
            int wide = k - i < QG_NR ? k - i : QG_NR;
            for (int r = 0; r < QG_NR; r++)
                for (int c = 0; c < wide; c++)
                    panels[(size_t)(i + c) * QG_NR + (size_t)r] =
                        o + r < n ? w[(size_t)(o + r) * (size_t)k + (size_t)(i + c)] : 0.0f;
        }
}

void qg_pack_f32_transposed(float *panels, const float *w, int n, int k)
{
    for (int r = 0; r < n; r += QG_NR)
        for (int o = 0; o < k; o += QG_NR) {
            int wide = k - o < QG_NR ? k - o : QG_NR;
            float *to = panels + ((size_t)o * (size_t)n) + (size_t)r * QG_NR;
            for (int i = r; i < n && i < r + QG_NR; i++, to += QG_NR) {
                memcpy(to, w + (size_t)i * (size_t)k + o, (size_t)wide * sizeof *w);
                memset(to + wide, 0, (size_t)(QG_NR - wide) * sizeof *w);
            }
        }
}

void qg_pack_u16(uint16_t *panels, const uint16_t *w, int n, int k)
{
    memset(panels, 0, qg_panels_code_bytes(QG_PANEL_F16, n, k));
    for (int o = 0; o < n; o++) {
        for (int i = 0; i < k; i++)
            panels[at_plain(o, i, k)] = w[(size_t)o * (size_t)k + (size_t)i];
    }
}

void qg_pack_bf16_pairs(uint16_t *panels, const uint16_t *w, int n, int k)
{
    memset(panels, 0, qg_panels_code_bytes(QG_PANEL_BF16_PAIRS, n, k));
    for (int o = 0; o < n; o++) {
        for (int i = 0; i < k; i++)
            panels[at_pair(o, i, qg_round_up(k, 2))] = w[(size_t)o * (size_t)k + (size_t)i];
    }
}

void qg_pack_s8(int8_t *panels, int32_t *colsum, const int8_t *codes, int n, int k)
{
    int kp = qg_round_up(k, 4);
    memset(panels, 0, qg_panels_code_bytes(QG_PANEL_S8, n, k));
    memset(colsum, 0, sizeof(int32_t) * (size_t)qg_round_up(n, QG_NR));
    for (int o = 0; o < n; o++) {
        for (int i = 0; i < k; i++) {
            int8_t c = codes[(size_t)o * (size_t)k + (size_t)i];
            panels[at_s8(o, i, kp)] = c;
            colsum[o] += c;
        }
    }
}

static void pack_nibbles(uint8_t *panels, const void *codes, int n, int k, int add, int zero)
{
    int kp = qg_round_up(k, 8);
    memset(panels, zero << 4 | zero, qg_panels_code_bytes(QG_PANEL_S4, n, k));
    for (int o = 0; o < n; o++) {
        for (int i = 0; i < k; i++) {
            int c = ((const int8_t *)codes)[(size_t)o * (size_t)k + (size_t)i] + add;
            assert(c >= 0 && c <= 15);
            unsigned shift;
            uint8_t *p = &panels[at_nibble(o, i, kp, &shift)];
            *p = (uint8_t)((*p & (0xf0u >> shift)) | (unsigned)c << shift);
        }
    }
}

void qg_pack_s4(uint8_t *panels, const int8_t *codes, int n, int k)
{
    pack_nibbles(panels, codes, n, k, S4_ZERO, S4_ZERO);
}

void qg_pack_nf4(uint8_t *panels, const uint8_t *codes, int n, int k)
{
    pack_nibbles(panels, codes, n, k, 0, NF4_ZERO);
}

void qg_pack_scales(float *panels, const float *scales, int n, int groups)
{
    for (int o = 0; o < qg_round_up(n, QG_NR); o++) {
        for (int g = 0; g < groups; g++)
            panels[at_plain(o, g, groups)] =
                o < n ? scales[(size_t)o * (size_t)groups + (size_t)g] : 1.0f;
    }
}

static float bf16_value(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* The value of one weight; o may be a padding channel. */
static float value(const qg_panels *w, int o, int i)
{
    switch (w->format) {
    case QG_PANEL_F32:
        return ((const float *)w->codes)[at_plain(o, i, w->k)];
    case QG_PANEL_F16:
        return v_f16_value(((const uint16_t *)w->codes)[at_plain(o, i, w->k)]);
    case QG_PANEL_BF16:
        return bf16_value(((const uint16_t *)w->codes)[at_plain(o, i, w->k)]);
    case QG_PANEL_BF16_PAIRS:
        return bf16_value(((const uint16_t *)w->codes)[at_pair(o, i, qg_round_up(w->k, 2))]);
    case QG_PANEL_S8:
        return (float)((const int8_t *)w->codes)[at_s8(o, i, qg_round_up(w->k, 4))] * w->scales[o];
    case QG_PANEL_S4:
    case QG_PANEL_NF4:
        break;
    }
    unsigned shift;
    size_t at = at_nibble(o, i, qg_round_up(w->k, 8), &shift);
    int code = ((const uint8_t *)w->codes)[at] >> shift & 15;
    float scale = w->scales[at_plain(o, i / w->group, qg_groups(w))];
    return scale * (w->format == QG_PANEL_S4 ? (float)(code - S4_ZERO) : qg_nf4_levels[code]);
}

void qg_panel_decode(float *out, const qg_panels *w, int panel, int k0, int kn)
{
    for (int i = 0; i < kn; i++) {
        for (int j = 0; j < QG_NR; j++)
            out[i * QG_NR + j] = value(w, panel * QG_NR + j, k0 + i);
    }
}

void qg_unpack_to_f32(float *w, const qg_panels *p)
{
    for (int o = 0; o < p->n; o++) {
        for (int i = 0; i < p->k; i++)
            w[(size_t)o * (size_t)p->k + (size_t)i] = value(p, o, i);
    }
}
