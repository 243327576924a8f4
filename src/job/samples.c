/*
 * samples.c - "samples" of a job's "explain": which texts are explained.
 */
#include "reader.h"

#include "qgrid/str.h"

#include <stdlib.h>
#include <string.h>

struct samples_entry {
    const qg_json *per_class, *ids, *as;
    int64_t seed;
    bool correct_only, divergent;
};

enum { PER_CLASS = 17, MOST_PER_CLASS = 1000000, MOST_IDS = 100000 };

// clang-format off
const qg_opt qg_job_samples_opts[] = {
    {"per_class", QG_OPT_NODE, offsetof(struct samples_entry, per_class), .help = "texts of each class, or an object: label, number; default 17"},
    {"correct_only", QG_OPT_BOOL, offsetof(struct samples_entry, correct_only), .def = 1, .help = "only texts that fp32 classifies right"},
    {"divergent", QG_OPT_BOOL, offsetof(struct samples_entry, divergent), .help = "only texts that some precision classifies otherwise than fp32"},
    {"ids", QG_OPT_NODE, offsetof(struct samples_entry, ids), .help = "list of sample ids: these texts, whatever is predicted"},
    {"as", QG_OPT_NODE, offsetof(struct samples_entry, as), .help = "experiment whose texts are explained in all experiments on its data set"},
    {"seed", QG_OPT_INT, offsetof(struct samples_entry, seed), .def = -1, .min = -1, .max = QG_JSON_MOST_INTEGER, .help = "seed of the choice and of methods that draw; default: the job's"},
    QG_OPT_END,
};
// clang-format on

static bool is_count(const qg_json *v, int64_t least)
{
    return v->type == QG_JSON_NUMBER && v->number >= (double)least && v->number <= MOST_PER_CLASS &&
           v->number == (double)(int64_t)v->number;
}

static int label_of(const qg_job *job, const char *name)
{
    for (int k = 0; k < job->K; k++)
        if (strcmp(job->labels[k], name) == 0)
            return k;
    return -1;
}

static void read_per_label(qg_job_reader *r, const qg_json *v)
{
    char known[256];
    qg_job *job = r->job;
    qg_explain_options *o = &job->explain;
    int64_t sum = 0;
    o->per_class = 0;
    memset(o->of_class, 0, sizeof o->of_class);
    for (const qg_json *m = v->child; m; m = m->next) {
        int k = label_of(job, m->key);
        if (k < 0 && job->K > 0)
            QG_WRONG(r, m, "'%s' is not a label of the job: %s", m->key,
                     qg_join_names(known, sizeof known, job->labels));
        else if (!is_count(m, 0))
            QG_WRONG(r, m, "a number of texts is an integer in [0, %d]", MOST_PER_CLASS);
        else if (k >= 0)
            sum += o->of_class[k] = (int64_t)m->number;
    }
    if (sum == 0)
        QG_WRONG(r, v, "no text of any class is wanted");
}

static void read_per_class(qg_job_reader *r, const qg_json *v)
{
    qg_explain_options *o = &r->job->explain;
    o->per_class = PER_CLASS;
    if (v && v->type == QG_JSON_OBJECT) {
        read_per_label(r, v);
        return;
    }
    if (v && !is_count(v, 1))
        QG_WRONG(r, v, "per_class is an integer in [1, %d], or an object of labels and numbers",
                 MOST_PER_CLASS);
    else if (v)
        o->per_class = (int64_t)v->number;
    for (int k = 0; k < QG_MAX_CLASSES; k++)
        o->of_class[k] = o->per_class;
}

/* Ids are texts or numbers, as they are typed. */
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static qg_code check_ids(qg_job_reader *r, const qg_json *v)
{
    const char **sorted;
    const qg_explain_options *o = &r->job->explain;
    QG_NEW(sorted, r->arena, o->n_ids);
    for (int i = 0; i < o->n_ids; i++)
        sorted[i] = o->ids[i];
    qsort(sorted, (size_t)o->n_ids, sizeof *sorted, by_text);
    for (int i = 1; i < o->n_ids; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0) {
            QG_WRONG(r, v, "id '%s' occurs twice", sorted[i]);
            return QG_OK;
        }
    return QG_OK;
}

static qg_code read_ids(qg_job_reader *r, const qg_json *v)
{
    qg_explain_options *o = &r->job->explain;
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return QG_OK;
    if (v->count > MOST_IDS) {
        QG_WRONG(r, v, "%d ids, at most %d are allowed", v->count, MOST_IDS);
        return QG_OK;
    }
    const char **id;
    QG_NEW(id, r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        bool whole = m->type == QG_JSON_NUMBER && m->number == (double)(int64_t)m->number;
        if (m->type == QG_JSON_STRING)
            id[o->n_ids] = m->string;
        else if (whole)
            id[o->n_ids] = qg_arena_printf(r->arena, "%lld", (long long)m->number);
        else
            QG_WRONG(r, m, "found %s, an id is expected: a text or a whole number",
                     qg_json_kind(m));
        if (m->type != QG_JSON_STRING && !whole)
            continue;
        if (!id[o->n_ids])
            return QG_ENOMEM;
        o->n_ids++;
    }
    o->ids = id;
    return o->n_ids > 0 ? check_ids(r, v) : QG_OK;
}

/* Ids say it all. */
static void check_ids_alone(qg_job_reader *r, const qg_json *samples)
{
    static const char *const others[] = {"per_class", "correct_only", "divergent", "as"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const qg_json *v = qg_json_get(samples, others[i]);
        if (v)
            QG_WRONG(r, v, "has no place beside \"ids\", which say which texts are explained");
    }
}

/* An experiment, one of a seed by its own name. */
static void read_as(qg_job_reader *r, const qg_json *v)
{
    qg_job *job = r->job;
    job->explain.as = -1;
    if (!v)
        return;
    if (v->type != QG_JSON_STRING) {
        QG_WRONG(r, v, "found %s, the name of an experiment is expected", qg_json_kind(v));
        return;
    }
    for (int i = 0; i < job->n_experiments; i++)
        if (strcmp(job->experiments[i].name, v->string) == 0)
            job->explain.as = i;
    if (job->explain.as >= 0)
        return;
    const qg_seed_group *g = qg_job_experiments(r, v);
    if (g)
        QG_WRONG(r, v, "'%s' has seeds: name one of its experiments, as %s", v->string,
                 job->experiments[g->first].name);
}

qg_code qg_job_read_samples(qg_job_reader *r, const qg_json *v)
{
    struct samples_entry e = {0};
    qg_explain_options *o = &r->job->explain;
    o->as = -1;
    o->samples = v;
    if (qg_opt_read(&e, qg_job_samples_opts, &r->job->doc, v, r->problems) != QG_OK)
        return QG_OK;
    o->correct_only = e.correct_only;
    o->divergent = e.divergent;
    o->seed = e.seed >= 0 ? e.seed : r->job->seed;
    read_per_class(r, e.per_class);
    read_as(r, e.as);
    QG_TRY(read_ids(r, e.ids));
    if (e.ids)
        check_ids_alone(r, v);
    return QG_OK;
}
