/*
 * impl.h - inside of kernels/: every implementation's prototype, sizes shared by them, the plan of
 * the scratch memory of attention, CPU tests.
 */
#ifndef QG_KERNELS_IMPL_H
#define QG_KERNELS_IMPL_H

#include "qgrid/kernel.h"

enum {
    QG_ROW_BLOCK = 144,      /* rows of x copied together: a multiple of every tile height */
    QG_X_STRIDE = 272,       /* floats between copied rows: 17 cache lines, so rows do not alias */
    QG_ATTENTION_ROWS = 144, /* queries treated together */
    QG_S8_MAX_K = 65536      /* |sum| < 2^31 for products of [-128, 127] and [-255, 255] */
};

static inline int qg_round_up(int n, int multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

static inline int qg_groups(const qg_panels *w)
{
    return (w->k + w->group - 1) / w->group;
}

/** Values of k in [k0, k0 + kn) of panel `panel` as f32, out[kn][16]; any float or 4-bit format. */
void qg_panel_decode(float *out, const qg_panels *w, int panel, int k0, int kn);

/* Parts of the scratch of attention. */
typedef struct qg_attention_plan {
    float *keys;   /* panels of [n, D] */
    float *values; /* panels of [D, n] */
    float *scores; /* [QG_ATTENTION_ROWS, n] */
    float *zeros;  /* bias of both products */
    int zeros_n;
    void *gemm; /* scratch of gemm_f32 */
    size_t bytes;
} qg_attention_plan;

/** Lays the parts into `scratch` (NULL: sizes only). */
qg_attention_plan qg_attention_plan_make(void *scratch, int n, int D);

/* What the .def files name as tests. All include the operating system's support. */
bool qg_cpu_any(void);
bool qg_cpu_avx2(void);       /* AVX2, FMA, F16C */
bool qg_cpu_avx512(void);     /* and AVX-512 F, BW, VL, DQ */
bool qg_cpu_avxvnni(void);    /* AVX2 and AVX-VNNI */
bool qg_cpu_avx512vnni(void); /* and AVX-512 VNNI */
bool qg_cpu_avx512bf16(void); /* and AVX512-BF16 */
bool qg_cpu_amx(void);        /* and AMX tiles, int8, bf16, which Linux grants on request */

#define QG_KERNEL(fn, test) extern __typeof__(*((qg_kernels *)0)->QG_OP) fn;
#include "kernels/all.inc"
#undef QG_KERNEL

#endif
