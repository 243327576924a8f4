/*
 * lock.h - one run at a time on a results file.
 */
#ifndef QGRID_LOCK_H
#define QGRID_LOCK_H

#include "qgrid/arena.h"

typedef struct qg_lock {
    char path[4096]; /* results file + ".lock" */
    int held;
} qg_lock;

/**
 * Takes FILE.lock (host, pid, process start time, boot id, heartbeat time), created with O_EXCL. A
 * lock whose owner is gone (same host: no such process, or another start time or boot; another
 * host: no heartbeat for `stale` seconds) is taken over, with a warning.
 * @errors QG_ELOCKED naming the owner; QG_EIO. Local, rank 0.
 */
qg_code qg_lock_take(qg_lock *l, const char *results_path, double stale) QG_MUST_USE;

/** Renews the heartbeat time (call every few seconds). */
void qg_lock_renew(qg_lock *l);
void qg_lock_release(qg_lock *l);

#endif
