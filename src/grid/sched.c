/*
 * sched.c - the scheduler: which unit an idle rank gets next.
 *
 * Rules, in this order:
 *   1. a node that runs an exclusive unit gets nothing else;
 *   2. plain units before exclusive ones;
 *   3. a rank keeps its affinity while a ready task of it has open units;
 *   4. otherwise it goes where the most open cost per rank (counting itself) is waiting;
 *   5. within an affinity the costliest unit goes first;
 *   6. an exclusive unit starts when its node runs nothing.
 * A task's open units are kept sorted, the costliest last, so taking one costs O(tasks).
 */
#include "qgrid/sched.h"

#include <stdlib.h>
#include <string.h>

typedef struct task_state {
    int32_t *open;    /* units, rising cost */
    int n_open, left; /* left: neither done, failed nor blocked */
    int failed, total;
    double open_cost;
    bool blocked;
} task_state;

typedef struct rank_state {
    int unit;     /* -1 idle */
    int affinity; /* of the last unit, -1 none */
    bool lost, computes;
    int32_t node;
} rank_state;

struct qg_sched {
    const qg_task *task;
    const qg_unit *unit;
    int n_tasks, n_units, n_ranks, n_nodes, n_affinities;
    uint8_t *state;  /* qg_unit_state */
    uint8_t *losses; /* ranks that died on a unit */
    task_state *t;
    rank_state *rank;
    int *node_running;     /* units running on a node */
    bool *node_exclusive;  /* ... one of them exclusive */
    int *affinity_ranks;   /* ranks whose affinity it is and that run something */
    double *affinity_cost; /* open cost of ready plain tasks, filled by choose_affinity */
    int running, done, failed;
    bool draining;
};

typedef struct costed {
    double cost;
    int32_t unit;
} costed;

static int by_cost(const void *a, const void *b)
{
    const costed *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    return x->unit > y->unit ? -1 : x->unit < y->unit; /* equal: lower number goes first */
}

static bool needs_met(const qg_sched *s, int task)
{
    const qg_task *t = &s->task[task];
    for (int i = 0; i < t->n_needs; i++) {
        const task_state *n = &s->t[t->needs[i]];
        if (n->left > 0 || n->failed > 0 || n->blocked)
            return false;
    }
    return true;
}

/* What needs a failed task will never run. Tasks are numbered so that needs come first. */
static void block_dependents(qg_sched *s)
{
    for (int i = 0; i < s->n_tasks; i++) {
        task_state *t = &s->t[i];
        bool bad = false;
        for (int k = 0; k < s->task[i].n_needs; k++) {
            const task_state *n = &s->t[s->task[i].needs[k]];
            bad |= n->failed > 0 || n->blocked;
        }
        if (!bad || t->blocked)
            continue;
        t->blocked = true;
        for (int k = 0; k < t->n_open; k++)
            s->state[t->open[k]] = QG_UNIT_BLOCKED;
        t->left -= t->n_open;
        t->n_open = 0;
        t->open_cost = 0;
    }
}

static qg_code fill_tasks(qg_sched *s, qg_arena *a)
{
    costed *all;
    int32_t *place;
    QG_NEW(all, a, s->n_units);
    QG_NEW(place, a, s->n_units);
    for (int u = 0; u < s->n_units; u++) {
        task_state *t = &s->t[s->unit[u].task];
        all[u] = (costed){s->unit[u].cost, u};
        t->total++;
        if (s->state[u] == QG_UNIT_DONE)
            s->done++;
        else if (s->state[u] == QG_UNIT_FAILED) {
            s->failed++;
            t->failed++;
        } else {
            s->state[u] = QG_UNIT_OPEN;
            t->left++;
            t->open_cost += s->unit[u].cost;
        }
    }
    qsort(all, (size_t)s->n_units, sizeof *all, by_cost);
    for (int i = 0, at = 0; i < s->n_tasks; i++) {
        s->t[i].open = place + at;
        at += s->t[i].total;
    }
    for (int k = 0; k < s->n_units; k++) {
        task_state *t = &s->t[s->unit[all[k].unit].task];
        if (s->state[all[k].unit] == QG_UNIT_OPEN)
            t->open[t->n_open++] = all[k].unit;
    }
    return QG_OK;
}

