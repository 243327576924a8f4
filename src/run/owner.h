/*
 * owner.h - rank 0's side of the farm: assignments out, results in, progress shown.
 */
#ifndef QGRID_OWNER_H
#define QGRID_OWNER_H

#include "qgrid/estimate.h"
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
    double wait; /* seconds to the next line of a log */
    qg_estimate *estimate;
    qg_gang_news *news; /* [models] of running trainings; text empty: there is none */
    int64_t units_done, tasks_finished; /* tasks: since all cells were looked at */
    int last_unit;                      /* handed out last, -1: none yet */
} qg_owner;

/** With results, lock, cache and progress set. @param work  what is run, its states included; its
 *  arrays are borrowed. @errors QG_ENOMEM. */
qg_code qg_owner_callbacks(qg_farm_owner *out, qg_owner *o, qg_arena *a,
                           const qg_workload *work) QG_MUST_USE;

#endif
