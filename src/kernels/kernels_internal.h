/*
 * kernels_internal.h - prototypes of every implementation, and what kernels share.
 */
#ifndef QGRID_KERNELS_INTERNAL_H
#define QGRID_KERNELS_INTERNAL_H

#include "isa.h"
#include "qgrid/kernel.h"

/* f32 product on f32 panels [ceil(n / 16)][k][16]; bias [ceil(n / 16) * 16] or NULL. */
typedef void qg_panel_gemm_fn(float *y, int ldy, const float *x, int ldx, int m, int n, int k,
                              const float *panels, const float *bias, void *scratch);

enum {
    QG_MBLOCK = 192, /* rows of A packed at a time */
    QG_QBLOCK = 32   /* queries whose scores are in scratch at a time */
};

/* Bytes of scratch of a panel product: packed A, and two decoded panels of one block of k. */
#define QG_PANEL_SCRATCH ((size_t)(QG_MBLOCK * QG_KBLOCK + 2 * QG_NR * QG_KBLOCK) * sizeof(float))

#define QG_DECLARE_ISA(isa)                                                                        \
    void qg_vexp__##isa(float *y, const float *x, size_t n);                                       \
    void qg_activation__##isa(float *x, size_t n, qg_activation act);                              \
    void qg_quantize_rows__##isa(qg_qrows *q, const float *x, int ldx, int m, int k);              \
    void qg_minmax__##isa(float *lo, float *hi, const float *x, int ldx, int m, int k);            \
    void qg_quantize_affine__##isa(qg_qrows *q, const float *x, int ldx, int m, int k,             \
                                   float scale, int z);                                            \
    void qg_layernorm__##isa(float *y, const float *x, const float *r, const float *gamma,         \
                             const float *beta, int m, int C, float eps);                          \
    void qg_embed_f32__##isa(float *x, const float *table, int32_t id, int C);                     \
    void qg_embed_f16__##isa(float *x, const uint16_t *table, int32_t id, int C);                  \
    void qg_embed_s8__##isa(float *x, const int8_t *table, const float *scale, int32_t id, int C); \
    void qg_softmax_row__##isa(float *row, int n, float scale);                                    \
    void qg_panel_gemm__##isa(float *y, int ldy, const float *x, int ldx, int m, int n, int k,     \
                              const float *panels, const float *bias, void *scratch);              \
    void qg_gemm_f32__##isa(float *y, int ldy, const float *x, int ldx, int m,                     \
                            const qg_panels *w, void *scratch);                                    \
    void qg_attention__##isa(float *out, int ldo, const float *q, const float *k, const float *v,  \
                             int ld, int n, int H, int D, float *probs, void *scratch);            \
    void qg_gemm_s8__##isa(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w);       \
    void qg_gemm_s4s8__##isa(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w);

QG_DECLARE_ISA(ref)
QG_DECLARE_ISA(avx2)
QG_DECLARE_ISA(avx512)
QG_DECLARE_ISA(avx512vnni)

/* One weight of a packed matrix as f32: scale * code. */
float qg_panel_value(const qg_panels *p, int row, int k);

static inline int qg_round_up(int n, int to)
{
    return (n + to - 1) / to * to;
}

#endif
