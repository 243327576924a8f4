/*
 * work.h - what travels between rank 0 and workers for each kind of unit, and the worker's side.
 *
 *   assignment  kind | model source | precision | cache folder | what the kind needs
 *   pack        -> size, parameters, per-layer errors
 *   predict     B, splits [B + 1], ids [T]            -> logits [B, K]
 *   latency     options, texts with their ids         -> ms [batch sizes, texts, runs], ...
 *   explain     how, texts with ids and words         -> scores, measures of faithfulness
 *   train       kind | what to train, what it is from -> hash of the model, course of the training
 */
#ifndef QGRID_WORK_H
#define QGRID_WORK_H

#include "qgrid/faithfulness_of.h"
#include "qgrid/farm.h"
#include "qgrid/model.h"
#include "wire.h"

/* A worker's memory across units: the model it has loaded. */
typedef struct qg_work qg_work;

/** Local, one per rank. */
qg_code qg_work_create(qg_work **out, qg_arena *a) QG_MUST_USE;
void qg_work_destroy(qg_work *w);

/** The farm's callbacks over it. */
qg_farm_worker qg_work_callbacks(qg_work *w);

/* The head of an assignment of other kinds than train. */
typedef struct qg_work_head {
    int kind; /* qg_task_kind */
    qg_model_source source;
    const char *model_hash, *cache;
    bool trained; /* model_hash is the key of a training: it does not tell the content */
    qg_precision_spec precision;
} qg_work_head;

void qg_work_put_head(qg_str *out, const qg_work_head *h);

/* A file and the content that the plan found in it. */
typedef struct qg_work_file {
    const char *path, *sha256;
} qg_work_file;

/* A model that a training needs, and what the plan found or will have there. */
typedef struct qg_work_origin {
    qg_model_source source;
    const char *hash;
    bool trained; /* the hash is a key */
} qg_work_origin;

/* An assignment to train. */
typedef struct qg_work_training {
    const char *config; /* complete */
    const char *folder, *key;
    bool reuse;                   /* the folder is complete: its record is read back */
    qg_work_origin from, teacher; /* teacher: without dir when there is none */
    int n_files;
    const qg_work_file *file; /* [n_files] of texts */
} qg_work_training;

void qg_work_put_training(qg_str *out, const qg_work_training *t);

/* How texts are explained; the texts follow: number, then a qg_work_text, ids and words of each. */
typedef struct qg_work_explain {
    const char *method; /* canonical */
    int64_t seed;
    bool repeat; /* once more with another seed */
    qg_specials specials;
    qg_faithful_options faithful;
} qg_work_explain;

typedef struct qg_work_text {
    uint64_t key;
    int64_t n, words; /* tokens, and words that have some */
    int64_t target;
} qg_work_text;

void qg_work_put_explain(qg_str *out, const qg_work_explain *e);

/* What comes back: the kind of gradients, then of each text this, the scores of tokens, those of
 * words, those of words once more if repeated, and a qg_faithful if something was measured. */
typedef struct qg_work_explained {
    int64_t predicted, evaluations;
    double value, base, delta, fit;
} qg_work_explained;
_Static_assert(sizeof(qg_work_explained) == 6 * 8, "it is read number by number");

/* Texts in one forward pass of a unit: a token budget that keeps activations in cache. */
enum { QG_FORWARD_TOKENS = 256 };

#endif
