/*
 * cells.c - the cells of a plan and their keys.
 *
 * The key of a cell hashes what determines its numbers and nothing else: not the path of a file,
 * not the number of ranks, not the formatting of the job.
 */
#include "inputs.h"

#include "qgrid/str.h"

#include <string.h>

int64_t qg_plan_cell_seed(const qg_plan *p, const qg_cell *c)
{
    const qg_job_model *m = &p->job->models[c->model];
    return m->training && c->kind != QG_CELL_SEEDS ? m->seed : p->job->seed;
}

const char *const qg_cell_kind_names[] = {"predict", "latency",      "compare", "train", "seeds",
                                          "explain", "explanations", "pair",    NULL};

bool qg_cell_sums_up(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    if (c->kind == QG_CELL_EXPLANATIONS)
        return k->kind == QG_CELL_EXPLAIN && k->experiment == c->experiment;
    if (c->kind == QG_CELL_PAIR)
        return k->kind == QG_CELL_EXPLAIN && (k->experiment == p->job->explain.pairs[c->method].a ||
                                              k->experiment == p->job->explain.pairs[c->method].b);
    if (k->kind != QG_CELL_PREDICT)
        return false;
    int seeds = c->kind == QG_CELL_SEEDS ? p->job->experiments[c->experiment].fan.n : 1;
    return (c->kind == QG_CELL_SEEDS || c->kind == QG_CELL_COMPARE) &&
           k->experiment >= c->experiment && k->experiment < c->experiment + seeds;
}

int qg_predict_cell(const qg_plan *p, int experiment, int precision)
{
    for (int c = 0; c < p->n_cells; c++)
        if (p->cells[c].kind == QG_CELL_PREDICT && p->cells[c].experiment == experiment &&
            p->cells[c].precision == precision)
            return c;
    return -1;
}

static void key_of_precision(qg_sha256 *h, const qg_job *job, int precision)
{
    const qg_precision_spec *s = &job->precisions[precision];
    qg_sha256_add_text(h, qg_precision_name(s->scheme));
    qg_sha256_add_text(h, qg_precision_arithmetic(s->scheme));
    qg_sha256_add(h, &s->embeddings, sizeof s->embeddings);
}

void qg_plan_key_begin(qg_sha256 *h, const char *kind)
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
    qg_plan_key_begin(&h, "predict");
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
    qg_plan_key_begin(&h, "latency");
    qg_sha256_add_text(&h, predict->key);
    qg_sha256_add(&h, numbers, sizeof numbers);
    qg_sha256_add(&h, o->batch_size, (size_t)o->n_batch_sizes * sizeof o->batch_size[0]);
    qg_sha256_final(&h, c->key);
}

static void key_compare(const qg_plan *p, qg_cell *c, const qg_cell *first, int n)
{
    qg_sha256 h;
    int64_t numbers[] = {p->job->bootstrap, p->job->seed};
    qg_plan_key_begin(&h, "compare");
    for (int i = 0; i < n; i++)
        qg_sha256_add_text(&h, first[i].key);
    qg_sha256_add(&h, numbers, sizeof numbers);
    qg_sha256_final(&h, c->key);
}

/* Over the predictions of all experiments of a fan. */
static void key_seeds(const qg_plan *p, qg_cell *c)
{
    qg_sha256 h;
    qg_plan_key_begin(&h, "seeds");
    for (int i = 0; i < p->n_cells - 1; i++) {
        const qg_cell *k = &p->cells[i];
        if (!qg_cell_sums_up(p, c, k))
            continue;
        int64_t seed = qg_plan_cell_seed(p, k);
        qg_sha256_add(&h, &seed, sizeof seed);
        qg_sha256_add_text(&h, k->key);
    }
    qg_sha256_final(&h, c->key);
}

/* The next cell, called OF/PRECISION/SUFFIX, where a part may be missing; NULL without memory. */
static qg_cell *add_cell(qg_plan *p, qg_arena *a, qg_cell cell, const char *of, const char *suffix)
{
    const char *precision = cell.precision < 0 ? "" : p->job->precisions[cell.precision].name;
    qg_cell *c = &p->cells[p->n_cells++];
    *c = cell;
    c->task = -1;
    c->name = qg_arena_printf(a, "%s%s%s%s%s", of, precision[0] ? "/" : "", precision,
                              suffix[0] ? "/" : "", suffix);
    return c->name ? c : NULL;
}

static qg_code add_train_cells(qg_plan *p, qg_arena *a)
{
    for (int m = 0; m < p->job->n_models; m++) {
        if (!p->models[m].training)
            continue;
        p->models[m].training->cell = p->n_cells;
        qg_cell *c = add_cell(p, a, (qg_cell){NULL, QG_CELL_TRAIN, m, -1, -1, -1},
                              p->job->models[m].name, "train");
        if (!c)
            return QG_ENOMEM;
        memcpy(c->key, p->models[m].hash, sizeof c->key);
    }
    return QG_OK;
}

