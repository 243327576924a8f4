/*
 * job.c - from the job file to a checked qg_job. All mistakes are collected.
 */
#include "qgrid/job.h"

#include "reader.h"
#include "qgrid/file.h"
#include "qgrid/json_set.h"
#include "qgrid/labels.h"
#include "qgrid/str.h"
#include "qgrid/training.h"

#include <string.h>

struct top {
    const char *name, *output, *report;
    int64_t seed, max_length, unit_tokens, bootstrap;
    int absent;
    const qg_json *labels, *models, *datasets, *experiments, *precisions, *explain, *latency,
        *decompose, *margin, *stress, *recommend, *sensitivity;
};

static const char *const absent_names[] = {
    [QG_ABSENT_ZERO] = "zero", [QG_ABSENT_SKIP] = "skip", NULL};

// clang-format off
static const qg_opt top_table[] = {
    {"name", QG_OPT_STRING, offsetof(struct top, name), .required = true, .help = "name of the study"},
    {"output", QG_OPT_STRING, offsetof(struct top, output), .help = "results file; default results/NAME.h5"},
    {"report", QG_OPT_STRING, offsetof(struct top, report), .help = "folder of a report, a page with figures and tables, that a finished run writes; default: none"},
    {"seed", QG_OPT_INT, offsetof(struct top, seed), .def = 42, .min = 0, .max = QG_JSON_MOST_INTEGER, .help = "seed of everything random"},
    {"max_length", QG_OPT_INT, offsetof(struct top, max_length), .def = 128, .min = 3, .max = 65536, .help = "longest text in tokens"},
    {"unit_tokens", QG_OPT_INT, offsetof(struct top, unit_tokens), .def = 512, .min = 1, .max = 1 << 20, .help = "size of a unit of work in tokens"},
    {"bootstrap", QG_OPT_INT, offsetof(struct top, bootstrap), .def = 2000, .min = 100, .max = 1000000, .help = "resamples of the paired test"},
    {"absent_classes", QG_OPT_ENUM, offsetof(struct top, absent), .names = absent_names, .help = "F1, precision and recall of a class that neither labels nor predictions have: zero: 0 in macro means; skip: left out of them"},
    {"labels", QG_OPT_NODE, offsetof(struct top, labels), .required = true, .help = "class names in the order of the logits"},
    {"models", QG_OPT_NODE, offsetof(struct top, models), .required = true, .help = "name: folder or object"},
    {"datasets", QG_OPT_NODE, offsetof(struct top, datasets), .required = true, .help = "name: file or object"},
    {"experiments", QG_OPT_NODE, offsetof(struct top, experiments), .required = true, .help = "name: {model, dataset}"},
    {"precisions", QG_OPT_NODE, offsetof(struct top, precisions), .required = true, .help = "list of precisions"},
    {"explain", QG_OPT_NODE, offsetof(struct top, explain), .help = "explanation methods"},
    {"latency", QG_OPT_NODE, offsetof(struct top, latency), .help = "latency measurement"},
    {"stress", QG_OPT_NODE, offsetof(struct top, stress), .help = "experiments are made again on perturbed texts, each way at each level"},
    {"sensitivity", QG_OPT_NODE, offsetof(struct top, sensitivity), .help = "each part of a model alone under each precision, the rest in fp32"},
    {"decompose", QG_OPT_NODE, offsetof(struct top, decompose), .help = "[{of, control}, ...]: how much of a drift is training, how much quantization"},
    {"margin", QG_OPT_NODE, offsetof(struct top, margin), .help = "differences that are too small to matter"},
    {"recommend", QG_OPT_NODE, offsetof(struct top, recommend), .help = "which variants may be deployed: thresholds"},
    QG_OPT_END,
};

struct latency_entry {
    int64_t warmup, runs, samples;
    const qg_json *batch_sizes;
    int per;
};
static const char *const per_names[] = {
    [QG_LATENCY_PER_SHAPE] = "shape", [QG_LATENCY_PER_EXPERIMENT] = "experiment", NULL};
