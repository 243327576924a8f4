/*
 * owner.h - rank 0's side of the farm: assignments out, results in, progress shown.
 */
#ifndef QGRID_OWNER_H
#define QGRID_OWNER_H

#include "qgrid/farm.h"
#include "qgrid/lock.h"
#include "qgrid/run.h"
#include "qgrid/results.h"

typedef struct qg_owner {
    qg_results *results;
    qg_lock *lock;
    const char *cache; /* folder of packed models */
    qg_progress_style progress;
    double started, last_line, last_lock, last_sync;
    double cost_at_start;
    int64_t units_done;
    int last_unit; /* handed out last, -1: none yet */
} qg_owner;

qg_farm_owner qg_owner_callbacks(qg_owner *o);

#endif
