/*
 * lock.h - one run at a time on a results file.
 */
#ifndef QGRID_LOCK_H
#define QGRID_LOCK_H

#include "qgrid/arena.h"

#include <stdbool.h>

enum {
    QG_LOCK_LINE = 400,  /* bytes of what a lock says of its owner */
    QG_LOCK_STALE = 120, /* seconds without a heartbeat after which another host is gone */
};

typedef struct qg_lock {
    char path[4096];         /* results file + ".lock" */
    char line[QG_LOCK_LINE]; /* what it says of us */
    int held, fd;
} qg_lock;

/**
 * Takes FILE.lock (host, pid, process start time, boot id, namespace of pids; its time of change is
 * the heartbeat), created with O_EXCL. A lock whose owner is gone (same host: no such process, or
 * another start time or boot; another host: no heartbeat for `stale` seconds by the clock of the
 * file system, and none while it is watched for a tenth of that; or none for `stale` seconds since
 * this process first looked) is taken over, with a warning, by one of those who try. What is no
 * plain file is refused. The lock has to stay where it is until it is released.
 * @errors QG_ELOCKED naming the owner, and the command that removes a lock that cannot be judged;
 * QG_EIO. Local, rank 0.
 */
qg_code qg_lock_take(qg_lock *l, const char *results_path, double stale) QG_MUST_USE;

/** What qg_lock_take would find, without taking it: QG_OK where there is no lock, or one that was
 * left over, or what it would fail with. Watches another host's lock for seconds. Local. */
qg_code qg_lock_look(bool *left_over, const char *results_path, double stale) QG_MUST_USE;

/** Renews the heartbeat time (call every few seconds), and makes the file again if it was removed.
 *  Returns false, with a warning, once it belongs to another run: it is held no more. */
bool qg_lock_renew(qg_lock *l);

/** Removes it if it is still ours. */
void qg_lock_release(qg_lock *l);

/** The same for all that this process holds: for handlers of fatal signals. */
void qg_lock_release_at_once(void);

#endif
