/*
 * sched.h - who computes what next: a pure state machine. No MPI, no clock, no I/O.
 *
 * Work is a DAG of tasks; each task is cut into units (fixed by the plan, never by the number of
 * ranks). The caller tells what happened (a rank is idle, a unit is done, failed, a rank is lost)
 * and asks for the next assignment. Longest first by cost; a rank stays on the affinity (loaded
 * model) it has while there is work for it; exclusive units run alone on their node; units of
 * gangs (trainings) go before all others, each to as many ranks at once as are free.
 */
#ifndef QGRID_SCHED_H
#define QGRID_SCHED_H

#include "qgrid/arena.h"

#include <stdbool.h>

typedef struct qg_task {
    int32_t affinity; /* tasks of equal affinity share what a rank has loaded */
    bool exclusive;   /* its units run while their node runs nothing else (latency) */
    int n_needs;
    const int32_t *needs; /* tasks that must be finished (all units done) first */
    int32_t gang; /* most ranks that compute one of its units together, a power of two; 0 or 1:
                     one rank alone. Not together with exclusive. */
} qg_task;

typedef struct qg_unit {
    int32_t task;
    int64_t first, count; /* rows of the task */
    double cost;          /* estimated seconds on one core */
    int64_t bytes;        /* memory the affinity's model takes once loaded (for the simulation) */
} qg_unit;

typedef enum qg_unit_state {
    QG_UNIT_OPEN,
    QG_UNIT_RUNNING,
    QG_UNIT_DONE,
    QG_UNIT_FAILED, /* an error of its own, or ranks died on it too often */
    QG_UNIT_BLOCKED /* a task it needs has failed */
} qg_unit_state;

/* All work of a run. */
typedef struct qg_workload {
    const qg_task *task; /* [n_tasks] */
    const qg_unit *unit; /* [n_units] */
    int n_tasks, n_units;
    const uint8_t *state;  /* [n_units] where to start: QG_UNIT_DONE and QG_UNIT_FAILED are kept;
                              NULL: all open */
    const uint8_t *losses; /* [n_units] attempts in earlier runs that ended as in qg_sched_dropped
                              with `died`; NULL: none */
} qg_workload;

/* Which unit is handed to which rank; knows ranks, tasks and costs only. */
typedef struct qg_sched qg_sched;

/**
 * @param work   borrowed; its tasks and units live as long as the schedule
 * @param node   [n_ranks] node number of each rank
 * @param computes [n_ranks] whether the rank takes work (rank 0 of a large run does not)
 */
qg_code qg_sched_create(qg_sched **out, qg_arena *a, const qg_workload *work, int n_ranks,
                        const int32_t *node, const bool *computes) QG_MUST_USE;

/**
 * Unit that several idle ranks are to run together now, or -1. To be asked until it says -1, before
 * qg_sched_next is asked for single ranks.
 *
 * The costliest ready unit of a gang task gets the largest power of two of ranks, at most the
 * task's `gang`: neighbours, of as few nodes as possible, in rising order. Ranks that run plain
 * units cheaper than it are waited for when that makes the gang larger; until then nothing else is
 * handed out.
 *
 * @param[out] ranks  [n_ranks] the members
 * @param[out] n      how many: 1, 2, 4, ...
 */
int qg_sched_next_gang(qg_sched *s, int32_t *ranks, int *n);

/** Unit to run on an idle rank now, or -1 (nothing ready, or its node must stay quiet). */
int qg_sched_next(qg_sched *s, int rank);

/** A rank died. Returns the unit that it ran, or -1. The unit stays running until one of the
 *  functions below says what became of it: a gang's other members have to be heard first. */
int qg_sched_lost(qg_sched *s, int rank);

/* What became of a running unit as a whole: no rank runs it any more. */
void qg_sched_done(qg_sched *s, int unit);
void qg_sched_failed(qg_sched *s, int unit);
/** It was given up unfinished: it goes back. @param died  because ranks died while they computed
 * it, which counts. Returns true when it is failed instead: ranks died on it too often. Before the
 * last attempt it waits until nothing else can run, and then runs alone (sched_suspect.c). */
bool qg_sched_dropped(qg_sched *s, int unit, bool died);

/**
 * It came back unfinished because the place of a rank is no good for it (QG_SCOPE_PLACE): it goes
 * to another rank, if there is one to come that has not tried it, else it stays open. The second
 * trouble in a row leaves the rank out.
 *
 * @param[out] failed  whether it had the same error (code and cause) on another node before, or was
 *                     short of memory as often as ranks may die on it: then it is failed
 * @errors QG_ENOMEM.
 */
qg_code qg_sched_troubled(bool *failed, qg_sched *s, int unit, int rank,
                          const qg_error *why) QG_MUST_USE;

/** Whether a rank gets nothing more because of its place. */
bool qg_sched_left_out(const qg_sched *s, int rank);

/** Whether there is a rank that is neither lost nor left out. */
bool qg_sched_any_rank(const qg_sched *s);

/* A unit that ranks died on so often is failed. A gang counts once, however many of its members
 * died; its limit is larger because a training goes on from its checkpoint. */
enum { QG_SCHED_LOSSES = 3, QG_SCHED_GANG_LOSSES = 4 };
int qg_sched_losses(const qg_sched *s, int unit);
/** Which of the two counts for the units of a task. */
int qg_sched_most_losses(const qg_task *t);

/** A rank takes work from now on. */
void qg_sched_join(qg_sched *s, int rank);

/** Stop handing out (drain): the next functions return -1 from now on. */
void qg_sched_drain(qg_sched *s);

/** Whether all units of a task are done, failed or blocked. */
bool qg_sched_task_finished(const qg_sched *s, int task);
/** Nothing is running and nothing more can be handed out; units that no place was good for are left
 *  open. */
bool qg_sched_finished(const qg_sched *s);
void qg_sched_count(const qg_sched *s, int *open, int *running, int *done, int *failed);

/* Simulation on R equal ranks: what `qgrid plan --ranks R` prints. A gang of n > 1 ranks takes
 * cost / (0.9 n) seconds. */
typedef struct qg_simulation {
    double makespan, busy, efficiency; /* seconds, cost of all units, busy / (R * makespan) */
    int loads;                         /* times a rank changed its affinity */
} qg_simulation;
/** @param load_cost seconds to load a model when a rank changes affinity */
qg_code qg_sched_simulate(qg_simulation *out, qg_arena *a, const qg_workload *work, int ranks,
                          int ranks_per_node, double load_cost) QG_MUST_USE;

#endif
