/*
 * sched_simulate.c - the scheduler on imagined ranks: how long a plan would take.
 */
#include "qgrid/sched.h"

typedef struct sim_rank {
    double until; /* end of what it runs */
    int unit, affinity;
} sim_rank;

typedef struct sim {
    qg_sched *sched;
    const qg_task *task;
    const qg_unit *unit;
    sim_rank *rank;
    int ranks;
    double now, load_cost;
    qg_simulation *out;
} sim;

static void hand_out(sim *m)
{
    for (int r = 0; r < m->ranks; r++) {
        sim_rank *k = &m->rank[r];
        if (k->unit >= 0 || (k->unit = qg_sched_next(m->sched, r)) < 0)
            continue;
        int affinity = m->task[m->unit[k->unit].task].affinity;
        double cost = m->unit[k->unit].cost;
        m->out->busy += cost;
        if (affinity != k->affinity) {
            cost += m->load_cost;
            m->out->loads++;
        }
        k->affinity = affinity;
        k->until = m->now + cost;
    }
}

/* Finishes the unit that ends first; false when nothing runs. */
static bool advance(sim *m)
{
    int first = -1;
    for (int r = 0; r < m->ranks; r++)
        if (m->rank[r].unit >= 0 && (first < 0 || m->rank[r].until < m->rank[first].until))
            first = r;
    if (first < 0)
        return false;
    m->now = m->rank[first].until;
    qg_sched_done(m->sched, m->rank[first].unit);
    m->rank[first].unit = -1;
    return true;
}

qg_code qg_sched_simulate(qg_simulation *out, qg_arena *a, const qg_task *tasks, int n_tasks,
                          const qg_unit *units, int n_units, const uint8_t *state, int ranks,
                          int ranks_per_node, double load_cost)
{
    sim m = {.task = tasks, .unit = units, .ranks = ranks, .load_cost = load_cost, .out = out};
    int32_t *node;
    bool *computes;
    *out = (qg_simulation){0};
    QG_NEW(node, a, ranks);
    QG_NEW(computes, a, ranks);
    QG_NEW(m.rank, a, ranks);
    for (int r = 0; r < ranks; r++) {
        node[r] = r / (ranks_per_node > 0 ? ranks_per_node : 1);
        computes[r] = r > 0 || ranks <= 16; /* as in a real run */
        m.rank[r] = (sim_rank){0, -1, -1};
    }
    QG_TRY(
        qg_sched_create(&m.sched, a, tasks, n_tasks, units, n_units, state, ranks, node, computes));
    do
        hand_out(&m);
    while (advance(&m));
    out->makespan = m.now;
    out->efficiency = m.now > 0 ? out->busy / (m.now * ranks) : 1;
    return QG_OK;
}
