/*
 * plan.c - tasks and units.
 *
 *   train(model) -> pack(model, precision) -> predict(experiment, precision)
 *                                          -> explain(experiment, precision, method)
 *                                          -> internals(experiment, precision)
 *                                          -> sensitivity(experiment, precision), of fp32, too
 *                                          -> latency(shape of a model, data set, precision)
 *
 * What a task needs besides, and how it is cut into units, its kind of work knows.
 */
#include "inputs.h"

#include "qgrid/str.h"

#include <string.h>

qg_code qg_plan_add_unit(qg_plan *p, qg_arena *a, int task, int64_t first, int64_t count,
                         double cost)
{
    if ((p->n_units & (p->n_units - 1)) == 0) {
        size_t cap = p->n_units ? 2 * (size_t)p->n_units : 64;
        p->units = qg_arena_grow(a, p->units, (size_t)p->n_units, cap, sizeof *p->units);
        if (!p->units)
            return QG_ENOMEM;
    }
    p->units[p->n_units++] = (qg_unit){
        .task = task,
        .first = first,
        .count = count,
        .cost = cost,
        .bytes = qg_cost_model_bytes(&p->models[p->tasks[task].model].config),
    };
    p->tasks[task].n_units++;
    return QG_OK;
}

/* Trainings have the models' last affinities: a rank that trains has none loaded. */
static int affinity(const qg_job *job, const qg_plan_task *t)
{
    return t->kind->trains ? job->n_models * job->n_precisions + t->model
                           : t->model * job->n_precisions + t->precision;
}

/* Predictions that say which texts are explained, besides those that the kind of work names. */
static qg_code add_choosing(qg_task *s, int32_t *needs, const qg_plan *p, qg_arena *a,
                            int experiment)
{
    int *cell;
    QG_NEW(cell, a, qg_plan_most_choosing(p));
    int n = qg_plan_choosing(cell, p, experiment);
    for (int i = 0; i < n; i++) {
        bool there = false;
        for (int k = 0; k < s->n_needs; k++)
            there = there || needs[k] == p->cells[cell[i]].task;
        if (!there)
            needs[s->n_needs++] = p->cells[cell[i]].task;
    }
    return QG_OK;
}

/* Appends a task, behind `pack`, the one that packs its model (-1: none), and what else it needs.
 */
static qg_code add_task(qg_plan *p, qg_arena *a, qg_plan_task t, int pack)
{
    int id = p->n_tasks++, need[1 + QG_MOST_NEEDS] = {pack, -1, -1, -1};
    int choosing =
        t.cell >= 0 && qg_cell_explains(p->cells[t.cell].kind) ? qg_plan_most_choosing(p) : 0;
    int32_t *needs;
    QG_NEW(needs, a, 1 + QG_MOST_NEEDS + choosing);
    qg_task *s = &p->sched_tasks[id];
    *s = (qg_task){.affinity = affinity(p->job, &t),
                   .exclusive = t.kind->exclusive,
                   .gang = t.kind->gang ? t.kind->gang(p, &t) : 0,
                   .needs = needs};
    if (t.kind->needs)
        t.kind->needs(need + 1, p, &t);
    for (int i = 0; i < 1 + QG_MOST_NEEDS; i++)
        if (need[i] >= 0)
            needs[s->n_needs++] = need[i];
    if (choosing > 0)
        QG_TRY(add_choosing(s, needs, p, a, t.experiment));
    t.first_unit = p->n_units;
    p->tasks[id] = t;
    if (t.cell >= 0)
        p->cells[t.cell].task = id;
    return t.kind->cut(p, a, id);
}

int qg_plan_training_task(const qg_plan *p, int model)
{
    return model >= 0 && p->models[model].training ? p->models[model].training->task : -1;
}

bool qg_plan_uses_model(const qg_plan *p, int task, int model)
{
    const qg_plan_task *t = &p->tasks[task];
    return t->kind->trains ? qg_plan_training_needs(p, t->model, model) : t->model == model;
}

static qg_code make_trainings(qg_plan *p, qg_arena *a, const qg_work_kind *train)
{
    for (int m = 0; m < p->job->n_models; m++) {
        qg_plan_training *t = p->models[m].training;
        if (!t)
            continue;
        t->task = p->n_tasks;
        QG_TRY(add_task(p, a, (qg_plan_task){train, m, -1, -1, t->cell, 0, 0}, -1));
    }
    return QG_OK;
}

/* Number of the task that packs a model. */
static qg_code pack_task(int *out, qg_plan *p, qg_arena *a, int model, int precision)
{
    int *task = &p->pack_task[model * p->job->n_precisions + precision];
    if (*task < 0) {
        const qg_work_kind *pack = qg_work_kind_find("pack");
        *task = p->n_tasks;
        QG_TRY(add_task(p, a, (qg_plan_task){pack, model, precision, -1, -1, 0, 0}, -1));
    }
    *out = *task;
    return QG_OK;
}

