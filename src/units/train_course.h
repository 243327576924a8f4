/*
 * train_course.h - the course of a training in the results file.
 */
#ifndef QGRID_TRAIN_COURSE_H
#define QGRID_TRAIN_COURSE_H

#include "qgrid/results.h"

/** Stores what a training came to: hash of the model, how it ended, steps and epochs; *sum is its
 *  checksum. */
qg_code qg_train_store(uint64_t *sum, qg_results *r, int unit,
                       const qg_work_result *result) QG_MUST_USE;

/** Checksum of the group of a training. */
qg_code qg_train_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                          int64_t count) QG_MUST_USE;

#endif
