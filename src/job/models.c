/*
 * models.c - the models of a job: folders, and trainings, which may have seeds.
 *
 * An entry is expanded into its models after the entry that it is trained from, so a model's
 * number is larger than that of what it needs.
 */
#include "reader.h"

#include "qgrid/file.h"
#include "qgrid/str.h"
#include "qgrid/training.h"

#include <string.h>

struct folder_entry {
    const char *path, *head;
    int64_t seed;
    const qg_json *labels;
};
// clang-format off
const qg_opt qg_job_folder_opts[] = {
    {"path", QG_OPT_STRING, offsetof(struct folder_entry, path), .required = true, .help = "Hugging Face or packed folder; or \"train\""},
    {"head", QG_OPT_STRING, offsetof(struct folder_entry, head), .help = "\"random\": draw a classifier"},
    {"seed", QG_OPT_INT, offsetof(struct folder_entry, seed), .def = -1, .min = -1, .max = QG_JSON_MOST_INTEGER, .help = "seed of the random head; default: the job's"},
    {"labels", QG_OPT_NODE, offsetof(struct folder_entry, labels), .help = "the job's labels in the order of the model's, or an object: name in the model -> label of the job"},
    QG_OPT_END,
};
const qg_opt qg_job_train_opts[] = {
    {"train", QG_OPT_NODE, 0, .required = true, .help = "a config of qgrid train"},
    QG_OPT_END,
};
// clang-format on

typedef enum entry_state { WAITING, EXPANDING, EXPANDED } entry_state;

/* A member of "models". */
typedef struct entry {
    const qg_json *node, *train; /* train: NULL for a folder */
    const qg_json *labels;       /* of a folder, or NULL */
    qg_model_source source;
    qg_training_config config;
    int from;    /* entry that it is trained from, -1: a folder */
    int teacher; /* entry that it learns from, too, -1: none or a folder */
    int next;    /* of these two the one that is being expanded */
    entry_state state;
    bool bad; /* a problem was noted: it is not expanded */
    qg_seed_group seed_group;
} entry;

typedef struct list {
    qg_job_reader *r;
    entry *entry;
    int n;
} list;

static int find_entry(const list *l, const char *name)
{
    for (int i = 0; i < l->n; i++)
        if (strcmp(l->entry[i].node->key, name) == 0)
            return i;
    return -1;
}

static void read_folder(list *l, entry *e)
{
    qg_job_reader *r = l->r;
    struct folder_entry f = {0};
    const qg_json *v = e->node;
    e->source.classes = r->job->K;
    e->source.head_seed = r->job->seed;
    if (v->type == QG_JSON_STRING) {
        e->source.dir = v->string;
        return;
    }
    if (qg_opt_read(&f, qg_job_folder_opts, &r->job->doc, v, r->problems) != QG_OK)
        return;
    e->source.dir = f.path;
    if (f.seed >= 0)
        e->source.head_seed = f.seed;
    if (f.head && strcmp(f.head, "random") != 0)
        QG_WRONG(r, qg_json_get(v, "head"), "'%s' is not known, the only value is: random", f.head);
    e->source.random_head = f.head != NULL;
    e->labels = f.labels;
    if (f.head && f.labels)
        QG_WRONG(r, f.labels, "a drawn classifier has the job's labels already");
}

static qg_code read_training(list *l, entry *e)
{
    qg_job_reader *r = l->r;
    const qg_json *ignored;
    (void)qg_opt_read(&ignored, qg_job_train_opts, &r->job->doc, e->node, r->problems);
    e->source.classes = r->job->K;
    const qg_job *job = r->job;
    const qg_training_context around = {.labels = job->labels,
                                        .K = job->K,
                                        .datasets = job->datasets,
                                        .n_datasets = job->n_datasets,
                                        .seed = job->seed,
                                        .max_length = job->max_length};
    return qg_training_config_read(&e->config, &job->doc, e->train, &around, r->problems);
}

