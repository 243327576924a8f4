/*
 * precision.h - a precision: how the weights of Linear layers are stored and how their inputs are.
 *
 * One row of precisions.def and one qg_precision_<name> object each. A scheme turns W[n, k] into
 * codes and scales; packing, products and files follow from `format` and `activations`.
 */
#ifndef QGRID_NN_PRECISION_H
#define QGRID_NN_PRECISION_H

#include "qgrid/kernel.h"
#include "qgrid/model.h"

typedef enum qg_activations {
    QG_ACTIVATIONS_FLOAT, /* f32 as they are */
    QG_ACTIVATIONS_BF16,  /* rounded to bfloat16 */
    QG_ACTIVATIONS_TOKEN, /* symmetric 8-bit, one scale a token: max|x| / 127 */
    QG_ACTIVATIONS_TEXT   /* affine 8-bit, one range a text and Linear call (PyTorch dynamic) */
} qg_activations;

struct qg_precision {
    const char *name;
    const char *summary; /* formula, one line */
    const char *paper;
    qg_panel_format format;
    qg_activations activations;
    /** Number of consecutive k per scale; NULL for formats with none or one scale a channel. */
    int (*group)(int k);
    /**
     * Codes of W[n, k] (f32 | u16 | s8 | u8, one each, row-major) and scales [n][groups].
     * S8: groups = 1. Float formats: scales is NULL.
     */
    void (*quantize)(void *codes, float *scales, const float *w, int n, int k, int group);
};

/** k per scale of a precision for rows of k; k itself where one scale serves a row. */
int qg_precision_group(const qg_precision *p, int k);

/** Scale, and zero point in 0..255 (returned), of a text's values in [lo, hi]: PyTorch's dynamic
 *  quantization (QG_ACTIVATIONS_TEXT). */
int qg_text_grid(float *scale, float lo, float hi);

/** The 14 midpoints between NF4 levels in double, and the code of a value in [-1, 1]. */
uint8_t qg_nf4_code(float x);

#define QG_PRECISION(id) extern const qg_precision qg_precision_##id;
#include "precisions.def"
#undef QG_PRECISION

#endif