static const qg_opt latency_table[] = {
    {"warmup", QG_OPT_INT, offsetof(struct latency_entry, warmup), .def = 5, .min = 0, .max = 1000, .help = "untimed runs of each text"},
    {"runs", QG_OPT_INT, offsetof(struct latency_entry, runs), .def = 20, .min = 1, .max = 10000, .help = "timed runs of each text"},
    {"samples", QG_OPT_INT, offsetof(struct latency_entry, samples), .def = 50, .min = 1, .max = 100000, .help = "texts"},
    {"batch_sizes", QG_OPT_NODE, offsetof(struct latency_entry, batch_sizes), .help = "list of batch sizes; default [1]"},
    {"per", QG_OPT_ENUM, offsetof(struct latency_entry, per), .names = per_names, .help = "shape: models of one shape are measured once; experiment: each is measured"},
    QG_OPT_END,
};

static const qg_opt margin_table[] = {
    {"rho", QG_OPT_REAL, offsetof(qg_job_margin, rho), .def = 0.05, .min = 0.0001, .max = 2, .help = "of Spearman's rho between explanations"},
    {"accuracy", QG_OPT_REAL, offsetof(qg_job_margin, accuracy), .def = 0.01, .min = 0.0001, .max = 1, .help = "of accuracy"},
    {"aopc", QG_OPT_REAL, offsetof(qg_job_margin, aopc), .def = 0.05, .min = 0.0001, .max = 1, .help = "of faithfulness, a difference of probabilities"},
    QG_OPT_END,
};
// clang-format on

const qg_opt_table qg_job_tables[] = {
    {"job", top_table},
    {"experiment", qg_job_experiment_opts},
    {"latency", latency_table},
    {"margin", margin_table},
    {"folder", qg_job_folder_opts},
    {"train", qg_job_train_opts},
    {"decompose", qg_job_decompose_opts},
    {"explain", qg_job_explain_opts},
    {"samples", qg_job_samples_opts},
    {"faithfulness", qg_job_faithfulness_opts},
    {"randomisation", qg_job_randomisation_opts},
    {"stress", qg_job_stress_opts},
    {"recommend", qg_job_recommend_opts},
    {"sensitivity", qg_job_sensitivity_opts},
    {"sensitivity_samples", qg_job_sensitivity_samples_opts},
    {NULL, NULL},
};

/* Names become parts of cell names and of paths in the results file. */
static bool good_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+");
    return n > 0 && s[n] == 0 && n <= QG_JOB_NAME && s[0] != '.';
}

bool qg_job_check_name(qg_job_reader *r, const qg_json *v, const char *name)
{
    if (good_name(name))
        return true;
    QG_WRONG(r, v, "name '%s' is not made of 1 to %d letters, digits and _ - . +", name,
             QG_JOB_NAME);
    return false;
}

bool qg_job_check_members(qg_job_reader *r, const qg_json *v, qg_json_type type)
{
    if (!v)
        return false;
    if (v->type == QG_JSON_STRING && type == QG_JSON_ARRAY)
        QG_WRONG(r, v, "found a string, an array is expected: [\"%s\"]", v->string);
    else if (v->type != type)
        QG_WRONG(r, v, "found %s, %s is expected", qg_json_kind(v),
                 type == QG_JSON_OBJECT ? "an object of named entries" : "an array");
    else if (v->count == 0)
        QG_WRONG(r, v, "is empty");
    else
        return true;
    return false;
}

/* A name of a data set of somewhere else, say of a hub: neither a file nor one's ending. */
static bool is_elsewhere(qg_job_reader *r, const qg_json *m)
{
    const qg_json *path = m->type == QG_JSON_OBJECT ? qg_json_get(m, "path") : m;
    if (!path || path->type != QG_JSON_STRING || qg_json_get(m, "format") ||
        qg_format_of_path(path->string) || qg_file_exists(path->string))
        return false;
    QG_WRONG(r, path, "there is no file '%s'; qgrid does not fetch data sets", path->string);
    return true;
}

