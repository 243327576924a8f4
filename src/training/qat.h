/*
 * qat.h - the members "qat" and "distill" of a training's config.
 */
#ifndef QGRID_GRID_TRAINING_QAT_H
#define QGRID_GRID_TRAINING_QAT_H

#include "qgrid/training.h"

extern const qg_opt qg_training_qat_opts[];

/** Reads c->qat_node, c->distill_node (NULL: not there); the rest of the config is read. */
void qg_training_qat_read(qg_training_config *c, qg_problems *problems);
void qg_training_distill_read(qg_training_config *c, qg_problems *problems);

/** What a trainer is told; `batches` steps make an epoch. */
qg_qat_options qg_training_qat_options(const qg_training_config *c, int batches);
qg_distill qg_training_distill_options(const qg_training_config *c, const qg_training_inputs *in);

/** The precision whose step sizes are learned, NULL: none. */
const qg_precision *qg_training_learned(const qg_training_config *c);

/** The teacher, checked against the student, which is loaded; `tokenizer_hash` is the student's
 *  tokenizer's. Local. */
qg_code qg_training_load_teacher(qg_training_inputs *in, qg_arena *a, const qg_training_config *c,
                                 const char *tokenizer_hash) QG_MUST_USE;

#endif
