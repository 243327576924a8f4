/*
 * owner.c - what rank 0 sends and what it does with what comes back.
 */
#include "owner.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"
#include "qgrid/training.h"
#include "units/results_explain.h"
#include "units/work.h"

#include <string.h>

static const qg_group_ref timing_ref = {QG_GROUP_TIMING_UNITS, -1, -1, -1};

static void put_texts(qg_str *out, const qg_plan_tokens *t, const int64_t *rows, int64_t first,
                      int64_t n)
{
    int32_t at = 0;
    qg_wire_put_i64(out, n);
    qg_wire_put(out, &at, sizeof at);
    for (int64_t i = 0; i < n; i++) {
        int64_t r = rows ? rows[i] : first + i;
        at += (int32_t)(t->splits[r + 1] - t->splits[r]);
        qg_wire_put(out, &at, sizeof at);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t r = rows ? rows[i] : first + i;
        qg_wire_put(out, t->ids + t->splits[r],
                    (size_t)(t->splits[r + 1] - t->splits[r]) * sizeof *t->ids);
    }
}

static qg_code put_latency(qg_str *out, qg_results *r, const qg_plan_task *t, int64_t n)
{
    const qg_plan *p = r->plan;
    const qg_latency_options *o = &p->job->latency;
    const qg_plan_tokens *k = p->tokens[t->experiment];
    const qg_dataset *d = &p->datasets[k->dataset].data;
    qg_mark m = qg_arena_mark(r->scratch);
    const int64_t *rows = qg_plan_latency_rows(p, r->scratch, t->experiment);
    if (!rows)
        return QG_ENOMEM;
    qg_wire_put_i64(out, o->warmup);
    qg_wire_put_i64(out, o->runs);
    qg_wire_put_i64(out, k->max_length);
    qg_wire_put_i64(out, o->n_batch_sizes);
    qg_wire_put(out, o->batch_size, (size_t)o->n_batch_sizes * sizeof o->batch_size[0]);
    put_texts(out, k, rows, 0, n);
    for (int64_t i = 0; i < n; i++)
        qg_wire_put_text(out, d->text[rows[i]]);
    qg_arena_release(r->scratch, m);
    return QG_OK;
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

static qg_code put_training(qg_str *out, qg_results *r, int model)
{
    const qg_plan *p = r->plan;
    const qg_plan_model *m = &p->models[model];
    const qg_plan_training *t = m->training;
    const qg_job_training *jt = p->job->models[model].training;
    qg_mark mark = qg_arena_mark(r->scratch);
    qg_work_file *file;
    char *config = NULL;
    QG_NEW(file, r->scratch, t->n_train + 1);
    for (int i = 0; i < t->n_train; i++)
        file[i] = (qg_work_file){t->train[i]->path, t->train[i]->data.sha256};
    file[t->n_train] = (qg_work_file){t->validation->path, t->validation->data.sha256};
    QG_TRY(complete_config(&config, r->scratch, m));
    qg_work_training w = {.config = config,
                          .folder = m->source.dir,
                          .key = m->hash,
                          .reuse = qg_training_is_complete(m->source.dir, m->hash),
                          .from = {t->from, t->from_hash, is_trained(p, jt->from)},
                          .teacher = {t->teacher, t->teacher_hash, is_trained(p, jt->teacher)},
                          .n_files = t->n_train + 1,
                          .file = file};
    qg_work_put_training(out, &w);
    qg_arena_release(r->scratch, mark);
    return qg_str_status(out);
}

static qg_code put_explain(qg_str *out, qg_results *r, int unit)
{
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = qg_results_explain_input(out, r, unit);
    qg_arena_release(r->scratch, m);
    return rc;
}

static qg_code input(void *ctx, int unit, qg_str *bytes)
{
    qg_owner *o = ctx;
    const qg_plan *p = o->results->plan;
    const qg_unit *u = &p->units[unit];
    const qg_plan_task *t = &p->tasks[u->task];
    o->last_unit = unit;
    if (t->kind == QG_TASK_TRAIN)
        return put_training(bytes, o->results, t->model);
    qg_work_head head = {.kind = (int)t->kind,
                         .source = p->models[t->model].source,
                         .model_hash = p->models[t->model].hash,
                         .trained = p->models[t->model].training != NULL,
                         .cache = o->cache,
                         .precision = p->job->precisions[t->precision]};
    qg_work_put_head(bytes, &head);
    if (t->kind == QG_TASK_PREDICT)
        put_texts(bytes, p->tokens[t->experiment], NULL, u->first, u->count);
    else if (t->kind == QG_TASK_LATENCY)
        QG_TRY(put_latency(bytes, o->results, t, u->count));
    else if (t->kind == QG_TASK_EXPLAIN)
        QG_TRY(put_explain(bytes, o->results, unit));
    return qg_str_status(bytes);
}

static qg_code put_timing(qg_results *r, const qg_unit_report *report)
{
    int64_t at = report->unit, one = 1;
    int32_t rank = report->rank;
    char host[QG_NAME_SIZE] = {0};
    snprintf(host, sizeof host, "%s", report->host ? report->host : "");
    QG_TRY(qg_results_write(r, timing_ref, "seconds", QG_STORE_F64, &at, &one, &report->seconds));
    QG_TRY(qg_results_write(r, timing_ref, "cpu_seconds", QG_STORE_F64, &at, &one,
                            &report->cpu_seconds));
    QG_TRY(qg_results_write(r, timing_ref, "peak_rss", QG_STORE_I64, &at, &one, &report->peak_rss));
    QG_TRY(qg_results_write(r, timing_ref, "rank", QG_STORE_I32, &at, &one, &rank));
    return qg_results_write(r, timing_ref, "host", QG_STORE_STRING, &at, &one, host);
}

static qg_code done(void *ctx, const qg_unit_report *report, const void *result, size_t size)
{
    qg_owner *o = ctx;
    o->units_done++;
    QG_TRY(put_timing(o->results, report));
    qg_code rc =
        qg_results_put(o->results, report->unit, result, size, report->host ? report->host : "");
    if (rc == QG_OK || qg_code_scope(rc) == QG_SCOPE_GRID)
        return rc;
    /* A result that cannot be stored is the failure of its unit. */
    char text[QG_ERROR_SIZE];
    qg_error_format(text, sizeof text, qg_error_last());
    return qg_results_fail(o->results, report->unit, text);
}

static qg_code failed(void *ctx, const qg_unit_report *report, const qg_error *why)
{
    qg_owner *o = ctx;
    char text[QG_ERROR_SIZE];
    if (qg_code_scope(why->code) == QG_SCOPE_GRID)
        return qg_error_restore(why);
    qg_error_format(text, sizeof text, why);
    return qg_results_fail(o->results, report->unit, text);
}

static qg_code task_finished(void *ctx, int task)
{
    (void)task;
    return qg_results_finish_cells(((qg_owner *)ctx)->results);
}

/* ", at finetuned_smsa/int8" or ", packing finetuned/int8": where the run is. */
static void stage(char *out, size_t size, const qg_owner *o)
{
    const qg_plan *p = o->results->plan;
    out[0] = 0;
    if (o->last_unit < 0)
        return;
    const qg_plan_task *t = &p->tasks[p->units[o->last_unit].task];
    if (t->kind == QG_TASK_TRAIN)
        snprintf(out, size, ", training %s", p->job->models[t->model].name);
    else if (t->cell >= 0)
        snprintf(out, size, ", at %s", p->cells[t->cell].name);
    else
        snprintf(out, size, ", packing %s/%s", p->job->models[t->model].name,
                 p->job->precisions[t->precision].name);
}

static void describe(char *out, size_t size, const qg_owner *o, const qg_sched *s, double now)
{
    int open, running, finished, broken, cells_open, cells_done, cells_failed;
    char eta[32] = "?", spent[32], bad[32] = "", where[2 * QG_NAME_SIZE];
    double left = qg_sched_cost_left(s), gone = o->cost_at_start - left;
    double seconds = now - o->started;
    stage(where, sizeof where, o);
    qg_sched_count(s, &open, &running, &finished, &broken);
    qg_results_count(o->results, &cells_open, &cells_done, &cells_failed);
    if (gone > 0)
        qg_format_seconds(eta, sizeof eta, seconds * left / gone);
    if (cells_failed)
        snprintf(bad, sizeof bad, ", %d failed", cells_failed);
    snprintf(out, size, "%d/%d cells%s, %d/%d units, %.1f units/s, %s gone, %s left%s", cells_done,
             cells_open + cells_done + cells_failed, bad, finished,
             open + running + finished + broken, seconds > 0 ? (double)o->units_done / seconds : 0,
             qg_format_seconds(spent, sizeof spent, seconds), eta, where);
}

static void progress(void *ctx, const qg_sched *s, double now)
{
    qg_owner *o = ctx;
    char line[256 + 2 * QG_NAME_SIZE];
    bool bar = o->progress == QG_PROGRESS_BAR;
    if (now - o->last_lock > 5) {
        qg_lock_renew(o->lock);
        o->last_lock = now;
    }
    /* Against a crash of the node: at most half a minute of work is not on disk. */
    if (now - o->last_sync > 30) {
        if (qg_store_flush(o->results->store, true) != QG_OK)
            qg_log_error(qg_error_last());
        o->last_sync = now;
    }
    if (o->progress == QG_PROGRESS_NONE || now - o->last_line < (bar ? 0.2 : 30))
        return;
    o->last_line = now;
    describe(line, sizeof line, o, s, now);
    if (bar)
        qg_log_progress(line);
    else
        qg_note("%s", line);
}

qg_farm_owner qg_owner_callbacks(qg_owner *o)
{
    if (o->progress == QG_PROGRESS_AUTO)
        o->progress = qg_log_is_terminal() ? QG_PROGRESS_BAR : QG_PROGRESS_LOG;
    o->last_unit = -1;
    o->started = o->last_line = o->last_lock = o->last_sync = qg_clock();
    return (qg_farm_owner){.ctx = o,
                           .input = input,
                           .done = done,
                           .failed = failed,
                           .task_finished = task_finished,
                           .progress = progress};
}
