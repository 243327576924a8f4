/*
 * attempts.c - how often each unit was begun, in a record that outlives the process.
 *
 * /timing/units/attempts counts when a unit is handed out, before the rank hears of it, and counts
 * back when it returns in good order. A unit that a run has left open with attempts is one during
 * which ranks, or the whole run, died. A unit that was given up at a second wish to stop is counted
 * in /timing/units/dropped instead. Both lie where neither digest nor checksums look.
 */
#include "qgrid/results.h"

static qg_code put(qg_results *r, const char *name, int unit, const uint8_t *value)
{
    int64_t at = unit, one = 1;
    return qg_results_write(r, qg_group_alone(QG_GROUP_TIMING_UNITS), name, QG_STORE_U8, &at, &one,
                            value);
}

qg_code qg_results_begun(qg_results *r, int unit)
{
    if (r->attempts[unit] < UINT8_MAX)
        r->attempts[unit]++;
    return put(r, "attempts", unit, &r->attempts[unit]);
}

qg_code qg_results_returned(qg_results *r, int unit, bool dropped)
{
    if (r->attempts[unit] > 0)
        r->attempts[unit]--;
    QG_TRY(put(r, "attempts", unit, &r->attempts[unit]));
    if (!dropped)
        return QG_OK;
    if (r->dropped[unit] < UINT8_MAX)
        r->dropped[unit]++;
    return put(r, "dropped", unit, &r->dropped[unit]);
}

qg_code qg_results_forget_attempts(qg_results *r, int unit)
{
    r->attempts[unit] = r->dropped[unit] = 0;
    QG_TRY(put(r, "attempts", unit, &r->attempts[unit]));
    return put(r, "dropped", unit, &r->dropped[unit]);
}

qg_code qg_results_read_attempts(qg_results *r)
{
    const qg_group_ref g = qg_group_alone(QG_GROUP_TIMING_UNITS);
    QG_NEW(r->attempts, r->arena, r->plan->n_units);
    QG_NEW(r->dropped, r->arena, r->plan->n_units);
    QG_TRY(qg_results_read(r, g, "attempts", QG_STORE_U8, NULL, NULL, r->attempts));
    return qg_results_read(r, g, "dropped", QG_STORE_U8, NULL, NULL, r->dropped);
}

qg_code qg_results_fail_hopeless(qg_results *r, const bool *needed)
{
    char why[QG_ERROR_SIZE];
    for (int u = 0; u < r->plan->n_units; u++) {
        int task = r->plan->units[u].task;
        bool died = r->attempts[u] >= qg_sched_most_losses(&r->plan->sched_tasks[task]);
        if (r->unit_state[u] != QG_STATE_OPEN || !needed[task] ||
            (!died && r->dropped[u] < QG_MOST_DROPPED))
            continue;
        if (died)
            snprintf(why, sizeof why,
                     "ranks died while computing this unit, %d times, in several runs",
                     r->attempts[u]);
        else
            snprintf(why, sizeof why,
                     "this unit was dropped unfinished %d times: it takes longer than a run is "
                     "given",
                     r->dropped[u]);
        QG_TRY(qg_results_fail(r, u, why));
    }
    return QG_OK;
}
