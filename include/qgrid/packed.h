/*
 * packed.h - the packed folder: what qgrid quantize writes and every command maps.
 *
 *   config.json        of the model, vocab_size = rows kept, id2label of this classifier
 *   model.safetensors  for each Linear NAME: NAME.codes, .scales, .colsum, .bias (panels of
 *                      kernel.h); embedding tables with .scales when 8-bit; LayerNorm vectors
 *   vocab.txt, tokenizer files as they were
 *   qgrid.json         format version, precision, embeddings, parameters, quantization errors;
 *                      written last into the temporary folder, which is then renamed
 */
#ifndef QGRID_PACKED_H
#define QGRID_PACKED_H

#include "qgrid/precision.h"

/* Version of packed folders: others are packed again. Linear layers of a layer. */
enum { QG_PACK_FORMAT = 1, QG_LINEARS_PER_LAYER = 6 };

/* Names of the parameters, in the order of the packed file. */
typedef struct qg_linear_name {
    char name[96]; /* "bert.encoder.layer.0.attention.self.query" */
    int n, k;
} qg_linear_name;

/** All Linear layers of a model: 6 a layer, pooler, classifier; arena, *count of them. */
qg_linear_name *qg_linear_names(qg_arena *a, const qg_bert_config *c, int *count);

/* The three embedding tables. */
typedef struct qg_table_name {
    const char *name;
    int rows;
} qg_table_name;
enum { QG_TABLES = 3 };
void qg_table_names(qg_table_name out[QG_TABLES], const qg_bert_config *c);

/** The LayerNorms: "bert.embeddings.LayerNorm", two a layer; arena, *count of them. */
char (*qg_norm_names(qg_arena *a, const qg_bert_config *c, int *count))[96];

/** Entries of vocab.txt of a folder, -1 when there is none. @errors QG_EIO, QG_EFORMAT. */
qg_code qg_vocabulary_entries(int *out, const char *dir) QG_MUST_USE;

/** Copies the vocabulary and tokenizer files that a folder has to another. @errors QG_EIO. Local.
 */
qg_code qg_tokenizer_copy(qg_arena *a, const char *to, const char *from) QG_MUST_USE;
#endif
