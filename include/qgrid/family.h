/*
 * family.h - model families: what config.json of each says, and which tensors its checkpoints hold.
 *
 * A family is one line of nn/family/families.def and one file nn/family/NAME.c. Its table of
 * modules is the one place that knows names and shapes of tensors: checkpoints are read by it,
 * models are packed, opened, drawn at random and trained by it. Code that computes finds a module
 * by its role and never asks which family it has.
 *
 * Letters of shapes: C hidden, F feed-forward, V vocabulary, P rows of the position table, T token
 * types, K classes.
 */
#ifndef QGRID_FAMILY_H
#define QGRID_FAMILY_H

#include "qgrid/json.h"
#include "qgrid/kernel.h"
#include "qgrid/str.h"

/* A family of models: a row of families.def. */
typedef struct qg_family qg_family;

/* What is learned: it decides the head of the model. */
typedef enum qg_objective {
    QG_OBJECTIVE_CLASSIFICATION, /* pooler, classifier */
    QG_OBJECTIVE_MLM, /* masked-language modelling: the decoder's weight is the word embedding. The
                       * pooler comes along as it is, for a later classifier. */
    QG_OBJECTIVES
} qg_objective;

typedef struct qg_dropout_rates {
    double hidden, attention, classifier; /* [0, 1) */
} qg_dropout_rates;

/* What config.json says, checked. */
typedef struct qg_config {
    const qg_family *family;
    int layers, hidden, heads, ffn, vocab, types, classes;
    int positions;      /* tokens of the longest text */
    int first_position; /* row of the position table that a text's first token reads */
    double layer_norm_eps;
    qg_activation activation;  /* of the feed-forward */
    const char *const *labels; /* [classes] id2label, NULL-terminated */
    int pad_id;
    bool has_head_labels;     /* id2label was present */
    const char *other_label;  /* a name of label2id that id2label does not have there, or NULL */
    const char *architecture; /* the class that config.json names, if it is none of the family's */
    double initializer_range; /* standard deviation of drawn weights */
    qg_dropout_rates dropout; /* 0.1 where config.json is silent */
} qg_config;

/* --------------------------------------------------------------------------------- modules */

/* What a module does in the network. */
typedef enum qg_role {
    QG_ROLE_WORD, /* embedding tables */
    QG_ROLE_POSITION,
    QG_ROLE_TYPE,
    QG_ROLE_EMBEDDING_NORM,
    QG_ROLE_QUERY, /* of each layer */
    QG_ROLE_KEY,
    QG_ROLE_VALUE,
    QG_ROLE_ATTENTION_OUTPUT,
    QG_ROLE_ATTENTION_NORM,
    QG_ROLE_INTERMEDIATE,
    QG_ROLE_OUTPUT,
    QG_ROLE_OUTPUT_NORM,
    QG_ROLE_POOLER, /* of each text's first token; the family's activation follows */
    QG_ROLE_CLASSIFIER,
    QG_ROLE_MLM_DENSE, /* head of masked-language modelling */
    QG_ROLE_MLM_NORM,
    QG_ROLE_MLM_BIAS,
    QG_ROLES
} qg_role;

typedef enum qg_module_kind {
    QG_MODULE_TABLE,  /* NAME.weight [rows, columns] */
    QG_MODULE_LINEAR, /* NAME.weight [rows, columns], NAME.bias [rows] */
    QG_MODULE_NORM,   /* NAME.weight [rows], NAME.bias [rows] */
    QG_MODULE_BIAS    /* NAME.bias [rows] */
} qg_module_kind;

/* Where a module stands. */
typedef enum qg_part {
    QG_PART_EMBEDDINGS,
    QG_PART_LAYERS,
    QG_PART_POOLER,     /* in every model; drawn with the head where a checkpoint has none */
    QG_PART_CLASSIFIER, /* in classifiers */
    QG_PART_MLM         /* in masked-language models */
} qg_part;

/* What follows from a role in every family. */
typedef struct qg_role_traits {
    qg_module_kind kind;
    qg_part part;
    bool joined;      /* reads the same input as the module before it: one product serves both */
    const char *name; /* of a Linear layer of a classifier */
} qg_role_traits;
extern const qg_role_traits qg_roles[QG_ROLES];

/* A row of a family's table. */
typedef struct qg_module_row {
    const char *name; /* "bert.encoder.layer.*.output.dense": * stands for the layer's number */
    qg_role role;
    const char *shape; /* "CF" of a table's or Linear layer's weight; "C" of a norm, a bias */
} qg_module_row;

enum { QG_MODULE_NAME = 80, QG_OUTSIDE = -1 /* of the layers */ };

