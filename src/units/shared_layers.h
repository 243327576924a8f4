/*
 * shared_layers.h - logits of a model of which a part is under another precision, where layers
 * below the part are not run again: what fp32 makes of a batch there is the same for all parts.
 *
 * A method that asks for the same batches of every part, in the same order, has their states kept,
 * as many as there is room for. Any other batch is run whole. The bits are the same.
 */
#ifndef QGRID_SHARED_LAYERS_H
#define QGRID_SHARED_LAYERS_H

#include "unit.h"

/* A batch, and its states in front of each layer and of the head. */
typedef struct qg_kept_batch {
    qg_batch batch;
    float *hidden; /* [layers + 1, T, C] in fp32 */
} qg_kept_batch;

typedef struct qg_shared_layers {
    qg_model *base, *mixed;
    const qg_model_part *part;
    qg_arena *arena; /* of what is kept */
    qg_kept_batch *kept;
    int n, cap, next; /* next: the batch that is asked for next */
    size_t bytes;     /* of states */
    bool full;
} qg_shared_layers;

/** Both models are borrowed. @errors QG_ENOMEM. */
qg_code qg_shared_layers_make(qg_shared_layers *out, qg_model *base, qg_model *mixed) QG_MUST_USE;
void qg_shared_layers_destroy(qg_shared_layers *s);

/** Takes a part in the mixed model; its batches are those that are kept, from the first on. */
void qg_shared_layers_take(qg_shared_layers *s, const qg_model_part *part);

/** Logits of an explainable of the mixed model are found that way from here on. */
void qg_shared_layers_use(qg_explainable *e, qg_shared_layers *s);

#endif
