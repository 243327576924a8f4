/*
 * sched_simulate.c - the scheduler on imagined ranks: how long a plan would take.
 */
#include "qgrid/sched.h"

/* A gang of several ranks is as fast as this share of them would be. */
static const double gang_efficiency = 0.9;

typedef struct sim_rank {
    double until; /* end of what it runs */
    int unit, affinity;
} sim_rank;

typedef struct sim {
    qg_sched *sched;
    const qg_task *task;
    const qg_unit *unit;
    sim_rank *rank;
    int32_t *gang; /* [ranks] members of the gang in hand */
    int ranks;
    double now, load_cost;
    qg_simulation *out;
} sim;

/* Its ranks start together: all wait for the one that has to load a model. */
static void start(sim *m, int unit, const int32_t *ranks, int n)
{
    int affinity = m->task[m->unit[unit].task].affinity;
    double time = m->unit[unit].cost / (n > 1 ? n * gang_efficiency : 1), load = 0;
    m->out->busy += m->unit[unit].cost;
    for (int i = 0; i < n; i++)
        if (m->rank[ranks[i]].affinity != affinity) {
            load = m->load_cost;
            m->out->loads++;
        }
    for (int i = 0; i < n; i++)
        m->rank[ranks[i]] = (sim_rank){m->now + time + load, unit, affinity};
}

static void hand_out(sim *m)
{
    int unit, n;
    while ((unit = qg_sched_next_gang(m->sched, m->gang, &n)) >= 0)
        start(m, unit, m->gang, n);
    for (int32_t r = 0; r < m->ranks; r++)
        if (m->rank[r].unit < 0 && (unit = qg_sched_next(m->sched, r)) >= 0)
            start(m, unit, &r, 1);
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
    int unit = m->rank[first].unit;
    m->now = m->rank[first].until;
    qg_sched_done(m->sched, unit);
    for (int r = 0; r < m->ranks; r++)
        if (m->rank[r].unit == unit)
            m->rank[r].unit = -1;
    return true;
}

qg_code qg_sched_simulate(qg_simulation *out, qg_arena *a, const qg_workload *work, int ranks,
                          int ranks_per_node, double load_cost)
{
    sim m = {
        .task = work->task, .unit = work->unit, .ranks = ranks, .load_cost = load_cost, .out = out};
    int32_t *node;
    bool *computes;
    *out = (qg_simulation){0};
    QG_NEW(node, a, ranks);
    QG_NEW(computes, a, ranks);
    QG_NEW(m.rank, a, ranks);
    QG_NEW(m.gang, a, ranks);
    for (int r = 0; r < ranks; r++) {
        node[r] = r / (ranks_per_node > 0 ? ranks_per_node : 1);
        computes[r] = r > 0 || ranks <= 16; /* as in a real run */
        m.rank[r] = (sim_rank){.unit = -1, .affinity = -1};
    }
    QG_TRY(qg_sched_create(&m.sched, a, work, ranks, node, computes));
    do
        hand_out(&m);
    while (advance(&m));
    out->makespan = m.now;
    out->efficiency = m.now > 0 ? out->busy / (m.now * ranks) : 1;
    return QG_OK;
}
