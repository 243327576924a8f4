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
    int32_t node;
} qg_rank_state;

typedef struct qg_place {
    int32_t node, rank;
} qg_place;

struct qg_sched {
    const qg_task *task;
    const qg_unit *unit;
    int n_tasks, n_units, n_ranks, n_nodes, n_affinities;
    uint8_t *state;  /* qg_unit_state */
    uint8_t *losses; /* times that a unit was broken off because ranks died */
    qg_task_state *t;
    qg_rank_state *rank;
    int *node_running;     /* ranks of a node that run something */
    bool *node_exclusive;  /* ... one of them an exclusive unit */
    int *affinity_ranks;   /* ranks whose affinity it is and that run something */
    double *affinity_cost; /* open cost of ready plain tasks, filled by choose_affinity */
    qg_place *idle;        /* [n_ranks] scratch of qg_sched_next_gang */
    int running, done, failed;
    bool draining;
    bool holding; /* a gang waits for ranks to come free: nothing else is handed out */
};

qg_task_mode qg_task_mode_of(const qg_task *t);

/** Whether a task of this kind has open units and all that it needs. */
bool qg_sched_ready(const qg_sched *s, int task, qg_task_mode kind);

/** The ready task of an affinity (or of any, -1) whose costliest unit is the largest; -1: none. */
int qg_sched_best_task(const qg_sched *s, int affinity, qg_task_mode kind);

/** Gives a task's costliest open unit to ranks. */
int qg_sched_take(qg_sched *s, const int32_t *ranks, int n, int task);

#endif
