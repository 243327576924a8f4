/*
 * train_course.c - the course of a training, under /training: datasets as long as the plan allows,
 * filled as far as it went.
 */
#include "train_course.h"

#include "qgrid/training.h"
#include "wire.h"

#include <math.h>
#include <string.h>

typedef struct putter {
    qg_results *r;
    qg_group_ref group;
    int64_t steps, epochs; /* capacity */
    double *v;             /* [max(steps, epochs)] */
    bool fp32;             /* epochs were scored in fp32, too */
} putter;

static qg_code put_steps(putter *p, const char *name, const qg_training_record *t, size_t offset)
{
    for (int64_t i = 0; i < p->steps; i++)
        if (i < (int64_t)t->steps)
            memcpy(&p->v[i], (const char *)&t->step[i] + offset, sizeof p->v[i]);
        else
            p->v[i] = (double)NAN;
    return qg_results_write(p->r, p->group, name, QG_STORE_F64, NULL, NULL, p->v);
}

static qg_code put_tokens(putter *p, const qg_training_record *t)
{
    int64_t *v;
    QG_NEW(v, p->r->scratch, p->steps);
    for (int64_t i = 0; i < p->steps; i++)
        v[i] = i < (int64_t)t->steps ? t->step[i].tokens : -1;
    return qg_results_write(p->r, p->group, "tokens", QG_STORE_I64, NULL, NULL, v);
}

static qg_code put_epochs(putter *p, const char *name, const qg_training_record *t, size_t offset)
{
    for (int64_t i = 0; i < p->epochs; i++)
        if (i < t->epochs)
            memcpy(&p->v[i], (const char *)&t->epoch[i] + offset, sizeof p->v[i]);
        else
            p->v[i] = (double)NAN;
    return qg_results_write(p->r, p->group, name, QG_STORE_F64, NULL, NULL, p->v);
}

static qg_code put_record(putter *p, const qg_training_record *t, const char *model_hash)
{
    int64_t steps = (int64_t)t->steps, epochs = t->epochs, best = t->best + 1;
    QG_TRY(put_steps(p, "loss", t, offsetof(qg_step_report, loss)));
    QG_TRY(put_steps(p, "learning_rate", t, offsetof(qg_step_report, learning_rate)));
    QG_TRY(put_steps(p, "grad_norm", t, offsetof(qg_step_report, norm)));
    QG_TRY(put_tokens(p, t));
    QG_TRY(put_epochs(p, "epoch_loss", t, offsetof(qg_training_epoch, loss)));
#define X(name, doc)                                                                               \
    QG_TRY(put_epochs(p, "validation_" #name, t, offsetof(qg_training_epoch, scores.name)));
    QG_METRIC_LIST(X)
#undef X
    if (p->fp32) {
#define X(name, doc)                                                                               \
    QG_TRY(put_epochs(p, "validation_fp32_" #name, t, offsetof(qg_training_epoch, fp32.name)));
        QG_METRIC_LIST(X)
#undef X
    }
    QG_TRY(qg_results_write(p->r, p->group, "steps_done", QG_STORE_I64, NULL, NULL, &steps));
    QG_TRY(qg_results_write(p->r, p->group, "epochs_done", QG_STORE_I64, NULL, NULL, &epochs));
    QG_TRY(qg_results_write(p->r, p->group, "best_epoch", QG_STORE_I64, NULL, NULL, &best));
    QG_TRY(qg_results_write_text(p->r, p->group, "end", t->end ? t->end : ""));
    return qg_results_write_text(p->r, p->group, "model_hash", model_hash);
}

static qg_code add_dataset(qg_sha256 *h, qg_store *s, qg_arena *a, const qg_store_info *d)
{
    size_t bytes = d->type == QG_STORE_STRING ? d->string_size : 8;
    char *data;
    for (int k = 0; k < d->ndim; k++)
        QG_TRY(qg_mul_size(&bytes, bytes, (size_t)d->shape[k]));
    QG_NEW(data, a, bytes);
    QG_TRY(qg_store_read(s, d->path, d->type, NULL, NULL, data));
    qg_sha256_add(h, data, bytes);
    return QG_OK;
}

qg_code qg_train_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                          int64_t count)
{
    qg_store_info *list;
    int n;
    qg_sha256 h;
    (void)first; /* there is one unit of a group */
    (void)count;
    QG_TRY(qg_store_list(&list, &n, s, a, group));
    qg_sha256_init(&h);
    qg_code rc = QG_OK;
    for (int i = 0; i < n && rc == QG_OK; i++)
        rc = add_dataset(&h, s, a, &list[i]);
    *out = qg_checksum_final(&h);
    return rc;
}

qg_code qg_train_store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_plan *plan = r->plan;
    const qg_plan_task *task = &plan->tasks[plan->units[unit].task];
    const qg_plan_training *planned = plan->models[task->model].training;
    qg_reader in = {.data = result->data, .size = result->size};
    qg_training_record t = {0};
    char group[1024];
    const char *hash = qg_wire_get_text(&in, r->scratch), *end = qg_wire_get_text(&in, r->scratch);
    if (!hash || !end)
        return QG_ENOMEM;
    int64_t steps = qg_wire_get_i64(&in), epochs = qg_wire_get_i64(&in);
    t.best = (int)qg_wire_get_i64(&in);
    t.steps = (uint64_t)steps;
    t.epochs = (int)epochs;
    t.end = end;
    putter p = {.r = r,
                .group = qg_task_group(plan, task, QG_GROUP_TRAINING),
                .steps = planned->epochs * planned->batches,
                .epochs = planned->epochs,
                .fp32 = plan->job->models[task->model].training->config->has_qat};
    if (steps < 0 || steps > p.steps || epochs < 0 || epochs > p.epochs)
        return QG_FAIL(QG_EBUG, "%lld steps and %lld epochs reported, %lld and %lld are planned",
                       (long long)steps, (long long)epochs, (long long)p.steps,
                       (long long)p.epochs);
    t.step = qg_wire_get_array(&in, r->scratch, steps, sizeof *t.step);
    t.epoch = qg_wire_get_array(&in, r->scratch, epochs, sizeof *t.epoch);
    if (!t.step || !t.epoch)
        return QG_EBUG;
    QG_TRY(qg_wire_end(&in));
    QG_NEW(p.v, r->scratch, p.steps);
    QG_TRY(put_record(&p, &t, hash));
    qg_group_path(group, sizeof group, plan->job, p.group, NULL);
    return qg_train_checksum(sum, r->store, r->scratch, group, 0, 1);
}
