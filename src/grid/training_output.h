/*
 * training_output.h - the record of a training and the folder it leaves.
 *
 *   OUTPUT.tmp-PID      the folder while it is made; then renamed to OUTPUT
 *   OUTPUT.epoch-PID    parameters of an epoch, to be packed     (only with QAT)
 *   OUTPUT.packed-PID   the same under the precision trained for
 */
#ifndef QGRID_TRAINING_OUTPUT_H
#define QGRID_TRAINING_OUTPUT_H

#include "qgrid/str.h"
#include "qgrid/training.h"

typedef struct qg_training_folder {
    const char *output, *tmp, *epoch, *packed, *old;
} qg_training_folder;

/** Checks that the output may be written and makes the temporary folder. @errors QG_EUSAGE (it
 *  exists), QG_EIO, QG_ENOMEM. Local. */
qg_code qg_training_folder_open(qg_training_folder *out, qg_arena *a, const char *output,
                                bool fresh) QG_MUST_USE;

/** Writes everything and puts it in place. @errors QG_EIO, QG_ENUMERIC, QG_ENOMEM. Local. */
qg_code qg_training_folder_write(const qg_training_folder *f, qg_arena *a,
                                 const qg_training_config *c, const qg_training_inputs *in,
                                 const qg_training_record *r, const char *key,
                                 const float *values) QG_MUST_USE;

/** Writes training.json, by which a folder is known again: key (may be NULL), lengths of the
 * record, how the training ended. @errors QG_EIO, QG_ENOMEM. Local. */
qg_code qg_training_mark_write(qg_arena *a, const char *dir, const char *key,
                               const qg_training_record *r) QG_MUST_USE;

/** Removes what is temporary. */
void qg_training_folder_close(const qg_training_folder *f);

#endif
