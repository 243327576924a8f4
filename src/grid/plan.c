/*
 * plan.c - cells, keys, tasks and units.
 *
 *   pack(model, precision) -> predict(experiment, precision) -> latency(experiment, precision)
 *
 * The key of a cell hashes what determines its numbers and nothing else: not the path of a file,
 * not the number of ranks, not the formatting of the job.
 */
#include "plan_inputs.h"

#include "qgrid/file.h"
#include "qgrid/rng.h"
#include "qgrid/str.h"

#include <string.h>

int qg_plan_linear_layers(const qg_bert_config *c)
{
    return 6 * c->layers + 2;
}

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

/* Multiply-adds of the linear layers and of attention at a typical length, times two. */
static double flops_per_token(const qg_bert_config *c, double length)
{
    double C = c->hidden, F = c->ffn;
    return c->layers * (2 * (4 * C * C + 2 * C * F) + 4 * length * C);
}

/* Rough: 80 GFLOP/s a core. Only the order and the forecast depend on it, never a result. */
static double predict_cost(const qg_plan *p, const qg_plan_task *t, int64_t tokens, int64_t rows)
{
    const qg_bert_config *c = &p->models[t->model].config;
    double length = rows ? (double)tokens / (double)rows : 0;
    return flops_per_token(c, length) * (double)tokens / 80e9 + 1e-4;
}

static int64_t model_bytes(const qg_bert_config *c)
{
    int64_t C = c->hidden, F = c->ffn;
    return 4 *
           (((int64_t)c->vocab + c->positions) * C + (int64_t)c->layers * (4 * C * C + 2 * C * F));
}

static void key_of_precision(qg_sha256 *h, const qg_job *job, int precision)
{
    const qg_precision_spec *s = &job->precisions[precision];
    qg_sha256_add_text(h, qg_precision_name(s->scheme));
    qg_sha256_add_text(h, qg_precision_arithmetic(s->scheme));
    qg_sha256_add(h, &s->embeddings, sizeof s->embeddings);
}

static void key_begin(qg_sha256 *h, const char *kind)
{
    int version = QG_SCHEMA_VERSION;
    qg_sha256_init(h);
    qg_sha256_add(h, &version, sizeof version);
    qg_sha256_add_text(h, kind);
}

static void key_predict(const qg_plan *p, qg_cell *c)
{
    qg_sha256 h;
    const qg_experiment *x = &p->job->experiments[c->experiment];
    const qg_plan_tokens *t = p->tokens[c->experiment];
    key_begin(&h, "predict");
    qg_sha256_add_text(&h, p->models[x->model].hash);
    qg_sha256_add_text(&h, p->datasets[x->dataset].hash);
    qg_sha256_add_text(&h, t->tokenizer);
    qg_sha256_add(&h, &t->max_length, sizeof t->max_length);
    for (int k = 0; k < p->job->K; k++)
        qg_sha256_add_text(&h, p->job->labels[k]);
    key_of_precision(&h, p->job, c->precision);
    qg_sha256_final(&h, c->key);
}

static void key_latency(const qg_plan *p, qg_cell *c, const qg_cell *predict)
{
    qg_sha256 h;
    const qg_latency_options *o = &p->job->latency;
    int64_t numbers[] = {o->warmup, o->runs, o->samples, p->job->seed};
    key_begin(&h, "latency");
    qg_sha256_add_text(&h, predict->key);
    qg_sha256_add(&h, numbers, sizeof numbers);
    qg_sha256_add(&h, o->batch_size, (size_t)o->n_batch_sizes * sizeof o->batch_size[0]);
    qg_sha256_final(&h, c->key);
}

static void key_compare(const qg_plan *p, qg_cell *c, const qg_cell *first, int n)
{
    qg_sha256 h;
    int64_t numbers[] = {p->job->bootstrap, p->job->seed};
    key_begin(&h, "compare");
    for (int i = 0; i < n; i++)
        qg_sha256_add_text(&h, first[i].key);
    qg_sha256_add(&h, numbers, sizeof numbers);
    qg_sha256_final(&h, c->key);
}

static qg_cell *add_cell(qg_plan *p, qg_arena *a, qg_cell_kind kind, int experiment, int precision,
                         const char *only)
{
    static const char *const suffix[] = {"", "/latency", "/compare"};
    qg_cell *c = &p->cells[p->n_cells++];
    const char *e = p->job->experiments[experiment].name;
    *c = (qg_cell){.kind = kind, .experiment = experiment, .precision = precision, .task = -1};
    c->name = precision < 0 ? qg_arena_printf(a, "%s%s", e, suffix[kind])
                            : qg_arena_printf(a, "%s/%s%s", e, p->job->precisions[precision].name,
                                              suffix[kind]);
    c->selected = c->name && (!only || qg_glob(only, c->name));
    p->n_selected += c->selected;
    return c->name ? c : NULL;
}