static qg_code make_cell_task(qg_plan *p, qg_arena *a, int cell);

/* Tasks of the predictions that say which texts are explained. */
static qg_code make_choosing_tasks(qg_plan *p, qg_arena *a, int experiment)
{
    int *cell;
    QG_NEW(cell, a, qg_plan_most_choosing(p));
    int n = qg_plan_choosing(cell, p, experiment);
    for (int i = 0; i < n; i++)
        QG_TRY(make_cell_task(p, a, cell[i]));
    return QG_OK;
}

/* The task of a cell that is computed from a packed model. That of the predictions which say what
 * is explained is made first: the reference may come later in the job. */
static qg_code make_cell_task(qg_plan *p, qg_arena *a, int cell)
{
    qg_cell *c = &p->cells[cell];
    const qg_cell *timed = &p->cells[qg_plan_timed(p, c->owner)];
    int pack;
    if (c->task >= 0)
        return QG_OK;
    if (c->owner != cell) {
        c->task = p->cells[c->owner].task;
        return QG_OK;
    }
    if (qg_cell_explains(c->kind))
        QG_TRY(make_choosing_tasks(p, a, c->experiment));
    QG_TRY(pack_task(&pack, p, a, timed->model, c->precision));
    qg_plan_task t = {
        qg_cell_work(c->kind), timed->model, c->precision, timed->experiment, cell, 0, 0};
    return add_task(p, a, t, pack);
}

/* Tasks of cells whose work has its node to itself, or of all others. */
static qg_code make_cell_tasks(qg_plan *p, qg_arena *a, bool exclusive)
{
    for (int i = 0; i < p->n_cells; i++) {
        const qg_work_kind *kind = qg_cell_work(p->cells[i].kind);
        if (kind && !kind->trains && kind->exclusive == exclusive && !p->cells[i].skip)
            QG_TRY(make_cell_task(p, a, i));
    }
    return QG_OK;
}

static qg_code make_tasks(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    size_t packs = (size_t)job->n_models * (size_t)job->n_precisions;
    size_t most = (size_t)p->n_cells + packs;
    QG_NEW(p->tasks, a, most);
    QG_NEW(p->sched_tasks, a, most);
    QG_NEW(p->pack_task, a, packs);
    memset(p->pack_task, -1, packs * sizeof *p->pack_task);
    QG_TRY(make_trainings(p, a, qg_cell_work(QG_CELL_TRAIN)));
    QG_TRY(make_cell_tasks(p, a, false));
    /* Last: whose model is timed depends on --only, the order of the units does not. */
    return make_cell_tasks(p, a, true);
}

/* Groups decide which numbers there are, and no cell's key: predictions stay valid under others. */
static void add_groups(qg_sha256 *h, const qg_plan *p)
{
    for (int i = 0; i < p->job->n_datasets; i++) {
        const qg_dataset *d = &p->datasets[i].data;
        for (int g = 0; g < d->n_groups; g++)
            qg_sha256_add_text(h, d->group_name[g]);
        if (d->n_groups > 0)
            qg_sha256_add(h, d->group, (size_t)d->n * sizeof d->group[0]);
    }
}

/* What is recommended by what: no cell depends on it, and the file says it. */
static void add_recommendation(qg_sha256 *h, const qg_job *job)
{
    const qg_job_recommendation *o = &job->recommend;
    int against = o->against;
    if (!o->wanted)
        return;
    qg_sha256_add(h, &o->threshold, sizeof o->threshold);
    qg_sha256_add(h, &o->k, sizeof o->k);
    qg_sha256_add(h, &o->batch_size, sizeof o->batch_size);
    qg_sha256_add(h, &against, sizeof against);
    qg_sha256_add(h, o->experiment, (size_t)job->n_experiments * sizeof o->experiment[0]);
}

qg_code qg_plan_make(qg_plan *out, qg_arena *a, const qg_job *job, const char *only,
                     qg_problems *problems)
{
    *out = (qg_plan){.job = job};
    QG_TRY(qg_plan_inputs(out, a, problems));
    QG_TRY(qg_problems_take_at(problems, &job->doc, job->explain.samples,
                               qg_plan_explained_make(out, a)));
    QG_TRY(qg_plan_sensitivity_make(out, a));
    QG_TRY(qg_plan_cells(out, a, only));
    QG_TRY(make_tasks(out, a));
    qg_sha256 h;
    qg_plan_key_begin(&h, "plan");
    qg_sha256_add_text(&h, job->name);
    qg_sha256_add(&h, &job->unit_tokens, sizeof job->unit_tokens);
    for (int i = 0; i < out->n_cells; i++) {
        qg_sha256_add_text(&h, out->cells[i].name);
        qg_sha256_add_text(&h, out->cells[i].key);
    }
    add_groups(&h, out);
    add_recommendation(&h, job);
    qg_sha256_final(&h, out->hash);
    return QG_OK;
}
