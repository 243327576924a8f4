/*
 * estimate.h - how long a run still takes, from what is known of it so far. No MPI, no clock, no
 * I/O: as the scheduler, beside which it stands.
 *
 * The plan's costs say how units compare; how fast they really are is learned for each kind of
 * work, from finished units and from running ones that tell how far they are. A kind of which
 * nothing is known yet goes by the others. Time left is what the work that is left takes on all
 * ranks, but no less than the longest chain of tasks that need each other.
 */
#ifndef QGRID_ESTIMATE_H
#define QGRID_ESTIMATE_H

#include "qgrid/sched.h"

/* What is known of a run. */
typedef struct qg_estimate qg_estimate;

/**
 * @param work    what the schedule is made of; its arrays are borrowed
 * @param kind    [n_tasks] of work, 0 .. n_kinds - 1; borrowed
 * @param cost    [n_units] seconds on one core as planned; borrowed
 */
qg_code qg_estimate_create(qg_estimate **out, qg_arena *a, const qg_workload *work,
                           const int32_t *kind, int n_kinds, const double *cost) QG_MUST_USE;

/** A unit begins, perhaps once more. @param now  seconds of any clock, the same for all calls */
void qg_estimate_started(qg_estimate *e, int unit, double now);

/** A running unit has done `share` of its work (0 to 1) and takes `left` seconds more. */
void qg_estimate_told(qg_estimate *e, int unit, double share, double left, double now);

/** A unit is done after so many seconds on `members` ranks. */
void qg_estimate_done(qg_estimate *e, int unit, double seconds, int members);

/** Seconds until the run is at its end; NaN as long as too little is known. Never negative. */
double qg_estimate_left(qg_estimate *e, const qg_sched *s, double now);

#endif
