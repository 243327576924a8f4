/*
 * safetensors_write.h - a safetensors file written piece by piece, for tensors larger than memory.
 */
#ifndef QGRID_SAFETENSORS_WRITE_H
#define QGRID_SAFETENSORS_WRITE_H

#include "qgrid/weights.h"

typedef struct qg_safetensors_writer {
    const char *path;         /* borrowed until end */
    char to[4096], tmp[4096]; /* where the path leads, and what is written meanwhile */
    int fd;                   /* -1: closed */
    uint64_t left;
} qg_safetensors_writer;

/**
 * Writes the header; only name, dtype and shape of the tensors are read. After this every path
 * leads to qg_safetensors_end or qg_safetensors_abandon.
 */
qg_code qg_safetensors_begin(qg_safetensors_writer *w, const char *path, const qg_tensor *tensors,
                             int n, const char *const *metadata) QG_MUST_USE;

/** The next bytes of the data; on failure the file is gone. @errors QG_EIO. Local. */
qg_code qg_safetensors_put(qg_safetensors_writer *w, const void *data, size_t size) QG_MUST_USE;

/** fsync and rename to `path`, once every byte was put. @errors QG_EIO, QG_EBUG. Local. */
qg_code qg_safetensors_end(qg_safetensors_writer *w) QG_MUST_USE;

/** Removes the unfinished file; fine after a failure or after end. */
void qg_safetensors_abandon(qg_safetensors_writer *w);

#endif
