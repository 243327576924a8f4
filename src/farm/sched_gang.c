/*
 * sched_gang.c - the scheduler's rules for units that several ranks compute together.
 *
 * A gang is as large as the free ranks allow. It is worth waiting for a rank that runs a plain unit
 * cheaper than the gang's (seconds, where a training takes minutes to hours): a gang keeps its
 * size to its end.
 */
#include "sched_state.h"

#include <limits.h>
#include <stdlib.h>

static int power_of_two_within(int n)
{
    int p = 1;
    while (p <= n / 2)
        p *= 2;
    return p;
}

static bool idle(const qg_sched *s, const qg_rank_state *r)
{
    return r->computes && !r->lost && r->unit < 0 && !s->node_exclusive[r->node] &&
           !qg_sched_left_out(s, (int)(r - s->rank));
}

/* It runs something that will not take long, measured by the gang's unit. */
static bool soon_idle(const qg_sched *s, const qg_rank_state *r, double cost)
{
    return r->computes && !r->lost && r->unit >= 0 && !qg_sched_left_out(s, (int)(r - s->rank)) &&
           qg_task_mode_of(&s->task[s->unit[r->unit].task]) == QG_TASK_PLAIN &&
           s->unit[r->unit].cost < cost;
}

static int by_node(const void *a, const void *b)
{
    const qg_place *x = a, *y = b;
    return x->node != y->node ? (x->node > y->node) - (x->node < y->node)
                              : (x->rank > y->rank) - (x->rank < y->rank);
}

/* Idle ranks by node, and how many more there will be soon. */
static int gather(qg_sched *s, double cost, int *soon)
{
    int n = 0;
    *soon = 0;
    for (int r = 0; r < s->n_ranks; r++) {
        if (idle(s, &s->rank[r]))
            s->idle[n++] = (qg_place){s->rank[r].node, r};
        else
            *soon += soon_idle(s, &s->rank[r], cost);
    }
    qsort(s->idle, (size_t)n, sizeof *s->idle, by_node);
    return n;
}

/* Where in the idle ranks `size` neighbours lie best: on the fewest nodes, then with the fewest
 * ranks between them, then the last, since rank 0 has the coordination to do. */
static int choose_window(const qg_sched *s, int n, int size)
{
    int best = 0, least_nodes = INT_MAX, least_span = INT_MAX;
    for (int at = 0; at + size <= n; at++) {
        const qg_place *p = s->idle + at;
        int nodes = 1, span = 0;
        for (int i = 1; i < size; i++) {
            bool same = p[i].node == p[i - 1].node;
            nodes += !same;
            span += same ? p[i].rank - p[i - 1].rank : 0;
        }
        if (nodes < least_nodes || (nodes == least_nodes && span <= least_span)) {
            best = at;
            least_nodes = nodes;
            least_span = span;
        }
    }
    return best;
}

static int by_number(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The members: neighbours among the idle places, in rising order. */
static void choose_members(qg_sched *s, int32_t *ranks, int there, int size)
{
    const qg_place *first = s->idle + choose_window(s, there, size);
    for (int i = 0; i < size; i++)
        ranks[i] = first[i].rank;
    qsort(ranks, (size_t)size, sizeof *ranks, by_number);
}

/* A unit that had trouble at some place, on those that may try it. */
static int next_aside(qg_sched *s, int32_t *ranks, int *n)
{
    int soon, there = gather(s, 0, &soon), unit = qg_sched_aside_gang(s, &there);
    if (unit < 0)
        return -1;
    int limit = s->task[s->unit[unit].task].gang;
    *n = power_of_two_within(there < limit ? there : limit);
    choose_members(s, ranks, there, *n);
    qg_sched_start(s, ranks, *n, unit);
    return unit;
}

int qg_sched_next_gang(qg_sched *s, int32_t *ranks, int *n)
{
    bool closed = s->draining || s->alone;
    int soon, aside = closed ? -1 : next_aside(s, ranks, n);
    s->holding = false;
    if (aside >= 0)
        return aside;
    int task = closed ? -1 : qg_sched_best_task(s, -1, QG_TASK_GANG);
    if (task < 0)
        return -1;
    const qg_task_state *t = &s->t[task];
    int there = gather(s, s->unit[t->open[t->n_open - 1]].cost, &soon), limit = s->task[task].gang;
    int size = power_of_two_within(there < limit ? there : limit);
    if (power_of_two_within(there + soon < limit ? there + soon : limit) > size)
        s->holding = true;
    if (there == 0 || s->holding)
        return -1;
    choose_members(s, ranks, there, size);
    *n = size;
    return qg_sched_take(s, ranks, size, task);
}