/* A module of one model. */
typedef struct qg_module {
    char name[QG_MODULE_NAME]; /* "bert.encoder.layer.0.output.dense" */
    qg_role role;
    qg_module_kind kind;
    qg_part part;
    int layer;         /* QG_OUTSIDE, or from 0 */
    int rows, columns; /* a vector has one column */
} qg_module;

/** The modules of a model with the head of `objective`, in the order of the table, layer after
 *  layer; in the arena, *n of them. @errors QG_ENOMEM. Local. */
qg_code qg_modules_of(qg_module **out, int *n, qg_arena *a, const qg_config *c,
                      qg_objective objective) QG_MUST_USE;

/* A tensor of a checkpoint. */
typedef struct qg_parameter {
    char name[QG_MODULE_NAME + 8]; /* "bert.encoder.layer.0.output.dense.weight" */
    const qg_module *module;
    bool bias;
    int dims, rows, columns; /* a vector has one column */
} qg_parameter;

/** The one or two tensors of a module, weight first; returns how many. */
int qg_module_parameters(qg_parameter out[2], const qg_module *m);
qg_parameter qg_module_weight(const qg_module *m);
qg_parameter qg_module_bias(const qg_module *m);

/* ---------------------------------------------------------------------- counted over the table */

/** Linear layers of a classifier. */
int qg_linear_count(const qg_config *c);

/** Numbers in the checkpoint of a classifier. */
int64_t qg_parameter_count(const qg_config *c);

/** Floating-point operations (two for a multiply-add) of the products of all layers, attention
 *  included, for one token of a text of `tokens`; and of pooler and classifier for one text. */
double qg_encoder_flops(const qg_config *c, double tokens);
double qg_head_flops(const qg_config *c);

/* ------------------------------------------------------------------------------------- families */

/* A size of a model: an int of qg_config and its key in config.json. */
typedef struct qg_config_size {
    const char *option; /* name on command lines; NULL ends a table */
    const char *key;
    size_t at;   /* offsetof(qg_config, ...) */
    int missing; /* value where config.json lacks the key; 0: it must be there */
    int typical; /* of the base model; drawn models have it by default */
    int most;
} qg_config_size;

typedef struct qg_config_reader qg_config_reader; /* nn/family/config_reader.h */

struct qg_family {
    const char *name;    /* "bert" */
    const char *summary; /* one line */
    const char *paper;
    const char *const *model_types; /* of config.json, NULL-terminated; the first is ours */
    const char *architecture[QG_OBJECTIVES]; /* classes of transformers with these heads */
    const qg_config_size *sizes;             /* in the order of config.json */
    const qg_module_row *modules;            /* ended by a NULL name */
    const char *base; /* "bert.": names begin with it, but in checkpoints of the bare encoder */
    const char *const *leftovers;  /* parts of names that other heads and buffers have */
    qg_activation head_activation; /* between pooler and classifier */
    /** The keys of config.json that are not sizes, labels or those of every family. */
    qg_code (*read_config)(qg_config *out, qg_config_reader *r);
    /** Appends what read_config reads: `,\n  "key": value` each. */
    void (*write_config)(qg_str *s, const qg_config *c);
};

/** NULL-terminated table of families; one by name, NULL if unknown. */
extern const qg_family *const qg_families[];
const qg_family *qg_family_find(const char *name);

/** The member of a configuration that a size speaks of. */
int *qg_config_size_at(qg_config *c, const qg_config_size *size);

/** What is odd in a config that was read from `dir`: label2id that contradicts id2label, a head
 * that was trained for another task. "" where nothing is; arena, NULL when out of memory. Local. */
const char *qg_config_doubts(qg_arena *a, const qg_config *c, const char *dir);

/** Reads config.json of a folder. @errors QG_EIO, QG_EFORMAT, QG_EUNSUPPORTED with field. Local. */
qg_code qg_config_load(qg_config *out, qg_arena *a, const char *dir) QG_MUST_USE;

/** Gives a configuration so many classes, named LABEL_0, LABEL_1, ... @errors QG_ENOMEM. Local. */
qg_code qg_config_number_labels(qg_config *c, qg_arena *a, int classes) QG_MUST_USE;

/** Appends a config.json. `packed`: what only a checkpoint needs (initializer_range, label2id) is
 *  left out. */
void qg_config_text(qg_str *s, const qg_config *c, bool packed);

/** Appends `other`, a config.json, with the labels of `c` (none for masked-language modelling) and
 *  the class of transformers that has this head. */
void qg_config_relabelled(qg_str *s, const qg_json *other, const qg_config *c,
                          qg_objective objective);

#endif
