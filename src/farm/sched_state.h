/*
 * sched_state.h - what the scheduler knows, shared by the rules for plain units and for gangs.
 */
#ifndef QGRID_SCHED_STATE_H
#define QGRID_SCHED_STATE_H

#include "qgrid/sched.h"

typedef enum qg_task_mode { QG_TASK_PLAIN, QG_TASK_EXCLUSIVE, QG_TASK_GANG } qg_task_mode;

typedef struct qg_task_state {
    int32_t *open;    /* units, rising cost */
    int n_open, left; /* left: neither done, failed nor blocked */
    int failed, total;
    double open_cost;
    bool blocked;
} qg_task_state;

typedef struct qg_rank_state {
    int unit;     /* -1 idle */
    int affinity; /* of the last unit, -1 none */
    int members;  /* ranks that started its unit together */
    bool lost, computes;
    int troubles; /* of its place, since it last finished a unit */
    int32_t node;
} qg_rank_state;

/* The last trouble of a place that a unit met. */
typedef struct qg_trouble {
    int32_t code, cause, node;
} qg_trouble;

typedef struct qg_place {
    int32_t node, rank;
} qg_place;

struct qg_sched {
    const qg_task *task;
    const qg_unit *unit;
    int n_tasks, n_units, n_ranks, n_nodes, n_affinities;
    uint8_t *state;  /* qg_unit_state */
    uint8_t *losses; /* times that a unit was broken off because ranks died, or lacked memory */
    qg_arena *arena;
    bool **tried;        /* [n_units][n_ranks] ranks whose place was no good for it; NULL: none */
    qg_trouble *trouble; /* [n_units] where there are any */
    int32_t *aside;      /* open units with trouble or deaths behind them, in no task's `open` */
    int n_aside;
    qg_task_state *t;
    qg_rank_state *rank;
    int *node_running;     /* ranks of a node that run something */
    bool *node_exclusive;  /* ... one of them an exclusive unit */
    int *affinity_ranks;   /* ranks whose affinity it is and that run something */
    double *affinity_cost; /* open cost of ready plain tasks, filled by choose_affinity */
    qg_place *idle;        /* [n_ranks] scratch of qg_sched_next_gang */
    int running, done, failed;
    bool draining;
    bool alone;   /* what runs is to be alone: nothing else is handed out */
    bool holding; /* a gang waits for ranks to come free: nothing else is handed out */
};

qg_task_mode qg_task_mode_of(const qg_task *t);

/** Whether all that a task needs is done. */
bool qg_sched_needs_met(const qg_sched *s, int task);

/** Whether a task of this kind has open units and all that it needs. */
bool qg_sched_ready(const qg_sched *s, int task, qg_task_mode kind);

/** The ready task of an affinity (or of any, -1) whose costliest unit is the largest; -1: none. */
int qg_sched_best_task(const qg_sched *s, int affinity, qg_task_mode kind);

/** A unit runs on ranks from now on; the ranks that run it become idle and it runs no more. */
void qg_sched_start(qg_sched *s, const int32_t *ranks, int n, int unit);
void qg_sched_release(qg_sched *s, int unit);

/** An open unit goes to the others of its task, or aside when it is a suspect. */
void qg_sched_lay_open(qg_sched *s, int unit);

/* Of units that are tried for the last time (sched_suspect.c): */

/** Whether one more death fails the unit. */
bool qg_sched_is_suspect(const qg_sched *s, int unit);
/** Whether such a unit may run now: nothing runs, and nothing else can. */
bool qg_sched_may_be_alone(const qg_sched *s);

/* Of units that are laid aside (sched_place.c): */

/** The one that a rank may try now, which it then runs; -1: none. */
int qg_sched_next_aside(qg_sched *s, int rank);
/** The one for a gang, no longer aside: of the n places in `idle` those remain that may try it. */
int qg_sched_aside_gang(qg_sched *s, int *n);
/** Whether there is a rank that may yet try one; suspects count if wanted. */
bool qg_sched_aside_waits(const qg_sched *s, bool suspects);
/** Those of blocked tasks are blocked. */
void qg_sched_block_aside(qg_sched *s);

/** Gives a task's costliest open unit to ranks. */
int qg_sched_take(qg_sched *s, const int32_t *ranks, int n, int task);

#endif