static qg_code add_experiment_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_job *job = p->job;
    const qg_experiment *x = &job->experiments[e];
    const qg_cell *first = &p->cells[p->n_cells];
    int P = job->n_precisions;
    for (int i = 0; i < P; i++) {
        qg_cell *c =
            add_cell(p, a, (qg_cell){NULL, QG_CELL_PREDICT, x->model, e, i, -1}, x->name, "");
        if (!c)
            return QG_ENOMEM;
        key_predict(p, c);
    }
    for (int i = 0; i < P && job->latency.wanted; i++) {
        qg_cell *c = add_cell(p, a, (qg_cell){NULL, QG_CELL_LATENCY, x->model, e, i, -1}, x->name,
                              "latency");
        if (!c)
            return QG_ENOMEM;
        key_latency(p, c, &first[i]);
    }
    qg_cell *c =
        add_cell(p, a, (qg_cell){NULL, QG_CELL_COMPARE, x->model, e, -1, -1}, x->name, "compare");
    if (!c)
        return QG_ENOMEM;
    key_compare(p, c, first, P);
    return QG_OK;
}

/* Behind the last experiment of a fan. */
static qg_code add_seeds_cell(qg_plan *p, qg_arena *a, const qg_fan *fan)
{
    int model = p->job->experiments[fan->first].model;
    qg_cell *c = add_cell(p, a, (qg_cell){NULL, QG_CELL_SEEDS, model, fan->first, -1, -1},
                          fan->base, "seeds");
    if (!c)
        return QG_ENOMEM;
    key_seeds(p, c);
    return QG_OK;
}

/* ---------------------------------------------------------------------------------- explanations
 */

static void key_explain(const qg_plan *p, qg_cell *c)
{
    qg_sha256 h;
    const qg_explain_options *o = &p->job->explain;
    const qg_faithful_options *f = &o->faithful;
    int64_t numbers[] = {o->per_class,   o->correct_only, o->seed,       o->target,
                         o->floor_draws, f->n_k,          f->masking,    f->by_magnitude,
                         f->curve_steps, f->infidelity,   f->sensitivity};
    qg_plan_key_begin(&h, "explain");
    qg_sha256_add_text(&h, p->cells[qg_predict_cell(p, c->experiment, c->precision)].key);
    qg_sha256_add_text(&h,
                       p->cells[qg_predict_cell(p, c->experiment, qg_plan_reference(p->job))].key);
    qg_sha256_add_text(&h, o->methods[c->method].canonical);
    qg_sha256_add(&h, numbers, sizeof numbers);
    qg_sha256_add(&h, f->k, (size_t)f->n_k * sizeof f->k[0]);
    qg_sha256_final(&h, c->key);
}

/* Why a method cannot explain a model; NULL: it can. */
static const char *unable(const qg_plan *p, qg_arena *a, const qg_cell *c)
{
    const qg_method *m = p->job->explain.methods[c->method].method;
    if (!(m->needs & QG_NEEDS_GRADIENTS) || p->models[c->model].training ||
        !qg_is_packed(p->models[c->model].source.dir))
        return NULL;
    return qg_arena_printf(a,
                           "%s needs gradients, which the packed folder %s cannot give: use the "
                           "model that it was packed from",
                           m->name, p->models[c->model].source.dir);
}

/* Over the cells that are summed up; skipped if all of those, or of one side, are. */
static void key_sum(const qg_plan *p, qg_cell *c, const char *kind)
{
    qg_sha256 h;
    bool here = false, there = c->kind != QG_CELL_PAIR;
    int64_t numbers[] = {p->job->bootstrap, p->job->seed};
    qg_plan_key_begin(&h, kind);
    for (int i = 0; i < p->n_cells; i++)
        if (qg_cell_sums_up(p, c, &p->cells[i])) {
            bool own = p->cells[i].experiment == c->experiment;
            qg_sha256_add_text(&h, p->cells[i].key);
            here |= own && !p->cells[i].skip;
            there |= !own && !p->cells[i].skip;
        }
    c->skip = here && there ? NULL : "all explanations that it is over are skipped";
    qg_sha256_add(&h, numbers, sizeof numbers);
    qg_sha256_final(&h, c->key);
}

static qg_code add_explain_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_job *job = p->job;
    const qg_experiment *x = &job->experiments[e];
    int n = job->explain.n_methods;
    p->explained[e].first_cell = p->n_cells;
    for (int i = 0; i < job->n_precisions * n; i++) {
        qg_cell cell = {NULL, QG_CELL_EXPLAIN, x->model, e, i / n, i % n};
        qg_cell *c = add_cell(p, a, cell, x->name, job->explain.methods[i % n].name);
        if (!c)
            return QG_ENOMEM;
        key_explain(p, c);
        c->skip = unable(p, a, c);
    }
    qg_cell *c = add_cell(p, a, (qg_cell){NULL, QG_CELL_EXPLANATIONS, x->model, e, -1, -1}, x->name,
                          "explanations");
    if (!c)
        return QG_ENOMEM;
    key_sum(p, c, "explanations");
    return QG_OK;
}

