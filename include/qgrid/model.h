/*
 * model.h - a classifier under one precision: packed once, mapped by every rank, run over ragged
 * batches.
 */
#ifndef QGRID_MODEL_H
#define QGRID_MODEL_H

#include "qgrid/family.h"
#include "qgrid/opt.h"
#include "qgrid/tensor.h"

typedef struct qg_precision qg_precision; /* nn/precision.h: a row of nn/precisions.def */

/** NULL-terminated table of precisions, and one by name (NULL if unknown). */
extern const qg_precision *const qg_precisions[];
const qg_precision *qg_precision_find(const char *name);
const char *qg_precision_name(const qg_precision *p);
const char *qg_precision_summary(const qg_precision *p); /* one line with the formula */
/** "" where this process gives the bits of the reference kernels, else what does not: "avx512bf16".
 */
const char *qg_precision_arithmetic(const qg_precision *p);

/* How embedding tables are stored; and vectors (biases, weights of norms), in floats. */
typedef enum qg_embeddings {
    QG_EMBED_FP32,
    QG_EMBED_FP16,
    QG_EMBED_INT8,
    QG_EMBED_BF16
} qg_embeddings;
extern const char *const qg_embedding_names[]; /* "fp32", "fp16", "int8", "bf16", NULL */

/* What a precision is of: every parameter, as PyTorch's model.half() has it, or weights of Linear
 * layers. */
typedef enum qg_parameters { QG_PARAMETERS_ALL, QG_PARAMETERS_LINEAR } qg_parameters;
extern const char *const qg_parameters_names[]; /* "all", "linear", NULL */

/* An entry of a job's "precisions": "int8", or {"precision": "int8", "embeddings": "int8"}. */
typedef struct qg_precision_spec {
    const char *name; /* in cell names: "name" of the object, or e.g. "int8" / "int8_emb_int8" */
    const qg_precision *scheme;
    int embeddings; /* qg_embeddings */
    int vectors;    /* qg_embeddings of biases and norms */
} qg_precision_spec;

/** A precision as it is where nothing else is said. */
qg_precision_spec qg_precision_plain(const qg_precision *p);

/* Such an entry as it stands in a job. */
typedef struct qg_precision_entry {
    const char *precision, *name;
    int embeddings, parameters; /* QG_NOT_SAID: as the precision has them */
} qg_precision_entry;

extern const qg_opt qg_precision_opts[]; /* its rows */

/** Whether nothing is rounded under it, so that others are compared with it: fp32, embeddings too.
 */
bool qg_precision_is_reference(const qg_precision_spec *p);

/** Reads an entry; problems are collected (unknown names with the nearest one). Local. */
qg_code qg_precision_spec_read(qg_precision_spec *out, const qg_json_doc *doc, const qg_json *v,
                               qg_problems *problems);

/** The same from what an object with more members holds; `v` is the object or the plain name.
 * Local.
 */
qg_code qg_precision_spec_make(qg_precision_spec *out, const qg_json_doc *doc, const qg_json *v,
                               const qg_precision_entry *e, qg_problems *problems);

/* How a checkpoint becomes a model: the "models" entry of a job. */
typedef struct qg_model_source {
    const char *dir;  /* Hugging Face folder, or a folder written by qgrid quantize */
    bool random_head; /* "head": "random": draw the classifier, N(0, 0.02), from the seed */
    int64_t head_seed;
    bool random_weights; /* draw everything from head_seed: only config and vocabulary are read */
    int classes;         /* wanted number of classes; 0: as the model says */
    const uint8_t *class_order; /* [n_order] class k is the k-th wanted one, number class_order[k]
                                   in the files; NULL: as they stand */
    int n_order;
    bool own; /* this program's own files under a hash of their shape: not looked at
                 again after reading */
} qg_model_source;

/** Reads config.json of a source; classes in the order that it wants. @errors those of
 *  qg_config_load; QG_EMODEL (another number of classes). Local. */
qg_code qg_source_config(qg_config *out, qg_arena *a, const qg_model_source *src) QG_MUST_USE;

/**
 * Hash of everything that determines the numbers of a model: config fields, weights, trained step
 * sizes, tokenizer files, head rule. Equal for equal content at any path. Costs one read of the
 * files. Local.
 */
qg_code qg_model_hash(char hex[65], const qg_model_source *src) QG_MUST_USE;

/**
 * Takes the hash of a model again (`anew`: from the bytes of every file, whatever is remembered).
 * @errors QG_ESOURCE naming the file of the folder that was written to last, when it is another;
 * those of qg_model_hash. Local.
 */
qg_code qg_source_check(const qg_model_source *src, const char *hash, bool anew) QG_MUST_USE;

/**
 * Writes a packed folder (config.json, model.safetensors with packed tensors, vocab and tokenizer
 * files, qgrid.json), atomically: `out_dir` appears complete or not at all. Where the folder holds
 * step sizes trained for this precision (quantizer-PRECISION.safetensors), weights take those.
 * @errors QG_EIO, QG_EFORMAT, QG_EMODEL (tensor, shapes found and wanted), QG_ENUMERIC. Local.
 */
qg_code qg_model_pack(const qg_model_source *src, const qg_precision_spec *p,
                      const char *out_dir) QG_MUST_USE;

/* A packed model, mapped into memory. */
typedef struct qg_model qg_model;

/** Maps a packed folder whose checksums hold. Owned handle. @errors QG_EIO, QG_EFORMAT (a file is
 *  damaged), QG_EMODEL, QG_ESOURCE (written to meanwhile). Local. */
qg_code qg_model_open(qg_model **out, const char *packed_dir) QG_MUST_USE;

