/*
 * estimate.c - how long a run still takes.
 *
 * Seconds a unit of cost, of a kind of work k: (S_k + w_k G) / (C_k + w_k). S_k and C_k are seconds
 * on one core and cost of what is done, G is the quotient of their sums over all kinds, and w_k, a
 * small part of the kind's whole cost, is how much the others' word counts. A running unit that
 * tells how far it is counts as done: its steps are all alike.
 *
 * The end is no earlier than the longest chain of tasks, nor than t + (what can begin at t or
 * later) / ranks for any t; list scheduling is not far behind (Graham, "Bounds for certain
 * multiprocessing anomalies", Bell System Technical Journal 45, 1966).
 */
#include "qgrid/estimate.h"

#include "sched_state.h"

#include <math.h>
#include <stdlib.h>

/* Part of the planned cost that has to be measured before there is a figure; part of a kind's cost
 * with which the other kinds speak against what is measured of it. */
static const double least_known = 0.002, weight_of_others = 0.02;

/* Ranks of a gang are as fast as this share of them would be. */
static const double gang_efficiency = 0.9;

typedef struct sums {
    double cost, seconds; /* done: as planned, and what it took on one core */
} sums;

/* What is left of a task. */
typedef struct task_left {
    double open, longest; /* seconds on one core: of all open units, of the longest */
    double running;       /* seconds until the last running unit ends */
    double work;          /* seconds of all ranks that it occupies */
    double start, end;    /* seconds until it can begin, and until it is over if ranks are free */
    int members;          /* ranks that run it */
} task_left;

/* What can only be done from then on. */
typedef struct begun {
    double start, work;
} begun;

struct qg_estimate {
    qg_workload work;
    const int32_t *kind;
    const double *cost;
    int n_kinds;
    double *started;        /* [n_units] NaN: not yet */
    double *whole, *end;    /* [n_units] told while it runs: seconds of all of it, when it ends; end
                               NaN: nothing was */
    double *planned, *rate; /* [n_kinds] cost at the beginning; seconds a unit of cost */
    sums *done, *now;       /* [n_kinds] of finished units; of running ones, too */
    task_left *left;        /* [n_tasks] */
    begun *begun;           /* [n_tasks] scratch */
};

static double *undefined(qg_arena *a, int n)
{
    double *v = qg_arena_alloc(a, (size_t)n, sizeof *v);
    for (int i = 0; v && i < n; i++)
        v[i] = (double)NAN;
    return v;
}

qg_code qg_estimate_create(qg_estimate **out, qg_arena *a, const qg_workload *work,
                           const int32_t *kind, int n_kinds, const double *cost)
{
    qg_estimate *e;
    QG_NEW(e, a, 1);
    *e = (qg_estimate){.work = *work, .kind = kind, .cost = cost, .n_kinds = n_kinds};
    e->started = undefined(a, work->n_units);
    e->end = undefined(a, work->n_units);
    if (!e->started || !e->end)
        return QG_ENOMEM;
    QG_NEW(e->whole, a, work->n_units);
    QG_NEW(e->planned, a, n_kinds);
    QG_NEW(e->rate, a, n_kinds);
    QG_NEW(e->done, a, n_kinds);
    QG_NEW(e->now, a, n_kinds);
    QG_NEW(e->left, a, work->n_tasks);
    QG_NEW(e->begun, a, work->n_tasks);
    for (int u = 0; u < work->n_units; u++)
        if (!work->state || work->state[u] == QG_UNIT_OPEN)
            e->planned[kind[work->unit[u].task]] += cost[u];
    *out = e;
    return QG_OK;
}

/* Cores that so many ranks are worth. */
static double worth(int members)
{
    return members > 1 ? gang_efficiency * members : 1;
}

void qg_estimate_started(qg_estimate *e, int unit, double now)
{
    e->started[unit] = now;
    e->end[unit] = (double)NAN;
}

void qg_estimate_told(qg_estimate *e, int unit, double share, double left, double now)
{
    if (!(share > 0 && share <= 1) || !(left >= 0))
        return;
    e->whole[unit] = share < 1 ? left / (1 - share) : now - e->started[unit];
    e->end[unit] = now + left;
}

