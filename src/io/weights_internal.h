/*
 * weights_internal.h - what the readers of single formats share: a checkpoint under construction.
 */
#ifndef QGRID_IO_WEIGHTS_INTERNAL_H
#define QGRID_IO_WEIGHTS_INTERNAL_H

#include "qgrid/file.h"
#include "qgrid/weights.h"

enum {
    QG_WEIGHTS_MAX_TENSORS = 1 << 20,
    QG_WEIGHTS_MAX_SHARDS = 1024,
    QG_WEIGHTS_MAX_VALUES = 1 << 20 /* of JSON in one header: a tree costs some 350 bytes a value */
};

struct qg_weights {
    qg_arena *arena; /* holds this struct too */
    qg_tensor *tensors;
    int *file; /* of each tensor */
    int n, cap;
    const qg_tensor **by_name;
    qg_map map[QG_WEIGHTS_MAX_SHARDS];
    const char *files[QG_WEIGHTS_MAX_SHARDS + 1];
    int file_count;
};

/** qg_weights_open with everything in a given arena; after qg_weights_unmap the arena frees it. */
qg_code qg_weights_open_in(qg_weights **out, qg_arena *a, const char *path) QG_MUST_USE;
void qg_weights_unmap(qg_weights *w);

/** Maps one file and reads it by its name and content. */
qg_code qg_weights_add_file(qg_weights *w, const char *path) QG_MUST_USE;

/** Reads the shards that an index.json names. */
qg_code qg_weights_add_index(qg_weights *w, const char *path) QG_MUST_USE;

/** Appends a tensor (copied; its name and data are borrowed) of the file added last. */
qg_code qg_weights_add(qg_weights *w, const qg_tensor *t) QG_MUST_USE;

/** Sorts the names; refuses one that occurs twice. */
qg_code qg_weights_seal(qg_weights *w) QG_MUST_USE;

/** Content of one file -> tensors. `path` is for messages; data stays mapped while w lives. */
qg_code qg_safetensors_parse(qg_weights *w, const char *path, const void *data,
                             size_t size) QG_MUST_USE;
qg_code qg_torch_parse(qg_weights *w, const char *path, const void *data, size_t size) QG_MUST_USE;

/** Refuses JSON text of more than QG_WEIGHTS_MAX_VALUES values before a tree is built of it. */
qg_code qg_json_bound(const char *path, const char *text, size_t size) QG_MUST_USE;

#endif
