/*
 * cells.c - the cells of a plan: which there are, and which of them are selected.
 */
#include "inputs.h"

#include "qgrid/str.h"

#include <string.h>

int64_t qg_plan_cell_seed(const qg_plan *p, const qg_cell *c)
{
    const qg_job_model *m = &p->job->models[c->model];
    return m->training && qg_plan_cell_seeds(p, c) == 0 ? m->seed : p->job->seed;
}

int qg_plan_cell_seeds(const qg_plan *p, const qg_cell *c)
{
    switch (c->kind) {
    case QG_CELL_SEEDS:
    case QG_CELL_EXPLAINED_SEEDS:
        return p->job->experiments[c->experiment].seed_group.n;
    case QG_CELL_DECOMPOSITION: {
        int n = p->job->decompositions[c->method].n;
        return n > 1 ? n : 0;
    }
    default:
        return 0;
    }
}

/* Cells of a kind are one behind the other, in the order of the precisions. */
int qg_predict_cell(const qg_plan *p, int experiment, int precision)
{
    return precision < 0 ? -1 : p->cells_of[experiment].predict + precision;
}

int qg_plan_bounds_cell(const qg_plan *p, int experiment, int precision)
{
    int first = experiment < 0 || precision < 0 ? -1 : p->cells_of[experiment].bounds;
    return first < 0 ? -1 : first + precision;
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
    int own = 0, others = 0, first, end;
    qg_plan_summed_up(&first, &end, p, c);
    for (int i = first; i < end; i++)
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
qg_code qg_plan_add_cell(qg_plan *p, qg_arena *a, qg_cell cell, const char *of, const char *suffix)
{
    const char *precision = cell.precision < 0 ? "" : p->job->precisions[cell.precision].name;
    qg_cell *c = &p->cells[p->n_cells++];
    *c = cell;
    c->task = -1;
    c->owner = p->n_cells - 1;
    c->name = qg_arena_printf(a, "%s%s%s%s%s", of, precision[0] ? "/" : "", precision,
                              suffix[0] ? "/" : "", suffix);
    if (!c->name)
        return QG_ENOMEM;
    return QG_OK;
}

/* A key is made of those of cells before it in this order, wherever they are in the list. */
static int key_order(const qg_cell *c)
{
    return c->kind == QG_CELL_PREDICT ? 0 : qg_cell_work(c->kind) ? 1 : 2;
}

static void make_keys(qg_plan *p)
{
    for (int order = 0; order < 3; order++)
        for (int i = 0; i < p->n_cells; i++) {
            qg_cell *c = &p->cells[i];
            if (key_order(c) != order)
                continue;
            qg_plan_make_key(p, c);
            if (!qg_cell_work(c->kind))
                c->skip = nothing_to_sum_up(p, c);
        }
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
        QG_TRY(qg_plan_add_cell(p, a, cell, p->job->models[m].name, "train"));
    }
    return QG_OK;
}

/* Texts that "stress" makes take as long as those that they are made from. */
static bool has_latency(const qg_plan *p, int e)
{
    return p->job->latency.wanted && !p->job->experiments[e].stressed;
}

static qg_code add_experiment_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_job *job = p->job;
    const char *name = job->experiments[e].name;
    bool latency = has_latency(p, e);
    p->cells_of[e] = (qg_plan_cells_of){.first = p->n_cells, .predict = p->n_cells, .bounds = -1};
    for (int i = 0; i < job->n_precisions; i++)
        QG_TRY(qg_plan_add_cell(p, a, of_experiment(job, QG_CELL_PREDICT, e, i), name, ""));
    for (int i = 0; i < job->n_precisions && latency; i++)
        QG_TRY(qg_plan_add_cell(p, a, of_experiment(job, QG_CELL_LATENCY, e, i), name, "latency"));
    QG_TRY(qg_plan_add_cell(p, a, of_experiment(job, QG_CELL_COMPARE, e, -1), name, "compare"));
    if (!latency)
        return QG_OK;
    return qg_plan_add_cell(p, a, of_experiment(job, QG_CELL_LATENCIES, e, -1), name, "latencies");
}