void qg_estimate_done(qg_estimate *e, int unit, double seconds, int members)
{
    sums *k = &e->done[e->kind[e->work.unit[unit].task]];
    if (!(seconds >= 0))
        return;
    k->cost += e->cost[unit];
    k->seconds += seconds * worth(members);
}

/* ------------------------------------------------------------------------------- how fast it goes
 */

/* Rates from the sums e->now; whether enough is known. */
static bool make_rates(qg_estimate *e)
{
    double cost = 0, seconds = 0, planned = 0;
    for (int k = 0; k < e->n_kinds; k++) {
        cost += e->now[k].cost;
        seconds += e->now[k].seconds;
        planned += e->planned[k];
    }
    double all = cost > 0 ? seconds / cost : 1;
    for (int k = 0; k < e->n_kinds; k++) {
        double others = weight_of_others * e->planned[k];
        e->rate[k] = e->now[k].cost + others > 0
                         ? (e->now[k].seconds + others * all) / (e->now[k].cost + others)
                         : all;
    }
    return cost > 0 && cost >= least_known * planned;
}

/* Seconds that a running unit takes in all on its ranks, as told or by its cost. */
static double whole(const qg_estimate *e, const qg_rank_state *r, double now)
{
    int u = r->unit;
    double planned = e->rate[e->kind[e->work.unit[u].task]] * e->cost[u] / worth(r->members);
    return isnan(e->end[u]) ? fmax(planned, now - e->started[u]) : e->whole[u];
}

/* Adds what running units tell, and those that run longer than was thought, as far as they are. */
static void add_running(qg_estimate *e, const qg_sched *s, double now)
{
    for (int i = 0; i < s->n_ranks; i++) {
        const qg_rank_state *r = &s->rank[i];
        if (r->unit < 0 || isnan(e->started[r->unit]))
            continue;
        int u = r->unit;
        sums *k = &e->now[e->kind[e->work.unit[u].task]];
        double elapsed = now - e->started[u], part = 1.0 / r->members; /* of the rank */
        double planned = e->rate[k - e->now] * e->cost[u] / worth(r->members);
        if (isnan(e->end[u]) && !(elapsed > planned))
            continue;
        k->cost += part * e->cost[u];
        k->seconds += part * whole(e, r, now) * worth(r->members);
    }
}

static bool learn(qg_estimate *e, const qg_sched *s, double now)
{
    for (int k = 0; k < e->n_kinds; k++)
        e->now[k] = e->done[k];
    (void)make_rates(e);
    add_running(e, s, now);
    return make_rates(e);
}

/* ------------------------------------------------------------------------------------ what is left
 */

static double running_left(const qg_estimate *e, const qg_rank_state *r, double now)
{
    double elapsed = now - e->started[r->unit];
    if (!isnan(e->end[r->unit]))
        return fmax(e->end[r->unit] - now, 0);
    if (!(elapsed >= 0))
        elapsed = 0;
    return fmax(whole(e, r, now) - elapsed, 0.2 * elapsed); /* one that is late takes longer yet */
}

/* Ranks that take work, and how many of them a node has. */
static double count_ranks(double *per_node, const qg_sched *s)
{
    int n = 0;
    for (int i = 0; i < s->n_ranks; i++)
        n += s->rank[i].computes && !s->rank[i].lost;
    n = n > 0 ? n : 1;
    *per_node = s->n_nodes > 0 && n > s->n_nodes ? (double)n / s->n_nodes : 1;
    return n;
}

/* The members that a gang's unit will have. */
static int members(const qg_task *t, double ranks)
{
    int n = 1;
    while (2 * n <= t->gang && 2 * n <= ranks)
        n *= 2;
    return n;
}

/* Fills e->left but for `start` and `end`. */
static void add_up(qg_estimate *e, const qg_sched *s, double now, double ranks, double per_node)
{
    for (int i = 0; i < e->work.n_tasks; i++)
        e->left[i] = (task_left){0};
    for (int u = 0; u < e->work.n_units; u++) {
        int t = e->work.unit[u].task;
        const qg_task *task = &e->work.task[t];
        if (s->state[u] != QG_UNIT_OPEN)
            continue;
        double seconds = e->rate[e->kind[t]] * e->cost[u];
        int n = members(task, ranks);
        e->left[t].open += seconds;
        e->left[t].longest = fmax(e->left[t].longest, seconds);
        e->left[t].work += task->exclusive ? seconds * per_node : seconds * n / worth(n);
    }
    for (int i = 0; i < s->n_ranks; i++) {
        const qg_rank_state *r = &s->rank[i];
        if (r->unit < 0 || isnan(e->started[r->unit]))
            continue;
        int t = e->work.unit[r->unit].task;
        double seconds = running_left(e, r, now);
        e->left[t].running = fmax(e->left[t].running, seconds);
        e->left[t].members++;
        e->left[t].work += e->work.task[t].exclusive ? seconds * per_node : seconds;
    }
}

