/*
 * training.c - what a training of a job is: its config, its key, its folder.
 *
 * The key stands for the content of a model that does not exist yet. It hashes what determines the
 * weights: what it is trained from, texts and labels, the options with their values. How often a
 * checkpoint is written, how much memory is used and where the model goes is no part of it.
 */
#include "inputs.h"

#include "qgrid/checkpoint.h"
#include "qgrid/str.h"
#include "qgrid/training.h"

#include <string.h>

typedef struct maker {
    qg_plan *plan;
    qg_arena *arena;
    qg_problems *problems;
    int model;
    const qg_job_model *jm;
    const qg_training_config *config;
    bool mlm; /* no labels */
    qg_plan_model *out;
    qg_plan_training *training;
} maker;

static bool is_first(const maker *k)
{
    return k->jm->seed_group.n == 0 || k->model == k->jm->seed_group.first;
}

/* The models of a seed group have the same mistakes: they are noted once. */
static void note(const maker *k, const qg_json *at, qg_code rc)
{
    if (rc == QG_OK)
        return;
    if (!is_first(k))
        qg_error_clear();
    else
        (void)qg_problems_take_at(k->problems, &k->plan->job->doc, at, rc);
}

static const qg_json *value(const maker *k, const char *key)
{
    return qg_json_get(k->config->doc.root, key);
}

static qg_model_source source(const maker *k, const char *dir, bool random_head)
{
    bool drawn = random_head || k->config->weights;
    return (qg_model_source){.dir = dir,
                             .random_head = random_head,
                             .random_weights = k->config->weights != NULL,
                             .head_seed = drawn ? k->jm->seed : 0};
}

/* The classes of the job in the model's files. */
static void take_order(qg_model_source *out, const qg_plan_model *of)
{
    out->class_order = of->source.class_order;
    out->n_order = of->source.n_order;
}

/* From a model of the job, which is complete already. */
static void begin_at_model(const maker *k, const qg_plan_model *from, bool random)
{
    k->out->config = from->config;
    k->out->tokenizer = from->tokenizer;
    k->training->from = source(k, from->source.dir, random);
    if (!random && !k->mlm)
        take_order(&k->training->from, from);
    if (from->training)
        memcpy(k->training->from_hash, from->hash, sizeof from->hash);
}

static qg_code begin_at_folder(const maker *k, bool random)
{
    const qg_job *job = k->plan->job;
    const char *dir = k->config->from;
    k->training->from = source(k, dir, random);
    QG_TRY(qg_config_load(&k->out->config, k->arena, dir));
    if (!random && !k->mlm && !k->config->weights)
        QG_TRY(qg_labels_fit(job->labels, job->K, dir, &k->out->config));
    return qg_tokenizer_load(&k->out->tokenizer, k->arena, dir);
}

/* A classifier that somebody has trained is thrown away: likely a mistake. */
static qg_code warn_about_head(const maker *k, const qg_plan_model *from)
{
    const qg_job_training *of = from ? k->plan->job->models[k->jm->training->from].training : NULL;
    bool trained = of && of->config->objective != QG_OBJECTIVE_MLM;
    if (!is_first(k) || k->mlm || k->config->weights)
        return QG_OK;
    if (!of && !qg_is_packed(k->training->from.dir))
        QG_TRY(qg_dir_has_classifier(&trained, k->training->from.dir));
    if (!trained)
        return QG_OK;
    return qg_plan_warn(k->plan, k->arena,
                        qg_arena_printf(k->arena,
                                        "model %s: what it is trained from has a classifier, which "
                                        "\"head\": \"random\" replaces by a drawn one",
                                        k->jm->name));
}

/* Where the training begins. A classifier that the job would draw is drawn from the training's
 * seed. *missing: what it is trained from could not be loaded, as is noted there. */
