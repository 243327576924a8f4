/*
 * plan.c - tasks and units.
 *
 *   train(model) -> pack(model, precision) -> predict(experiment, precision)
 *                                          -> latency(experiment, precision)
 *                                          -> explain(experiment, precision, method)
 *
 * Explanations also need the predictions of fp32, which decide what is explained.
 * A model that is trained from another needs that one's training.
 */
#include "inputs.h"

#include "qgrid/rng.h"
#include "qgrid/str.h"
#include "qgrid/training.h"

#include <string.h>

enum { EXPLAIN_UNIT = 64 }; /* tokens in all of a unit of explanation, in units of prediction */

int qg_plan_reference(const qg_job *job)
{
    for (int i = 0; i < job->n_precisions; i++)
        if (strcmp(job->precisions[i].name, "fp32") == 0)
            return i;
    return -1;
}

int64_t qg_plan_latency_texts(const qg_plan *p, int experiment)
{
    int64_t n = p->datasets[p->job->experiments[experiment].dataset].data.n;
    int64_t want = p->job->latency.samples;
    return want < n ? want : n;
}

int64_t *qg_plan_latency_rows(const qg_plan *p, qg_arena *a, int experiment)
{
    int64_t n = p->datasets[p->job->experiments[experiment].dataset].data.n;
    int64_t *rows = qg_arena_alloc(a, (size_t)n, sizeof *rows);
    if (!rows)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        rows[i] = i;
    qg_rng rng = qg_rng_make((uint64_t)p->job->seed, "latency/sample", 0);
    qg_rng_shuffle(&rng, rows, n);
    return rows;
}

/* Rough: 80 GFLOP/s a core. Only the order and the forecast depend on it, never a result. */
static double predict_cost(const qg_plan *p, const qg_plan_task *t, int64_t tokens, int64_t rows)
{
    const qg_config *c = &p->models[t->model].config;
    double length = rows ? (double)tokens / (double)rows : 0;
    return qg_encoder_flops(c, length) * (double)tokens / 80e9 + 1e-4;
}

/* Backward costs two forward passes; f32 products, about 40 GFLOP/s a core. */
static double train_cost(const qg_plan *p, int model)
{
    const qg_plan_training *t = p->models[model].training;
    double tokens = (double)t->tokens, length = tokens / (double)t->texts;
    return 3 * qg_encoder_flops(&p->models[model].config, length) * tokens * (double)t->epochs /
               40e9 +
           1e-2;
}

static qg_code add_unit(qg_plan *p, qg_arena *a, int task, int64_t first, int64_t count,
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
        .bytes = 4 * qg_parameter_count(&p->models[p->tasks[task].model].config),
    };
    p->tasks[task].n_units++;
    return QG_OK;
}

/* Consecutive rows up to the token budget; a single longer text is a unit of its own. */
static qg_code cut_predict(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    int64_t n = p->datasets[k->dataset].data.n;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n; end++)
            if (k->splits[end + 1] - k->splits[first] > p->job->unit_tokens)
                break;
        int64_t tokens = k->splits[end] - k->splits[first];
        QG_TRY(add_unit(p, a, task, first, end - first, predict_cost(p, t, tokens, end - first)));
    }
    return QG_OK;
}

static qg_code cut_latency(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    const qg_latency_options *o = &p->job->latency;
    int64_t n = p->datasets[k->dataset].data.n, texts = qg_plan_latency_texts(p, t->experiment);
    int64_t passes = (o->warmup + o->runs) * o->n_batch_sizes;
    double one = predict_cost(p, t, n ? k->T / n + 1 : 1, 1);
    return add_unit(p, a, task, 0, texts, one * (double)(texts * passes));
}

/* Texts of a unit share batches: as many as fill some of them. */
static qg_code cut_explain(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    int64_t n = p->datasets[k->dataset].data.n, slots = p->explained[t->experiment].slots;
    if (n == 0)
        return QG_OK;
    double length = (double)k->T / (double)n,
           words = (double)p->datasets[k->dataset].n_words / (double)n;
    double tokens = length * qg_plan_explain_passes(p, &p->cells[t->cell], (int)words + 1);
    double fit = EXPLAIN_UNIT * (double)p->job->unit_tokens / tokens;
    int64_t per = fit < 1 ? 1 : fit < (double)slots ? (int64_t)fit : slots;
    for (int64_t first = 0; first < slots; first += per) {
        int64_t count = slots - first < per ? slots - first : per;
        double all = tokens * (double)count;
        QG_TRY(add_unit(p, a, task, first, count,
                        qg_encoder_flops(&p->models[t->model].config, length) * all / 80e9 + 1e-4));
    }
    return QG_OK;
}

static int find_task(const qg_plan *p, qg_task_kind kind, int model, int precision, int experiment)
{
    for (int i = 0; i < p->n_tasks; i++) {
        const qg_plan_task *t = &p->tasks[i];
        if (t->kind == kind && t->model == model && t->precision == precision &&
            t->experiment == experiment)
            return i;
    }
    return -1;
}

/* Weights, gradients, both moments and the best epoch, at 4 bytes each. */
static qg_code cut_train(qg_plan *p, qg_arena *a, int task)
{
    int model = p->tasks[task].model;
    QG_TRY(add_unit(p, a, task, 0, 1, train_cost(p, model)));
    p->units[p->n_units - 1].bytes *= 5;
    return QG_OK;
}

