/*
 * unit.h - a unit of work on the rank that computes it.
 */
#ifndef QGRID_UNIT_H
#define QGRID_UNIT_H

#include "qgrid/explained_model.h"
#include "qgrid/gang.h"
#include "qgrid/mixed.h"
#include "qgrid/plan.h"
#include "wire.h"

#define QG_WORK_KIND(name) extern const qg_work_kind qg_work_##name;
#include "kinds.def"
#undef QG_WORK_KIND

/* The model that a unit works on: the head of its assignment. */
typedef struct qg_work_head {
    qg_model_source source;
    const char *model_hash, *cache;
    bool trained; /* model_hash is the key of a training: it does not tell the content */
    qg_precision_spec precision;
} qg_work_head;

/* One unit being computed. A training has neither head nor model. */
typedef struct qg_work_unit {
    qg_arena *arena;
    qg_reader *in;
    qg_str *out;
    const qg_gang *gang;
    qg_work_head head;
    qg_model *model;
    const char *content;                 /* hash of what it was made from */
    qg_model **base, **mixed;            /* in fp32, and of parts of both; NULL: not yet opened */
    qg_explained_model **explained;      /* the same with gradients; NULL: not yet made */
    const qg_explained_options *options; /* of that */
} qg_work_unit;

/** Makes u->explained of the unit's model, once. @errors those of qg_explained_model_create;
 *  QG_ESOURCE (its files are no longer those of the plan). Local. */
qg_code qg_work_explained(qg_work_unit *u) QG_MUST_USE;

/** Opens u->base, the unit's model in fp32, and makes u->mixed of both, once. @errors those of
 *  qg_model_open_cached. Local. */
qg_code qg_work_mixed(qg_work_unit *u) QG_MUST_USE;

/** Whether a folder holds the model of that training. @errors QG_EIO. */
qg_code qg_work_check_trained(const char *dir, const char *key) QG_MUST_USE;

#endif
