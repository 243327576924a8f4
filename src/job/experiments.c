/*
 * experiments.c - "experiments" of a job file: models on data sets, and what each is compared with.
 *
 * An entry whose model has seeds stands for as many experiments.
 */
#include "reader.h"

#include "qgrid/str.h"
#include "qgrid/training.h"

#include <string.h>

struct experiment_entry {
    const char *model, *dataset;
    const qg_json *reference;
};
// clang-format off
const qg_opt qg_job_experiment_opts[] = {
    {"model", QG_OPT_STRING, offsetof(struct experiment_entry, model), .required = true, .help = "a name of models"},
    {"dataset", QG_OPT_STRING, offsetof(struct experiment_entry, dataset), .required = true, .help = "a name of datasets"},
    {"reference", QG_OPT_NODE, offsetof(struct experiment_entry, reference), .help = "experiment whose fp32 it is compared with, or false; default: that of the model which it is trained from"},
    QG_OPT_END,
};
// clang-format on

static qg_code add_experiment(qg_job_reader *r, const qg_experiment *x)
{
    qg_job *job = r->job;
    for (int i = 0; i < job->n_experiments; i++) {
        const qg_experiment *other = &job->experiments[i];
        if (other->model == x->model && other->dataset == x->dataset)
            QG_WRONG(r, x->node, "is the same experiment as '%s'", other->seed_group.base);
        else if (strcmp(other->name, x->name) == 0)
            QG_WRONG(r, x->node, "'%s' is the name of two experiments, of '%s' and of '%s'",
                     x->name, other->seed_group.base, x->seed_group.base);
    }
    if (!qg_job_check_name(r, x->node, x->name))
        return QG_OK;
    size_t n = (size_t)job->n_experiments;
    if ((n & (n - 1)) == 0)
        job->experiments =
            qg_arena_grow(r->arena, job->experiments, n, n ? 2 * n : 8, sizeof *job->experiments);
    if (!job->experiments)
        return QG_ENOMEM;
    job->experiments[job->n_experiments++] = *x;
    return QG_OK;
}

qg_code qg_job_add_experiments(qg_job_reader *r, const qg_json *node, const char *name,
                               const qg_seed_group *models, int dataset)
{
    qg_job *job = r->job;
    qg_seed_group seed_group = {name, job->n_experiments, models->n};
    for (int i = 0; i < (models->n ? models->n : 1); i++) {
        qg_experiment x = {.name = name,
                           .model = models->first + i,
                           .dataset = dataset,
                           .reference = -1,
                           .plain = -1,
                           .seed_group = seed_group,
                           .node = node};
        if (models->n)
            x.name =
                qg_arena_printf(r->arena, "%s_s%lld", name, (long long)job->models[x.model].seed);
        if (!x.name)
            return QG_ENOMEM;
        QG_TRY(add_experiment(r, &x));
    }
    return QG_OK;
}

static const qg_seed_group *find_models(const qg_job *job, const char *base)
{
    for (int i = 0; i < job->n_models; i++)
        if (strcmp(job->models[i].seed_group.base, base) == 0)
            return &job->models[i].seed_group;
    return NULL;
}

static bool has_classifier(const qg_job *job, const qg_seed_group *models)
{
    const qg_job_training *t = job->models[models->first].training;
    return !t || t->config->objective != QG_OBJECTIVE_MLM;
}

/* ------------------------------------------------------------------------------------ references
 */

const qg_seed_group *qg_job_experiments(qg_job_reader *r, const qg_json *v)
{
    const qg_job *job = r->job;
    for (int i = 0; i < job->n_experiments; i++)
        if (strcmp(job->experiments[i].seed_group.base, v->string) == 0)
            return &job->experiments[i].seed_group;
    qg_job_unknown_name(r, v, qg_json_get(job->doc.root, "experiments"), "experiment");
    return NULL;
}

static int64_t seed_of(const qg_job *job, int experiment)
{
    return job->models[job->experiments[experiment].model].seed;
}

bool qg_job_same_seeds(const qg_job *job, const qg_seed_group *a, const qg_seed_group *b)
{
    if (!a->n || !b->n)
        return true;
    for (int i = 0; a->n == b->n && i < a->n; i++)
        if (seed_of(job, a->first + i) != seed_of(job, b->first + i))
            return false;
    return a->n == b->n;
}

/* Of a group the experiment with this seed; the only one where it has no seeds; -1: none has it. */
static int with_seed(const qg_job *job, const qg_seed_group *group, int64_t seed)
{
    if (group->n == 0)
        return group->first;
    for (int i = group->first; i < group->first + group->n; i++)
        if (seed_of(job, i) == seed)
            return i;
    return -1;
}

/* What an experiment is compared with when the job does not say it: the model that its own was
 * trained from, on the same data set, if that model has a trained head. */