static qg_code begin(const maker *k, bool *missing)
{
    qg_plan_training *t = k->training;
    QG_ASSERT(k->plan->models != NULL);
    int m = k->jm->training->from;
    const qg_plan_model *from = m >= 0 ? &k->plan->models[m] : NULL;
    bool random = k->config->head || (from && from->source.random_head && !k->mlm);
    *missing = from && !from->tokenizer;
    if (*missing)
        return QG_OK;
    if (from)
        begin_at_model(k, from, random);
    else
        QG_TRY(begin_at_folder(k, random));
    if (random)
        QG_TRY(warn_about_head(k, from));
    k->out->config.classes = k->plan->job->K;
    k->out->config.labels = k->plan->job->labels;
    k->out->config.has_head_labels = true;
    if (t->from_hash[0])
        return QG_OK;
    if (qg_is_packed(t->from.dir))
        return QG_FAIL_AT(QG_EMODEL, t->from.dir, 0, 0, NULL,
                          "is packed, a training begins with a checkpoint");
    return qg_model_hash(t->from_hash, &t->from);
}

/* A data set of the job, or one of its own; NULL when it could not be loaded. Every text needs a
 * label, but for masked-language modelling. */
static qg_code use_dataset(const maker *k, const qg_plan_dataset **out, int dataset,
                           const qg_dataset_spec *spec)
{
    const qg_plan *p = k->plan;
    qg_plan_dataset *d;
    if (dataset >= 0) {
        *out = p->datasets[dataset].data.n ? &p->datasets[dataset] : NULL;
    } else {
        QG_NEW(d, k->arena, 1);
        QG_TRY(qg_plan_dataset_load(d, k->arena, spec, k->mlm ? NULL : p->job->labels));
        *out = d;
    }
    return !*out || k->mlm ? QG_OK : qg_training_check_labelled(&(*out)->data, spec->path);
}

/* A class without texts is told of, and refused where its weight follows from them. */
static qg_code check_classes(const maker *k, const int64_t *texts)
{
    char *warning;
    qg_code rc = qg_training_check_classes(&warning, k->arena, texts, k->config);
    if (rc == QG_ENOMEM)
        return rc;
    note(k, k->config->dataset_node, rc);
    return warning ? qg_plan_warn(k->plan, k->arena, warning) : QG_OK;
}

static qg_code use_training_texts(const maker *k)
{
    const qg_training_config *c = k->config;
    qg_plan_training *t = k->training;
    int64_t *texts; /* of each class */
    bool all = true;
    QG_NEW(texts, k->arena, k->plan->job->K);
    QG_NEW(t->train, k->arena, c->datasets);
    t->n_train = c->datasets;
    for (int i = 0; i < c->datasets; i++) {
        qg_code rc = use_dataset(k, &t->train[i], k->jm->training->dataset[i], &c->dataset[i]);
        note(k, qg_training_dataset_node(c, i), rc);
        all = all && rc == QG_OK && t->train[i];
        if (!all)
            continue;
        t->texts += t->train[i]->data.n;
        if (!k->mlm)
            qg_training_count_classes(texts, &t->train[i]->data);
    }
    if (all && !k->mlm)
        QG_TRY(check_classes(k, texts));
    t->texts = all ? t->texts : 0;
    return QG_OK;
}

/* The models of a seed group have the same texts. */
static qg_code use_texts(const maker *k)
{
    qg_plan_training *t = k->training;
    const qg_plan_training *first = k->plan->models[k->jm->seed_group.first].training;
    if (!is_first(k)) {
        t->train = first->train;
        t->n_train = first->n_train;
        t->texts = first->texts;
        t->validation = first->validation;
        return QG_OK;
    }
    QG_TRY(use_training_texts(k));
    note(k, k->config->validation_node,
         use_dataset(k, &t->validation, k->jm->training->validation, &k->config->validation));
    return QG_OK;
}

/* The model of the job or the folder that teaches. */
static qg_code use_teacher(const maker *k)
{
    qg_plan_training *t = k->training;
    int m = k->jm->training->teacher;
    const qg_plan_model *teacher = m >= 0 ? &k->plan->models[m] : NULL;
    if (!k->config->distill.from || (teacher && !teacher->tokenizer))
        return QG_OK;
    t->teacher = (qg_model_source){.dir = teacher ? teacher->source.dir : k->config->distill.from};
    if (teacher)
        take_order(&t->teacher, teacher);
    if (teacher && teacher->source.random_head)
        return QG_FAIL_AT(QG_EMODEL, t->teacher.dir, 0, 0, NULL,
                          "has no trained classifier, it cannot teach");
    if (teacher && k->out->tokenizer &&
        strcmp(qg_tokenizer_sha256(teacher->tokenizer), qg_tokenizer_sha256(k->out->tokenizer)) !=
            0)
        return QG_FAIL_AT(
            QG_EMODEL, t->teacher.dir, 0, 0, qg_tokenizer_file(t->teacher.dir),
            "another vocabulary or other rules than the student's: a teacher sees the "
            "student's token ids");
    if (teacher && teacher->training) {
        memcpy(t->teacher_hash, teacher->hash, sizeof t->teacher_hash);
        return QG_OK;
    }
    return qg_model_hash(t->teacher_hash, &t->teacher);
}

