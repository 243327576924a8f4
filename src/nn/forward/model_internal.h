/*
 * model_internal.h - an open model.
 */
#ifndef QGRID_NN_MODEL_INTERNAL_H
#define QGRID_NN_MODEL_INTERNAL_H

#include "qgrid/packed.h"
#include "qgrid/weights.h"

enum { QG_CHUNK_TOKENS = 256 }; /* rows of a layer's working set: a few MiB at C = 768 */

typedef struct qg_layer_norm {
    const float *gamma, *beta;
} qg_layer_norm;

typedef struct qg_table {
    const void *data;
    const float *scales; /* 8-bit tables */
    int rows;
    int kind; /* qg_embeddings */
} qg_table;

/* A Linear layer, and how its inputs are treated. */
typedef struct qg_dense {
    qg_panels w;
    qg_activations activations;
} qg_dense;

typedef struct qg_layer {
    qg_dense query, key, value, attention_output, intermediate, output;
    qg_layer_norm attention_norm, output_norm;
} qg_layer;

/* Working memory of forward passes, kept and grown: see workspace.c. */
typedef struct qg_workspace {
    int T, B, longest; /* what it is made for */
    qg_arena *arena;
    float *x;                            /* [T, C] */
    float *qkv, *context, *ffn, *hidden; /* [chunk, 3C], [chunk, C], [chunk, F], [chunk, C] */
    float *cls, *pooled;                 /* [B, C] */
    int32_t *one;                        /* [B + 1] splits of one row a text */
    qg_qrows rows;                       /* [max(chunk, B), max(C, F)] */
    uint16_t *half;                      /* the same as bfloat16, where a precision wants it */
    int32_t *offset;                     /* memory of rows.offset */
    void *gemm, *attention;
} qg_workspace;

/* What a forward pass of one text met first that is not finite. */
typedef struct qg_finding {
    const void *at; /* module it was met at, a place in the model; NULL: nothing */
    bool input;     /* the module was given it, or gave it */
    int token;
    float value;
} qg_finding;

struct qg_model {
    qg_arena *arena;
    char *dir;
    qg_config config;
    const qg_precision *precision;
    qg_precision_spec precision_spec; /* of that scheme */
    int64_t parameters, bytes;
    qg_layer_error *errors;
    int n_linears;
    qg_weights *weights;
    qg_table word, position, type;
    qg_layer_norm embedding_norm;
    qg_layer *layers;
    qg_dense pooler, classifier;
    struct qg_mixture *mixture; /* NULL: all parameters are its own */
    const qg_kernels *kernels;
    bool (*poll)(void *ctx);
    void *poll_ctx;
    bool stop;           /* what poll said */
    bool unfit;          /* a quantizer was given what has no scale */
    qg_finding *finding; /* looked for when a pass has failed; else NULL */
    qg_workspace workspace;
};

/** Where a module of the open model stands: a qg_table, qg_dense or qg_layer_norm. */
void *qg_model_place(qg_model *m, const qg_module *module);

/** The pass behind qg_model_forward, for a batch that was checked, with memory for it. `unfit`, or
 *  logits that are not finite, are the caller's. @errors QG_ELOST. */
qg_code qg_forward_pass(float *logits, qg_model *m, const qg_batch *b,
                        const qg_capture *capture) QG_MUST_USE;

/** Magnitudes below this can be an input of Linear layers that treat theirs so. */
float qg_input_limit(qg_activations activations);

/** Notes the first of `rows` rows of k values that is not below `limit`, unless there is a finding.
 */
void qg_find_unfit(qg_finding *f, const float *x, int ld, int rows, int k, float limit,
                   const void *at, bool input);

/** The error of a pass that failed: runs its texts again, one by one, until it meets what is not
 *  finite. `logits` [B, K] are those of the pass. @errors QG_ENUMERIC, QG_ELOST, QG_ENOMEM. */
qg_code qg_forward_explain(float *logits, qg_model *m, const qg_batch *b) QG_MUST_USE;

/** Makes working memory large enough for a batch. */
qg_code qg_workspace_reserve(qg_model *m, int T, int B, int longest) QG_MUST_USE;

#endif
