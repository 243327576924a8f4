/*
 * layout_attributes.c - provenance: the job, the build, the hashes of all inputs.
 */
#include "layout_data.h"

#include "qgrid/data_card.h"
#include "qgrid/environment.h"
#include "qgrid/libraries.h"
#include "qgrid/kernel.h"

#include <string.h>

typedef struct list {
    qg_arena *arena;
    qg_attr *attr;
    int n, cap;
    bool failed;
} list;

static qg_attr *add(list *l, const char *path, const char *name)
{
    static qg_attr sink;
    if (l->n == l->cap) {
        int cap = l->cap ? 2 * l->cap : 64;
        qg_attr *grown = qg_arena_grow(l->arena, l->attr, (size_t)l->n, (size_t)cap, sizeof *grown);
        if (!grown) {
            l->failed = true;
            return &sink;
        }
        l->attr = grown;
        l->cap = cap;
    }
    l->attr[l->n] = (qg_attr){.path = path, .name = name};
    if (!path || !name)
        l->failed = true;
    return &l->attr[l->n++];
}

static void text(list *l, const char *path, const char *name, const char *value)
{
    add(l, path, name)->text = value ? value : "";
}

static void integer(list *l, const char *path, const char *name, int64_t value)
{
    qg_attr *a = add(l, path, name);
    a->number = (double)value;
    a->integer = true;
}

static void root(list *l, const qg_plan *p)
{
    const qg_job *job = p->job;
    text(l, "/", "qgrid_version", QG_VERSION);
    integer(l, "/", "schema_version", QG_SCHEMA_VERSION);
    text(l, "/", "job_name", job->name);
    text(l, "/", "job", qg_arena_strndup(l->arena, job->doc.text, job->doc.size));
    for (int i = 0; job->set && job->set[i]; i++)
        text(l, "/", qg_arena_printf(l->arena, "job_set_%d", i + 1), job->set[i]);
    text(l, "/", "plan_hash", p->hash);
    integer(l, "/", "seed", job->seed);
    integer(l, "/", "max_length", job->max_length);
    integer(l, "/", "unit_tokens", job->unit_tokens);
}

static void environment(list *l, const qg_plan *p)
{
    const qg_job *job = p->job;
    const char *why = NULL;
    const qg_kernels *k = qg_kernels_get(&why);
    char schema[QG_SHA256_HEX];
    text(l, "/environment", "schema_hash", qg_arena_strdup(l->arena, qg_schema_hash(schema)));
    text(l, "/environment", "commit", qg_build_commit());
    text(l, "/environment", "compiler", qg_build_compiler());
    text(l, "/environment", "flags", qg_build_flags());
    text(l, "/environment", "libraries", qg_libraries());
    text(l, "/environment", "cpu", qg_cpu_name());
    text(l, "/environment", "cpu_features", qg_cpu_features());
    text(l, "/environment", "kernels", k ? k->isa : why);
    for (int i = 0; i < job->n_models; i++)
        text(l, "/environment", qg_arena_printf(l->arena, "sha256_model_%s", job->models[i].name),
             p->models[i].hash);
    for (int i = 0; i < job->n_datasets; i++)
        text(l, "/environment",
             qg_arena_printf(l->arena, "sha256_dataset_%s", job->datasets[i].name),
             p->datasets[i].data.sha256);
    for (int i = 0; i < p->n_warnings; i++)
        text(l, "/environment", qg_arena_printf(l->arena, "warning_%d", i + 1), p->warnings[i]);
}

/* As `qgrid check --json` prints it. */
static void data_card(list *l, const qg_plan *p, const char *path, int d)
{
    qg_str s = {0};
    const char *card =
        qg_data_card_json(&s, p, d) == QG_OK ? qg_arena_strdup(l->arena, s.data) : NULL;
    qg_str_fini(&s);
    l->failed |= !card;
    text(l, path, "data_card", card);
}

static void dataset(list *l, const qg_plan *p, const char *path, int d)
{
    const qg_dataset *s = &p->datasets[d].data;
    const qg_dataset_spec *spec = &p->job->datasets[d];
    text(l, path, "path", spec->path);
    if (spec->from) {
        text(l, path, "from", spec->from);
        text(l, path, "perturb", qg_noise_name(l->arena, &spec->noise));
        integer(l, path, "perturb_seed", spec->noise.seed);
    }
    text(l, path, "sha256", s->sha256);
    text(l, path, "known_as", s->known_as);
    text(l, path, "normalize", qg_normalization_name(l->arena, &spec->rules));
    integer(l, path, "records", s->records);
    integer(l, path, "skipped", s->skipped);
    integer(l, path, "empty", s->empty);
    integer(l, path, "duplicates", s->duplicates);
    integer(l, path, "conflicting", s->conflicting);
    data_card(l, p, path, d);
}

static void tokens(list *l, const qg_plan *p, const char *path, const qg_group_ref *ref)
{
    const qg_plan_tokens *t = p->tokens[qg_layout_experiment(p, *ref)];
    text(l, path, "tokenizer_sha256", t->tokenizer);
    integer(l, path, "max_length", t->max_length);
    integer(l, path, "truncated_texts", t->truncated);
    integer(l, path, "unknown_tokens", t->unknown);
}

