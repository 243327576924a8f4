/*
 * training_texts.h - what training and validation texts have to be.
 */
#ifndef QGRID_TRAINING_TEXTS_H
#define QGRID_TRAINING_TEXTS_H

#include "qgrid/dataset.h"

/** Every text has a label. @errors QG_EFORMAT (file and line). Local. */
qg_code qg_training_check_labelled(const qg_dataset *d, const char *path) QG_MUST_USE;

/** Adds the texts of each class to `texts` [K]; every text has a label. */
void qg_training_count_classes(int64_t *texts, const qg_dataset *d);

/** Every class (NULL-terminated) occurs, or a model never learns to choose it. @errors QG_EJOB. */
qg_code qg_training_check_classes(const int64_t *texts, const char *path,
                                  const char *const *labels) QG_MUST_USE;

#endif
