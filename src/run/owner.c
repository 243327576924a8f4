/*
 * owner.c - what rank 0 sends and what it does with what comes back.
 */
#include "owner.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"
#include "qgrid/summaries.h"
#include "qgrid/training.h"
#include "qgrid/work.h"

#include <math.h>
#include <signal.h>
#include <string.h>

enum { CELLS_A_TASK = 1000 }; /* that are looked at for each task that is finished */
enum { LINE_SIZE = 2 * QG_NAME_SIZE + sizeof(qg_gang_news) }; /* where the run is */
/* A log gets its first line soon, so that one sees that it goes on, and more and more rarely
 * others: seconds. */
#define LEAST_WAIT 2.0
#define MOST_WAIT  30.0
static const double reading_seconds = 0.1; /* of a trained model's record */

static const qg_plan_task *task_of(const qg_owner *o, int unit)
{
    const qg_plan *p = o->results->plan;
    return &p->tasks[p->units[unit].task];
}

/* What was told of a unit holds no more. */
static void forget_news(qg_owner *o, int unit)
{
    if (task_of(o, unit)->kind->trains)
        o->news[task_of(o, unit)->model].text[0] = 0;
}

static qg_code input(void *ctx, int unit, qg_str *bytes)
{
    qg_owner *o = ctx;
    o->last_unit = unit;
    forget_news(o, unit);
    qg_estimate_started(o->estimate, unit, qg_clock());
    QG_TRY(qg_results_begun(o->results, unit));
    return qg_work_input(bytes, o->results, unit, o->cache);
}