/* "a, b, c": the entries. */
static char *names(char *out, size_t size, const list *l)
{
    size_t n = 0;
    out[0] = 0;
    for (int i = 0; i < l->n && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", l->entry[i].node->key);
    return out;
}

/* The entry that a training needs, or -1: a folder, or nothing. */
static int find_needed(const list *l, const char *name, const qg_json *at)
{
    char known[200];
    int i = name ? find_entry(l, name) : -1;
    if (name && i < 0 && !qg_dir_exists(name))
        QG_WRONG(l->r, at, "there is no model '%s' in the job and no such folder, models are: %s",
                 name, names(known, sizeof known, l));
    return i;
}

/* The entry where a circle of trainings closes: names all of it. */
static void note_circle(const list *l, const entry *at)
{
    char way[300];
    size_t n = (size_t)snprintf(way, sizeof way, "%s", at->node->key);
    for (const entry *e = &l->entry[at->next]; n < sizeof way; e = &l->entry[e->next]) {
        n += (size_t)snprintf(way + n, sizeof way - n, " <- %s", e->node->key);
        if (e == at)
            break;
    }
    QG_WRONG(l->r, qg_json_get(at->train, "from"), "models are trained from each other: %s", way);
}

/* The seeds that an entry lists: 1 to QG_MAX_SEEDS different ones. */
static qg_code read_seeds(list *l, const qg_json *v, int64_t **seed, int *n)
{
    if (v->type != QG_JSON_ARRAY || v->count < 1 || v->count > QG_MAX_SEEDS) {
        QG_WRONG(l->r, v, "an array of 1 to %d seeds is expected", QG_MAX_SEEDS);
        return QG_OK;
    }
    QG_NEW(*seed, l->r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        bool whole = m->type == QG_JSON_NUMBER && m->number >= 0 &&
                     m->number <= QG_JSON_MOST_INTEGER && m->number == (double)(int64_t)m->number;
        if (!whole) {
            QG_WRONG(l->r, m, "a seed is an integer in [0, 2^53)");
            continue;
        }
        for (int i = 0; i < *n; i++)
            if ((*seed)[i] == (int64_t)m->number)
                QG_WRONG(l->r, m, "%lld occurs twice", (long long)(*seed)[i]);
        (*seed)[(*n)++] = (int64_t)m->number;
    }
    return QG_OK;
}

/* Model of an entry with that seed; of one without seeds the only one; -1: none has it. */
static int with_seed(const qg_job *job, const qg_seed_group *seed_group, int64_t seed)
{
    if (seed_group->n == 0)
        return seed_group->first;
    for (int i = seed_group->first; i < seed_group->first + seed_group->n; i++)
        if (job->models[i].seed == seed)
            return i;
    return -1;
}

/* Every seed of an entry has to be one of those it is trained from, or of its teacher's. */
static void check_pairs(const list *l, const qg_json *at, const entry *from, const int64_t *seed,
                        int n)
{
    char known[200] = "";
    const qg_job *job = l->r->job;
    for (int i = 0; i < from->seed_group.n; i++) {
        size_t len = strlen(known);
        snprintf(known + len, sizeof known - len, "%s%lld", i ? ", " : "",
                 (long long)job->models[from->seed_group.first + i].seed);
    }
    for (int i = 0; i < n; i++)
        if (with_seed(job, &from->seed_group, seed[i]) < 0)
            QG_WRONG(l->r, at,
                     "'%s', which it is trained from, has no seed %lld; its seeds are: %s",
                     from->node->key, (long long)seed[i], known);
}

/* *n seeds of an entry: its own, or those of what it is trained from; none when *n stays 0. */
static qg_code choose_seeds(list *l, entry *e, int64_t **seed, int *n)
{
    const qg_job *job = l->r->job;
    const qg_json *one = qg_json_get(e->train, "seed");
    const entry *from = e->from >= 0 ? &l->entry[e->from] : NULL;
    bool pairs = from && from->seed_group.n > 0;
    if (e->config.seeds_node)
        QG_TRY(read_seeds(l, e->config.seeds_node, seed, n));
    if (one && e->config.seeds_node)
        QG_WRONG(l->r, one, "\"seed\" and \"seeds\" exclude each other");
    else if (one && pairs)
        QG_WRONG(l->r, one,
                 "'%s', which it is trained from, has seeds: use \"seeds\", or leave it out",
                 from->node->key);
    if (pairs && e->config.seeds_node)
        check_pairs(l, e->config.seeds_node, from, *seed, *n);
    if (!pairs || e->config.seeds_node)
        return QG_OK;
    QG_NEW(*seed, l->r->arena, from->seed_group.n);
    for (*n = 0; *n < from->seed_group.n; (*n)++)
        (*seed)[*n] = job->models[from->seed_group.first + *n].seed;
    return QG_OK;
}

static qg_code add_model(const list *l, const entry *e, const qg_job_model *m)
{
    qg_job *job = l->r->job;
    int other = find_entry(l, m->name);
    if (other >= 0 && &l->entry[other] != e)
        QG_WRONG(l->r, e->node, "'%s' is the name of two models, of '%s' and of '%s'", m->name,
                 e->node->key, l->entry[other].node->key);
    (void)qg_job_check_name(l->r, e->node, m->name);
    size_t n = (size_t)job->n_models;
    if ((n & (n - 1)) == 0)
        job->models = qg_arena_grow(l->r->arena, job->models, n, n ? 2 * n : 8, sizeof *m);
    if (!job->models)
        return QG_ENOMEM;
    job->models[job->n_models++] = *m;
    return QG_OK;
}

/* One model of a training entry: `seed` NULL: it has no seeds. */
static qg_code add_trained(const list *l, const entry *e, const int64_t *seed)
{
    const qg_job *job = l->r->job;
    qg_training_config *config;
    qg_job_training *t;
    int *dataset;
    QG_NEW(config, l->r->arena, 1);
    QG_NEW(dataset, l->r->arena, e->config.datasets);
    QG_NEW(t, l->r->arena, 1);
    *config = e->config;
    config->seed = seed ? *seed : config->seed;
    for (int i = 0; i < config->datasets; i++)
        dataset[i] = qg_job_dataset(job, qg_training_dataset_node(config, i));
    *t = (qg_job_training){
        .config = config,
        .from = e->from < 0 ? -1 : with_seed(job, &l->entry[e->from].seed_group, config->seed),
        .teacher =
            e->teacher < 0 ? -1 : with_seed(job, &l->entry[e->teacher].seed_group, config->seed),
        .dataset = dataset,
        .validation = qg_job_dataset(job, config->validation_node)};
    qg_job_model m = {.name = e->node->key,
                      .source = e->source,
                      .training = t,
                      .seed = config->seed,
                      .seed_group = e->seed_group,
                      .node = e->node};
    if (seed && !(m.name = qg_arena_printf(l->r->arena, "%s_s%lld", m.name, (long long)*seed)))
        return QG_ENOMEM;
    return add_model(l, e, &m);
}

/* A teacher with seeds teaches those of its own seed. */
static void check_teacher(const list *l, const entry *e, const int64_t *seed, int n)
{
    const entry *teacher = e->teacher >= 0 ? &l->entry[e->teacher] : NULL;
    const qg_json *at = teacher ? qg_json_get(e->config.distill_node, "from") : NULL;
    if (!teacher || teacher->seed_group.n == 0)
        return;
    if (n == 0)
        QG_WRONG(l->r, at, "'%s' has seeds, and what it is to teach has none", teacher->node->key);
    else
        check_pairs(l, at, teacher, seed, n);
}

static qg_code add_models(list *l, entry *e)
{
    qg_job *job = l->r->job;
    int64_t *seed = NULL;
    int before = l->r->problems->n;
    e->seed_group = (qg_seed_group){e->node->key, job->n_models, 0};
    if (!e->train) {
        qg_job_model m = {.name = e->node->key,
                          .source = e->source,
                          .labels = e->labels,
                          .seed = e->source.head_seed,
                          .seed_group = e->seed_group,
                          .node = e->node};
        return add_model(l, e, &m);
    }
    QG_TRY(choose_seeds(l, e, &seed, &e->seed_group.n));
    check_teacher(l, e, seed, e->seed_group.n);
    e->bad = l->r->problems->n > before;
    for (int i = 0; i < e->seed_group.n && !e->bad; i++)
        QG_TRY(add_trained(l, e, &seed[i]));
    return e->seed_group.n > 0 || e->bad ? QG_OK : add_trained(l, e, NULL);
}

static void check_classifier(const list *l, const entry *e, const entry *from)
{
    const qg_training_config *c = &e->config;
    if (from->train && from->config.objective == QG_OBJECTIVE_MLM &&
        c->objective != QG_OBJECTIVE_MLM && !c->head && !c->weights)
        QG_WRONG(l->r, qg_json_get(e->train, "from"),
                 "'%s' is pre-trained and has no classifier; \"head\": \"random\" draws one",
                 from->node->key);
}

static qg_code expand(list *l, entry *e)
{
    if (e->state != WAITING) {
        if (e->state == EXPANDING)
            note_circle(l, e);
        e->bad |= e->state == EXPANDING;
        return QG_OK;
    }
    const int needed[] = {e->from, e->teacher};
    e->state = EXPANDING;
    for (int i = 0; i < 2; i++) {
        e->next = needed[i];
        if (e->next < 0)
            continue;
        QG_TRY(expand(l, &l->entry[e->next]));
        e->bad |= l->entry[e->next].bad;
    }
    if (e->from >= 0)
        check_classifier(l, e, &l->entry[e->from]);
    e->state = EXPANDED;
    return e->bad ? QG_OK : add_models(l, e);
}

static qg_code read_entry(list *l, entry *e)
{
    int before = l->r->problems->n;
    e->train = qg_json_get(e->node, "train");
    if (e->train) {
        qg_code rc = read_training(l, e);
        if (rc == QG_ENOMEM)
            return rc;
    } else {
        read_folder(l, e);
    }
    e->bad = l->r->problems->n > before;
    return QG_OK;
}

static void find_all_needed(const list *l, entry *e)
{
    const qg_training_config *c = &e->config;
    bool train = e->train != NULL;
    e->from = train ? find_needed(l, c->from, qg_json_get(e->train, "from")) : -1;
    e->teacher = train && c->distill_node
                     ? find_needed(l, c->distill.from, qg_json_get(c->distill_node, "from"))
                     : -1;
}

qg_code qg_job_read_models(qg_job_reader *r, const qg_json *v)
{
    list l = {.r = r};
    if (!qg_job_check_members(r, v, QG_JSON_OBJECT))
        return QG_OK;
    QG_NEW(l.entry, r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next)
        if (qg_job_check_name(r, m, m->key))
            l.entry[l.n++].node = m;
    for (int i = 0; i < l.n; i++)
        QG_TRY(read_entry(&l, &l.entry[i]));
    for (int i = 0; i < l.n; i++)
        find_all_needed(&l, &l.entry[i]);
    for (int i = 0; i < l.n; i++)
        QG_TRY(expand(&l, &l.entry[i]));
    return QG_OK;
}
