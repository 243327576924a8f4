/*
 * sched_suspect.c - the scheduler's rule for the last attempt of a unit that ranks died on.
 *
 * One more death makes the unit a failed one, so that death has to be its own: it is tried when
 * nothing else can run, and alone. Units that only ran beside the one that ended the process are
 * done then, and everything else is done before anything dies again.
 */
#include "sched_state.h"

int qg_sched_most_losses(const qg_task *t)
{
    return t->gang > 1 ? QG_SCHED_GANG_LOSSES : QG_SCHED_LOSSES;
}

bool qg_sched_is_suspect(const qg_sched *s, int unit)
{
    return s->losses[unit] + 1 >= qg_sched_most_losses(&s->task[s->unit[unit].task]);
}

bool qg_sched_may_be_alone(const qg_sched *s)
{
    if (s->running > 0 || qg_sched_aside_waits(s, false))
        return false;
    for (int i = 0; i < s->n_tasks; i++)
        if (s->t[i].n_open > 0 && qg_sched_needs_met(s, i))
            return false;
    return true;
}
