/*
 * announce.c - what a run says before it begins.
 */
#include "announce.h"

#include "qgrid/log.h"
#include "qgrid/str.h"

#define LOAD_SECONDS 0.5 /* of a model, when a rank goes on to another */

qg_code qg_announce(qg_arena *a, const qg_results *r, const qg_par *par, const uint8_t *state,
                    const qg_run_summary *s)
{
    const qg_plan *p = r->plan;
    qg_simulation sim;
    char time[32], part[48] = "";
    int64_t units = 0;
    const qg_workload work = {p->sched_tasks, p->units, p->n_tasks, p->n_units, state, NULL};
    for (int u = 0; u < p->n_units; u++)
        units += state[u] == QG_UNIT_OPEN;
    QG_TRY(qg_sched_simulate(&sim, a, &work, par->size, par->local_size, LOAD_SECONDS));
    if (p->n_selected < p->n_cells)
        snprintf(part, sizeof part, ", of %d that --only selects", p->n_selected);
    qg_note("%s: %d of %d cells to do%s, %lld units on %d rank%s, into %s; about %s", p->job->name,
            s->open, p->n_cells, part, (long long)units, par->size, par->size > 1 ? "s" : "",
            s->output, qg_format_seconds(time, sizeof time, sim.makespan));
    return QG_OK;
}