static bool is_gang(const qg_estimate *e, int task)
{
    return e->work.task[task].gang > 1;
}

/* The costliest task of a gang that could start: it is open, and what it needs is over. */
static int next_gang(const qg_estimate *e)
{
    int best = -1;
    for (int i = 0; i < e->work.n_tasks; i++) {
        const qg_task *task = &e->work.task[i];
        const task_left *t = &e->left[i];
        bool ready = is_gang(e, i) && t->members == 0 && t->open > 0;
        for (int k = 0; k < task->n_needs && ready; k++)
            ready = e->left[task->needs[k]].open <= 0 && e->left[task->needs[k]].members == 0;
        if (ready && (best < 0 || t->open > e->left[best].open))
            best = i;
    }
    return best;
}

/* The task of a gang that is over first; -1: none runs. */
static int first_over(const qg_estimate *e)
{
    int first = -1;
    for (int i = 0; i < e->work.n_tasks; i++)
        if (is_gang(e, i) && e->left[i].members > 0 &&
            (first < 0 || e->left[i].end < e->left[first].end))
            first = i;
    return first;
}

/* Gangs go before all other work: they are played through as the scheduler would start them. */
static void play_gangs(qg_estimate *e, int ranks)
{
    double now = 0;
    for (int i = 0; i < e->work.n_tasks; i++)
        if (is_gang(e, i)) {
            ranks -= e->left[i].members;
            e->left[i].end = e->left[i].running;
        }
    for (;;) {
        int i = ranks > 0 ? next_gang(e) : -1, over = i < 0 ? first_over(e) : -1;
        if (i >= 0) {
            task_left *t = &e->left[i];
            t->members = members(&e->work.task[i], ranks);
            t->start = now;
            t->end = now + t->open / worth(t->members);
            ranks -= t->members;
        } else if (over >= 0) {
            task_left *t = &e->left[over];
            now = t->end;
            ranks += t->members;
            t->members = 0;
            t->open = 0;
        } else {
            return;
        }
    }
}

/* Fills `start` and `end`; returns the last end. Tasks are numbered so that needs come first. */
static double longest_chain(qg_estimate *e, double ranks)
{
    double longest = 0;
    play_gangs(e, (int)ranks);
    for (int i = 0; i < e->work.n_tasks; i++) {
        const qg_task *task = &e->work.task[i];
        task_left *t = &e->left[i];
        if (!is_gang(e, i)) {
            for (int k = 0; k < task->n_needs; k++)
                t->start = fmax(t->start, e->left[task->needs[k]].end);
            t->end = t->start + fmax(fmax(t->running, t->longest), t->open / ranks);
        }
        longest = fmax(longest, t->end);
    }
    return longest;
}

static int later_first(const void *a, const void *b)
{
    const begun *x = a, *y = b;
    return x->start > y->start ? -1 : x->start < y->start;
}

/* What can begin at some time only takes all ranks at least so long from then on. */
static double most_work(qg_estimate *e, double ranks)
{
    double work = 0, most = 0;
    int n = e->work.n_tasks;
    for (int i = 0; i < n; i++)
        e->begun[i] = (begun){e->left[i].start, e->left[i].work};
    qsort(e->begun, (size_t)n, sizeof *e->begun, later_first);
    for (int i = 0; i < n; i++) {
        work += e->begun[i].work;
        most = fmax(most, work > 0 ? e->begun[i].start + work / ranks : 0);
    }
    return most;
}

double qg_estimate_left(qg_estimate *e, const qg_sched *s, double now)
{
    double per_node, ranks = count_ranks(&per_node, s);
    if (!learn(e, s, now))
        return (double)NAN;
    add_up(e, s, now, ranks, per_node);
    double chain = longest_chain(e, ranks);
    return fmax(chain, most_work(e, ranks));
}
