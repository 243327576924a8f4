/*
 * work.h - what travels between rank 0 and workers for each kind of unit, and the worker's side.
 *
 *   assignment  kind | model source | precision | cache folder | what the kind needs
 *   pack        -> size, parameters, per-layer errors
 *   predict     B, splits [B + 1], ids [T]            -> logits [B, K]
 *   latency     options, texts with their ids         -> ms [batch sizes, texts, runs], ...
 */
#ifndef QGRID_WORK_H
#define QGRID_WORK_H

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

/* The head of an assignment. */
typedef struct qg_work_head {
    int kind; /* qg_task_kind */
    qg_model_source source;
    const char *model_hash, *cache;
    qg_precision_spec precision;
} qg_work_head;

void qg_work_put_head(qg_str *out, const qg_work_head *h);

/* Texts in one forward pass of a unit: a token budget that keeps activations in cache. */
enum { QG_FORWARD_TOKENS = 256 };

#endif
