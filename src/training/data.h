/*
 * data.h - the texts of a training from their files.
 */
#ifndef QGRID_TRAINING_DATA_H
#define QGRID_TRAINING_DATA_H

#include "qgrid/training.h"

/** One file. Every text needs a label, but for masked-language modelling, which reads none.
 *  @errors those of qg_dataset_load, QG_EFORMAT. Local. */
qg_code qg_training_load_file(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec,
                              const qg_training_config *c) QG_MUST_USE;

/**
 * The training data: all files of the config, one behind the other.
 *
 * @param[out] out   texts, labels, ids (PATH:ID when there are several files) and lines of all
 * @param[out] file  [config.datasets] each of them
 */
qg_code qg_training_load_texts(qg_dataset *out, const qg_dataset **file, qg_arena *a,
                               const qg_training_config *c) QG_MUST_USE;

#endif
