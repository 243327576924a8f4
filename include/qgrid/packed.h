/*
 * packed.h - the packed folder: what qgrid quantize writes and every command maps.
 *
 *   config.json        of the model, vocab_size = rows kept, id2label of this classifier
 *   model.safetensors  for each Linear NAME: NAME.codes, .scales, .colsum, .bias (panels of
 *                      kernel.h); embedding tables with .scales when 8-bit; vectors of norms
 *   tokenizer files    as they were
 *   qgrid.json         format version, precision, embeddings, vectors (how biases and norms are
 *                      stored), parameters, quantization errors
 *   qgrid.sums         checksums of all these (seal.h); written last into the temporary folder,
 * which is then renamed
 */
#ifndef QGRID_PACKED_H
#define QGRID_PACKED_H

#include "qgrid/precision.h"

/* Version of packed folders: others are packed again. 2 had no checksums, 3 only
 * the rows of the vocabulary. */
enum { QG_PACK_FORMAT = 4 };

/** Element of a format's codes in the file, and rows of a matrix of n with those that fill panels
 * up.
 */
qg_dtype qg_panel_dtype(qg_panel_format format);
size_t qg_panel_rows(int n);

/** Element of an embedding table, or a vector; `kind` is a qg_embeddings. */
qg_dtype qg_stored_dtype(int kind);

/** Values of n numbers that are stored as QG_EMBED_FP16 or QG_EMBED_BF16. */
void qg_halves_to_f32(float *out, const uint16_t *half, size_t n, int kind);

#endif
