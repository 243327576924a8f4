/*
 * work_train.c - the worker's side of a train unit, alone or as a member of a gang.
 */
#include "work_parts.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/plan.h"
#include "qgrid/training.h"

#include <string.h>

static void put_origin(qg_str *out, const qg_work_origin *o)
{
    qg_wire_put_text(out, o->source.dir ? o->source.dir : "");
    qg_wire_put_i64(out, o->source.random_head);
    qg_wire_put_i64(out, o->source.random_weights);
    qg_wire_put_i64(out, o->source.head_seed);
    qg_wire_put_text(out, o->hash);
    qg_wire_put_i64(out, o->trained);
}

static qg_code get_origin(qg_work_origin *o, qg_reader *in, qg_arena *a)
{
    o->source.dir = qg_wire_get_text(in, a);
    o->source.random_head = qg_wire_get_i64(in) != 0;
    o->source.random_weights = qg_wire_get_i64(in) != 0;
    o->source.head_seed = qg_wire_get_i64(in);
    o->hash = qg_wire_get_text(in, a);
    o->trained = qg_wire_get_i64(in) != 0;
    return o->source.dir && o->hash ? QG_OK : QG_ENOMEM;
}

void qg_work_put_training(qg_str *out, const qg_work_training *t)
{
    qg_wire_put_i64(out, QG_TASK_TRAIN);
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

static qg_code get_files(qg_work_training *t, qg_reader *in, qg_arena *a)
{
    qg_work_file *file;
    int64_t n = qg_wire_get_i64(in);
    if (in->bad || n < 0 || (uint64_t)n > in->size)
        return QG_FAIL(QG_EBUG, "a message is shorter than it says");
    QG_NEW(file, a, n);
    for (int i = 0; i < n; i++) {
        file[i].path = qg_wire_get_text(in, a);
        file[i].sha256 = qg_wire_get_text(in, a);
        if (!file[i].path || !file[i].sha256)
            return QG_ENOMEM;
    }
    t->n_files = (int)n;
    t->file = file;
    return qg_wire_end(in);
}

static qg_code get_training(qg_work_training *t, qg_reader *in, qg_arena *a)
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

qg_code qg_work_check_trained(const char *dir, const char *key)
{
    if (qg_training_is_complete(dir, key))
        return QG_OK;
    return QG_FAIL_AT(QG_EIO, dir, 0, 0, NULL,
                      "the trained model is not in this folder; all nodes have to share the cache "
                      "(QGRID_CACHE)");
}

static qg_code check_origin(const qg_work_origin *o)
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
static qg_code check_unchanged(const qg_work_training *t)
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
    options.fresh = true;
    return qg_training_run(out, u->arena, c, &options, u->gang, problems);
}

/* What was trained from other contents than the key says must not be found by it. */
static qg_code check_still(const qg_work_training *t, qg_arena *a)
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

static qg_code train(qg_training_record *out, const qg_work_training *t, qg_work_unit *u)
{
    qg_json_doc doc;
    qg_training_config config;
    qg_training_summary summary = {0};
    qg_problems problems = {.arena = u->arena};
    QG_TRY(check_unchanged(t));
    QG_TRY(qg_json_parse(&doc, u->arena, t->folder, t->config, strlen(t->config)));
    qg_code rc = qg_training_config_read(&config, &doc, doc.root, NULL, &problems);
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

qg_code qg_work_train(qg_work_unit *u)
{
    qg_work_training t = {0};
    qg_training_record record = {0};
    QG_TRY(get_training(&t, u->in, u->arena));
    if (!t.reuse)
        QG_TRY(train(&record, &t, u));
    if (u->gang->index > 0)
        return QG_OK;
    if (t.reuse)
        QG_TRY(qg_training_read(&record, u->arena, t.folder));
    return put_result(u, &record, t.folder);
}
