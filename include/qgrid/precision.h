/*
 * precision.h - a precision: how the weights of Linear layers are stored and how their inputs are.
 *
 * One row of precisions.def and one qg_precision_<name> object each. A scheme turns W[n, k] into
 * codes and scales; packing, products and files follow from `format` and `activations`.
 */
#ifndef QGRID_PRECISION_H
#define QGRID_PRECISION_H

#include "qgrid/kernel.h"
#include "qgrid/model.h"

typedef enum qg_activations {
    QG_ACTIVATIONS_FLOAT, /* f32 as they are */
    QG_ACTIVATIONS_BF16,  /* rounded to bfloat16 */
    QG_ACTIVATIONS_TOKEN, /* symmetric 8-bit, one scale a token: max|x| / 127 */
    QG_ACTIVATIONS_TEXT   /* affine 8-bit, one range a text and Linear call (PyTorch dynamic) */
} qg_activations;

/*
 * Integer codes of weights: scale = max|.| / divisor, of a row, a group of it or the whole
 * matrix (1 where all are 0), code = clip(rint(w / scale), lo, hi).
 */
typedef struct qg_levels {
    float divisor; /* 0: the scheme has no such codes */
    float lo, hi;
    bool reciprocal; /* w * (1 / scale), as PyTorch does */
    bool whole;      /* one scale for the matrix */
    float least;     /* of a scale; 0: none */
} qg_levels;

struct qg_precision {
    const char *name;
    const char *summary; /* formula, one line */
    const char *paper;
    bool is_reference; /* nothing is rounded: what others are compared with */
    qg_panel_format format;
    qg_activations activations;
    int others; /* qg_embeddings of the parameters that are no weights of Linear layers */
    /** Number of consecutive k per scale; NULL for formats with none or one scale a channel. */
    int (*group)(int k);
    qg_levels levels;
    /** Where there are no levels: codes of W[n, k] (f32 | u16 | u8, one each, row-major) and scales
     *  [n][groups], which float formats do not touch. */
    void (*quantize)(void *codes, float *scales, const float *w, int n, int k, int group);
};

/** k per scale of a precision for rows of k; k itself where one scale serves a row. */
int qg_precision_group(const qg_precision *p, int k);

/** "int8", "int8_emb_fp16", "fp16_linear": the name in cells where none is given; NULL when out of
 *  memory. */
const char *qg_precision_spec_name(qg_arena *a, const qg_precision_spec *s);

/** Whether its weights are uniform integers with a scale. Local. */
bool qg_precision_has_levels(const qg_precision *p);

/** How the numbers of an embedding table, or a vector, are stored; `kind` is a qg_embeddings. */
const qg_precision *qg_embedding_precision(int kind);

/** Codes of W[n, k] (f32 | u16 | s8 | u8, one each, row-major) and scales [n][groups] of any
 *  precision. */
void qg_precision_quantize(void *codes, float *scales, const float *w, int n, int k,
                           const qg_precision *p);

/** Scales [n][groups] of W[n, k]; a scale of the whole matrix stands in every place. */
void qg_levels_scales(float *scales, const float *w, int n, int k, int group, const qg_levels *g,
                      const qg_kernels *kernels);

/** The levels under one scale, for the kernels. */
qg_uniform qg_levels_uniform(const qg_levels *g, float scale);

/** Codes [n, k] under given scales; and their values, code times scale, without the codes. */
void qg_levels_codes(int8_t *codes, const float *scales, const float *w, int n, int k, int group,
                     const qg_levels *g);
void qg_levels_values(float *y, const float *scales, const float *w, int n, int k, int group,
                      const qg_levels *g, const qg_kernels *kernels);

/** Scale, and zero point in 0..255 (returned), of a text's values in [lo, hi]: PyTorch's dynamic
 *  quantization (QG_ACTIVATIONS_TEXT). */
int qg_text_levels(float *scale, float lo, float hi);

#endif