/* Behind the last experiment of a seed_group. */
static qg_code add_seeds_cells(qg_plan *p, qg_arena *a, const qg_seed_group *g)
{
    QG_TRY(qg_plan_add_cell(p, a, of_experiment(p->job, QG_CELL_SEEDS, g->first, -1), g->base,
                            "seeds"));
    if (!p->explained)
        return QG_OK;
    return qg_plan_add_cell(p, a, of_experiment(p->job, QG_CELL_EXPLAINED_SEEDS, g->first, -1),
                            g->base, "seeds/explanations");
}

/* Behind all experiments: a reference may come after what is compared with it. */
static qg_code add_reference_cells(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    for (int e = 0; e < job->n_experiments; e++)
        if (job->experiments[e].reference >= 0 && qg_job_reference(job) >= 0)
            QG_TRY(qg_plan_add_cell(p, a, of_experiment(job, QG_CELL_REFERENCE, e, -1),
                                    job->experiments[e].name, "reference"));
    return QG_OK;
}

/* Behind all experiments, too. */
static qg_code add_probes_cells(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    for (int e = 0; e < job->n_experiments; e++)
        if (p->datasets[job->experiments[e].dataset].data.pairs)
            QG_TRY(qg_plan_add_cell(p, a, of_experiment(job, QG_CELL_PROBES, e, -1),
                                    job->experiments[e].name, "probes"));
    return QG_OK;
}

/* Why a method's explanations of a drawn model cannot be made; NULL: they can. */
static const char *cannot_randomise(const qg_plan *p, qg_arena *a, const qg_cell *c)
{
    const qg_plan_model *m = &p->models[c->model];
    const qg_method *method = p->job->explain.methods[c->method].method;
    if (!m->training && qg_is_packed(m->source.dir))
        return qg_arena_printf(a,
                               "parameters cannot be drawn anew in the packed folder %s: use the "
                               "model that it was packed from",
                               m->source.dir);
    if (method->needs & QG_NEEDS_ATTENTION)
        return qg_arena_printf(a, "%s needs attention, which only packed models give",
                               method->name);
    return NULL;
}

static qg_code add_randomisation_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_explain_options *o = &p->job->explain;
    const qg_experiment *x = &p->job->experiments[e];
    int reference = qg_job_reference(p->job);
    for (int m = 0; m < o->n_methods && o->randomisation.wanted; m++) {
        qg_cell cell = of_experiment(p->job, QG_CELL_RANDOMISE, e, reference);
        const char *suffix = qg_arena_printf(a, "%s/randomisation", o->methods[m].name);
        if (!o->randomisation.method[m] || !o->randomisation.experiment[e] || x->stressed)
            continue;
        if (!suffix)
            return QG_ENOMEM;
        cell.method = m;
        qg_cell *c = &p->cells[p->n_cells];
        QG_TRY(qg_plan_add_cell(p, a, cell, x->name, suffix));
        c->skip = cannot_randomise(p, a, c);
    }
    return QG_OK;
}

static qg_code add_bounds_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_faithful_options *f = &p->job->explain.faithful;
    if (!f->normalised || f->n_k <= 0)
        return QG_OK;
    p->cells_of[e].bounds = p->n_cells;
    for (int i = 0; i < p->job->n_precisions; i++)
        QG_TRY(qg_plan_add_cell(p, a, of_experiment(p->job, QG_CELL_BOUNDS, e, i),
                                p->job->experiments[e].name, "bounds"));
    return QG_OK;
}

