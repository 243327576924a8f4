/*
 * run.h - from the words of a command line to explanations.
 */
#ifndef QGRID_CLI_EXPLAIN_RUN_H
#define QGRID_CLI_EXPLAIN_RUN_H

#include "explain.h"

#include "qgrid/explained_model.h"

/** "a,b" as [n] names in the arena. @errors QG_ENOMEM. Local. */
qg_code qg_comma_list(const char ***out, int *n, qg_arena *a, const char *text) QG_MUST_USE;

/* -------------------------------------------------------------------------------------- methods */

/* What -x and --option ask for. */
typedef struct qg_explain_wish {
    const char *methods;        /* "lime,shap", or "all" */
    const char *const *options; /* [n_options] "key=value"; of equal keys the last one counts */
    int n_options;
    const char *packed; /* the folder, where it is packed and gives no gradients; else NULL */
} qg_explain_wish;

/**
 * Methods with their options: each takes those that it has.
 *
 * @param[out] out  [n] in the arena
 * @errors QG_EUSAGE (an option that none has; gradients of a packed folder), QG_EJOB (unknown
 *         method, option out of range), QG_ENOMEM. Local.
 */
qg_code qg_explain_methods(qg_method_spec **out, int *n, qg_arena *a,
                           const qg_explain_wish *wish) QG_MUST_USE;

/* --------------------------------------------------------------------------------------- models */

/* A model under one precision. */
typedef struct qg_explain_model {
    const char *precision;
    qg_precision_spec spec; /* unless it is taken as the folder is packed */
    qg_model *deployed;
} qg_explain_model;

typedef struct qg_explain_models {
    int n;
    qg_explain_model *item; /* [n] */
    qg_model *reference;    /* fp32; NULL where no target is taken from it */
    bool reference_is_own;  /* it is none of the items */
    const qg_model_source *source;
    bool wants_gradients;
    qg_explained_model *gradients; /* one at a time: they are large. NULL: none yet */
    int gradients_of;              /* the item */
} qg_explain_models;

/* Which models are wanted. */
typedef struct qg_explain_model_wish {
    const qg_model_source *source;
    const char *precisions;              /* "fp32,int8"; NULL: as the folder is packed */
    const char *embeddings, *parameters; /* NULL: not said */
    bool gradients, reference;
} qg_explain_model_wish;

/** Opens them, borrowing the source; close also after an error. @errors those of the models,
 * QG_EJOB. Local. */
qg_code qg_explain_models_open(qg_explain_models *out, qg_arena *a,
                               const qg_explain_model_wish *wish) QG_MUST_USE;
void qg_explain_models_close(qg_explain_models *m);

/* --------------------------------------------------------------------------------------- texts */

/* Where texts come from: the command line, or a stream. */
typedef struct qg_explain_input {
    char **argument; /* [arguments] */
    int arguments, next;
    qg_lines lines; /* where there are no arguments */
    const qg_tokenizer *tokenizer;
    int rows; /* of the embedding table */
    int max_length;
} qg_explain_input;

/**
 * The next text with its words, in the arena: those between white space, or where there are only
 * ids, tokens with those behind them that continue them. *more is false at the end. A warning tells
 * what is cut off.
 *
 * @errors those of qg_lines_next and qg_line_ids, QG_EUSAGE (an argument that is no UTF-8). Local.
 */
qg_code qg_explain_next(qg_explain_found *out, bool *more, qg_explain_input *in,
                        qg_arena *a) QG_MUST_USE;

/* ------------------------------------------------------------------------------------- together */

typedef struct qg_explain_plan {
    qg_explain_models *models;
    const qg_method_spec *method;
    int methods;
    int target; /* class, or QG_TARGET_... */
    uint64_t seed;
    qg_specials specials;
} qg_explain_plan;

/**
 * Explains texts together: fills result of each, in the arena. A text's result does not depend on
 * those beside it. @errors those of qg_explain. Local.
 */
qg_code qg_explain_batch(qg_explain_found *text, int n, const qg_explain_plan *plan,
                         qg_arena *a) QG_MUST_USE;

/* -------------------------------------------------------------------------------------- stored */

/* A text of a results file, as the command line has it. */
typedef struct qg_explain_stored_wish {
    const char *file, *cell, *row; /* the cell may be a pattern; NULL file: a model explains */
} qg_explain_stored_wish;

/** Shows what the cells of one experiment say of a row. @errors QG_EUSAGE (no such cell, row not
 *  explained), QG_ESTORE, QG_EIO, QG_ENOMEM. Local. */
qg_code qg_explain_stored(qg_explain_sink *sink, qg_arena *a,
                          const qg_explain_stored_wish *wish) QG_MUST_USE;

#endif
