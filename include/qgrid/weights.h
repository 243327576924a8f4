/*
 * weights.h - checkpoints: named tensors in files, mapped and never trusted.
 *
 * Reads model.safetensors (single, or sharded with model.safetensors.index.json) and
 * pytorch_model.bin (zip and legacy format, by a restricted unpickler that executes nothing).
 */
#ifndef QGRID_WEIGHTS_H
#define QGRID_WEIGHTS_H

#include "qgrid/library.h"
#include "qgrid/tensor.h"

/* The tensors of a checkpoint. */
typedef struct qg_weights qg_weights;

/**
 * Opens the checkpoint of a Hugging Face folder, or one file (.safetensors, .bin).
 *
 * Order of preference in a folder: model.safetensors, model.safetensors.index.json,
 * pytorch_model.bin. Names are given as they stand in the file.
 *
 * @param[out] out  owned handle, close with qg_weights_close
 * @errors QG_EIO, QG_EFORMAT (file, tensor name, what was found), QG_EUNSUPPORTED. Local.
 */
qg_code qg_weights_open(qg_weights **out, const char *path) QG_MUST_USE;
void qg_weights_close(qg_weights *w);

/** Number of tensors, and one of them, borrowed until close. Local. */
int qg_weights_count(const qg_weights *w);
const qg_tensor *qg_weights_at(const qg_weights *w, int i);

/** By exact name, or NULL; borrowed until close. */
const qg_tensor *qg_weights_find(const qg_weights *w, const char *name);

/** Files that hold the tensors (for hashing), NULL-terminated; borrowed. */
const char *const *qg_weights_files(const qg_weights *w);

/** Whether they are what they were when they were opened. @errors QG_ESOURCE naming the one that
 *  was written to, replaced or removed. Local. */
qg_code qg_weights_check_unchanged(const qg_weights *w) QG_MUST_USE;

/**
 * Writes a safetensors file atomically, tensors in the order given, data aligned to 64 bytes where
 * sizes allow (the header is padded with spaces).
 *
 * @param metadata  NULL or NULL-terminated key, value, key, value ...; stored as __metadata__
 * @errors QG_EIO, QG_ENOMEM. Local.
 */
qg_code qg_safetensors_write(const char *path, const qg_tensor *tensors, int n,
                             const char *const *metadata) QG_MUST_USE;

/** zlib: checksums in torch's files. Local. */
qg_library qg_zlib_library(void);

#endif