/** Whether the weights are those that were mapped: what was computed until now is of them.
 *  @errors QG_ESOURCE (the file was written to, replaced or removed). Local. */
qg_code qg_model_check_unchanged(const qg_model *m) QG_MUST_USE;

/** Whether a folder was written by qg_model_pack. Local. */
bool qg_is_packed(const char *dir);

/**
 * Opens source `src` under precision `p`: packs it below `cache_dir` if no rank has done so yet
 * (named by content hash; safe when several processes try), then maps it. A damaged one, or one of
 * another format, is packed again. If `src->dir` is itself a packed folder it is opened as it
 * stands, and must agree with `p` (p NULL: take what it is).
 * @errors those of qg_model_pack and qg_model_open; QG_ESOURCE (the model is not the one with that
 * hash any more); QG_ECACHE. Local.
 */
qg_code qg_model_open_cached(qg_model **out, const qg_model_source *src, const char *model_hash,
                             const qg_precision_spec *p, const char *cache_dir) QG_MUST_USE;
void qg_model_close(qg_model *m);

/** Whether `cache_dir` holds a model of that hash packed under `p`. Local. */
bool qg_model_is_cached(const char *model_hash, const qg_precision_spec *p, const char *cache_dir);

/** $QGRID_CACHE, else $XDG_CACHE_HOME/qgrid, else $HOME/.cache/qgrid, else /tmp/qgrid-UID. */
char *qg_model_cache_dir(qg_arena *a);

/* What a model is; borrowed until it is closed. */
const qg_config *qg_model_config(const qg_model *m);
int64_t qg_model_size_bytes(const qg_model *m); /* of the packed weights file */
int64_t qg_model_parameters(const qg_model *m); /* elements of the checkpoint that are reachable */
const char *qg_model_dir(const qg_model *m);    /* the packed folder */
const char *qg_model_precision(const qg_model *m); /* "int8", "int8_emb_fp16" */
const qg_precision *qg_model_scheme(const qg_model *m);

/* Quantization error of one linear layer against the checkpoint's f32 weights. */
typedef struct qg_layer_error {
    char name[96]; /* of a module: QG_MODULE_NAME and less */
    double mse, max_abs, cosine;
} qg_layer_error;
/** Computed when packed and stored with the model. Borrowed array of *n. */
const qg_layer_error *qg_model_layer_errors(const qg_model *m, int *n);

/* Texts end to end: ids of text b are ids[splits[b] .. splits[b+1]). No padding anywhere. */
typedef struct qg_batch {
    int B;
    const int32_t *ids;       /* [T] */
    const int32_t *splits;    /* [B + 1], splits[0] = 0 */
    const int32_t *positions; /* [T] place of each token in its text; NULL: 0, 1, 2, ... */
    const int64_t *number;    /* [B] of each text, for messages; NULL: 0, 1, 2, ... */
} qg_batch;

/**
 * Calls `poll` after each matrix product of a forward pass, every few milliseconds; true ends
 * the pass with QG_ELOST. NULL: nothing is called (the default). Local.
 */
void qg_model_set_poll(qg_model *m, bool (*poll)(void *ctx), void *ctx);

/* Optional insides of one forward pass, for tests and attention methods; NULL = not wanted. */
typedef struct qg_capture {
    float *hidden;     /* [L + 1, T, C] after the embeddings and after each layer */
    float *attentions; /* [L, H, n, n] of a batch with one text of n tokens */
    float *pooled;     /* [B, C] */
} qg_capture;

/**
 * Logits of a ragged batch. The bits of a text's logits do not depend on the batch around it.
 *
 * @param[out] logits  [B, K] caller-owned
 * @param      capture NULL or what else is wanted
 * @errors QG_EMODEL (an id outside the vocabulary, a text or a place beyond the positions, an empty
 *         text), QG_ENUMERIC (NaN or infinity in the logits, or in numbers that the precision would
 *         quantize; the message names the Linear layer where they begin, the text, the token),
 *         QG_ENOMEM, QG_ELOST. Local.
 */
qg_code qg_model_forward(float *logits, qg_model *m, const qg_batch *batch,
                         const qg_capture *capture) QG_MUST_USE;

/**
 * The same from what goes into encoder layer `layer` on, x [T, C] (0: what the embeddings give;
 * the number of layers: the head alone is run): the bits of the whole pass where they are those
 * that it has there. The batch's ids have to be good ones, a message about numbers that are not
 * finite is found by the whole pass. @errors as above. Local.
 */
qg_code qg_model_forward_from(float *logits, qg_model *m, const qg_batch *batch, int layer,
                              const float *x) QG_MUST_USE;

/**
 * Takes "labels" of a model: an array, the study's labels in the order of the model's classes; or
 * an object, the model's own names -> the study's labels. Sets the order of classes of `src`, in
 * the arena.
 *
 * @param labels  [n] of the study
 * @param c       config.json of src->dir, as it stands
 * @errors QG_EJOB with the value's place (no bijection). Local.
 */
qg_code qg_labels_order(qg_model_source *src, qg_arena *a, const qg_json_doc *doc, const qg_json *v,
                        const char *const *labels, int n, const qg_config *c) QG_MUST_USE;

/** Whether the classes of a model have no names, or LABEL_0, LABEL_1, ... */
bool qg_labels_are_numbers(const qg_config *c);

/** A model that names its classes must name these, in this order. @errors QG_EMODEL. Local. */
qg_code qg_labels_fit(const char *const *labels, int n, const char *dir,
                      const qg_config *c) QG_MUST_USE;

#endif