qg_code qg_sched_create(qg_sched **out, qg_arena *a, const qg_task *tasks, int n_tasks,
                        const qg_unit *units, int n_units, const uint8_t *state, int n_ranks,
                        const int32_t *node, const bool *computes)
{
    qg_sched *s;
    QG_NEW(s, a, 1);
    *s = (qg_sched){
        .task = tasks, .unit = units, .n_tasks = n_tasks, .n_units = n_units, .n_ranks = n_ranks};
    for (int i = 0; i < n_tasks; i++)
        if (tasks[i].affinity >= s->n_affinities)
            s->n_affinities = tasks[i].affinity + 1;
    for (int r = 0; r < n_ranks; r++)
        if (node[r] >= s->n_nodes)
            s->n_nodes = node[r] + 1;
    QG_NEW(s->state, a, n_units);
    QG_NEW(s->losses, a, n_units);
    QG_NEW(s->t, a, n_tasks);
    QG_NEW(s->rank, a, n_ranks);
    QG_NEW(s->node_running, a, s->n_nodes);
    QG_NEW(s->node_exclusive, a, s->n_nodes);
    QG_NEW(s->affinity_ranks, a, s->n_affinities);
    QG_NEW(s->affinity_cost, a, s->n_affinities);
    if (state)
        memcpy(s->state, state, (size_t)n_units);
    for (int r = 0; r < n_ranks; r++)
        s->rank[r] = (rank_state){-1, -1, false, computes[r], node[r]};
    QG_TRY(fill_tasks(s, a));
    block_dependents(s);
    *out = s;
    return QG_OK;
}

static bool ready(const qg_sched *s, int task, bool exclusive)
{
    return s->t[task].n_open > 0 && s->task[task].exclusive == exclusive && needs_met(s, task);
}

/* The ready task of an affinity (or of any, -1) whose costliest unit is the largest. */
static int best_task(const qg_sched *s, int affinity, bool exclusive)
{
    int best = -1;
    double most = -1;
    for (int i = 0; i < s->n_tasks; i++) {
        const task_state *t = &s->t[i];
        if ((affinity >= 0 && s->task[i].affinity != affinity) || !ready(s, i, exclusive))
            continue;
        double cost = s->unit[t->open[t->n_open - 1]].cost;
        if (cost > most) {
            most = cost;
            best = i;
        }
    }
    return best;
}

static int choose_affinity(qg_sched *s)
{
    int best = -1;
    double most = -1;
    for (int k = 0; k < s->n_affinities; k++)
        s->affinity_cost[k] = -1;
    for (int i = 0; i < s->n_tasks; i++)
        if (ready(s, i, false)) {
            double *cost = &s->affinity_cost[s->task[i].affinity];
            *cost = (*cost < 0 ? 0 : *cost) + s->t[i].open_cost;
        }
    for (int k = 0; k < s->n_affinities; k++) {
        double share = s->affinity_cost[k] / (1 + s->affinity_ranks[k]);
        if (s->affinity_cost[k] >= 0 && share > most) {
            most = share;
            best = k;
        }
    }
    return best;
}

static int take(qg_sched *s, int rank, int task)
{
    task_state *t = &s->t[task];
    rank_state *r = &s->rank[rank];
    int unit = t->open[--t->n_open];
    t->open_cost -= s->unit[unit].cost;
    s->state[unit] = QG_UNIT_RUNNING;
    s->running++;
    r->unit = unit;
    r->affinity = s->task[task].affinity;
    s->affinity_ranks[r->affinity]++;
    s->node_running[r->node]++;
    s->node_exclusive[r->node] = s->task[task].exclusive;
    return unit;
}

