/*
 * progress.h - what a training tells on standard error while it runs.
 */
#ifndef QGRID_TRAINING_PROGRESS_H
#define QGRID_TRAINING_PROGRESS_H

#include "output.h"

typedef struct qg_training_progress {
    qg_progress_style style; /* BAR, LOG or NONE once started */
    double started, last_line;
    double step_seconds; /* in steps alone */
    int64_t tokens;      /* in steps */
    uint64_t done, steps;
    uint64_t before; /* done by an earlier run */
    int epochs;
} qg_training_progress;

void qg_training_progress_start(qg_training_progress *p, qg_progress_style style, int epochs,
                                uint64_t steps, uint64_t done);

/** After a step of epoch `epoch` (from 1) that took `seconds`. The gang is told, too. */
void qg_training_progress_step(qg_training_progress *p, const qg_gang *gang, int epoch,
                               const qg_step_report *s, double seconds);

/** After an epoch: its loss and scores; `best`: better than all before. */
void qg_training_progress_epoch(const qg_training_progress *p, int epoch,
                                const qg_training_epoch *e, bool best);

#endif
