/*
 * stress.c - "stress" of a job file: data sets and experiments that it stands for.
 *
 * Of the data set smsa there are smsa+0, its sample, and smsa+typos+0.1 ... made from that; each
 * experiment on smsa is made again on all of them, under its name with the same ending.
 */
#include "reader.h"

#include <string.h>

struct stress_entry {
    const qg_json *datasets, *perturbations, *levels, *samples;
    int64_t seed;
};
static const double default_level[] = {0, 0.1, 0.2, 0.3};

// clang-format off
const qg_opt qg_job_stress_opts[] = {
    {"datasets", QG_OPT_NODE, offsetof(struct stress_entry, datasets), .required = true, .help = "list of names of datasets"},
    {"perturbations", QG_OPT_NODE, offsetof(struct stress_entry, perturbations), .required = true, .help = "list, see qgrid list perturbations"},
    {"levels", QG_OPT_NODE, offsetof(struct stress_entry, levels), .help = "chances, rising from 0; default [0, 0.1, 0.2, 0.3]"},
    {"samples", QG_OPT_NODE, offsetof(struct stress_entry, samples), .help = "which texts, as a dataset's sample; default: all"},
    {"seed", QG_OPT_INT, offsetof(struct stress_entry, seed), .def = -1, .min = -1, .max = QG_JSON_MOST_INTEGER, .help = "of what is drawn; default: the job's"},
    QG_OPT_END,
};
// clang-format on

