/*
 * sched.c - the scheduler: which unit an idle rank gets next.
 *
 * Rules, in this order:
 *   1. a node that runs an exclusive unit gets nothing else;
 *   2. units of gangs before all others (sched_gang.c), then plain units before exclusive ones;
 *   3. a rank keeps its affinity while a ready task of it has open units;
 *   4. otherwise it goes where the most open cost per rank (counting itself) is waiting;
 *   5. within an affinity the costliest unit goes first;
 *   6. an exclusive unit starts when its node runs nothing;
 *   7. the last attempt of a unit that ranks died on comes last, alone (sched_suspect.c).
 * A task's open units are kept sorted, the costliest last, so taking one costs O(tasks).
 */
#include "sched_state.h"

#include <stdlib.h>
#include <string.h>

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

bool qg_sched_needs_met(const qg_sched *s, int task)
{
    const qg_task *t = &s->task[task];
    for (int i = 0; i < t->n_needs; i++) {
        const qg_task_state *n = &s->t[t->needs[i]];
        if (n->left > 0 || n->failed > 0 || n->blocked)
            return false;
    }
    return true;
}

/* What needs a failed task will never run. Tasks are numbered so that needs come first. */
static void block_dependents(qg_sched *s)
{
    for (int i = 0; i < s->n_tasks; i++) {
        qg_task_state *t = &s->t[i];
        bool bad = false;
        for (int k = 0; k < s->task[i].n_needs; k++) {
            const qg_task_state *n = &s->t[s->task[i].needs[k]];
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
    qg_sched_block_aside(s);
}

static qg_code fill_tasks(qg_sched *s, qg_arena *a)
{
    costed *all;
    int32_t *place;
    QG_NEW(all, a, s->n_units);
    QG_NEW(place, a, s->n_units);
    for (int u = 0; u < s->n_units; u++) {
        qg_task_state *t = &s->t[s->unit[u].task];
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
        }
    }
    qsort(all, (size_t)s->n_units, sizeof *all, by_cost);
    for (int i = 0, at = 0; i < s->n_tasks; i++) {
        s->t[i].open = place + at;
        at += s->t[i].total;
    }
    for (int k = 0; k < s->n_units; k++)
        if (s->state[all[k].unit] == QG_UNIT_OPEN)
            qg_sched_lay_open(s, all[k].unit);
    return QG_OK;
}

qg_code qg_sched_create(qg_sched **out, qg_arena *a, const qg_workload *work, int n_ranks,
                        const int32_t *node, const bool *computes)
{
    qg_sched *s;
    const qg_task *tasks = work->task;
    int n_tasks = work->n_tasks, n_units = work->n_units;
    QG_NEW(s, a, 1);
    *s = (qg_sched){.task = tasks,
                    .unit = work->unit,
                    .arena = a,
                    .n_tasks = n_tasks,
                    .n_units = n_units,
                    .n_ranks = n_ranks};
    for (int i = 0; i < n_tasks; i++) {
        QG_ASSERT(tasks[i].gang >= 0 && (tasks[i].gang & (tasks[i].gang - 1)) == 0);
        QG_ASSERT(tasks[i].gang <= 1 || !tasks[i].exclusive);
        if (tasks[i].affinity >= s->n_affinities)
            s->n_affinities = tasks[i].affinity + 1;
    }
    for (int r = 0; r < n_ranks; r++)
        if (node[r] >= s->n_nodes)
            s->n_nodes = node[r] + 1;
    QG_NEW(s->state, a, n_units);
    QG_NEW(s->losses, a, n_units);
    QG_NEW(s->tried, a, n_units);
    QG_NEW(s->trouble, a, n_units);
    QG_NEW(s->aside, a, n_units);
    QG_NEW(s->t, a, n_tasks);
    QG_NEW(s->rank, a, n_ranks);
    QG_NEW(s->node_running, a, s->n_nodes);
    QG_NEW(s->node_exclusive, a, s->n_nodes);
    QG_NEW(s->affinity_ranks, a, s->n_affinities);
    QG_NEW(s->affinity_cost, a, s->n_affinities);
    QG_NEW(s->idle, a, n_ranks);
    if (work->state)
        memcpy(s->state, work->state, (size_t)n_units);
    if (work->losses)
        memcpy(s->losses, work->losses, (size_t)n_units);
    for (int r = 0; r < n_ranks; r++)
        s->rank[r] =
            (qg_rank_state){.unit = -1, .affinity = -1, .computes = computes[r], .node = node[r]};
    QG_TRY(fill_tasks(s, a));
    block_dependents(s);
    *out = s;
    return QG_OK;
}

qg_task_mode qg_task_mode_of(const qg_task *t)
{
    if (t->exclusive)
        return QG_TASK_EXCLUSIVE;
    return t->gang > 1 ? QG_TASK_GANG : QG_TASK_PLAIN;
}

bool qg_sched_ready(const qg_sched *s, int task, qg_task_mode kind)
{
    return s->t[task].n_open > 0 && qg_task_mode_of(&s->task[task]) == kind &&
           qg_sched_needs_met(s, task);
}

int qg_sched_best_task(const qg_sched *s, int affinity, qg_task_mode kind)
{
    int best = -1;
    double most = -1;
    for (int i = 0; i < s->n_tasks; i++) {
        const qg_task_state *t = &s->t[i];
        if ((affinity >= 0 && s->task[i].affinity != affinity) || !qg_sched_ready(s, i, kind))
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
        if (qg_sched_ready(s, i, QG_TASK_PLAIN)) {
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

void qg_sched_start(qg_sched *s, const int32_t *ranks, int n, int unit)
{
    int task = s->unit[unit].task;
    s->state[unit] = QG_UNIT_RUNNING;
    s->alone = qg_sched_is_suspect(s, unit);
    s->running++;
    for (int i = 0; i < n; i++) {
        qg_rank_state *r = &s->rank[ranks[i]];
        r->unit = unit;
        r->members = n;
        r->affinity = s->task[task].affinity;
        s->affinity_ranks[r->affinity]++;
        s->node_running[r->node]++;
        s->node_exclusive[r->node] = s->task[task].exclusive;
    }
}

int qg_sched_take(qg_sched *s, const int32_t *ranks, int n, int task)
{
    qg_task_state *t = &s->t[task];
    int unit = t->open[--t->n_open];
    t->open_cost -= s->unit[unit].cost;
    qg_sched_start(s, ranks, n, unit);
    return unit;
}

int qg_sched_next(qg_sched *s, int rank)
{
    qg_rank_state *r = &s->rank[rank];
    if (s->draining || s->holding || s->alone || r->lost || !r->computes || r->unit >= 0 ||
        s->node_exclusive[r->node] || qg_sched_left_out(s, rank))
        return -1;
    int aside = qg_sched_next_aside(s, rank);
    if (aside >= 0)
        return aside;
    int task = r->affinity >= 0 ? qg_sched_best_task(s, r->affinity, QG_TASK_PLAIN) : -1;
    if (task < 0) {
        int affinity = choose_affinity(s);
        task = affinity >= 0 ? qg_sched_best_task(s, affinity, QG_TASK_PLAIN) : -1;
    }
    if (task < 0 && s->node_running[r->node] == 0) {
        task = r->affinity >= 0 ? qg_sched_best_task(s, r->affinity, QG_TASK_EXCLUSIVE) : -1;
        if (task < 0)
            task = qg_sched_best_task(s, -1, QG_TASK_EXCLUSIVE);
    }
    return task < 0 ? -1 : qg_sched_take(s, &(int32_t){rank}, 1, task);
}

static void free_rank(qg_sched *s, qg_rank_state *r)
{
    r->unit = -1;
    s->affinity_ranks[r->affinity]--;
    s->node_running[r->node]--;
    s->node_exclusive[r->node] = false;
}

void qg_sched_release(qg_sched *s, int unit)
{
    for (int i = 0; i < s->n_ranks; i++)
        if (s->rank[i].unit == unit)
            free_rank(s, &s->rank[i]);
    s->running--;
    s->alone = false;
}

/* First to be taken again. */
void qg_sched_lay_open(qg_sched *s, int unit)
{
    qg_task_state *t = &s->t[s->unit[unit].task];
    s->state[unit] = QG_UNIT_OPEN;
    if (qg_sched_is_suspect(s, unit)) {
        s->aside[s->n_aside++] = unit;
        return;
    }
    t->open[t->n_open++] = unit;
    t->open_cost += s->unit[unit].cost;
}

void qg_sched_done(qg_sched *s, int unit)
{
    if (s->state[unit] != QG_UNIT_RUNNING)
        return;
    for (int i = 0; i < s->n_ranks; i++)
        if (s->rank[i].unit == unit)
            s->rank[i].troubles = 0;
    qg_sched_release(s, unit);
    s->state[unit] = QG_UNIT_DONE;
    s->done++;
    s->t[s->unit[unit].task].left--;
}

void qg_sched_failed(qg_sched *s, int unit)
{
    if (s->state[unit] != QG_UNIT_RUNNING)
        return;
    qg_sched_release(s, unit);
    s->state[unit] = QG_UNIT_FAILED;
    s->failed++;
    s->t[s->unit[unit].task].left--;
    s->t[s->unit[unit].task].failed++;
    block_dependents(s);
}

bool qg_sched_dropped(qg_sched *s, int unit, bool died)
{
    qg_task_state *t = &s->t[s->unit[unit].task];
    if (s->state[unit] != QG_UNIT_RUNNING)
        return false;
    s->losses[unit] += died;
    if (died && s->losses[unit] >= qg_sched_most_losses(&s->task[s->unit[unit].task])) {
        qg_sched_failed(s, unit);
        return true;
    }
    qg_sched_release(s, unit);
    if (t->blocked) {
        s->state[unit] = QG_UNIT_BLOCKED;
        t->left--;
        return false;
    }
    qg_sched_lay_open(s, unit);
    return false;
}

int qg_sched_lost(qg_sched *s, int rank)
{
    qg_rank_state *r = &s->rank[rank];
    int unit = r->unit;
    r->lost = true;
    if (unit >= 0)
        free_rank(s, r);
    return unit;
}

int qg_sched_losses(const qg_sched *s, int unit)
{
    return s->losses[unit];
}

void qg_sched_join(qg_sched *s, int rank)
{
    s->rank[rank].computes = true;
}

void qg_sched_drain(qg_sched *s)
{
    s->draining = true;
}

bool qg_sched_task_finished(const qg_sched *s, int task)
{
    return s->t[task].left == 0;
}

bool qg_sched_finished(const qg_sched *s)
{
    if (s->running > 0)
        return false;
    if (s->draining || !qg_sched_any_rank(s))
        return true;
    for (int i = 0; i < s->n_tasks; i++)
        if (s->t[i].n_open > 0 && qg_sched_needs_met(s, i))
            return false;
    return !qg_sched_aside_waits(s, true);
}

void qg_sched_count(const qg_sched *s, int *open, int *running, int *done, int *failed)
{
    int left = s->n_aside;
    for (int i = 0; i < s->n_tasks; i++)
        left += s->t[i].n_open;
    *open = left;
    *running = s->running;
    *done = s->done;
    *failed = s->n_units - left - s->running - s->done;
}