qg_code qg_job_add_dataset(qg_job_reader *r, const qg_dataset_spec *spec, const qg_json *node,
                           int source)
{
    qg_job *job = r->job;
    size_t n = (size_t)job->n_datasets, cap = n ? 2 * n : 8;
    if ((n & (n - 1)) == 0) {
        job->datasets = qg_arena_grow(r->arena, job->datasets, n, cap, sizeof *job->datasets);
        job->dataset_nodes =
            qg_arena_grow(r->arena, job->dataset_nodes, n, cap, sizeof *job->dataset_nodes);
        job->dataset_source =
            qg_arena_grow(r->arena, job->dataset_source, n, cap, sizeof *job->dataset_source);
        if (!job->datasets || !job->dataset_nodes || !job->dataset_source)
            return QG_ENOMEM;
    }
    qg_dataset_spec *d = &job->datasets[n];
    *d = *spec;
    if (source >= 0) {
        d->path = job->datasets[source].path;
        d->format = job->datasets[source].format;
        d->rules = job->datasets[source].rules;
    }
    job->dataset_nodes[n] = node;
    job->dataset_source[n] = source;
    job->n_datasets++;
    return QG_OK;
}

/* The data set, above it, that a derived one is made from; -1: none, or a problem was noted. */
static int find_source(qg_job_reader *r, const qg_json *m, const qg_dataset_spec *d)
{
    const qg_json *from = qg_json_get(m, "from"), *all = m->parent;
    int i = d->from ? qg_job_dataset(r->job, from) : -1;
    if (!d->from || i >= 0)
        return i;
    if (qg_json_get(all, d->from))
        QG_WRONG(r, from, "'%s' has to stand above the data set that is made from it", d->from);
    else
        qg_job_unknown_name(r, from, all, "dataset");
    return -1;
}

/* A data set of each part of a split, named ENTRY_PART. */
static qg_code add_parts(qg_job_reader *r, const qg_dataset_spec *d, const qg_json *m)
{
    for (const qg_json *part = d->split->child; part; part = part->next) {
        qg_dataset_spec one = *d;
        if (strcmp(part->key, "seed") == 0)
            continue;
        one.part = part->key;
        one.name = qg_arena_printf(r->arena, "%s_%s", d->name, part->key);
        if (!one.name)
            return QG_ENOMEM;
        if (qg_json_get(m->parent, one.name))
            QG_WRONG(r, part, "'%s' is the name of two data sets", one.name);
        if (!qg_job_check_name(r, part, one.name))
            continue;
        (void)qg_problems_take(r->problems, qg_split_choose(&one, &r->job->doc, part));
        QG_TRY(qg_job_add_dataset(r, &one, m, -1));
    }
    return QG_OK;
}

static qg_code read_datasets(qg_job_reader *r, const qg_json *v)
{
    if (!qg_job_check_members(r, v, QG_JSON_OBJECT))
        return QG_OK;
    for (const qg_json *m = v->child; m; m = m->next) {
        qg_dataset_spec d;
        if (!qg_job_check_name(r, m, m->key) || is_elsewhere(r, m))
            continue;
        qg_code rc = qg_dataset_spec_read(&d, m->key, &r->job->doc, m, r->problems);
        if (rc != QG_OK && rc != QG_EJOB)
            return rc;
        if (rc == QG_OK && d.split && !d.part)
            QG_TRY(add_parts(r, &d, m));
        else
            QG_TRY(qg_job_add_dataset(r, &d, m, find_source(r, m, &d)));
    }
    return QG_OK;
}

int qg_job_dataset(const qg_job *job, const qg_json *v)
{
    return qg_dataset_spec_find(job->datasets, job->n_datasets, v);
}