static int usual_reference(const qg_job *job, const qg_experiment *x)
{
    const qg_job_training *t = job->models[x->model].training;
    if (!t || t->from < 0 || t->config->head || t->config->weights)
        return -1;
    const qg_job_model *from = &job->models[t->from];
    bool pretrained = from->training && from->training->config->objective == QG_OBJECTIVE_MLM;
    if (from->source.random_head || pretrained)
        return -1;
    for (int i = 0; i < job->n_experiments; i++)
        if (job->experiments[i].model == t->from && job->experiments[i].dataset == x->dataset)
            return i;
    return -1;
}

/* The experiments that the entry of `x` is to be compared with; NULL: with none, or a problem was
 * noted. */
static const qg_seed_group *named_reference(qg_job_reader *r, const qg_experiment *x,
                                            const qg_json *v)
{
    if (v->type == QG_JSON_BOOL && !v->boolean)
        return NULL;
    if (v->type != QG_JSON_STRING) {
        QG_WRONG(r, v, "found %s, the name of an experiment, or false, is expected",
                 qg_json_kind(v));
        return NULL;
    }
    const qg_seed_group *group = qg_job_experiments(r, v);
    if (!group)
        return NULL;
    if (r->job->experiments[group->first].dataset != x->dataset)
        QG_WRONG(r, v, "'%s' is not of the same data set", v->string);
    else if (group->first == x->seed_group.first)
        QG_WRONG(r, v, "an experiment is not its own reference");
    else if (group->n > 0 && x->seed_group.n == 0)
        QG_WRONG(r, v, "'%s' has seeds, and this experiment has none", v->string);
    else
        return group;
    return NULL;
}

/* A circle has no end that could choose the texts. */
static bool in_circle(const qg_job *job, int experiment)
{
    int at = experiment;
    for (int i = 0; i <= job->n_experiments; i++)
        if ((at = job->experiments[at].reference) < 0)
            return false;
    return true;
}

static void find_references(qg_job_reader *r)
{
    qg_job *job = r->job;
    const qg_seed_group *group = NULL; /* of the entry: its experiments follow each other */
    for (int i = 0; i < job->n_experiments; i++) {
        qg_experiment *x = &job->experiments[i];
        const qg_json *named = qg_json_get(x->node, "reference");
        if (i == x->seed_group.first)
            group = named ? named_reference(r, x, named) : NULL;
        if (!named)
            x->reference = usual_reference(job, x);
        else if (group && (x->reference = with_seed(job, group, seed_of(job, i))) < 0)
            QG_WRONG(r, named, "'%s' has no seed %lld", named->string, (long long)seed_of(job, i));
    }
    for (int i = 0; i < job->n_experiments; i++)
        if (in_circle(job, i)) {
            QG_WRONG(r, job->experiments[i].node, "references go round in a circle");
            job->experiments[i].reference = -1;
        }
}

int qg_job_root(const qg_job *job, int experiment)
{
    for (const qg_experiment *x = &job->experiments[experiment]; x->plain >= 0 || x->reference >= 0;
         x = &job->experiments[experiment])
        experiment = x->plain >= 0 ? x->plain : x->reference;
    return experiment;
}

int qg_job_chooser(const qg_job *job, int experiment)
{
    int root = qg_job_root(job, experiment), as = job->explain.as;
    const qg_experiment *x = job->experiments;
    if (as >= 0 && x[as].dataset == x[root].dataset)
        return qg_job_root(job, as);
    if (as >= 0 && x[as].stress && x[x[as].stress[0]].dataset == x[root].dataset)
        return x[as].stress[0];
    return root;
}

qg_code qg_job_read_experiments(qg_job_reader *r, const qg_json *v)
{
    qg_job *job = r->job;
    const qg_json *models_node = qg_json_get(job->doc.root, "models");
    const qg_json *datasets_node = qg_json_get(job->doc.root, "datasets");
    if (!qg_job_check_members(r, v, QG_JSON_OBJECT))
        return QG_OK;
    for (const qg_json *m = v->child; m; m = m->next) {
        struct experiment_entry e;
        if (!qg_job_check_name(r, m, m->key))
            continue;
        qg_code rc = qg_opt_read(&e, qg_job_experiment_opts, &job->doc, m, r->problems);
        if (rc != QG_OK && rc != QG_EJOB)
            return rc;
        const qg_json *model = qg_json_get(m, "model"), *dataset = qg_json_get(m, "dataset");
        const qg_seed_group *models = e.model ? find_models(job, e.model) : NULL;
        int d = qg_job_dataset(job, dataset);
        if (!models && e.model)
            qg_job_unknown_name(r, model, models_node, "model");
        if (d < 0 && e.dataset)
            qg_job_unknown_name(r, dataset, datasets_node, "dataset");
        if (models && !has_classifier(job, models))
            QG_WRONG(r, model, "'%s' is pre-trained and has no classifier", e.model);
        else if (models && d >= 0 && rc == QG_OK)
            QG_TRY(qg_job_add_experiments(r, m, m->key, models, d));
    }
    find_references(r);
    return QG_OK;
}