static void training(list *l, const qg_plan *p, const char *path, int model)
{
    const qg_job_model *m = &p->job->models[model];
    const qg_plan_training *t = p->models[model].training;
    text(l, path, "config", qg_arena_printf(l->arena, "{%s}", t->config));
    if (t->distill) {
        int teacher = m->training->teacher;
        text(l, path, "distill", qg_arena_printf(l->arena, "{%s}", t->distill));
        text(l, path, "teacher", teacher >= 0 ? p->job->models[teacher].name : t->teacher.dir);
        text(l, path, "teacher_hash", t->teacher_hash);
    }
    text(l, path, "from",
         m->training->from >= 0 ? p->job->models[m->training->from].name : t->from.dir);
    text(l, path, "from_hash", t->from_hash);
    text(l, path, "key", p->models[model].hash);
    integer(l, path, "seed", m->seed);
}

static const char *target_of(const qg_job *job)
{
    int target = job->explain.target;
    return target == QG_TARGET_REFERENCE   ? "reference"
           : target == QG_TARGET_PREDICTED ? "predicted"
                                           : job->labels[target];
}

static void attributions(list *l, const qg_plan *p, const char *path, int method)
{
    const qg_method_spec *m = &p->job->explain.methods[method];
    text(l, path, "options", m->canonical);
    text(l, path, "reference", m->method->paper);
    text(l, path, "target", target_of(p->job));
    integer(l, path, "seed", p->job->explain.seed);
}

static void reference(list *l, const qg_plan *p, const char *path, const qg_group_ref *ref)
{
    const qg_experiment *x = p->job->experiments;
    text(l, path, "reference", x[x[qg_layout_experiment(p, *ref)].reference].name);
}

/* The experiment whose fp32 the pairs are compared with. */
static void probes(list *l, const qg_plan *p, const char *path, const qg_group_ref *ref)
{
    const qg_experiment *x = p->job->experiments;
    int e = qg_layout_experiment(p, *ref);
    text(l, path, "reference", x[x[e].reference < 0 ? e : x[e].reference].name);
}

static void randomisation(list *l, const qg_plan *p, const char *path, int method)
{
    const qg_randomisation_options *o = &p->job->explain.randomisation;
    text(l, path, "options", p->job->explain.methods[method].canonical);
    text(l, path, "target", target_of(p->job));
    integer(l, path, "seed", o->seed);
    integer(l, path, "smooth", o->smooth);
    add(l, path, "noise")->number = o->noise;
    integer(l, path, "bins", o->bins);
}

static void recommendation(list *l, const qg_plan *p, const char *path)
{
    const qg_job_recommendation *o = &p->job->recommend;
    text(l, path, "against", o->against == QG_AGAINST_SEEDS ? "seeds" : "threshold");
    text(l, path, "methods", qg_layout_judged_methods(l->arena, p->job));
}

static void sensitivity(list *l, const qg_plan *p, const char *path, int method)
{
    text(l, path, "reference", p->job->precisions[qg_job_reference(p->job)].name);
    integer(l, path, "seed", method < 0 ? p->job->sensitivity.seed : p->job->explain.seed);
    if (method >= 0) {
        text(l, path, "options", p->job->explain.methods[method].canonical);
        text(l, path, "target", target_of(p->job));
    }
}

qg_code qg_layout_attributes(qg_layout *out, qg_arena *a, const qg_plan *p,
                             const qg_group_ref *groups, int n)
{
    list l = {.arena = a};
    char buffer[1024];
    root(&l, p);
    environment(&l, p);
    for (int i = 0; i < n; i++) {
        const char *path =
            qg_arena_strdup(a, qg_group_path(buffer, sizeof buffer, p->job, groups[i], NULL));
        if (groups[i].group == QG_GROUP_DATASET)
            dataset(&l, p, path, groups[i].dataset);
        else if (groups[i].group == QG_GROUP_TOKENS)
            tokens(&l, p, path, &groups[i]);
        else if (groups[i].group == QG_GROUP_TRAINING)
            training(&l, p, path, groups[i].model);
        else if (groups[i].group == QG_GROUP_ATTRIBUTIONS)
            attributions(&l, p, path, groups[i].method);
        else if (groups[i].group == QG_GROUP_REFERENCE)
            reference(&l, p, path, &groups[i]);
        else if (groups[i].group == QG_GROUP_PROBES)
            probes(&l, p, path, &groups[i]);
        else if (groups[i].group == QG_GROUP_RECOMMENDATION)
            recommendation(&l, p, path);
        else if (groups[i].group == QG_GROUP_RANDOMISATION)
            randomisation(&l, p, path, groups[i].method);
        else if (groups[i].group == QG_GROUP_SENSITIVITY ||
                 groups[i].group == QG_GROUP_SENSITIVITY_EXPLAINED)
            sensitivity(&l, p, path, groups[i].method);
        else if (groups[i].group == QG_GROUP_MODEL)
            text(&l, path, "scheme",
                 qg_precision_summary(p->job->precisions[groups[i].precision].scheme));
    }
    if (l.failed)
        return QG_FAIL(QG_ENOMEM, "no memory for the attributes of the results file");
    out->attr = l.attr;
    out->n_attrs = l.n;
    return QG_OK;
}
