/*
 * output.h - the record of a training and the folder it leaves.
 *
 *   OUTPUT.lock           one training at a time
 *   OUTPUT.checkpoint     see training_checkpoint.h
 *   OUTPUT.qgrid-new      the folder while it is made; then renamed to OUTPUT
 *     packed              with QAT: the best epoch as it is deployed
 *   OUTPUT.qgrid-epoch    parameters of an epoch, to be packed     (only with QAT)
 *   OUTPUT.qgrid-packed   the same under the precision trained for
 *   OUTPUT.qgrid-old      what is replaced, while that is done
 *
 * All members of a gang know these names; the first of them makes and removes what has them. What a
 * killed training has left is removed by the next one.
 */
#ifndef QGRID_TRAINING_OUTPUT_H
#define QGRID_TRAINING_OUTPUT_H

#include "qgrid/lock.h"
#include "qgrid/str.h"
#include "qgrid/training.h"

typedef struct qg_training_folder {
    const char *output, *tmp, *epoch, *packed, *old, *checkpoint;
    bool first;   /* this is the first member */
    qg_lock lock; /* its */
} qg_training_folder;

/**
 * The first member checks that the output may be written, takes the lock, removes what was left
 * over (when it is to begin anew, the checkpoint, too) and makes the temporary folder. The others
 * only name them. In the farm it waits for a lock, which may be that of a gang whose first member
 * has died on another host or is about to give up. close also after an error.
 * @errors QG_EUSAGE (it exists), QG_ELOCKED, QG_ELOST (given up), QG_EIO, QG_ENOMEM. Local.
 */
qg_code qg_training_folder_open(qg_training_folder *out, qg_arena *a, const char *output,
                                const qg_training_options *options,
                                const qg_gang *gang) QG_MUST_USE;

/** Says that the training is alive: to be called now and then. */
void qg_training_folder_renew(qg_training_folder *f);

/** Writes everything and puts it in place. By the first member. @errors QG_EIO, QG_ENUMERIC,
 * QG_ENOMEM. Local. */
qg_code qg_training_folder_write(const qg_training_folder *f, qg_arena *a,
                                 const qg_training_config *c, const qg_training_inputs *in,
                                 const qg_training_record *r, const char *key,
                                 const float *values) QG_MUST_USE;

/** Writes training.json, by which a folder is known again: key (may be NULL), lengths of the
 * record, how the training ended. @errors QG_EIO, QG_ENOMEM. Local. */
qg_code qg_training_mark_write(qg_arena *a, const char *dir, const char *key,
                               const qg_training_record *r) QG_MUST_USE;

/** Removes what is temporary, and gives the lock back. The checkpoint stays. */
void qg_training_folder_close(qg_training_folder *f);

#endif
