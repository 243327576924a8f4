/*
 * kernel.h - the arithmetic: packed matrix products, row operations, attention.
 *
 * One implementation of each operation is chosen at start (kernels/<op>.def, best first, __ref
 * last; QGRID_KERNELS=ref|avx2|avx512|avxvnni|avx512vnni|avx512bf16|amx names the highest level
 * used). All give the SAME BITS:
 *   - an element of an f32 product is one chain of fma over k in rising order, started anew every
 *     QG_KBLOCK values of k; the partial sums are added in order; the bias is added last;
 *   - reductions along a row keep QG_LANES interleaved partial results (element i belongs to lane
 *     i mod 16) and join them in one tree: lane j with j + 8, then + 4, + 2, + 1;
 *   - exp, tanh, GELU are polynomials of this project with a fixed order of operations;
 *   - bfloat16 products follow AMX; the avx512bf16 kernel alone has other bits;
 *   - integer products are exact; every epilogue has one order of operations.
 * Pure functions: no allocation, no I/O, no errors; preconditions are asserted. All Local.
 */
#ifndef QGRID_KERNEL_H
#define QGRID_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QG_LANES = 16,      /* partial results of a reduction */
    QG_NR = 16,         /* columns of a weight panel */
    QG_KBLOCK = 256,    /* chain length of f32 products */
    QG_BF16_BLOCK = 32, /* values of k in a step of bfloat16 products */
    QG_ALIGN = 64       /* of packed weights and scratch */
};