static qg_code make_cells(qg_plan *p, qg_arena *a, const char *only)
{
    const qg_job *job = p->job;
    int P = job->n_precisions, per = P * (1 + job->latency.wanted) + 1;
    QG_NEW(p->cells, a, job->n_experiments * per);
    for (int e = 0; e < job->n_experiments; e++) {
        const qg_cell *first = &p->cells[p->n_cells];
        for (int i = 0; i < P; i++) {
            qg_cell *c = add_cell(p, a, QG_CELL_PREDICT, e, i, only);
            if (!c)
                return QG_ENOMEM;
            key_predict(p, c);
        }
        for (int i = 0; i < P && job->latency.wanted; i++) {
            qg_cell *c = add_cell(p, a, QG_CELL_LATENCY, e, i, only);
            if (!c)
                return QG_ENOMEM;
            key_latency(p, c, &first[i]);
        }
        qg_cell *c = add_cell(p, a, QG_CELL_COMPARE, e, -1, only);
        if (!c)
            return QG_ENOMEM;
        key_compare(p, c, first, P);
    }
    return QG_OK;
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
        .bytes = model_bytes(&p->models[p->tasks[task].model].config),
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

/* Appends a task; what it needs is given as task numbers (-1: nothing). */
static qg_code add_task(qg_plan *p, qg_arena *a, qg_plan_task t, int need)
{
    int id = p->n_tasks++;
    int32_t *needs;
    QG_NEW(needs, a, 1);
    needs[0] = need;
    t.first_unit = p->n_units;
    p->tasks[id] = t;
    p->sched_tasks[id] = (qg_task){
        .affinity = t.model * p->job->n_precisions + t.precision,
        .exclusive = t.kind == QG_TASK_LATENCY,
        .n_needs = need >= 0,
        .needs = needs,
    };
    if (t.cell >= 0)
        p->cells[t.cell].task = id;
    if (t.kind == QG_TASK_PACK)
        return add_unit(p, a, id, 0, 1,
                        (double)model_bytes(&p->models[t.model].config) / 200e6 + 1e-3);
    return t.kind == QG_TASK_PREDICT ? cut_predict(p, a, id) : cut_latency(p, a, id);
}

static qg_code make_tasks(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    size_t most = (size_t)p->n_cells + (size_t)job->n_models * (size_t)job->n_precisions;
    QG_NEW(p->tasks, a, most);
    QG_NEW(p->sched_tasks, a, most);
    for (int i = 0; i < p->n_cells; i++) {
        const qg_cell *c = &p->cells[i];
        if (c->kind == QG_CELL_COMPARE)
            continue;
        const qg_experiment *x = &job->experiments[c->experiment];
        int pack = find_task(p, QG_TASK_PACK, x->model, c->precision, -1);
        if (pack < 0) {
            pack = p->n_tasks;
            qg_plan_task t = {QG_TASK_PACK, x->model, c->precision, -1, -1, 0, 0};
            QG_TRY(add_task(p, a, t, -1));
        }
        qg_plan_task t = {c->kind == QG_CELL_PREDICT ? QG_TASK_PREDICT : QG_TASK_LATENCY,
                          x->model,
                          c->precision,
                          c->experiment,
                          i,
                          0,
                          0};
        QG_TRY(add_task(p, a, t, pack));
    }
    return QG_OK;
}

qg_code qg_plan_make(qg_plan *out, qg_arena *a, const qg_job *job, const char *only,
                     qg_problems *problems)
{
    *out = (qg_plan){.job = job};
    QG_TRY(qg_plan_inputs(out, a, problems));
    QG_TRY(make_cells(out, a, only));
    QG_TRY(make_tasks(out, a));
    qg_sha256 h;
    key_begin(&h, "plan");
    qg_sha256_add_text(&h, job->name);
    qg_sha256_add(&h, &job->unit_tokens, sizeof job->unit_tokens);
    for (int i = 0; i < out->n_cells; i++) {
        qg_sha256_add_text(&h, out->cells[i].name);
        qg_sha256_add_text(&h, out->cells[i].key);
    }
    qg_sha256_final(&h, out->hash);
    return QG_OK;
}
