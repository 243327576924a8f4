/*
 * owner.c - what rank 0 sends and what it does with what comes back.
 */
#include "owner.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"
#include "qgrid/summaries.h"
#include "qgrid/work.h"

#include <string.h>

static qg_code input(void *ctx, int unit, qg_str *bytes)
{
    qg_owner *o = ctx;
    o->last_unit = unit;
    return qg_work_input(bytes, o->results, unit, o->cache);
}

static qg_code put_timing(qg_results *r, const qg_unit_report *report)
{
    const qg_group_ref g = qg_group_alone(QG_GROUP_TIMING_UNITS);
    int64_t at = report->unit, one = 1;
    int32_t rank = report->rank;
    char host[QG_NAME_SIZE] = {0};
    snprintf(host, sizeof host, "%s", report->host ? report->host : "");
    QG_TRY(qg_results_write(r, g, "seconds", QG_STORE_F64, &at, &one, &report->seconds));
    QG_TRY(qg_results_write(r, g, "cpu_seconds", QG_STORE_F64, &at, &one, &report->cpu_seconds));
    QG_TRY(qg_results_write(r, g, "peak_rss", QG_STORE_I64, &at, &one, &report->peak_rss));
    QG_TRY(qg_results_write(r, g, "rank", QG_STORE_I32, &at, &one, &rank));
    return qg_results_write(r, g, "host", QG_STORE_STRING, &at, &one, host);
}

static qg_code done(void *ctx, const qg_unit_report *report, const void *result, size_t size)
{
    qg_owner *o = ctx;
    o->units_done++;
    QG_TRY(put_timing(o->results, report));
    qg_code rc = qg_results_put(
        o->results, report->unit,
        &(qg_work_result){.data = result, .size = size, .host = report->host ? report->host : ""});
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
    return qg_finish_cells(((qg_owner *)ctx)->results);
}

/* ", at finetuned_smsa/int8" or ", packing finetuned/int8": where the run is. */
static void stage(char *out, size_t size, const qg_owner *o)
{
    const qg_plan *p = o->results->plan;
    out[0] = 0;
    if (o->last_unit < 0)
        return;
    const qg_plan_task *t = &p->tasks[p->units[o->last_unit].task];
    if (t->kind->trains)
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