typedef enum qg_activation {
    QG_ACT_NONE,
    QG_ACT_GELU,     /* x/2 (1 + erf(x / sqrt 2)) */
    QG_ACT_GELU_NEW, /* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
    QG_ACT_RELU,
    QG_ACT_TANH
} qg_activation;

/*
 * Packed weights W[n, k] (row o = output channel) in panels of 16 output channels. Columns are
 * padded to Np = n rounded up to 16, k to Kp (multiple of 2 for pairs, of 4 for S8, of 8 for 4-bit
 * codes).
 *
 *   F32, F16, BF16   [Np/16][k][16]
 *   BF16_PAIRS       [Np/16][Kp/2][16][2]     two k of one channel side by side
 *   S8               [Np/16][Kp/4][16][4]     four k of one channel side by side (VNNI order)
 *   S4, NF4          [Np/16][Kp/8][16][4] bytes: byte j holds k = 8b + j in its low nibble and
 *                    k = 8b + 4 + j in its high nibble. S4 stores code + 8 (padding: 8);
 *                    NF4 stores the level index (padding: 7, the level 0.0).
 *
 * Scales: S8 one per channel, [Np]. 4-bit: [Np/16][groups][16], one per channel and `group`
 * consecutive k, groups = ceil(k / group). Padding channels have zero weights, scale 1, bias 0.
 */
typedef enum qg_panel_format {
    QG_PANEL_F32,
    QG_PANEL_F16,
    QG_PANEL_BF16,
    QG_PANEL_BF16_PAIRS,
    QG_PANEL_S8,
    QG_PANEL_S4,
    QG_PANEL_NF4
} qg_panel_format;

typedef struct qg_panels {
    qg_panel_format format;
    int n, k;
    int group;             /* 4-bit formats: k per scale */
    const void *codes;     /* 64-byte aligned */
    const float *scales;   /* S8, S4, NF4 */
    const int32_t *colsum; /* [Np] S8: sum over k of the codes of a channel */
    const float *bias;     /* [Np], never NULL */
    qg_activation act;     /* of what the product gives: y = act(x W^T + bias) */
} qg_panels;

/** Bytes of `codes`, and elements of `scales` (0 for float formats), of a packed [n, k] matrix. */
size_t qg_panels_code_bytes(qg_panel_format f, int n, int k);
size_t qg_panels_scale_count(qg_panel_format f, int n, int k, int group);

/*
 * Packing and unpacking, scalar, used when a model is packed and in tests (kernels/pack.c).
 * `codes` are one value per byte / float, row-major [n, k].
 */
void qg_pack_f32(float *panels, const float *w, int n, int k);
/** F32 panels of W^T, whose k rows are output channels and whose n columns are summed over. */
void qg_pack_f32_transposed(float *panels, const float *w, int n, int k);
void qg_pack_u16(uint16_t *panels, const uint16_t *w, int n, int k); /* F16, BF16 bits */
void qg_pack_bf16_pairs(uint16_t *panels, const uint16_t *w, int n, int k);
void qg_pack_s8(int8_t *panels, int32_t *colsum, const int8_t *codes, int n, int k);
void qg_pack_s4(uint8_t *panels, const int8_t *codes, int n, int k);   /* codes -8..7 */
void qg_pack_nf4(uint8_t *panels, const uint8_t *codes, int n, int k); /* codes 0..15 */
/** Scales [n][groups] row-major into [Np/16][groups][16]. */
void qg_pack_scales(float *panels, const float *scales, int n, int groups);

/** f32 values that the packed form stands for, row-major [n, k]: scale * code, level * absmax. */
void qg_unpack_to_f32(float *w, const qg_panels *p);

/* 16 levels of NF4 (Dettmers et al., "QLoRA", 2023, arXiv:2305.14314). */
extern const float qg_nf4_levels[16];

/* Activations as integers: what the integer products read. */
typedef struct qg_qrows {
    int8_t *codes;   /* [m, ld]; columns k..ld-1 are zero */
    int ld;          /* row stride, multiple of 64, >= k */
    float *scale;    /* [m] */
    int32_t *offset; /* [m] or NULL: value = scale * (code + offset) */
} qg_qrows;

/** Row stride for k codes: whole cache lines, an odd number of them, so that rows do not alias. */
static inline int qg_qrows_stride(int k)
{
    return ((k + 63) / 64 | 1) * 64;
}

/** Row stride, in values, of k bfloat16 values: the same rule. */
static inline int qg_bf16_stride(int k)
{
    return ((k + 31) / 32 | 1) * 32;
}

/* A uniform quantizer: values scale * code with whole codes in [lo, hi]. */
typedef struct qg_uniform {
    float scale;   /* > 0 */
    float inverse; /* 0: values are divided by the scale; else its reciprocal, which multiplies them
                      as PyTorch does (the last bit differs) */
    float lo, hi;
} qg_uniform;

/* ------------------------------------------------------------------ the operations, one table */

typedef struct qg_kernels {
    const char *isa; /* "ref" ... "amx": of the most capable one in use */

    /**
     * y = act(x W^T + bias), f32 activations, any float or weight-only format.
     * @param[out] y  [m, ldy] caller-owned
     * @param      x  [m, ldx]
     * @param scratch qg_gemm_scratch(w) bytes, 64-byte aligned (rows of x, panels decoded to f32)
     * y overlaps neither x nor scratch.
     */
    void (*gemm_f32)(float *y, int ldy, const float *x, int ldx, int m, const qg_panels *w,
                     void *scratch);

    /**
     * S8 weights: y = act(fma((f32)(dot + offset * colsum), a_scale * w_scale, bias)).
     * Exact s32 sums for any codes in [-128, 127], offsets in [-127, 128] and k <= 65536.
     */
    void (*gemm_s8)(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w);

    /**
     * S4 weights, integer activations: for each group in order acc = fma((f32)dot_g, w_scale_g,
     * acc), then y = act(fma(acc, a_scale, bias)). `offset` must be NULL.
     */
    void (*gemm_s4s8)(float *y, int ldy, const qg_qrows *x, int m, const qg_panels *w);

    /**
     * BF16_PAIRS weights and bfloat16 activations, as TDPBF16PS computes: for every 32 values of k
     * one chain of fma over the even ones and one over the odd ones; their sum is added to the sum
     * of the values before; y = act(sum + bias). Subnormal operands and results count as 0 up to
     * the bias.
     * @param x [m, ldx] bfloat16 bits, ldx a multiple of 32; columns k..ldx-1 are zero
     */
    void (*gemm_bf16)(float *y, int ldy, const uint16_t *x, int ldx, int m, const qg_panels *w);

    /** Rows [m, k] to bfloat16, nearest even; columns k..ldo-1 become zero. NaN is for callers to
     *  refuse. */
    void (*round_bf16)(uint16_t *out, int ldo, const float *x, int ldx, int m, int k);

    /** Per row: scale = max|x| / 127 (1 if that is 0), code = clip(rint(x / scale), -127, 127);
     *  offset, where there is one, = 0. A row with NaN or infinity in it has a scale that is not
     *  finite, and codes without meaning. */
    void (*quantize_rows)(qg_qrows *q, const float *x, int ldx, int m, int k);

    /** Smallest and largest value of rows [m, k] together; both NaN where a value is not finite. */
    void (*minmax)(float *lo, float *hi, const float *x, int ldx, int m, int k);

    /** Given scale and zero point z in 0..255 of all rows: code = clip(z + rint(x * (1/scale)),
     *  0, 255) - 128, offset = 128 - z. */
    void (*quantize_affine)(qg_qrows *q, const float *x, int ldx, int m, int k, float scale, int z);

    /** Largest |x| of k values; NaN where one is NaN. */
    float (*absmax)(const float *x, int k);

    /** y = scale * clip(rint(x / scale), lo, hi) of k values; y may be x. NaN stays NaN. */
    void (*fake_quantize)(float *y, const float *x, int k, const qg_uniform *g);

    /**
     * Sum over k values of dy * d fake_quantize(x) / d scale: with t = x / scale, rint(t) - t where
     * t is in (lo, hi), else lo or hi (Esser et al., "Learned step size quantization", ICLR 2020,
     * arXiv:1902.08153, equation 3).
     */
    float (*fake_quantize_gradient)(const float *dy, const float *x, int k, const qg_uniform *g);

    /** y = (x + r - mean) / sqrt(var + eps) * gamma + beta per row of C; r may be NULL; two passes,
     *  biased variance; y may be x. */
    void (*layernorm)(float *y, const float *x, const float *r, const float *gamma,
                      const float *beta, int m, int C, float eps);

    /** Elementwise, in place, n values. */
    void (*activation)(float *x, size_t n, qg_activation act);

    /**
     * Softmax attention of ONE text over all heads: out = softmax(q k^T / sqrt(D)) v.
     * @param[out] out   [n, ldo], head h in columns h*D .. h*D+D-1
     * @param      q,k,v [n, ld]
     * @param[out] probs [H, n, n] or NULL
     * @param      scratch qg_attention_scratch(n, D) bytes, aligned
     */
    void (*attention)(float *out, int ldo, const float *q, const float *k, const float *v, int ld,
                      int n, int H, int D, float *probs, void *scratch);

    /**
     * y = alpha a b of small matrices as they lie: each element a chain of fma over k, times alpha.
     * @param[out] y  [m, ldy]
     * @param      a  [m, k]: `row` values from row to row, `step` from column to column
     * @param      b  [k, ldb], n columns
     */
    void (*matmul)(float *y, int ldy, const float *a, ptrdiff_t row, ptrdiff_t step, const float *b,
                   int ldb, int m, int n, int k, float alpha);

    /** t [n, ldt] = x [m, ldx]^T, n columns; ldt a multiple of 16, columns m.. up to the next such
     * are 0. */
    void (*transpose)(float *t, int ldt, const float *x, int ldx, int m, int n);

    /** x[i] = row `id` of a table: f32, f16 bits, bf16 bits, or s8 codes times the row's scale. */
    void (*embed_f32)(float *x, const float *table, int32_t id, int C);
    void (*embed_f16)(float *x, const uint16_t *table, int32_t id, int C);
    void (*embed_bf16)(float *x, const uint16_t *table, int32_t id, int C);
    void (*embed_s8)(float *x, const int8_t *table, const float *scale, int32_t id, int C);

    /** Elementwise y = exp(x), for tests and softmax elsewhere. */
    void (*vexp)(float *y, const float *x, size_t n);
} qg_kernels;

/** Bytes of scratch memory of a product with these weights, and of attention over n tokens with
 *  heads of size D. Local. */
size_t qg_gemm_scratch(const qg_panels *w);
size_t qg_attention_scratch(int n, int D);

/**
 * The kernels of this process: chosen on the first call by CPU features and QGRID_KERNELS.
 * An unknown or unsupported QGRID_KERNELS value: NULL, with *why set to a static message.
 */
const qg_kernels *qg_kernels_get(const char **why);

/** Every implementation of every operation, for `qgrid list kernels`, tests and benchmarks. */
typedef struct qg_kernel_info {
    const char *op, *isa;
    bool supported, chosen;
    void (*fn)(void);
} qg_kernel_info;
const qg_kernel_info *qg_kernel_list(int *n);

/** "avx2 fma f16c avx512f ... " of this CPU, and the CPU's name; static text. */
const char *qg_cpu_features(void);
const char *qg_cpu_name(void);

#endif