int qg_sched_next(qg_sched *s, int rank)
{
    rank_state *r = &s->rank[rank];
    if (s->draining || r->lost || !r->computes || r->unit >= 0 || s->node_exclusive[r->node])
        return -1;
    int task = r->affinity >= 0 ? best_task(s, r->affinity, false) : -1;
    if (task < 0) {
        int affinity = choose_affinity(s);
        task = affinity >= 0 ? best_task(s, affinity, false) : -1;
    }
    if (task < 0 && s->node_running[r->node] == 0) {
        task = r->affinity >= 0 ? best_task(s, r->affinity, true) : -1;
        if (task < 0)
            task = best_task(s, -1, true);
    }
    return task < 0 ? -1 : take(s, rank, task);
}

/* The rank that runs a unit becomes idle. */
static void release(qg_sched *s, int unit)
{
    for (int i = 0; i < s->n_ranks; i++) {
        rank_state *r = &s->rank[i];
        if (r->unit != unit)
            continue;
        r->unit = -1;
        s->running--;
        s->affinity_ranks[r->affinity]--;
        s->node_running[r->node]--;
        s->node_exclusive[r->node] = false;
        return;
    }
}

void qg_sched_done(qg_sched *s, int unit)
{
    if (s->state[unit] != QG_UNIT_RUNNING)
        return;
    release(s, unit);
    s->state[unit] = QG_UNIT_DONE;
    s->done++;
    s->t[s->unit[unit].task].left--;
}

void qg_sched_failed(qg_sched *s, int unit)
{
    if (s->state[unit] != QG_UNIT_RUNNING)
        return;
    release(s, unit);
    s->state[unit] = QG_UNIT_FAILED;
    s->failed++;
    s->t[s->unit[unit].task].left--;
    s->t[s->unit[unit].task].failed++;
    block_dependents(s);
}

int qg_sched_lost(qg_sched *s, int rank, bool *failed)
{
    int unit = s->rank[rank].unit;
    *failed = false;
    s->rank[rank].lost = true;
    if (unit < 0)
        return -1;
    if (++s->losses[unit] >= 2) {
        *failed = true;
        qg_sched_failed(s, unit);
        return unit;
    }
    task_state *t = &s->t[s->unit[unit].task];
    release(s, unit);
    if (t->blocked) {
        s->state[unit] = QG_UNIT_BLOCKED;
        t->left--;
        return unit;
    }
    s->state[unit] = QG_UNIT_OPEN;
    t->open[t->n_open++] = unit; /* first to be taken again */
    t->open_cost += s->unit[unit].cost;
    return unit;
}

void qg_sched_drain(qg_sched *s)
{
    s->draining = true;
}

qg_unit_state qg_sched_state(const qg_sched *s, int unit)
{
    return (qg_unit_state)s->state[unit];
}

bool qg_sched_task_finished(const qg_sched *s, int task)
{
    return s->t[task].left == 0;
}

bool qg_sched_finished(const qg_sched *s)
{
    if (s->running > 0)
        return false;
    if (s->draining)
        return true;
    for (int i = 0; i < s->n_tasks; i++)
        if (ready(s, i, false) || ready(s, i, true))
            return false;
    return true;
}

void qg_sched_count(const qg_sched *s, int *open, int *running, int *done, int *failed)
{
    int left = 0;
    for (int i = 0; i < s->n_tasks; i++)
        left += s->t[i].n_open;
    *open = left;
    *running = s->running;
    *done = s->done;
    *failed = s->n_units - left - s->running - s->done;
}

double qg_sched_cost_left(const qg_sched *s)
{
    double cost = 0;
    for (int i = 0; i < s->n_tasks; i++)
        cost += s->t[i].open_cost;
    for (int r = 0; r < s->n_ranks; r++)
        if (s->rank[r].unit >= 0)
            cost += s->unit[s->rank[r].unit].cost;
    return cost;
}
