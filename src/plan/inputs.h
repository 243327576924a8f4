/*
 * inputs.h - the parts of making a plan.
 */
#ifndef QGRID_PLAN_INPUTS_H
#define QGRID_PLAN_INPUTS_H

#include "qgrid/file.h"
#include "qgrid/plan.h"

/** Fills models, datasets, tokens and warnings of the plan; problems are collected. */
qg_code qg_plan_inputs(qg_plan *p, qg_arena *a, qg_problems *problems);

/** Adds a warning; `text` is kept. @errors QG_ENOMEM (also for text NULL). */
qg_code qg_plan_warn(qg_plan *p, qg_arena *a, const char *text) QG_MUST_USE;

/** Warns of what is odd in the data sets: skipped rows, leaks, no labels. @errors QG_ENOMEM. */
qg_code qg_plan_warn_of_datasets(qg_plan *p, qg_arena *a) QG_MUST_USE;

/** Reads a data set of a plan and hashes what is used of it. */
qg_code qg_plan_dataset_load(qg_plan_dataset *out, qg_arena *a, const qg_dataset_spec *spec,
                             const char *const *labels) QG_MUST_USE;

/** Longest text in tokens that a model and its tokenizer take, `most` at most. */
int qg_plan_max_length(const qg_plan_model *m, int64_t most);

/**
 * Fills a model that the job trains, from the one it is trained from (earlier in the list, or a
 * folder), and checks its texts; problems are collected. Nothing is done when what it is trained
 * from could not be loaded.
 */
qg_code qg_plan_training_make(qg_plan *p, qg_arena *a, int model, qg_problems *problems);

/** Fills `explained` of the plan, behind tokens. @errors QG_ENOMEM. */
qg_code qg_plan_explained_make(qg_plan *p, qg_arena *a) QG_MUST_USE;

/** Fills `sensitivity` of the plan, behind explained. @errors QG_ENOMEM. */
qg_code qg_plan_sensitivity_make(qg_plan *p, qg_arena *a) QG_MUST_USE;

/** Adds the cells of an experiment's sensitivity, if it has any. @errors QG_ENOMEM. */
qg_code qg_plan_add_sensitivity_cells(qg_plan *p, qg_arena *a, int experiment) QG_MUST_USE;

/** Adds a cell named OF[/PRECISION][/SUFFIX], without a key. @errors QG_ENOMEM. */
qg_code qg_plan_add_cell(qg_plan *p, qg_arena *a, qg_cell cell, const char *of,
                         const char *suffix) QG_MUST_USE;

/** Cells with their keys; `only` NULL or a glob over names. */
qg_code qg_plan_cells(qg_plan *p, qg_arena *a, const char *only);

/** Key of a cell, whose indices are set; the cells that it is made from are there. */
void qg_plan_make_key(const qg_plan *p, qg_cell *c);

/** Adds what a forward pass over the texts of an experiment depends on, but for the precision: the
 *  shape of the model, tokenizer and texts. */
void qg_plan_add_shape(qg_sha256 *h, const qg_plan *p, int experiment);

/** Cells that show a measurement of another one get that as their owner; keys are there.
 *  @errors QG_ENOMEM. */
qg_code qg_plan_latency_owners(qg_plan *p, qg_arena *a) QG_MUST_USE;

/** The cell on whose model the measurement of `owner` is made: of the selected ones that show it
 *  the first whose model is read from a folder, or else the first. */
int qg_plan_timed(const qg_plan *p, int owner);

/** Begins the hash of a key: schema version and kind. */
void qg_plan_key_begin(qg_sha256 *h, const char *kind);

#endif
