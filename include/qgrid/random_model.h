/*
 * random_model.h - checkpoints with random weights: for tests and measurements of models whose real
 * weights are not at hand.
 *
 * Weights are BERT's initialisation: N(0, 0.02), the padding row and biases 0, LayerNorm 1 and 0.
 * A tensor's numbers depend on the seed and its name only.
 * Source: BertPreTrainedModel._init_weights of transformers 4.5.1.
 */
#ifndef QGRID_RANDOM_MODEL_H
#define QGRID_RANDOM_MODEL_H

#include "qgrid/json.h"
#include "qgrid/str.h"

typedef struct qg_random_model {
    int64_t layers, hidden, heads, ffn, vocab, positions, types;
    int64_t pad; /* id whose embedding is 0 */
    const char *const *label;
    int64_t classes; /* labels */
    bool no_head;    /* leave the classifier out */
    bool mlm;        /* config.json of a BertForMaskedLM: no labels */
    double std;      /* of the weights */
    int64_t seed;
} qg_random_model;

/* A size: its option on command lines, its key in config.json, IndoBERT's value, the largest. */
typedef struct qg_random_size {
    const char *option, *key;
    size_t at;
    int64_t def, max;
} qg_random_size;
enum { QG_RANDOM_SIZES = 7 };
extern const qg_random_size qg_random_sizes[QG_RANDOM_SIZES];

/** The member that row i of the table speaks of. */
int64_t *qg_random_size_at(qg_random_model *m, int i);

/** Writes every tensor to `path`, a safetensors file, atomically. @errors QG_EIO, QG_ENOMEM. */
qg_code qg_random_model_weights(const qg_random_model *m, const char *path) QG_MUST_USE;

/** Appends a config.json of the sizes, or `other` (NULL: none) with these labels. */
void qg_random_model_config(qg_str *s, const qg_random_model *m, const qg_json *other);

#endif