static void read_perturbations(qg_job_reader *r, const qg_json *v)
{
    qg_job_stress *s = &r->job->stress;
    if (!qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    for (const qg_json *m = v->child; m; m = m->next) {
        qg_perturbation one;
        bool twice = false;
        if (qg_problems_take(r->problems, qg_perturbation_read(&one, r->doc, m)) != QG_OK)
            continue;
        for (int i = 0; i < s->n_perturbations; i++)
            twice = twice || s->perturbation[i] == one;
        if (twice)
            QG_WRONG(r, m, "'%s' occurs twice", m->string);
        else
            s->perturbation[s->n_perturbations++] = one;
    }
}

static void read_levels(qg_job_reader *r, const qg_json *v)
{
    qg_job_stress *s = &r->job->stress;
    if (!v) {
        s->n_levels = (int)(sizeof default_level / sizeof default_level[0]);
        memcpy(s->level, default_level, sizeof default_level);
        return;
    }
    if (!qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    if (v->count < 2 || v->count > QG_MAX_LEVELS) {
        QG_WRONG(r, v, "%d levels, 2 to %d are allowed", v->count, QG_MAX_LEVELS);
        return;
    }
    for (const qg_json *m = v->child; m; m = m->next) {
        double last = s->n_levels > 0 ? s->level[s->n_levels - 1] : -1;
        if (m->type != QG_JSON_NUMBER || !(m->number >= 0 && m->number <= 1))
            QG_WRONG(r, m, "a level is a chance, a number in [0, 1]");
        else if (s->n_levels == 0 && m->number != 0)
            QG_WRONG(r, m, "the first level is 0: the others are compared with it");
        else if (m->number <= last)
            QG_WRONG(r, m, "levels rise, and %g stands behind %g", m->number, last);
        else
            s->level[s->n_levels++] = m->number;
    }
}

/* A data set made from another one; its number, -1: the name is taken, or too long. */
static qg_code add_dataset(int *out, qg_job_reader *r, qg_dataset_spec *d, const qg_json *at,
                           int source)
{
    const qg_json name = {.type = QG_JSON_STRING, .string = d->name};
    *out = -1;
    if (!d->name)
        return QG_ENOMEM;
    if (!qg_job_check_name(r, at, d->name))
        return QG_OK;
    if (qg_job_dataset(r->job, &name) >= 0) {
        QG_WRONG(r, at, "'%s' is the name of a data set of the job", d->name);
        return QG_OK;
    }
    *out = r->job->n_datasets;
    d->from = r->job->datasets[source].name;
    return qg_job_add_dataset(r, d, at, source);
}

/* All that is made from one data set; `plain` has the sample. */
static qg_code add_datasets(int *made, qg_job_reader *r, const qg_json *at, int dataset,
                            const qg_dataset_spec *plain)
{
    const qg_job_stress *s = &r->job->stress;
    const char *name = r->job->datasets[dataset].name;
    qg_dataset_spec d = *plain;
    int zero;
    d.name = qg_arena_printf(r->arena, "%s+0", name);
    QG_TRY(add_dataset(&zero, r, &d, at, dataset));
    for (int i = 0; i < s->n_perturbations * s->n_levels; i++) {
        qg_perturbation what = s->perturbation[i / s->n_levels];
        double level = s->level[i % s->n_levels];
        made[i] = zero;
        if (level == 0 || zero < 0)
            continue;
        d = (qg_dataset_spec){
            .noise = {.n = 1, .what = {what}, .level = {level}, .seed = plain->noise.seed}};
        d.name = qg_arena_printf(r->arena, "%s+%s+%g", name, qg_perturbation_names()[what], level);
        QG_TRY(add_dataset(&made[i], r, &d, at, zero));
    }
    return QG_OK;
}

/* Numbers of the data sets that are named; false, with problems noted, where one is not. */
static bool find_datasets(int *dataset, qg_job_reader *r, const qg_json *names)
{
    int n = 0, before = r->problems->n;
    for (const qg_json *m = names->child; m; m = m->next) {
        int d = dataset[n++] = qg_job_dataset(r->job, m);
        if (m->type != QG_JSON_STRING)
            QG_WRONG(r, m, "found %s, the name of a data set is expected", qg_json_kind(m));
        else if (d < 0)
            qg_job_unknown_name(r, m, qg_json_get(r->job->doc.root, "datasets"), "dataset");
    }
    return r->problems->n == before;
}

qg_code qg_job_read_stress(qg_job_reader *r, const qg_json *v)
{
    struct stress_entry e = {0};
    qg_job *job = r->job;
    qg_job_stress *s = &job->stress;
    qg_dataset_spec plain = {0};
    int *made, *dataset, before = r->problems->n;
    if (!v || qg_opt_read(&e, qg_job_stress_opts, r->doc, v, r->problems) != QG_OK)
        return QG_OK;
    read_perturbations(r, e.perturbations);
    read_levels(r, e.levels);
    if (e.samples)
        (void)qg_dataset_sample_read(&plain, r->doc, e.samples, r->problems);
    plain.noise.seed = e.seed >= 0 ? e.seed : job->seed;
    if (!qg_job_check_members(r, e.datasets, QG_JSON_ARRAY))
        return QG_OK;
    QG_NEW(dataset, r->arena, e.datasets->count);
    if (!find_datasets(dataset, r, e.datasets) || r->problems->n > before)
        return QG_OK;
    int each = s->n_perturbations * s->n_levels;
    QG_NEW(made, r->arena, e.datasets->count * each);
    s->made = made;
    s->dataset = dataset;
    for (const qg_json *m = e.datasets->child; m; m = m->next, s->n_datasets++)
        QG_TRY(add_datasets(made + s->n_datasets * each, r, m, dataset[s->n_datasets], &plain));
    return QG_OK;
}

/* Experiments on the texts of one level and perturbation, for all of an entry; the first of them.
 */
static qg_code add_level(int *out, qg_job_reader *r, const qg_experiment *x, int made, int plain)
{
    qg_job *job = r->job;
    const char *base = job->datasets[x->dataset].name;
    const qg_seed_group models = {
        job->models[x->model].seed_group.base,
        x->seed_group.n ? job->models[x->model].seed_group.first : x->model, x->seed_group.n};
    const char *name = qg_arena_printf(r->arena, "%s%s", x->seed_group.base,
                                       job->datasets[made].name + strlen(base));
    int first = *out = job->n_experiments;
    if (!name)
        return QG_ENOMEM;
    QG_TRY(qg_job_add_experiments(r, x->node, name, &models, made));
    for (int i = first; i < job->n_experiments; i++) {
        job->experiments[i].stressed = true;
        job->experiments[i].plain = plain < 0 ? -1 : plain + i - first;
    }
    return QG_OK;
}

/* All experiments made from those of an entry, the first of which is `first`. */
static qg_code add_stressed(qg_job_reader *r, int first, const int *made)
{
    qg_job *job = r->job;
    const qg_experiment x = job->experiments[first];
    int each = job->stress.n_perturbations * job->stress.n_levels, *at, zero = -1;
    int n = x.seed_group.n ? x.seed_group.n : 1;
    for (int i = 0; i < each; i++)
        if (made[i] < 0)
            return QG_OK; /* a problem was noted */
    QG_NEW(at, r->arena, n * each);
    for (int i = 0; i < each; i++) {
        int of = zero;
        if (zero < 0 || made[i] != made[0])
            QG_TRY(add_level(&of, r, &x, made[i], zero));
        if (job->n_experiments < of + n)
            return QG_OK; /* a problem was noted */
        zero = zero < 0 ? of : zero;
        for (int k = 0; k < n; k++)
            at[k * each + i] = of + k;
    }
    for (int k = 0; k < n; k++)
        job->experiments[first + k].stress = at + k * each;
    return QG_OK;
}

qg_code qg_job_add_stressed(qg_job_reader *r)
{
    qg_job *job = r->job;
    const qg_job_stress *s = &job->stress;
    int given = job->n_experiments, each = s->n_perturbations * s->n_levels;
    for (int d = 0; d < s->n_datasets; d++) {
        bool found = false;
        for (int i = 0; i < given; i++) {
            if (job->experiments[i].dataset != s->dataset[d])
                continue;
            found = true;
            if (job->experiments[i].seed_group.n == 0 || job->experiments[i].seed_group.first == i)
                QG_TRY(add_stressed(r, i, s->made + d * each));
        }
        if (!found)
            QG_WRONG(r, job->dataset_nodes[s->made[d * each]],
                     "no experiment is on the data set '%s'", job->datasets[s->dataset[d]].name);
    }
    return QG_OK;
}
