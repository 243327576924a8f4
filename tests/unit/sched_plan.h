/*
 * sched_plan.h - small plans for the tests of the scheduler.
 */
#ifndef SCHED_PLAN_H
#define SCHED_PLAN_H

#include "qt.h"

#include "farm/sched_state.h"

enum { SCHED_MOST = 200, SCHED_RANKS = 64 };

typedef struct sched_plan {
    qg_task task[SCHED_MOST];
    int32_t needs[SCHED_MOST][2];
    qg_unit unit[SCHED_MOST];
    uint8_t losses[SCHED_MOST];
    int n_tasks, n_units;
} sched_plan;

/* need: -1 none. */
static inline void sched_add_task(sched_plan *p, int affinity, bool exclusive, int need)
{
    int t = p->n_tasks++;
    p->needs[t][0] = need;
    p->task[t] = (qg_task){affinity, exclusive, need >= 0, p->needs[t], 0};
}

static inline void sched_add_gang(sched_plan *p, int affinity, int gang, int need)
{
    sched_add_task(p, affinity, false, need);
    p->task[p->n_tasks - 1].gang = gang;
}

static inline void sched_add_unit(sched_plan *p, int task, double cost)
{
    p->unit[p->n_units++] = (qg_unit){.task = task, .count = 1, .cost = cost};
}

/* late: [ranks] whether a rank joins later, NULL none. */
static inline qg_sched *sched_make(qg_arena *a, const sched_plan *p, const uint8_t *state,
                                   int ranks, int per_node, const bool *late)
{
    qg_sched *s;
    int32_t node[SCHED_RANKS];
    bool computes[SCHED_RANKS];
    for (int r = 0; r < ranks; r++) {
        node[r] = r / per_node;
        computes[r] = !late || !late[r];
    }
    qt_ok(qg_sched_create(
        &s, a, &(qg_workload){p->task, p->unit, p->n_tasks, p->n_units, state, p->losses}, ranks,
        node, computes));
    return s;
}

#endif
