/*
 * cells.c - the cells of a plan: which there are, and which of them are selected.
 */
#include "inputs.h"

#include "qgrid/str.h"

#include <string.h>

int64_t qg_plan_cell_seed(const qg_plan *p, const qg_cell *c)
{
    const qg_job_model *m = &p->job->models[c->model];
    return m->training && c->kind != QG_CELL_SEEDS ? m->seed : p->job->seed;
}

int qg_predict_cell(const qg_plan *p, int experiment, int precision)
{
    for (int c = 0; c < p->n_cells; c++)
        if (p->cells[c].kind == QG_CELL_PREDICT && p->cells[c].experiment == experiment &&
            p->cells[c].precision == precision)
            return c;
    return -1;
}

void qg_plan_key_begin(qg_sha256 *h, const char *kind)
{
    int version = QG_SCHEMA_VERSION;
    qg_sha256_init(h);
    qg_sha256_add(h, &version, sizeof version);
    qg_sha256_add_text(h, kind);
}

/* What sums up skipped cells alone, or of one side none but those, is skipped. */
static const char *nothing_to_sum_up(const qg_plan *p, const qg_cell *c)
{
    int own = 0, others = 0;
    for (int i = 0; i < p->n_cells; i++)
        if (qg_cell_sums_up(p, c, &p->cells[i]) && !p->cells[i].skip)
            *(p->cells[i].experiment == c->experiment ? &own : &others) += 1;
    return qg_cell_has_enough(c, own, others) ? NULL
                                              : "all explanations that it is over are skipped";
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

/* The next cell, called OF/PRECISION/SUFFIX, where a part may be missing. */
static qg_code add_cell(qg_plan *p, qg_arena *a, qg_cell cell, const char *of, const char *suffix)
{
    const char *precision = cell.precision < 0 ? "" : p->job->precisions[cell.precision].name;
    qg_cell *c = &p->cells[p->n_cells++];
    *c = cell;
    c->task = -1;
    c->name = qg_arena_printf(a, "%s%s%s%s%s", of, precision[0] ? "/" : "", precision,
                              suffix[0] ? "/" : "", suffix);
    if (!c->name)
        return QG_ENOMEM;
    qg_plan_make_key(p, c);
    if (!qg_cell_work(c->kind))
        c->skip = nothing_to_sum_up(p, c);
    return QG_OK;
}

static qg_cell of_experiment(const qg_job *job, qg_cell_kind kind, int experiment, int precision)
{
    return (qg_cell){.kind = kind,
                     .model = job->experiments[experiment].model,
                     .experiment = experiment,
                     .precision = precision,
                     .method = -1};
}

static qg_code add_train_cells(qg_plan *p, qg_arena *a)
{
    for (int m = 0; m < p->job->n_models; m++) {
        if (!p->models[m].training)
            continue;
        qg_cell cell = {
            .kind = QG_CELL_TRAIN, .model = m, .experiment = -1, .precision = -1, .method = -1};
        p->models[m].training->cell = p->n_cells;
        QG_TRY(add_cell(p, a, cell, p->job->models[m].name, "train"));
    }
    return QG_OK;
}

static qg_code add_experiment_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_job *job = p->job;
    const char *name = job->experiments[e].name;
    for (int i = 0; i < job->n_precisions; i++)
        QG_TRY(add_cell(p, a, of_experiment(job, QG_CELL_PREDICT, e, i), name, ""));
    for (int i = 0; i < job->n_precisions && job->latency.wanted; i++)
        QG_TRY(add_cell(p, a, of_experiment(job, QG_CELL_LATENCY, e, i), name, "latency"));
    return add_cell(p, a, of_experiment(job, QG_CELL_COMPARE, e, -1), name, "compare");
}

/* Behind the last experiment of a seed_group. */
static qg_code add_seeds_cell(qg_plan *p, qg_arena *a, const qg_seed_group *seed_group)
{
    return add_cell(p, a, of_experiment(p->job, QG_CELL_SEEDS, seed_group->first, -1),
                    seed_group->base, "seeds");
}

static qg_code add_explain_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_job *job = p->job;
    const char *name = job->experiments[e].name;
    int n = job->explain.n_methods;
    p->explained[e].first_cell = p->n_cells;
    for (int i = 0; i < job->n_precisions * n; i++) {
        qg_cell cell = of_experiment(job, QG_CELL_EXPLAIN, e, i / n);
        cell.method = i % n;
        qg_cell *c = &p->cells[p->n_cells];
        QG_TRY(add_cell(p, a, cell, name, job->explain.methods[i % n].name));
        c->skip = unable(p, a, c);
    }
    for (int i = 0; i < job->n_precisions && job->explain.internals; i++)
        QG_TRY(add_cell(p, a, of_experiment(job, QG_CELL_INTERNALS, e, i), name, "internals"));
    return add_cell(p, a, of_experiment(job, QG_CELL_EXPLANATIONS, e, -1), name, "explanations");
}

static qg_code add_pair_cells(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    for (int i = 0; i < job->explain.n_pairs; i++) {
        const qg_job_pair *pair = &job->explain.pairs[i];
        const char *suffix = qg_arena_printf(a, "vs/%s", job->experiments[pair->b].name);
        qg_cell cell = of_experiment(job, QG_CELL_PAIR, pair->a, -1);
        cell.method = i;
        if (!suffix)
            return QG_ENOMEM;
        QG_TRY(add_cell(p, a, cell, job->experiments[pair->a].name, suffix));
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
        int n = c->kind == QG_CELL_SEEDS ? p->job->models[c->model].seed_group.n : 1;
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
        for (int k = 0; k < p->n_cells && c->selected; k++)
            p->cells[k].selected |=
                p->cells[k].kind == QG_CELL_EXPLAIN && qg_cell_sums_up(p, c, &p->cells[k]);
    }
    for (int i = 0; i < p->n_cells; i++) {
        const qg_cell *c = &p->cells[i];
        if (!c->selected || c->skip || (c->kind != QG_CELL_EXPLAIN && c->kind != QG_CELL_INTERNALS))
            continue;
        p->cells[qg_predict_cell(p, c->experiment, qg_job_reference(p->job))].selected = true;
        if (c->kind == QG_CELL_EXPLAIN && p->job->explain.target == QG_TARGET_PREDICTED)
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
    int per = job->n_precisions *
                  (1 + job->latency.wanted + job->explain.internals + job->explain.n_methods) +
              3;
    QG_NEW(p->cells, a, job->n_models + job->n_experiments * per + job->explain.n_pairs);
    QG_TRY(add_train_cells(p, a));
    for (int e = 0; e < job->n_experiments; e++) {
        const qg_seed_group *seed_group = &job->experiments[e].seed_group;
        QG_TRY(add_experiment_cells(p, a, e));
        if (p->explained)
            QG_TRY(add_explain_cells(p, a, e));
        if (seed_group->n > 0 && e == seed_group->first + seed_group->n - 1)
            QG_TRY(add_seeds_cell(p, a, seed_group));
    }
    QG_TRY(add_pair_cells(p, a));
    for (int i = 0; i < p->n_cells; i++)
        if (p->cells[i].skip)
            QG_TRY(qg_plan_warn(
                p, a, qg_arena_printf(a, "%s is skipped: %s", p->cells[i].name, p->cells[i].skip)));
    select_cells(p, only);
    return QG_OK;
}
