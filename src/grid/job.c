/*
 * job.c - from the job file to a checked qg_job. All mistakes are collected.
 */
#include "qgrid/job.h"

#include "job_set.h"
#include "labels.h"
#include "qgrid/str.h"

#include <string.h>

struct top {
    const char *name, *output;
    int64_t seed, max_length, unit_tokens, bootstrap;
    const qg_json *labels, *models, *datasets, *experiments, *precisions, *explain, *latency;
};

// clang-format off
static const qg_opt top_table[] = {
    {"name", QG_OPT_STRING, offsetof(struct top, name), .required = true, .help = "name of the study"},
    {"output", QG_OPT_STRING, offsetof(struct top, output), .help = "results file; default results/NAME.h5"},
    {"seed", QG_OPT_INT, offsetof(struct top, seed), .def = 42, .min = 0, .max = 0x1p53, .help = "seed of everything random"},
    {"max_length", QG_OPT_INT, offsetof(struct top, max_length), .def = 128, .min = 3, .max = 65536, .help = "longest text in tokens"},
    {"unit_tokens", QG_OPT_INT, offsetof(struct top, unit_tokens), .def = 512, .min = 1, .max = 1 << 20, .help = "size of a unit of work in tokens"},
    {"bootstrap", QG_OPT_INT, offsetof(struct top, bootstrap), .def = 2000, .min = 100, .max = 1000000, .help = "resamples of the paired test"},
    {"labels", QG_OPT_NODE, offsetof(struct top, labels), .required = true, .help = "class names in the order of the logits"},
    {"models", QG_OPT_NODE, offsetof(struct top, models), .required = true, .help = "name: folder or object"},
    {"datasets", QG_OPT_NODE, offsetof(struct top, datasets), .required = true, .help = "name: file or object"},
    {"experiments", QG_OPT_NODE, offsetof(struct top, experiments), .required = true, .help = "name: {model, dataset}"},
    {"precisions", QG_OPT_NODE, offsetof(struct top, precisions), .required = true, .help = "list of precisions"},
    {"explain", QG_OPT_NODE, offsetof(struct top, explain), .help = "explanation methods"},
    {"latency", QG_OPT_NODE, offsetof(struct top, latency), .help = "latency measurement"},
    QG_OPT_END,
};

struct model_entry {
    const char *path, *head;
    int64_t seed;
    const qg_json *train;
};
static const qg_opt model_table[] = {
    {"path", QG_OPT_STRING, offsetof(struct model_entry, path), .required = true, .help = "Hugging Face or packed folder"},
    {"head", QG_OPT_STRING, offsetof(struct model_entry, head), .help = "\"random\": draw a classifier"},
    {"seed", QG_OPT_INT, offsetof(struct model_entry, seed), .def = -1, .min = -1, .max = 0x1p53, .help = "seed of the random head; default: the job's"},
    {"train", QG_OPT_NODE, offsetof(struct model_entry, train), .help = "train this model in the run"},
    QG_OPT_END,
};

struct experiment_entry {
    const char *model, *dataset;
};
static const qg_opt experiment_table[] = {
    {"model", QG_OPT_STRING, offsetof(struct experiment_entry, model), .required = true, .help = "a name of models"},
    {"dataset", QG_OPT_STRING, offsetof(struct experiment_entry, dataset), .required = true, .help = "a name of datasets"},
    QG_OPT_END,
};

struct latency_entry {
    int64_t warmup, runs, samples;
    const qg_json *batch_sizes;
};
static const qg_opt latency_table[] = {
    {"warmup", QG_OPT_INT, offsetof(struct latency_entry, warmup), .def = 5, .min = 0, .max = 1000, .help = "untimed runs of each text"},
    {"runs", QG_OPT_INT, offsetof(struct latency_entry, runs), .def = 20, .min = 1, .max = 10000, .help = "timed runs of each text"},
    {"samples", QG_OPT_INT, offsetof(struct latency_entry, samples), .def = 50, .min = 1, .max = 100000, .help = "texts"},
    {"batch_sizes", QG_OPT_NODE, offsetof(struct latency_entry, batch_sizes), .help = "list of batch sizes; default [1]"},
    QG_OPT_END,
};
// clang-format on

typedef struct reader {
    qg_job *job;
    qg_arena *arena;
    qg_problems *problems;
} reader;

/* A mistake at a value: noted, reading goes on. */
#define WRONG(r, v, ...)                                                                           \
    ((void)qg_problems_take((r)->problems, QG_JSON_FAIL(&(r)->job->doc, (v), QG_EJOB, __VA_ARGS__)))

