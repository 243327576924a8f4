/*
 * checkpoint.h - where a training stands, in a file from which it goes on.
 *
 * Written by all members of a gang, each its slice; read by a gang of any size. The file is on a
 * file system that all members see. It replaces the one before when it is complete and on disk.
 */
#ifndef QGRID_TRAINING_CHECKPOINT_H
#define QGRID_TRAINING_CHECKPOINT_H

#include "key.h"

/* All that the rest of a training depends on. Pointers lead to where it lives while training. */
typedef struct qg_training_state {
    const char *path; /* of the checkpoint */
    const qg_gang *gang;
    const qg_training_key *key;
    qg_training_record *record;
    qg_selection *selection;
    uint64_t most_steps; /* that record has room for */
    int most_epochs;
    size_t count;
    float *values; /* [count] */
    qg_trainer_state trainer;
    float *best; /* [slice] parameters of the best epoch; undefined before there is one */
} qg_training_state;

/**
 * Writes the checkpoint. By all members.
 * @errors QG_EIO at all members when one of them cannot write: the earlier checkpoint is intact.
 *         QG_ELOST: the members are apart.
 */
qg_code qg_training_checkpoint_write(const qg_training_state *s) QG_MUST_USE;

/**
 * Reads the checkpoint into the state, if there is one. What is read is checked: sizes before
 * anything is taken, checksums of every block. By all members.
 *
 * @errors QG_ECHANGED (of another training), QG_EFORMAT (not a checkpoint, or damaged), QG_EIO,
 *         QG_ELOST.
 */
qg_code qg_training_checkpoint_read(bool *found, const qg_training_state *s) QG_MUST_USE;

/** Removes it, and what an interrupted write has left. Missing is fine. By one member. */
qg_code qg_training_checkpoint_remove(const char *path) QG_MUST_USE;

#endif