/* Whether a name is that of a part of a data set's split: it lacks where the split is wrong. */
static bool is_part(const char *name, const qg_json *m, const qg_json *split)
{
    size_t n = strlen(m->key);
    return split && strncmp(name, m->key, n) == 0 && name[n] == '_' &&
           (split->type != QG_JSON_OBJECT || qg_json_get(split, name + n + 1));
}

void qg_job_unknown_name(qg_job_reader *r, const qg_json *at, const qg_json *list, const char *what)
{
    char known[200] = "";
    if (!list || list->type != QG_JSON_OBJECT || !list->child)
        return; /* that there are none is a mistake of its own */
    for (const qg_json *m = list->child; m; m = m->next) {
        const qg_json *split = m->type == QG_JSON_OBJECT ? qg_json_get(m, "split") : NULL;
        if (strcmp(m->key, at->string) == 0 && split && split->type == QG_JSON_OBJECT &&
            split->child)
            QG_WRONG(r, at, "'%s' is split: its parts are data sets, as %s_%s", m->key, m->key,
                     split->child->key);
        if (strcmp(m->key, at->string) == 0 || is_part(at->string, m, split))
            return; /* it is there, but something is wrong with it */
        size_t n = strlen(known);
        snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", m->key);
    }
    QG_WRONG(r, at, "there is no %s '%s', known are: %s", what, at->string, known);
}

/* What cells are called that are of no precision. */
static bool is_taken(const char *precision)
{
    static const char *const names[] = {"compare",   "paired",        "train",
                                        "seeds",     "explanations",  "vs",
                                        "reference", "decomposition", "stress"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(precision, names[i]) == 0)
            return true;
    return false;
}

