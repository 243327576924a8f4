/*
 * mixed.h - a model of which a part is under another precision than the rest.
 *
 * What a precision does to a part of a model is seen where that part alone is under it. A mixed
 * model owns no weights: it points at those of two models, packed from one checkpoint.
 */
#ifndef QGRID_MIXED_H
#define QGRID_MIXED_H

#include "qgrid/model.h"

/* What a part is. */
#define QG_MODEL_PART_LIST(X)                                                                      \
    X(whole, "nothing, or all parameters")                                                         \
    X(block, "embeddings, an encoder layer, or the head")                                          \
    X(kind, "the Linear layers of one role in all encoder layers, or in the head")                 \
    X(linear, "one Linear layer")
typedef enum qg_model_part_kind {
#define X(name, doc) QG_MODEL_PART_##name,
    QG_MODEL_PART_LIST(X)
#undef X
        QG_MODEL_PART_KINDS
} qg_model_part_kind;
extern const char *const qg_model_part_kinds[QG_MODEL_PART_KINDS + 1]; /* NULL-terminated */

/* Parts by name: "nothing", "all", "embeddings", "layer 0" ..., "head", "query" ..., and Linear
 * layers by the names of their modules. */
typedef struct qg_model_part {
    char name[QG_MODULE_NAME];
    qg_model_part_kind kind;
    int layer; /* of a block or Linear layer in the encoder, from 0; else QG_OUTSIDE */
    int role;  /* qg_role of a kind or a Linear layer; else QG_ROLES */
    int first; /* the encoder layer below which no parameter is of the part: 0 where there is none
                * below, `layers` where the encoder has none of it */
    bool embeddings;   /* the part has parameters in front of the encoder */
    const bool *takes; /* [modules] in the order of qg_modules_of, of a classifier */
} qg_model_part;

/** The parts of a classifier, nothing and all first, then blocks, kinds, Linear layers; in the
 *  arena, *n of them. @errors QG_ENOMEM. Local. */
qg_code qg_model_parts(qg_model_part **out, int *n, qg_arena *a, const qg_config *c) QG_MUST_USE;

/** How many those are. */
int qg_model_part_count(const qg_config *c);

/**
 * A model with the parameters of `base`, ready to take parts of `other`: the same checkpoint under
 * a second precision. Both are borrowed and stay open longer. Owned handle: qg_model_close.
 * @errors QG_EBUG (models of different shapes), QG_ENOMEM. Local.
 */
qg_code qg_model_mix(qg_model **out, qg_model *base, qg_model *other) QG_MUST_USE;

/** Takes the modules of a part (NULL: none) from `other`, and all others from `base`. Linear layers
 * treat their inputs as the precision does that their weights are of. Local. */
void qg_model_take_part(qg_model *mixed, const qg_model_part *part);

#endif
