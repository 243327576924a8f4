/*
 * train.c - training a model, alone or as a member of a gang.
 *
 *   what to train, what it is from -> hash of the model, course of the training
 */
#include "train_course.h"
#include "unit.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/training.h"

#include <string.h>

static int gang(const qg_plan *p, const qg_plan_task *t)
{
    return qg_training_gang_limit(p->job->models[t->model].training->config);
}

/* The training of an earlier model that comes to the same folder: it is waited for, and its result
 * taken. */
static int same_training(const qg_plan *p, int model)
{
    for (int m = 0; m < model; m++)
        if (p->models[m].training &&
            strcmp(p->models[m].source.dir, p->models[model].source.dir) == 0)
            return p->models[m].training->task;
    return -1;
}

static void needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t)
{
    const qg_job_training *jt = p->job->models[t->model].training;
    need[0] = qg_plan_training_task(p, jt->from);
    need[1] = qg_plan_training_task(p, jt->teacher);
    need[2] = same_training(p, t->model);
}

/* Backward costs two forward passes; f32 products, about 40 GFLOP/s a core. Memory: weights,
 * gradients, both moments and the best epoch, at 4 bytes each. */
static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_model *m = &p->models[p->tasks[task].model];
    const qg_plan_training *t = m->training;
    double tokens = (double)t->tokens, length = tokens / (double)t->texts;
    double seconds =
        3 * qg_encoder_flops(&m->config, length) * tokens * (double)t->epochs / 40e9 + 1e-2;
    QG_TRY(qg_plan_add_unit(p, a, task, 0, 1, seconds));
    p->units[p->n_units - 1].bytes *= 5;
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- both ends
 */

/* A file and the content that the plan found in it. */
typedef struct file {
    const char *path, *sha256;
} file;

/* A model that a training needs, and what the plan found or will have there. */
typedef struct origin {
    qg_model_source source;
    const char *hash;
    bool trained; /* the hash is a key */
} origin;

/* An assignment to train. */
typedef struct assignment {
    const char *config; /* complete */
    const char *folder, *key;
    bool reuse;           /* the folder is complete: its record is read back */
    origin from, teacher; /* teacher: without dir when there is none */
    int n_files;
    file *file; /* [n_files] of texts */
} assignment;

static void put_origin(qg_str *out, const origin *o)
{
    qg_wire_put_source(out, &o->source);
    qg_wire_put_text(out, o->hash);
    qg_wire_put_i64(out, o->trained);
}

static qg_code get_origin(origin *o, qg_reader *in, qg_arena *a)
{
    QG_TRY(qg_wire_get_source(&o->source, in, a));
    o->hash = qg_wire_get_text(in, a);
    o->trained = qg_wire_get_i64(in) != 0;
    return o->hash ? QG_OK : QG_ENOMEM;
}

static void put_assignment(qg_str *out, const assignment *t)
{
    qg_wire_put_text(out, t->config);
    qg_wire_put_text(out, t->folder);
    qg_wire_put_text(out, t->key);
    qg_wire_put_i64(out, t->reuse);
    put_origin(out, &t->from);
    put_origin(out, &t->teacher);
    qg_wire_put_i64(out, t->n_files);
    for (int i = 0; i < t->n_files; i++) {
        qg_wire_put_text(out, t->file[i].path);
        qg_wire_put_text(out, t->file[i].sha256);
    }
}

static qg_code get_files(assignment *t, qg_reader *in, qg_arena *a)
{
    int64_t n = qg_wire_get_i64(in);
    if (in->bad || n < 0 || (uint64_t)n > in->size)
        return QG_FAIL(QG_EBUG, "a message is shorter than it says");
    t->n_files = (int)n;
    QG_NEW(t->file, a, n);
    for (int i = 0; i < n; i++) {
        t->file[i].path = qg_wire_get_text(in, a);
        t->file[i].sha256 = qg_wire_get_text(in, a);
        if (!t->file[i].path || !t->file[i].sha256)
            return QG_ENOMEM;
    }
    return qg_wire_end(in);
}

