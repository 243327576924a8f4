/*
 * train_ranks.h - qgrid train over the ranks of mpirun.
 */
#ifndef QGRID_TRAIN_RANKS_H
#define QGRID_TRAIN_RANKS_H

#include "qgrid/par.h"
#include "qgrid/training.h"

/* What every rank is told by its command line. */
typedef struct qg_train_command {
    const char *config, *output; /* output NULL: the config's */
    double silence;              /* --stall-timeout in seconds; 0: the default */
    const char *const *set;      /* NULL-terminated */
    qg_training_options training;
} qg_train_command;

/** Loads the config and applies --output; mistakes are added to `problems`. Local. */
qg_code qg_train_load(qg_training_config *out, qg_arena *a, const qg_train_command *command,
                      qg_problems *problems) QG_MUST_USE;

/** Says which epoch was the best, or that none is. */
void qg_train_report(const qg_training_config *c, bool written, int best, int epochs, double value);

/** Rank 0: trains on as many ranks as the config and their number allow, then lets all go.
 *  Returns the exit status. */
int qg_train_drive(qg_par *par, qg_arena *a, const qg_train_command *command);

/** The other ranks. Returns the exit status. */
int qg_train_serve(qg_par *par, const qg_train_command *command);

#endif
