/*
 * torch_objects.h - what a torch checkpoint's pickle may build: storages, views of them, dicts.
 */
#ifndef QGRID_IO_TORCH_OBJECTS_H
#define QGRID_IO_TORCH_OBJECTS_H

#include "io/pickle.h"
#include "io/weights_internal.h"
#include "io/zip.h"

typedef struct qg_torch_storage {
    const char *key; /* not terminated */
    uint32_t key_len;
    qg_dtype dtype;
    int64_t count;             /* elements of the whole storage */
    int64_t begin, length;     /* the part of it that tensors see */
    const unsigned char *data; /* of the whole storage; NULL until it was found in the file */
} qg_torch_storage;

typedef struct qg_torch_tensor {
    qg_torch_storage *storage;
    int64_t offset; /* in elements, like the strides */
    int ndim;
    int64_t shape[QG_MAX_DIMS], stride[QG_MAX_DIMS];
    const void *contiguous; /* row-major elements, once they were asked for */
} qg_torch_tensor;

/* One checkpoint file while it is read. */
typedef struct qg_torch {
    qg_weights *w;
    const char *path;
    size_t size;                /* of the file */
    qg_torch_storage **storage; /* in order of appearance */
    size_t n, cap;
    qg_zip zip;       /* its path is NULL: legacy format */
    const char *root; /* folder inside the archive */
    size_t copied;    /* bytes of views that were made contiguous */
} qg_torch;

/* Classes of QG_PICKLE_OBJECT; ASIDE: what may stand beside tensors and is none of them. */
enum { QG_TORCH_STORAGE, QG_TORCH_TENSOR, QG_TORCH_ASIDE };

/** Meaning of the globals that tensors need; everything else is refused. */
qg_pickle_hooks qg_torch_hooks(qg_torch *t);

/** Finds the dict of tensors in the unpickled value and adds its tensors to the checkpoint. */
qg_code qg_torch_add_tensors(qg_torch *t, const qg_pickle_value *root) QG_MUST_USE;

/** Elements of a view in row-major order: borrowed where they lie so already, else copied. */
qg_code qg_torch_contiguous(qg_torch *t, const char *name, qg_torch_tensor *v) QG_MUST_USE;

/** Sets storage->data from the zip entry of its key. */
qg_code qg_torch_find_storage(qg_torch *t, const char *name, qg_torch_storage *s) QG_MUST_USE;

/* The two containers. */
qg_code qg_torch_zip(qg_torch *t, const void *data, size_t size) QG_MUST_USE;
qg_code qg_torch_legacy(qg_torch *t, const void *data, size_t size) QG_MUST_USE;

#endif