static qg_code get_assignment(assignment *t, qg_reader *in, qg_arena *a)
{
    t->config = qg_wire_get_text(in, a);
    t->folder = qg_wire_get_text(in, a);
    t->key = qg_wire_get_text(in, a);
    t->reuse = qg_wire_get_i64(in) != 0;
    if (!t->config || !t->folder || !t->key)
        return QG_ENOMEM;
    QG_TRY(get_origin(&t->from, in, a));
    QG_TRY(get_origin(&t->teacher, in, a));
    return get_files(t, in, a);
}

/* "from", the teacher and "output" are where the plan has put them. */
static qg_code complete_config(char **out, qg_arena *a, const qg_plan_model *m)
{
    qg_str s = {0};
    qg_str_add(&s, "{\"from\":");
    qg_str_add_json(&s, m->training->from.dir, strlen(m->training->from.dir));
    qg_str_add(&s, ",\"output\":");
    qg_str_add_json(&s, m->source.dir, strlen(m->source.dir));
    if (m->training->distill) {
        qg_str_add(&s, ",\"distill\":{\"from\":");
        qg_str_add_json(&s, m->training->teacher.dir, strlen(m->training->teacher.dir));
        qg_str_addf(&s, ",%s}", m->training->distill);
    }
    qg_str_addf(&s, ",%s}", m->training->config);
    qg_code rc = qg_str_status(&s);
    if (rc == QG_OK && !(*out = qg_arena_strdup(a, s.data)))
        rc = QG_ENOMEM;
    qg_str_fini(&s);
    return rc;
}

static bool is_trained(const qg_plan *p, int model)
{
    return model >= 0 && p->models[model].training;
}

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_plan *p = r->plan;
    int model = p->tasks[p->units[unit].task].model;
    const qg_plan_model *m = &p->models[model];
    const qg_plan_training *t = m->training;
    const qg_job_training *jt = p->job->models[model].training;
    char *config = NULL;
    QG_TRY(complete_config(&config, r->scratch, m));
    assignment w = {.config = config,
                    .folder = m->source.dir,
                    .key = m->hash,
                    .reuse = qg_training_is_complete(m->source.dir, m->hash),
                    .from = {t->from, t->from_hash, is_trained(p, jt->from)},
                    .teacher = {t->teacher, t->teacher_hash, is_trained(p, jt->teacher)},
                    .n_files = t->n_train + 1};
    QG_NEW(w.file, r->scratch, w.n_files);
    for (int i = 0; i < t->n_train; i++)
        w.file[i] = (file){t->train[i]->path, t->train[i]->data.sha256};
    w.file[t->n_train] = (file){t->validation->path, t->validation->data.sha256};
    put_assignment(out, &w);
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- the worker
 */

static qg_code check_origin(const origin *o)
{
    char hex[QG_SHA256_HEX];
    if (o->trained)
        return qg_work_check_trained(o->source.dir, o->hash);
    QG_TRY(qg_model_hash(hex, &o->source));
    if (strcmp(hex, o->hash) != 0)
        return QG_FAIL_AT(QG_EIO, o->source.dir, 0, 0, NULL,
                          "was changed while the job was running");
    return QG_OK;
}

/* The key was made from these contents. */
static qg_code check_unchanged(const assignment *t)
{
    char hex[QG_SHA256_HEX];
    for (int i = 0; i < t->n_files; i++) {
        QG_TRY(qg_sha256_file(hex, t->file[i].path));
        if (strcmp(hex, t->file[i].sha256) != 0)
            return QG_FAIL_AT(QG_EIO, t->file[i].path, 0, 0, NULL,
                              "was changed while the job was running");
    }
    QG_TRY(check_origin(&t->from));
    return t->teacher.source.dir[0] ? check_origin(&t->teacher) : QG_OK;
}

/* A mistake in what is to be trained is the failure of this training and not of the run. */
static qg_code of_cell(qg_code rc)
{
    qg_error e = *qg_error_last();
    if (rc != QG_EJOB && rc != QG_EUSAGE && rc != QG_ECHANGED && rc != QG_ELOCKED)
        return rc;
    e.code = QG_EMODEL;
    return qg_error_restore(&e);
}

