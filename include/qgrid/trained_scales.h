/*
 * trained_scales.h - step sizes that a model was trained with, beside its weights.
 *
 *   DIR/quantizer-PRECISION.safetensors
 *     NAME.weight_scale  f32, for each Linear layer NAME: [n, groups], [n, 1] where a row has one
 *                        scale, [1, 1] where the matrix has one
 *
 * Packing for that precision takes them instead of measuring the weights; they are part of the
 * model's hash. Other precisions do not look at them.
 */
#ifndef QGRID_TRAINED_SCALES_H
#define QGRID_TRAINED_SCALES_H

#include "qgrid/precision.h"

#include "qgrid/weights.h"

typedef struct qg_trained_scales {
    const char *path;
    qg_weights *weights; /* NULL: the folder has none for this precision */
} qg_trained_scales;

/** Name of the file in a folder; NULL when out of memory. */
char *qg_trained_scales_path(qg_arena *a, const char *dir, const qg_precision *p);

/** Name of a Linear layer's tensor. */
void qg_trained_scales_name(char *out, size_t size, const char *linear);

/** Rows and columns of a Linear layer's tensor. */
void qg_trained_scales_shape(int *rows, int *columns, int n, int k, const qg_precision *p);

/** Of a folder and a precision: `weights` stays NULL where it has no such file. Owned.
 *  @errors those of qg_weights_open, QG_ENOMEM. Local. */
qg_code qg_trained_scales_open(qg_trained_scales *out, qg_arena *a, const char *dir,
                               const qg_precision *p) QG_MUST_USE;
void qg_trained_scales_close(qg_trained_scales *t);

/**
 * Scales [n][groups] of W[n, k], a scale of the whole matrix in every place.
 * @errors QG_EMODEL (missing; another type or shape), QG_ENUMERIC (not above 0). Local.
 */
qg_code qg_trained_scales_read(float *scales, const qg_trained_scales *t, const char *linear, int n,
                               int k, const qg_precision *p) QG_MUST_USE;

#endif