static qg_code returned(void *ctx, int unit, bool dropped)
{
    return qg_results_returned(((qg_owner *)ctx)->results, unit, dropped);
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

static void told(void *ctx, int unit, const qg_gang_news *news)
{
    qg_owner *o = ctx;
    qg_estimate_told(o->estimate, unit, news->share, news->left, qg_clock());
    o->news[task_of(o, unit)->model] = *news;
}

static qg_code done(void *ctx, const qg_unit_report *report, const void *result, size_t size)
{
    qg_owner *o = ctx;
    o->units_done++;
    forget_news(o, report->unit);
    qg_estimate_done(o->estimate, report->unit, report->seconds, report->members);
    QG_TRY(put_timing(o->results, report));
    qg_code rc = qg_results_put(
        o->results, report->unit,
        &(qg_work_result){.data = result, .size = size, .host = report->host ? report->host : ""});
    if (rc == QG_OK || qg_code_scope(rc) != QG_SCOPE_CELL)
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
    forget_news(o, report->unit);
    if (qg_code_scope(why->code) == QG_SCOPE_GRID)
        return qg_error_restore(why);
    qg_error_format(text, sizeof text, why);
    return qg_results_fail(o->results, report->unit, text);
}

/* Looks at all cells after so many tasks that this stays linear in the cells: what is left the end
 * of the run closes. */
static qg_code task_finished(void *ctx, int task)
{
    qg_owner *o = ctx;
    (void)task;
    if (++o->tasks_finished * CELLS_A_TASK < o->results->plan->n_cells)
        return QG_OK;
    o->tasks_finished = 0;
    return qg_finish_cells(o->results);
}

/* ", training finetuned_s42: epoch 1/3, step 17/330, loss 0.6931 and 2 others"; returns whether
 * there are trainings of which something is known. */
static bool trainings(char *out, size_t size, const qg_owner *o)
{
    const qg_job *job = o->results->plan->job;
    char others[32] = "";
    int first = -1, more = 0;
    for (int m = 0; m < job->n_models; m++)
        if (o->news[m].text[0] && first < 0)
            first = m;
        else if (o->news[m].text[0])
            more++;
    if (first < 0)
        return false;
    if (more > 0)
        snprintf(others, sizeof others, " and %d other%s", more, more > 1 ? "s" : "");
    snprintf(out, size, ", training %s: %s%s", job->models[first].name, o->news[first].text,
             others);
    return true;
}

/* Of the cells that a unit is for, the one whose model it works on. */
static const char *cell_at(const qg_owner *o, int unit)
{
    const qg_plan *p = o->results->plan;
    const qg_plan_task *t = task_of(o, unit);
    for (int c = t->cell; c < p->n_cells; c++)
        if (p->cells[c].task == p->units[unit].task && p->cells[c].experiment == t->experiment)
            return p->cells[c].name;
    return p->cells[t->cell].name;
}

/* ", at finetuned_smsa/int8" or ", packing finetuned/int8": where the run is. */
static void stage(char *out, size_t size, const qg_owner *o)
{
    const qg_plan *p = o->results->plan;
    out[0] = 0;
    if (o->last_unit < 0 || trainings(out, size, o))
        return;
    const qg_plan_task *t = task_of(o, o->last_unit);
    if (t->kind->trains)
        snprintf(out, size, ", training %s", p->job->models[t->model].name);
    else if (t->cell >= 0)
        snprintf(out, size, ", at %s", cell_at(o, o->last_unit));
    else
        snprintf(out, size, ", packing %s/%s", p->job->models[t->model].name,
                 p->job->precisions[t->precision].name);
}

static void describe(char *out, size_t size, const qg_owner *o, const qg_sched *s, double now)
{
    int open, running, finished, broken, cells_open, cells_done, cells_failed;
    char left[32], spent[32], bad[32] = "", where[LINE_SIZE];
    double seconds = now - o->started;
    stage(where, sizeof where, o);
    qg_sched_count(s, &open, &running, &finished, &broken);
    qg_results_count(o->results, &cells_open, &cells_done, &cells_failed);
    qg_format_seconds(left, sizeof left, qg_estimate_left(o->estimate, s, now));
    if (cells_failed)
        snprintf(bad, sizeof bad, ", %d failed", cells_failed);
    snprintf(out, size, "%d/%d cells%s, %d/%d units, %.1f units/s, %s gone, %s left%s", cells_done,
             cells_open + cells_done + cells_failed, bad, finished,
             open + running + finished + broken, seconds > 0 ? (double)o->units_done / seconds : 0,
             qg_format_seconds(spent, sizeof spent, seconds), left, where);
}

static void progress(void *ctx, const qg_sched *s, double now)
{
    qg_owner *o = ctx;
    char line[256 + LINE_SIZE];
    bool bar = o->progress == QG_PROGRESS_BAR;
    if (now - o->last_lock > 5) {
        /* Another run goes on with the file: the first time this one begins nothing more, the
         * second time it drops what runs. */
        if (!qg_lock_renew(o->lock) || !o->lock->held)
            raise(SIGTERM);
        o->last_lock = now;
    }
    /* Against a crash of the node: at most half a minute of work is not on disk. */
    if (now - o->last_sync > 30) {
        if (qg_store_flush(o->results->store, true) != QG_OK)
            qg_log_error(qg_error_last());
        o->last_sync = now;
    }
    if (o->progress == QG_PROGRESS_NONE || now - o->last_line < (bar ? 0.2 : o->wait))
        return;
    o->last_line = now;
    o->wait = fmin(2 * o->wait, MOST_WAIT);
    describe(line, sizeof line, o, s, now);
    if (bar)
        qg_log_progress(line);
    else
        qg_note("%s", line);
}

/* Costs as the plan has them, but for trainings that are in their folders: those are read back. */
static qg_code make_estimate(qg_owner *o, qg_arena *a, const qg_workload *work)
{
    const qg_plan *p = o->results->plan;
    int n_kinds = 0;
    int32_t *kind;
    double *cost;
    QG_NEW(kind, a, p->n_tasks);
    QG_NEW(cost, a, p->n_units);
    for (int t = 0; t < p->n_tasks; t++)
        while (qg_work_kinds[kind[t]] != p->tasks[t].kind)
            kind[t]++;
    while (qg_work_kinds[n_kinds])
        n_kinds++;
    for (int u = 0; u < p->n_units; u++) {
        const qg_plan_task *t = task_of(o, u);
        const qg_plan_model *m = &p->models[t->model];
        bool there = t->kind->trains && work->state[u] == QG_UNIT_OPEN &&
                     qg_training_is_complete(m->source.dir, m->hash);
        cost[u] = there ? reading_seconds : p->units[u].cost;
    }
    return qg_estimate_create(&o->estimate, a, work, kind, n_kinds, cost);
}

qg_code qg_owner_callbacks(qg_farm_owner *out, qg_owner *o, qg_arena *a, const qg_workload *work)
{
    if (o->progress == QG_PROGRESS_AUTO)
        o->progress = qg_log_is_terminal() ? QG_PROGRESS_BAR : QG_PROGRESS_LOG;
    o->last_unit = -1;
    o->wait = LEAST_WAIT;
    o->started = o->last_line = o->last_lock = o->last_sync = qg_clock();
    if (o->progress == QG_PROGRESS_BAR)
        o->last_line = -1; /* the first line at once, however short the run is */
    QG_NEW(o->news, a, o->results->plan->job->n_models);
    QG_TRY(make_estimate(o, a, work));
    *out = (qg_farm_owner){.ctx = o,
                           .input = input,
                           .returned = returned,
                           .done = done,
                           .failed = failed,
                           .task_finished = task_finished,
                           .told = told,
                           .progress = progress};
    return QG_OK;
}