/* A checkpoint that does not fit (of another kind of processor, say) is of no use. */
static qg_code run(qg_training_summary *out, qg_work_unit *u, const qg_training_config *c,
                   const char *key, qg_problems *problems)
{
    qg_training_options options = {
        .again = true, .complete = true, .key = key, .progress = QG_PROGRESS_NONE};
    qg_code rc = qg_training_run(out, u->arena, c, &options, u->gang, problems);
    if (rc != QG_ECHANGED)
        return rc;
    if (u->gang->index == 0)
        qg_log_error(qg_error_last());
    options.again = false;
    options.fresh = true;
    return qg_training_run(out, u->arena, c, &options, u->gang, problems);
}

/* What was trained from other contents than the key says must not be found by it. */
static qg_code check_still(const assignment *t, qg_arena *a)
{
    qg_code rc = check_unchanged(t);
    qg_error why = *qg_error_last();
    char *mark = qg_path_join(a, t->folder, QG_TRAINING_MARK);
    if (rc == QG_OK)
        return QG_OK;
    if (!mark || qg_remove(mark) != QG_OK)
        qg_log_error(qg_error_last());
    return qg_error_restore(&why);
}

static qg_code train(qg_training_record *out, const assignment *t, qg_work_unit *u)
{
    qg_json_doc doc;
    qg_training_config config;
    qg_training_summary summary = {0};
    qg_problems problems = {.arena = u->arena};
    QG_TRY(check_unchanged(t));
    QG_TRY(qg_json_parse(&doc, u->arena, t->folder, t->config, strlen(t->config)));
    qg_code rc = qg_training_config_read(&config, &doc, doc.root, NULL, &problems);
    config.from_order = t->from.source.class_order;
    config.teacher_order = t->teacher.source.class_order;
    if (rc == QG_OK)
        rc = run(&summary, u, &config, t->key, &problems);
    if (problems.n > 0)
        rc = qg_error_restore(&problems.item[0]);
    QG_TRY(of_cell(rc));
    if (!summary.written && u->gang->index == 0)
        return QG_FAIL(QG_ENUMERIC, "no epoch has a %s, there is no best one", config.metric);
    *out = summary.record;
    return u->gang->index == 0 ? check_still(t, u->arena) : QG_OK;
}

/* Course and model hash: of the first member, the others have none. */
static qg_code put_result(qg_work_unit *u, const qg_training_record *r, const char *folder)
{
    char hex[QG_SHA256_HEX];
    const qg_model_source source = {.dir = folder};
    QG_TRY(qg_model_hash(hex, &source));
    qg_wire_put_text(u->out, hex);
    qg_wire_put_text(u->out, r->end ? r->end : "");
    qg_wire_put_i64(u->out, (int64_t)r->steps);
    qg_wire_put_i64(u->out, r->epochs);
    qg_wire_put_i64(u->out, r->best);
    qg_wire_put(u->out, r->step, (size_t)r->steps * sizeof *r->step);
    qg_wire_put(u->out, r->epoch, (size_t)r->epochs * sizeof *r->epoch);
    return QG_OK;
}

static qg_code execute(qg_work_unit *u)
{
    assignment t = {0};
    qg_training_record record = {0};
    QG_TRY(get_assignment(&t, u->in, u->arena));
    if (!t.reuse)
        QG_TRY(train(&record, &t, u));
    if (u->gang->index > 0)
        return QG_OK;
    if (t.reuse)
        QG_TRY(qg_training_read(&record, u->arena, t.folder));
    return put_result(u, &record, t.folder);
}

static void lacking(char *out, size_t size, const qg_plan *p, const qg_plan_task *t)
{
    snprintf(out, size, "the training of model '%s' failed", p->job->models[t->model].name);
}

const qg_work_kind qg_work_train = {
    .name = "train",
    .trains = true,
    .group = QG_GROUP_TRAINING,
    .gang = gang,
    .needs = needs,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = qg_train_store,
    .checksum = qg_train_checksum,
    .lacking = lacking,
};
