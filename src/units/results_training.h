/*
 * results_training.h - the course of a training, under /training.
 */
#ifndef QGRID_RESULTS_TRAINING_H
#define QGRID_RESULTS_TRAINING_H

#include "qgrid/results.h"
#include "wire.h"

/** Stores what a train unit came to; *sum is its checksum. */
qg_code qg_results_put_training(qg_results *r, int unit, qg_reader *in, uint64_t *sum) QG_MUST_USE;

/** Checksum of the group of a model's training as it stands in the file. */
qg_code qg_results_sum_training(uint64_t *out, qg_results *r, int model) QG_MUST_USE;

#endif