/* The options of distillation, without the teacher. */
static qg_code write_distill(const char **out, const maker *k)
{
    qg_str s = {0};
    qg_training_distill d = k->config->distill;
    d.from = "";
    qg_opt_write(&s, qg_training_distill_opts, &d);
    qg_code rc = qg_str_status(&s);
    const char *rest = rc == QG_OK ? strchr(s.data, ',') : NULL; /* behind "from" */
    if (rest && !(*out = qg_arena_strndup(k->arena, rest + 1, strlen(rest) - 2)))
        rc = QG_ENOMEM;
    qg_str_fini(&s);
    return rc;
}

static qg_code count_tokens(const maker *k, const qg_dataset *d)
{
    int limit = qg_plan_max_length(k->out, k->config->max_length);
    for (int64_t i = 0; i < d->n; i++) {
        qg_encoding e;
        qg_mark m = qg_arena_mark(k->arena);
        QG_TRY(qg_tokenizer_encode(&e, k->out->tokenizer, k->arena, d->text[i], d->text_len[i],
                                   limit));
        k->training->tokens += e.n;
        qg_arena_release(k->arena, m);
    }
    return QG_OK;
}

/* A data set as the job says it, or as the config does. */
static void write_dataset(qg_str *s, const qg_job *job, int dataset, const qg_json *own)
{
    const char *part = dataset >= 0 ? job->datasets[dataset].part : NULL;
    const qg_json *node = dataset >= 0 ? job->dataset_nodes[dataset] : own;
    qg_json_canonical(s, node);
    if (!part || s->failed || qg_json_get(node, "part"))
        return;
    s->data[--s->len] = 0; /* the brace that closes the entry */
    qg_str_add(s, ",\"part\":");
    qg_str_add_json(s, part, strlen(part));
    qg_str_add(s, "}");
}

static void write_labels(qg_str *s, const qg_job *job)
{
    qg_str_add(s, ",\"labels\":[");
    for (int i = 0; i < job->K; i++) {
        qg_str_add(s, i ? "," : "");
        qg_str_add_json(s, job->labels[i], strlen(job->labels[i]));
    }
    qg_str_add(s, "]");
}

/* Without "from" and "output": these are places. */
static void write_config(qg_str *s, const maker *k)
{
    static const char *const others[] = {"from",    "head",       "output",  "labels",
                                         "dataset", "validation", "distill", NULL};
    const qg_job *job = k->plan->job;
    const qg_job_training *jt = k->jm->training;
    qg_str_add(s, "\"dataset\":[");
    for (int i = 0; i < k->config->datasets; i++) {
        qg_str_add(s, i ? "," : "");
        write_dataset(s, job, jt->dataset[i], qg_training_dataset_node(k->config, i));
    }
    qg_str_add(s, "],\"validation\":");
    write_dataset(s, job, jt->validation, k->config->validation_node);
    if (!k->mlm)
        write_labels(s, job);
    if (k->training->from.random_head)
        qg_str_add(s, ",\"head\":\"random\"");
    qg_training_config_write(s, k->config, others);
}

