/*
 * work_parts.h - the kinds of units on the worker's side.
 */
#ifndef QGRID_WORK_PARTS_H
#define QGRID_WORK_PARTS_H

#include "work.h"

#include "qgrid/explained_model.h"

/* One unit being computed. */
typedef struct qg_work_unit {
    qg_model *model;
    qg_arena *arena;
    qg_reader *in;
    qg_str *out;
    const qg_gang *gang;
    const qg_explained_options *options; /* of a model with gradients */
    qg_work_head head;
    qg_explained_model **explained; /* the same model with gradients; NULL: not yet made */
} qg_work_unit;

qg_code qg_work_pack(qg_work_unit *u);
qg_code qg_work_predict(qg_work_unit *u);
qg_code qg_work_latency(qg_work_unit *u);
qg_code qg_work_explain_texts(qg_work_unit *u);
qg_code qg_work_train(qg_work_unit *u);

/** Whether a folder holds the model of that training. @errors QG_EIO. */
qg_code qg_work_check_trained(const char *dir, const char *key) QG_MUST_USE;

#endif