static qg_code add_pair_cells(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    for (int i = 0; i < job->explain.n_pairs; i++) {
        const qg_job_pair *pair = &job->explain.pairs[i];
        const char *suffix = qg_arena_printf(a, "vs/%s", job->experiments[pair->b].name);
        qg_cell cell = {NULL, QG_CELL_PAIR, job->experiments[pair->a].model, pair->a, -1, i};
        qg_cell *c = suffix ? add_cell(p, a, cell, job->experiments[pair->a].name, suffix) : NULL;
        if (!c)
            return QG_ENOMEM;
        key_sum(p, c, "pair");
    }
    return QG_OK;
}

const qg_cell *qg_plan_explain_cell(const qg_plan *p, int experiment, int precision, int method)
{
    int first = p->explained[experiment].first_cell;
    return &p->cells[first + precision * p->job->explain.n_methods + method];
}

/* ------------------------------------------------------------------------------------- selection
 */

bool qg_plan_training_needs(const qg_plan *p, int m, int other)
{
    const qg_job_training *t = p->job->models[m].training;
    return t && (t->from == other || t->teacher == other);
}

/* A training is selected when something selected needs its model. */
static void select_trainings(qg_plan *p)
{
    for (int i = 0; i < p->n_cells; i++) {
        const qg_cell *c = &p->cells[i];
        int n = c->kind == QG_CELL_SEEDS ? p->job->models[c->model].fan.n : 1;
        for (int m = c->model; c->selected && m < c->model + n; m++)
            if (p->models[m].training)
                p->cells[p->models[m].training->cell].selected = true;
    }
    for (int m = p->job->n_models - 1; m >= 0; m--)
        for (int k = 0; k < m; k++)
            if (qg_plan_training_needs(p, m, k) && p->models[k].training &&
                p->cells[p->models[m].training->cell].selected)
                p->cells[p->models[k].training->cell].selected = true;
}

/* What tests are over, and the predictions that say which texts are explained for which class. */
static void select_explained(qg_plan *p)
{
    for (int i = p->n_cells - 1; i >= 0; i--) {
        const qg_cell *c = &p->cells[i];
        if (!c->selected || (c->kind != QG_CELL_EXPLANATIONS && c->kind != QG_CELL_PAIR))
            continue;
        for (int k = 0; k < p->n_cells; k++)
            p->cells[k].selected |= qg_cell_sums_up(p, c, &p->cells[k]);
    }
    for (int i = 0; i < p->n_cells; i++) {
        const qg_cell *c = &p->cells[i];
        if (!c->selected || c->kind != QG_CELL_EXPLAIN || c->skip)
            continue;
        p->cells[qg_predict_cell(p, c->experiment, qg_plan_reference(p->job))].selected = true;
        if (p->job->explain.target == QG_TARGET_PREDICTED)
            p->cells[qg_predict_cell(p, c->experiment, c->precision)].selected = true;
    }
}

static void select_cells(qg_plan *p, const char *only)
{
    for (int i = 0; i < p->n_cells; i++)
        p->cells[i].selected = !only || qg_glob(only, p->cells[i].name);
    select_explained(p);
    select_trainings(p);
    for (int i = 0; i < p->n_cells; i++)
        p->n_selected += p->cells[i].selected;
}

qg_code qg_plan_cells(qg_plan *p, qg_arena *a, const char *only)
{
    const qg_job *job = p->job;
    int per = job->n_precisions * (1 + job->latency.wanted + job->explain.n_methods) + 3;
    QG_NEW(p->cells, a, job->n_models + job->n_experiments * per + job->explain.n_pairs);
    QG_TRY(add_train_cells(p, a));
    for (int e = 0; e < job->n_experiments; e++) {
        const qg_fan *fan = &job->experiments[e].fan;
        QG_TRY(add_experiment_cells(p, a, e));
        if (p->explained)
            QG_TRY(add_explain_cells(p, a, e));
        if (fan->n > 0 && e == fan->first + fan->n - 1)
            QG_TRY(add_seeds_cell(p, a, fan));
    }
    QG_TRY(add_pair_cells(p, a));
    for (int i = 0; i < p->n_cells; i++)
        if (p->cells[i].skip)
            QG_TRY(qg_plan_warn(
                p, a, qg_arena_printf(a, "%s is skipped: %s", p->cells[i].name, p->cells[i].skip)));
    select_cells(p, only);
    return QG_OK;
}
