/*
 * shapes.h - named sizes of models with random weights.
 */
#ifndef QGRID_BENCH_SHAPES_H
#define QGRID_BENCH_SHAPES_H

#include "qgrid/bench.h"

#include "qgrid/random_model.h"

typedef struct qg_bench_shape {
    const char *name, *family;
    int64_t layers, hidden, heads, ffn, rows, positions, types;
    int vocabulary; /* entries of vocab.txt: rows beyond them are not packed */
} qg_bench_shape;

/** NULL when there is none of that name. */
const qg_bench_shape *qg_bench_shape_find(const char *name);

/** What determines the numbers of a shape's weights, hashed. */
void qg_bench_shape_hash(char hex[65], const qg_bench_shape *s);

/** Writes the checkpoint, complete once model.safetensors is there. @errors QG_EIO, QG_ENOMEM. */
qg_code qg_bench_shape_write(const qg_bench_shape *s, const char *dir) QG_MUST_USE;

#endif