static qg_code make_key(const maker *k)
{
    static const char *const no_part[] = {"from",       "head",       "output",  "labels",
                                          "dataset",    "validation", "distill", "recompute",
                                          "checkpoint", "ranks",      NULL};
    const qg_job *job = k->plan->job;
    const qg_plan_training *t = k->training;
    int version = QG_TRAINING_VERSION;
    qg_str options = {0};
    qg_sha256 h;
    qg_training_config_write(&options, k->config, no_part);
    qg_plan_key_begin(&h, "train");
    qg_sha256_add(&h, &version, sizeof version);
    qg_sha256_add_text(&h, t->from_hash);
    qg_sha256_add_text(&h, t->from.random_head ? "random" : "");
    for (int i = 0; i < job->K && !k->mlm; i++)
        qg_sha256_add_text(&h, job->labels[i]);
    for (int i = 0; i < t->n_train; i++)
        qg_sha256_add_text(&h, t->train[i]->hash);
    qg_sha256_add_text(&h, t->validation->hash);
    qg_sha256_add_text(&h, options.data ? options.data : "");
    if (k->config->has_qat && k->config->qat.vectors != QG_EMBED_FP32)
        qg_sha256_add_text(&h, "every parameter"); /* fp16 was once of Linear weights alone */
    if (t->distill) {
        qg_sha256_add_text(&h, t->teacher_hash);
        qg_sha256_add_text(&h, t->distill);
    }
    qg_sha256_final(&h, k->out->hash);
    qg_code rc = qg_str_status(&options);
    qg_str_fini(&options);
    return rc;
}

/* Below the cache by its key, or where the job says; never in place of something else. */
static qg_code make_folder(const maker *k)
{
    const qg_training_config *c = k->config;
    const char *cache = qg_model_cache_dir(k->arena);
    if (!cache)
        return QG_ENOMEM;
    const char *dir = !c->output ? qg_arena_printf(k->arena, "%s/trained/%s", cache, k->out->hash)
                      : k->jm->seed_group.n
                          ? qg_arena_printf(k->arena, "%s_s%lld", c->output, (long long)k->jm->seed)
                          : c->output;
    if (!dir)
        return QG_ENOMEM;
    k->out->source = (qg_model_source){.dir = dir, .classes = k->plan->job->K};
    if (!c->output || qg_training_is_complete(dir, k->out->hash) ||
        (!qg_file_exists(dir) && (!qg_dir_exists(dir) || qg_dir_is_empty(dir))))
        return QG_OK;
    return QG_FAIL_AT(QG_EJOB, dir, 0, 0, NULL,
                      "is there and is not the result of this training; remove it or choose "
                      "another \"output\"");
}

static qg_code describe(const maker *k)
{
    qg_plan_training *t = k->training;
    qg_str text = {0};
    t->epochs = k->config->epochs;
    t->batches = (t->texts + k->config->batch - 1) / k->config->batch;
    write_config(&text, k);
    qg_code rc = qg_str_status(&text);
    if (rc == QG_OK && !(t->config = qg_arena_strdup(k->arena, text.data)))
        rc = QG_ENOMEM;
    qg_str_fini(&text);
    QG_TRY(rc);
    if (k->config->distill.from)
        QG_TRY(write_distill(&t->distill, k));
    for (int i = 0; i < t->n_train; i++)
        QG_TRY(count_tokens(k, &t->train[i]->data));
    return make_key(k);
}

qg_code qg_plan_training_make(qg_plan *p, qg_arena *a, int model, qg_problems *problems)
{
    const qg_job_model *jm = &p->job->models[model];
    maker k = {.plan = p,
               .arena = a,
               .problems = problems,
               .model = model,
               .jm = jm,
               .config = jm->training->config,
               .mlm = jm->training->config->objective == QG_OBJECTIVE_MLM,
               .out = &p->models[model]};
    bool missing = false;
    QG_ASSERT(k.out != NULL); /* there are models */
    QG_NEW(k.training, a, 1);
    qg_code rc = begin(&k, &missing);
    if (rc == QG_ENOMEM)
        return rc;
    note(&k, value(&k, "from"), rc);
    k.out->training = k.training;
    QG_TRY(use_texts(&k));
    note(&k, k.config->distill_node, use_teacher(&k));
    missing = missing || (k.config->distill.from && !k.training->teacher_hash[0]);
    if (missing || rc != QG_OK || !k.training->texts || !k.training->validation) {
        k.out->tokenizer = NULL;
        return QG_OK;
    }
    QG_TRY(describe(&k));
    note(&k, k.config->output ? value(&k, "output") : jm->node, make_folder(&k));
    return QG_OK;
}
