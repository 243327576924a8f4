/*
 * sched_place.c - the scheduler's rules for trouble of a place: a rank that cannot read or write
 * what a unit needs, or has no memory for it.
 *
 * The unit is laid aside and goes to a rank that has not tried it: of another node than the last
 * trouble's as long as there is one. What fails the same way on two nodes is the unit's own
 * failure. A rank that has trouble twice in a row is left out. That there was no memory counts as
 * if a rank had died of it.
 */
#include "sched_state.h"

enum { TROUBLES = 2 };

bool qg_sched_left_out(const qg_sched *s, int rank)
{
    return s->rank[rank].troubles >= TROUBLES;
}

bool qg_sched_any_rank(const qg_sched *s)
{
    for (int r = 0; r < s->n_ranks; r++)
        if (!s->rank[r].lost && !qg_sched_left_out(s, r))
            return true;
    return false;
}

/* Ranks other than 0 that do not compute are still to come. */
static bool may_try(const qg_sched *s, int unit, int rank)
{
    const qg_rank_state *r = &s->rank[rank];
    return !r->lost && !qg_sched_left_out(s, rank) && (r->computes || rank > 0) &&
           !(s->tried[unit] && s->tried[unit][rank]);
}

/* A rank of another node goes first. */
static bool is_next(const qg_sched *s, int unit, int rank)
{
    if (!may_try(s, unit, rank))
        return false;
    for (int r = 0; s->tried[unit] && r < s->n_ranks && s->rank[rank].node == s->trouble[unit].node;
         r++)
        if (s->rank[r].node != s->trouble[unit].node && may_try(s, unit, r))
            return false;
    return true;
}

bool qg_sched_aside_waits(const qg_sched *s, bool suspects)
{
    for (int i = 0; i < s->n_aside; i++) {
        int unit = s->aside[i];
        if (!qg_sched_needs_met(s, s->unit[unit].task) ||
            (!suspects && qg_sched_is_suspect(s, unit)))
            continue;
        for (int r = 0; r < s->n_ranks; r++)
            if (may_try(s, unit, r))
                return true;
    }
    return false;
}

/* Of a unit that is aside, whether its time has come. */
static bool is_due(const qg_sched *s, int unit)
{
    return !qg_sched_is_suspect(s, unit) ||
           (qg_sched_needs_met(s, s->unit[unit].task) && qg_sched_may_be_alone(s));
}

static void remove_aside(qg_sched *s, int at)
{
    s->n_aside--;
    for (int i = at; i < s->n_aside; i++)
        s->aside[i] = s->aside[i + 1];
}

void qg_sched_block_aside(qg_sched *s)
{
    for (int i = s->n_aside - 1; i >= 0; i--) {
        int unit = s->aside[i];
        qg_task_state *t = &s->t[s->unit[unit].task];
        if (!t->blocked)
            continue;
        s->state[unit] = QG_UNIT_BLOCKED;
        t->left--;
        remove_aside(s, i);
    }
}

int qg_sched_next_aside(qg_sched *s, int rank)
{
    for (int i = 0; i < s->n_aside; i++) {
        int unit = s->aside[i];
        qg_task_mode mode = qg_task_mode_of(&s->task[s->unit[unit].task]);
        bool quiet = mode == QG_TASK_PLAIN || s->node_running[s->rank[rank].node] == 0;
        if (mode == QG_TASK_GANG || !quiet || !is_next(s, unit, rank) || !is_due(s, unit))
            continue;
        remove_aside(s, i);
        qg_sched_start(s, &(int32_t){rank}, 1, unit);
        return unit;
    }
    return -1;
}

int qg_sched_aside_gang(qg_sched *s, int *n)
{
    for (int i = 0; i < s->n_aside; i++) {
        int unit = s->aside[i], fit = 0;
        if (qg_task_mode_of(&s->task[s->unit[unit].task]) != QG_TASK_GANG || !is_due(s, unit))
            continue;
        for (int k = 0; k < *n; k++)
            fit += is_next(s, unit, s->idle[k].rank);
        if (fit == 0)
            continue; /* all that are idle have tried it: the next may do */
        fit = 0;
        for (int k = 0; k < *n; k++)
            if (is_next(s, unit, s->idle[k].rank))
                s->idle[fit++] = s->idle[k];
        *n = fit;
        remove_aside(s, i);
        return unit;
    }
    return -1;
}

/* The same on two machines, or without memory as often as ranks may die on it. */
static bool is_hopeless(const qg_sched *s, int unit, int32_t node, const qg_error *why)
{
    const qg_trouble *last = &s->trouble[unit];
    return (s->tried[unit] && last->code == why->code && last->cause == why->cause &&
            last->node != node) ||
           s->losses[unit] >= qg_sched_most_losses(&s->task[s->unit[unit].task]);
}

qg_code qg_sched_troubled(bool *failed, qg_sched *s, int unit, int rank, const qg_error *why)
{
    int32_t node = s->rank[rank].node;
    *failed = false;
    if (s->state[unit] != QG_UNIT_RUNNING)
        return QG_OK;
    if (why->code == QG_ENOMEM)
        s->losses[unit]++;
    if (is_hopeless(s, unit, node, why)) {
        *failed = true;
        qg_sched_failed(s, unit);
        return QG_OK;
    }
    if (!s->tried[unit])
        QG_NEW(s->tried[unit], s->arena, s->n_ranks);
    s->trouble[unit] = (qg_trouble){why->code, why->cause, node};
    s->tried[unit][rank] = true;
    s->rank[rank].troubles++;
    qg_sched_release(s, unit);
    s->state[unit] = QG_UNIT_OPEN;
    s->aside[s->n_aside++] = unit;
    qg_sched_block_aside(s);
    return QG_OK;
}