/* Names become parts of cell names and of paths in the results file. */
static bool good_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+");
    return n > 0 && s[n] == 0 && n <= 64 && s[0] != '.';
}

static bool check_name(reader *r, const qg_json *v)
{
    if (good_name(v->key))
        return true;
    WRONG(r, v, "name '%s' is not made of 1 to 64 letters, digits and _ - . +", v->key);
    return false;
}

/* Whether `v` (may be NULL) is a non-empty object or array, as asked. */
static bool check_members(reader *r, const qg_json *v, qg_json_type type)
{
    if (!v)
        return false;
    if (v->type != type)
        WRONG(r, v, "found %s, %s is expected", qg_json_kind(v),
              type == QG_JSON_OBJECT ? "an object of named entries" : "an array");
    else if (v->count == 0)
        WRONG(r, v, "is empty");
    else
        return true;
    return false;
}

static void read_model(reader *r, qg_job_model *out, const qg_json *v)
{
    struct model_entry e;
    const qg_json_doc *doc = &r->job->doc;
    *out = (qg_job_model){.name = v->key, .node = v};
    out->source.classes = r->job->K;
    out->source.head_seed = r->job->seed;
    if (v->type == QG_JSON_STRING) {
        out->source.dir = v->string;
        return;
    }
    const qg_json *train = qg_json_get(v, "train");
    if (train) {
        WRONG(r, train, "training inside a job is not part of this version of qgrid");
        return;
    }
    if (qg_opt_read(&e, model_table, doc, v, r->problems) != QG_OK)
        return;
    out->source.dir = e.path;
    if (e.seed >= 0)
        out->source.head_seed = e.seed;
    if (e.head && strcmp(e.head, "random") != 0)
        WRONG(r, qg_json_get(v, "head"), "'%s' is not known, the only value is: random", e.head);
    out->source.random_head = e.head != NULL;
}

static qg_code read_models(reader *r, const qg_json *v)
{
    qg_job *job = r->job;
    if (!check_members(r, v, QG_JSON_OBJECT))
        return QG_OK;
    QG_NEW(job->models, r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next)
        if (check_name(r, m))
            read_model(r, &job->models[job->n_models++], m);
    return QG_OK;
}

static qg_code read_datasets(reader *r, const qg_json *v)
{
    qg_job *job = r->job;
    if (!check_members(r, v, QG_JSON_OBJECT))
        return QG_OK;
    QG_NEW(job->datasets, r->arena, v->count);
    QG_NEW(job->dataset_nodes, r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        if (!check_name(r, m))
            continue;
        qg_dataset_spec *d = &job->datasets[job->n_datasets];
        qg_code rc = qg_dataset_spec_read(d, m->key, &job->doc, m, r->problems);
        if (rc != QG_OK && rc != QG_EJOB)
            return rc;
        job->dataset_nodes[job->n_datasets++] = m;
    }
    return QG_OK;
}

/* Index of the member `name` of a named list, or -1 with a problem noted. */
static int find_name(reader *r, const qg_json *at, const char *name, const qg_json *list,
                     const char *what)
{
    int i = 0;
    char known[200] = "";
    for (const qg_json *m = list ? list->child : NULL; m; m = m->next, i++) {
        if (strcmp(m->key, name) == 0)
            return i;
        size_t n = strlen(known);
        snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", m->key);
    }
    WRONG(r, at, "there is no %s '%s', known are: %s", what, name, known);
    return -1;
}

static qg_code read_experiments(reader *r, const struct top *t)
{
    qg_job *job = r->job;
    const qg_json *v = t->experiments;
    if (!check_members(r, v, QG_JSON_OBJECT))
        return QG_OK;
    QG_NEW(job->experiments, r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        struct experiment_entry e;
        if (!check_name(r, m) ||
            qg_opt_read(&e, experiment_table, &job->doc, m, r->problems) != QG_OK)
            continue;
        qg_experiment x = {.name = m->key, .node = m};
        x.model = find_name(r, qg_json_get(m, "model"), e.model, t->models, "model");
        x.dataset = find_name(r, qg_json_get(m, "dataset"), e.dataset, t->datasets, "dataset");
        for (int i = 0; i < job->n_experiments; i++)
            if (x.model >= 0 && job->experiments[i].model == x.model &&
                job->experiments[i].dataset == x.dataset)
                WRONG(r, m, "is the same experiment as '%s'", job->experiments[i].name);
        job->experiments[job->n_experiments++] = x;
    }
    return QG_OK;
}