static qg_code add_explain_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_job *job = p->job;
    const char *name = job->experiments[e].name;
    int n = job->explain.n_methods;
    QG_TRY(add_bounds_cells(p, a, e));
    p->explained[e].first_cell = p->n_cells;
    for (int i = 0; i < job->n_precisions * n; i++) {
        qg_cell cell = of_experiment(job, QG_CELL_EXPLAIN, e, i / n);
        cell.method = i % n;
        qg_cell *c = &p->cells[p->n_cells];
        QG_TRY(qg_plan_add_cell(p, a, cell, name, job->explain.methods[i % n].name));
        c->skip = unable(p, a, c);
    }
    QG_TRY(add_randomisation_cells(p, a, e));
    bool internals = job->explain.internals && !job->experiments[e].stressed;
    for (int i = 0; i < job->n_precisions && internals; i++)
        QG_TRY(
            qg_plan_add_cell(p, a, of_experiment(job, QG_CELL_INTERNALS, e, i), name, "internals"));
    return qg_plan_add_cell(p, a, of_experiment(job, QG_CELL_EXPLANATIONS, e, -1), name,
                            "explanations");
}

/* Behind all experiments: what stress makes of one may come after others. */
static qg_code add_stress_cells(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    for (int e = 0; e < job->n_experiments; e++)
        for (int i = 0; i < job->stress.n_perturbations && job->experiments[e].stress; i++) {
            const char *suffix = qg_arena_printf(
                a, "stress/%s", qg_perturbation_names()[job->stress.perturbation[i]]);
            qg_cell cell = of_experiment(job, QG_CELL_STRESS, e, -1);
            cell.method = i;
            if (!suffix)
                return QG_ENOMEM;
            QG_TRY(qg_plan_add_cell(p, a, cell, job->experiments[e].name, suffix));
        }
    return QG_OK;
}

static qg_code add_decomposition_cells(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    for (int i = 0; i < job->n_decompositions; i++) {
        const qg_job_decomposition *d = &job->decompositions[i];
        const char *suffix = qg_arena_printf(a, "decomposition/%s", d->control);
        qg_cell cell = of_experiment(job, QG_CELL_DECOMPOSITION, d->pair->a, -1);
        cell.method = i;
        if (!suffix)
            return QG_ENOMEM;
        QG_TRY(qg_plan_add_cell(p, a, cell, d->of, suffix));
    }
    return QG_OK;
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
        QG_TRY(qg_plan_add_cell(p, a, cell, job->experiments[pair->a].name, suffix));
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
        if (c->kind == QG_CELL_LATENCY && qg_plan_timed(p, c->owner) != i)
            continue; /* another model is timed */
        int n = c->kind == QG_CELL_SEEDS ? p->job->models[c->model].seed_group.n : 1;
        for (int m = c->model; c->selected && m < c->model + n; m++)
            if (p->models[m].training)
                p->cells[p->models[m].training->cell].selected = true;
    }
    for (int m = p->job->n_models - 1; m >= 0; m--) {
        const qg_plan_training *own = p->models[m].training;
        for (int k = 0; k < m && own; k++)
            if (qg_plan_training_needs(p, m, k) && p->models[k].training &&
                p->cells[own->cell].selected)
                p->cells[p->models[k].training->cell].selected = true;
    }
}

/* What tests and comparisons are over, and the predictions that say which texts are explained for
 * which class. */