static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    switch (t->kind) {
    case QG_TASK_PACK:
        return add_unit(p, a, task, 0, 1,
                        4.0 * (double)qg_parameter_count(&p->models[t->model].config) / 200e6 +
                            1e-3);
    case QG_TASK_PREDICT:
        return cut_predict(p, a, task);
    case QG_TASK_LATENCY:
        return cut_latency(p, a, task);
    case QG_TASK_TRAIN:
        return cut_train(p, a, task);
    case QG_TASK_EXPLAIN:
        return cut_explain(p, a, task);
    }
    return QG_FAIL(QG_EBUG, "unknown kind of task");
}

/* Appends a task; what it needs is given as task numbers (-1: nothing). */
static qg_code add_task(qg_plan *p, qg_arena *a, qg_plan_task t, const int *need, int n)
{
    const qg_job *job = p->job;
    int id = p->n_tasks++;
    int32_t *needs;
    QG_NEW(needs, a, n);
    qg_task *s = &p->sched_tasks[id];
    *s = (qg_task){.affinity = t.kind == QG_TASK_TRAIN ? job->n_models * job->n_precisions + t.model
                                                       : t.model * job->n_precisions + t.precision,
                   .exclusive = t.kind == QG_TASK_LATENCY,
                   .gang = t.kind == QG_TASK_TRAIN
                               ? qg_training_gang_limit(job->models[t.model].training->config)
                               : 0,
                   .needs = needs};
    for (int i = 0; i < n; i++)
        if (need[i] >= 0)
            needs[s->n_needs++] = need[i];
    t.first_unit = p->n_units;
    p->tasks[id] = t;
    if (t.cell >= 0)
        p->cells[t.cell].task = id;
    return cut(p, a, id);
}

/* The training of an earlier model that comes to the same folder: it is waited for, and its result
 * taken. */
static int same_training(const qg_plan *p, int model)
{
    for (int m = 0; m < model; m++)
        if (p->models[m].training &&
            strcmp(p->models[m].source.dir, p->models[model].source.dir) == 0)
            return p->models[m].training->task;
    return -1;
}

/* The task that trains a model of the job; -1 when there is none. */
static int training_task(const qg_plan *p, int model)
{
    return model >= 0 && p->models[model].training ? p->models[model].training->task : -1;
}

static qg_code make_trainings(qg_plan *p, qg_arena *a)
{
    for (int m = 0; m < p->job->n_models; m++) {
        qg_plan_training *t = p->models[m].training;
        if (!t)
            continue;
        const qg_job_training *jt = p->job->models[m].training;
        const int need[] = {training_task(p, jt->from), training_task(p, jt->teacher),
                            same_training(p, m)};
        t->task = p->n_tasks;
        qg_plan_task task = {QG_TASK_TRAIN, m, -1, -1, t->cell, 0, 0};
        QG_TRY(add_task(p, a, task, need, 3));
    }
    return QG_OK;
}

/* Number of the task that packs a model. */
static qg_code pack_task(int *out, qg_plan *p, qg_arena *a, int model, int precision)
{
    *out = find_task(p, QG_TASK_PACK, model, precision, -1);
    if (*out >= 0)
        return QG_OK;
    const int need = training_task(p, model);
    *out = p->n_tasks;
    qg_plan_task task = {QG_TASK_PACK, model, precision, -1, -1, 0, 0};
    return add_task(p, a, task, &need, 1);
}

/* The task of a cell that is computed from a packed model. */
static qg_code make_cell_task(qg_plan *p, qg_arena *a, int cell)
{
    const qg_cell *c = &p->cells[cell];
    int need[3] = {-1, -1, -1};
    qg_task_kind kind = c->kind == QG_CELL_PREDICT   ? QG_TASK_PREDICT
                        : c->kind == QG_CELL_LATENCY ? QG_TASK_LATENCY
                                                     : QG_TASK_EXPLAIN;
    if (c->skip || (kind == QG_TASK_EXPLAIN && c->kind != QG_CELL_EXPLAIN))
        return QG_OK;
    if (kind == QG_TASK_EXPLAIN) {
        int reference = qg_plan_reference(p->job);
        need[1] = p->cells[qg_predict_cell(p, c->experiment, reference)].task;
        if (p->job->explain.target == QG_TARGET_PREDICTED && c->precision != reference)
            need[2] = p->cells[qg_predict_cell(p, c->experiment, c->precision)].task;
    }
    QG_TRY(pack_task(&need[0], p, a, c->model, c->precision));
    qg_plan_task t = {kind, c->model, c->precision, c->experiment, cell, 0, 0};
    return add_task(p, a, t, need, 3);
}

static qg_code make_tasks(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    size_t most = (size_t)p->n_cells + (size_t)job->n_models * (size_t)job->n_precisions;
    QG_NEW(p->tasks, a, most);
    QG_NEW(p->sched_tasks, a, most);
    QG_TRY(make_trainings(p, a));
    for (int i = 0; i < p->n_cells; i++)
        QG_TRY(make_cell_task(p, a, i));
    return QG_OK;
}

qg_code qg_plan_make(qg_plan *out, qg_arena *a, const qg_job *job, const char *only,
                     qg_problems *problems)
{
    *out = (qg_plan){.job = job};
    QG_TRY(qg_plan_inputs(out, a, problems));
    QG_TRY(qg_plan_explained_make(out, a));
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
    qg_sha256_final(&h, out->hash);
    return QG_OK;
}