static qg_code read_precisions(reader *r, const qg_json *v)
{
    qg_job *job = r->job;
    if (!check_members(r, v, QG_JSON_ARRAY))
        return QG_OK;
    QG_NEW(job->precisions, r->arena, v->count);
    QG_NEW(job->precision_nodes, r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        qg_precision_spec *p = &job->precisions[job->n_precisions];
        qg_code rc = qg_precision_spec_read(p, &job->doc, m, r->problems);
        if (rc == QG_EJOB)
            continue;
        QG_TRY(rc);
        if (!good_name(p->name))
            WRONG(r, m, "name '%s' is not made of 1 to 64 letters, digits and _ - . +", p->name);
        if (strcmp(p->name, "compare") == 0 || strcmp(p->name, "paired") == 0)
            WRONG(r, m, "name '%s' is taken for the comparison of precisions", p->name);
        for (int i = 0; i < job->n_precisions; i++)
            if (strcmp(job->precisions[i].name, p->name) == 0)
                WRONG(r, m, "precision '%s' occurs twice", p->name);
        job->precision_nodes[job->n_precisions++] = m;
    }
    return QG_OK;
}

static bool has_batch_size(const qg_latency_options *o, int64_t size)
{
    for (int i = 0; i < o->n_batch_sizes; i++)
        if (o->batch_size[i] == size)
            return true;
    return false;
}

static void read_latency(reader *r, const qg_json *v)
{
    struct latency_entry e;
    qg_latency_options *out = &r->job->latency;
    if (!v || qg_opt_read(&e, latency_table, &r->job->doc, v, r->problems) != QG_OK)
        return;
    *out = (qg_latency_options){true, e.warmup, e.runs, e.samples, {1}, 1};
    if (!e.batch_sizes || !check_members(r, e.batch_sizes, QG_JSON_ARRAY))
        return;
    if (e.batch_sizes->count > QG_MAX_BATCH_SIZES) {
        WRONG(r, e.batch_sizes, "%d batch sizes, at most %d are allowed", e.batch_sizes->count,
              QG_MAX_BATCH_SIZES);
        return;
    }
    out->n_batch_sizes = 0;
    for (const qg_json *m = e.batch_sizes->child; m; m = m->next) {
        if (m->type != QG_JSON_NUMBER || m->number < 1 || m->number > 4096 ||
            m->number != (double)(int64_t)m->number)
            WRONG(r, m, "a batch size is an integer in [1, 4096]");
        else if (has_batch_size(out, (int64_t)m->number))
            WRONG(r, m, "%lld occurs twice", (long long)m->number);
        else
            out->batch_size[out->n_batch_sizes++] = (int64_t)m->number;
    }
}

qg_code qg_job_load(qg_job *out, qg_arena *a, const char *path, const char *const *set,
                    qg_problems *problems)
{
    struct top t;
    reader r = {.job = out, .arena = a, .problems = problems};
    int before = problems->n;
    *out = (qg_job){.path = path};
    qg_code rc = qg_json_load(&out->doc, a, path, (size_t)1 << 20);
    for (out->set = set; rc == QG_OK && set && *set; set++)
        rc = qg_job_set(&out->doc, a, *set);
    if (rc != QG_OK)
        return qg_problems_take(problems, rc);
    (void)qg_opt_read(&t, top_table, &out->doc, out->doc.root, problems);
    out->name = t.name ? t.name : "";
    if (t.name && !good_name(t.name))
        WRONG(&r, qg_json_get(out->doc.root, "name"),
              "'%s' is not made of 1 to 64 letters, digits and _ - . +", t.name);
    out->output = t.output ? t.output : qg_arena_printf(a, "results/%s.h5", out->name);
    if (!out->output)
        return QG_ENOMEM;
    if (!out->output[0])
        WRONG(&r, qg_json_get(out->doc.root, "output"), "is empty, a file name is expected");
    out->seed = t.seed;
    out->max_length = t.max_length;
    out->unit_tokens = t.unit_tokens;
    out->bootstrap = t.bootstrap;
    if (t.explain)
        WRONG(&r, t.explain, "explanations are not part of this version of qgrid");
    if (t.labels)
        QG_TRY(qg_labels_read(&out->labels, &out->K, &out->doc, t.labels, problems));
    QG_TRY(read_models(&r, t.models));
    QG_TRY(read_datasets(&r, t.datasets));
    QG_TRY(read_experiments(&r, &t));
    QG_TRY(read_precisions(&r, t.precisions));
    read_latency(&r, t.latency);
    return problems->n > before ? QG_EJOB : QG_OK;
}