static void select_explained(qg_plan *p, int *choosing)
{
    for (int i = p->n_cells - 1; i >= 0; i--) {
        const qg_cell *c = &p->cells[i];
        int first, end;
        qg_plan_summed_up(&first, &end, p, c);
        for (int k = first; k < end && c->selected; k++)
            p->cells[k].selected |=
                (p->cells[k].kind == QG_CELL_EXPLAIN || c->kind == QG_CELL_REFERENCE ||
                 c->kind == QG_CELL_STRESS || c->kind == QG_CELL_PROBES) &&
                qg_cell_sums_up(p, c, &p->cells[k]);
    }
    for (int i = p->n_cells - 1; i >= 0; i--) { /* bounds are before explanations */
        const qg_cell *c = &p->cells[i];
        int bounds = qg_plan_bounds_cell(p, c->experiment, c->precision);
        if (!c->selected || !qg_cell_explains(c->kind) || c->skip)
            continue;
        int n = qg_plan_choosing(choosing, p, c->experiment);
        for (int k = 0; k < n; k++)
            p->cells[choosing[k]].selected = true;
        if (c->kind != QG_CELL_INTERNALS && p->job->explain.target == QG_TARGET_PREDICTED) {
            bool parts = c->kind == QG_CELL_EXPLAINED_SENSITIVITY;
            int precision = parts ? qg_job_reference(p->job) : c->precision;
            p->cells[qg_predict_cell(p, c->experiment, precision)].selected = true;
        }
        if (c->kind == QG_CELL_EXPLAIN && bounds >= 0)
            p->cells[bounds].selected = true;
    }
}

static qg_code select_cells(qg_plan *p, qg_arena *a, const char *only)
{
    int *choosing;
    const char *own = only ? qg_method_cells(a, only) : NULL;
    if (only && !own)
        return QG_ENOMEM;
    QG_NEW(choosing, a, qg_plan_most_choosing(p));
    for (int i = 0; i < p->n_cells; i++) {
        const char *name = p->cells[i].name;
        p->cells[i].selected = !only || qg_glob(only, name) || qg_glob(own, name);
    }
    select_explained(p, choosing);
    select_trainings(p);
    for (int i = 0; i < p->n_cells; i++)
        p->n_selected += p->cells[i].selected;
    return QG_OK;
}

static qg_code index_experiments(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    size_t n = (size_t)job->n_models * (size_t)job->n_datasets;
    QG_NEW(p->experiment_of, a, n);
    memset(p->experiment_of, -1, n * sizeof *p->experiment_of);
    for (int e = 0; e < job->n_experiments; e++)
        p->experiment_of[job->experiments[e].model * job->n_datasets +
                         job->experiments[e].dataset] = e;
    return QG_OK;
}

qg_code qg_plan_cells(qg_plan *p, qg_arena *a, const char *only)
{
    const qg_job *job = p->job;
    int per = job->n_precisions * (4 + job->latency.wanted + 2 * job->explain.n_methods) + 7 +
              job->explain.n_methods + job->stress.n_perturbations;
    QG_NEW(p->cells, a,
           job->n_models + job->n_experiments * per + job->explain.n_pairs + job->n_decompositions);
    QG_NEW(p->cells_of, a, job->n_experiments);
    QG_TRY(index_experiments(p, a));
    QG_TRY(add_train_cells(p, a));
    for (int e = 0; e < job->n_experiments; e++) {
        const qg_seed_group *seed_group = &job->experiments[e].seed_group;
        QG_TRY(add_experiment_cells(p, a, e));
        if (p->explained)
            QG_TRY(add_explain_cells(p, a, e));
        QG_TRY(qg_plan_add_sensitivity_cells(p, a, e));
        p->cells_of[e].end = p->n_cells;
        if (seed_group->n > 0 && e == seed_group->first + seed_group->n - 1)
            QG_TRY(add_seeds_cells(p, a, seed_group));
    }
    QG_TRY(add_reference_cells(p, a));
    QG_TRY(add_stress_cells(p, a));
    QG_TRY(add_probes_cells(p, a));
    QG_TRY(add_pair_cells(p, a));
    QG_TRY(add_decomposition_cells(p, a));
    make_keys(p);
    QG_TRY(qg_plan_latency_owners(p, a));
    for (int i = 0; i < p->n_cells; i++)
        if (p->cells[i].skip)
            QG_TRY(qg_plan_warn(
                p, a, qg_arena_printf(a, "%s is skipped: %s", p->cells[i].name, p->cells[i].skip)));
    return select_cells(p, a, only);
}