static qg_code read_precisions(qg_job_reader *r, const qg_json *v)
{
    qg_job *job = r->job;
    if (!qg_job_check_members(r, v, QG_JSON_ARRAY))
        return QG_OK;
    QG_NEW(job->precisions, r->arena, v->count);
    QG_NEW(job->precision_nodes, r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        qg_precision_spec *p = &job->precisions[job->n_precisions];
        qg_code rc = qg_precision_spec_read(p, &job->doc, m, r->problems);
        if (rc == QG_EJOB)
            continue;
        QG_TRY(rc);
        (void)qg_job_check_name(r, m, p->name);
        if (is_taken(p->name))
            QG_WRONG(r, m, "name '%s' is taken for cells that are of no precision", p->name);
        if (strcmp(p->name, "fp32") == 0 && !qg_precision_is_reference(p))
            QG_WRONG(r, m, "name 'fp32' is taken for what others are compared with");
        for (int i = 0; i < job->n_precisions; i++)
            if (strcmp(job->precisions[i].name, p->name) == 0)
                QG_WRONG(r, m, "precision '%s' occurs twice", p->name);
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

static void read_latency(qg_job_reader *r, const qg_json *v)
{
    struct latency_entry e;
    qg_latency_options *out = &r->job->latency;
    if (!v || qg_opt_read(&e, latency_table, &r->job->doc, v, r->problems) == QG_ENOMEM)
        return;
    *out = (qg_latency_options){.wanted = true,
                                .warmup = e.warmup,
                                .runs = e.runs,
                                .samples = e.samples,
                                .batch_size = {1},
                                .n_batch_sizes = 1,
                                .per = e.per};
    if (!e.batch_sizes || !qg_job_check_members(r, e.batch_sizes, QG_JSON_ARRAY))
        return;
    if (e.batch_sizes->count > QG_MAX_BATCH_SIZES) {
        QG_WRONG(r, e.batch_sizes, "%d batch sizes, at most %d are allowed", e.batch_sizes->count,
                 QG_MAX_BATCH_SIZES);
        return;
    }
    out->n_batch_sizes = 0;
    for (const qg_json *m = e.batch_sizes->child; m; m = m->next) {
        if (m->type != QG_JSON_NUMBER || m->number < 1 || m->number > 4096 ||
            m->number != (double)(int64_t)m->number)
            QG_WRONG(r, m, "a batch size is an integer in [1, 4096]");
        else if (has_batch_size(out, (int64_t)m->number))
            QG_WRONG(r, m, "%lld occurs twice", (long long)m->number);
        else
            out->batch_size[out->n_batch_sizes++] = (int64_t)m->number;
    }
}

/* Text of another language than JSON is said to be that, in place of what it lacks of a value. */
static qg_code not_json(const qg_json_doc *doc)
{
    size_t at = doc->size > 3 && memcmp(doc->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < doc->size && doc->text[at] && strchr(" \t\r\n", doc->text[at]))
        at++;
    bool bytes = qg_utf8_check(doc->text, doc->size) < doc->size;
    if (bytes || at == doc->size || strchr("{[\"/#", doc->text[at]))
        return qg_error_last()->code;
    qg_error e = *qg_error_last();
    return QG_FAIL_AT(QG_EFORMAT, doc->path, e.line, e.column, NULL,
                      "is not JSON; a job is a JSON object, which begins with {");
}

qg_code qg_job_load(qg_job *out, qg_arena *a, const char *path, const char *const *set,
                    qg_problems *problems)
{
    struct top t;
    qg_job_reader r = {.job = out, .doc = &out->doc, .arena = a, .problems = problems};
    int before = problems->n;
    *out = (qg_job){.path = path};
    qg_code rc = qg_json_load(&out->doc, a, path, (size_t)1 << 20);
    if (rc == QG_EFORMAT)
        rc = not_json(&out->doc);
    for (out->set = set; rc == QG_OK && set && *set; set++)
        rc = qg_json_set(&out->doc, a, *set);
    if (rc != QG_OK)
        return qg_problems_take(problems, rc);
    (void)qg_opt_read(&t, top_table, &out->doc, out->doc.root, problems);
    out->name = t.name ? t.name : "";
    if (t.name)
        (void)qg_job_check_name(&r, qg_json_get(out->doc.root, "name"), t.name);
    out->output = t.output ? t.output : qg_arena_printf(a, "results/%s.h5", out->name);
    if (!out->output)
        return QG_ENOMEM;
    if (!out->output[0])
        QG_WRONG(&r, qg_json_get(out->doc.root, "output"), "is empty, a file name is expected");
    out->report = t.report;
    if (t.report && !t.report[0])
        QG_WRONG(&r, qg_json_get(out->doc.root, "report"), "is empty, a folder name is expected");
    out->seed = t.seed;
    out->max_length = t.max_length;
    out->unit_tokens = t.unit_tokens;
    out->bootstrap = t.bootstrap;
    out->absent = (qg_absent)t.absent;
    if (t.labels)
        QG_TRY(qg_labels_read(&out->labels, &out->K, &out->doc, t.labels, problems));
    QG_TRY(read_datasets(&r, t.datasets));
    QG_TRY(qg_job_read_stress(&r, t.stress));
    QG_TRY(qg_job_read_models(&r, t.models));
    QG_TRY(qg_job_read_experiments(&r, t.experiments));
    QG_TRY(qg_job_add_stressed(&r));
    QG_TRY(read_precisions(&r, t.precisions));
    read_latency(&r, t.latency);
    (void)qg_opt_read(&out->margin, margin_table, &out->doc, t.margin, problems);
    QG_TRY(qg_job_read_explain(&r, t.explain));
    QG_TRY(qg_job_read_sensitivity(&r, t.sensitivity));
    QG_TRY(qg_job_read_decompositions(&r, t.decompose));
    QG_TRY(qg_job_read_recommend(&r, t.recommend));
    return problems->n > before ? QG_EJOB : QG_OK;
}

int qg_job_reference(const qg_job *job)
{
    for (int i = 0; i < job->n_precisions; i++)
        if (strcmp(job->precisions[i].name, "fp32") == 0)
            return i;
    return -1;
}
