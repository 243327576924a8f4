/*
 * plan_training.c - what a training of a job is: its config, its key, its folder.
 *
 * The key stands for the content of a model that does not exist yet. It hashes what determines the
 * weights: what it is trained from, texts and labels, the options with their values. How often a
 * checkpoint is written, how much memory is used and where the model goes is no part of it.
 */
#include "plan_inputs.h"

#include "labels.h"
#include "qgrid/str.h"
#include "qgrid/training.h"
#include "training_texts.h"

#include <string.h>

typedef struct maker {
    qg_plan *plan;
    qg_arena *arena;
    qg_problems *problems;
    int model;
    const qg_job_model *jm;
    const qg_training_config *config;
    qg_plan_model *out;
    qg_plan_training *training;
} maker;

/* Every model of a fan has the same mistakes: they are noted once. */
static void note(const maker *k, const qg_json *at, qg_code rc)
{
    if (rc == QG_OK)
        return;
    if (k->jm->fan.n > 0 && k->model != k->jm->fan.first)
        qg_error_clear();
    else
        (void)qg_problems_take_at(k->problems, &k->plan->job->doc, at, rc);
}

static const qg_json *value(const maker *k, const char *key)
{
    return qg_json_get(k->config->doc.root, key);
}

/* From a model of the job, which is complete already. */
static void begin_at_model(const maker *k, const qg_plan_model *from, bool random)
{
    k->out->config = from->config;
    k->out->tokenizer = from->tokenizer;
    k->training->from = (qg_model_source){from->source.dir, random, random ? k->jm->seed : 0, 0};
    if (from->training)
        memcpy(k->training->from_hash, from->hash, sizeof from->hash);
}

static qg_code begin_at_folder(const maker *k, bool random)
{
    const qg_job *job = k->plan->job;
    const char *dir = k->config->from;
    k->training->from = (qg_model_source){dir, random, random ? k->jm->seed : 0, 0};
    QG_TRY(qg_bert_config_load(&k->out->config, k->arena, dir));
    if (!random)
        QG_TRY(qg_labels_fit(job->labels, job->K, dir, &k->out->config));
    return qg_tokenizer_load(&k->out->tokenizer, k->arena, dir);
}

/* Where the training begins. A classifier that the job would draw is drawn from the training's
 * seed. *missing: what it is trained from could not be loaded, as is noted there. */
static qg_code begin(const maker *k, bool *missing)
{
    qg_plan_training *t = k->training;
    int m = k->jm->training->from;
    const qg_plan_model *from = m >= 0 ? &k->plan->models[m] : NULL;
    bool random = k->config->head || (from && from->source.random_head);
    *missing = from && !from->tokenizer;
    if (*missing)
        return QG_OK;
    if (from)
        begin_at_model(k, from, random);
    else
        QG_TRY(begin_at_folder(k, random));
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

/* A data set of the job, or one of its own, which the models of a fan share. */
static qg_code use_dataset(const maker *k, const qg_plan_dataset **out, int dataset,
                           const qg_dataset_spec *spec, bool validation)
{
    const qg_plan *p = k->plan;
    const qg_plan_training *first = p->models[k->jm->fan.first].training;
    if (dataset >= 0) {
        *out = p->datasets[dataset].data.n ? &p->datasets[dataset] : NULL;
        return QG_OK;
    }
    if (k->jm->fan.n > 0 && k->model != k->jm->fan.first) {
        *out = !first ? NULL : validation ? first->validation : first->train;
        return QG_OK;
    }
    qg_plan_dataset *d;
    QG_NEW(d, k->arena, 1);
    QG_TRY(qg_plan_dataset_load(d, k->arena, spec, p->job->labels));
    *out = d;
    return QG_OK;
}

static void use_texts(const maker *k)
{
    const qg_job_training *jt = k->jm->training;
    const qg_training_config *c = k->config;
    qg_plan_training *t = k->training;
    qg_code rc = use_dataset(k, &t->train, jt->dataset, &c->dataset, false);
    if (rc == QG_OK && t->train)
        rc = qg_training_check_labelled(&t->train->data, c->dataset.path);
    if (rc == QG_OK && t->train)
        rc = qg_training_check_classes(&t->train->data, c->dataset.path, c->labels);
    note(k, c->dataset_node, rc);
    rc = use_dataset(k, &t->validation, jt->validation, &c->validation, true);
    if (rc == QG_OK && t->validation)
        rc = qg_training_check_labelled(&t->validation->data, c->validation.path);
    note(k, c->validation_node, rc);
}

static qg_code count_tokens(const maker *k)
{
    const qg_dataset *d = &k->training->train->data;
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

static void write_dataset(qg_str *s, const char *key, const qg_job *job, int dataset,
                          const qg_json *own)
{
    qg_str_addf(s, ",\"%s\":", key);
    qg_json_canonical(s, dataset >= 0 ? job->dataset_nodes[dataset] : own);
}

/* Without "from" and "output": these are places. */
static void write_config(qg_str *s, const maker *k)
{
    static const char *const others[] = {"from",    "head",       "output", "labels",
                                         "dataset", "validation", NULL};
    const qg_job *job = k->plan->job;
    const qg_job_training *jt = k->jm->training;
    qg_str_add(s, "\"labels\":[");
    for (int i = 0; i < job->K; i++) {
        qg_str_add(s, i ? "," : "");
        qg_str_add_json(s, job->labels[i], strlen(job->labels[i]));
    }
    qg_str_add(s, "]");
    if (k->training->from.random_head)
        qg_str_add(s, ",\"head\":\"random\"");
    write_dataset(s, "dataset", job, jt->dataset, k->config->dataset_node);
    write_dataset(s, "validation", job, jt->validation, k->config->validation_node);
    qg_training_config_write(s, k->config, others);
}

static qg_code make_key(const maker *k)
{
    static const char *const no_part[] = {"from",    "head",       "output",    "labels",
                                          "dataset", "validation", "recompute", NULL};
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
    for (int i = 0; i < job->K; i++)
        qg_sha256_add_text(&h, job->labels[i]);
    qg_sha256_add_text(&h, t->train->hash);
    qg_sha256_add_text(&h, t->validation->hash);
    qg_sha256_add_text(&h, options.data ? options.data : "");
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
                      : k->jm->fan.n
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
    t->batches = (t->train->data.n + k->config->batch - 1) / k->config->batch;
    write_config(&text, k);
    qg_code rc = qg_str_status(&text);
    if (rc == QG_OK && !(t->config = qg_arena_strdup(k->arena, text.data)))
        rc = QG_ENOMEM;
    qg_str_fini(&text);
    QG_TRY(rc);
    QG_TRY(count_tokens(k));
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
               .out = &p->models[model]};
    bool missing = false;
    QG_NEW(k.training, a, 1);
    qg_code rc = begin(&k, &missing);
    if (rc == QG_ENOMEM)
        return rc;
    note(&k, value(&k, "from"), rc);
    k.out->training = k.training;
    use_texts(&k);
    if (missing || rc != QG_OK || !k.training->train || !k.training->validation) {
        k.out->tokenizer = NULL;
        return QG_OK;
    }
    QG_TRY(describe(&k));
    note(&k, k.config->output ? value(&k, "output") : jm->node, make_folder(&k));
    return QG_OK;
}
