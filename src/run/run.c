/*
 * run.c - from a plan to a finished (or interrupted) results file.
 */
#include "qgrid/run.h"

#include "announce.h"
#include "changes.h"
#include "owner.h"
#include "qgrid/clock.h"
#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/mend.h"
#include "qgrid/reading.h"
#include "qgrid/summaries.h"
#include "qgrid/training.h"
#include "qgrid/work.h"

#include <string.h>

/* Builds a new file beside the old one, takes over what is still valid, and puts it in its place.
 */
static qg_code accept_changes(qg_store **out, const char *path, qg_store *old, qg_arena *a,
                              const qg_plan *plan, const qg_layout *layout)
{
    qg_store *s = NULL;
    char *next = qg_arena_printf(a, "%s.new", path);
    if (!next)
        return QG_ENOMEM;
    QG_TRY(qg_store_create(&s, next, layout));
    qg_code rc = qg_take_over(s, old, a, plan, layout);
    if (rc == QG_OK)
        rc = qg_store_seal_all(s);
    qg_code closed = qg_store_close(s);
    if (rc != QG_OK || closed != QG_OK)
        return rc != QG_OK ? rc : closed;
    if (rename(next, path) != 0)
        return QG_FAIL_AT(QG_ESTORE, path, 0, 0, NULL, "cannot be replaced by %s", next);
    return qg_store_open(out, path, true);
}

/* Attributes, names and shapes are never written again: a file with others is built anew. */
static qg_code check_structure(qg_store *s, const char *path)
{
    bool sound;
    QG_TRY(qg_store_check_structure(&sound, s));
    return sound ? QG_OK
                 : QG_FAIL_AT(QG_ECHANGED, path, 0, 0, NULL,
                              "is damaged, or was edited: its attributes, names and shapes are not "
                              "as they were written");
}

/* What can be done about a file of other inputs; said at the end, whatever is cut before it. */
static qg_code advise(void)
{
    static const char how[] = ". Use --accept-changes to keep what is still valid, --fresh to "
                              "start again, or --output";
    qg_error e = *qg_error_last();
    size_t n = strlen(e.msg), most = sizeof e.msg - sizeof how;
    snprintf(e.msg + (n < most ? n : most), sizeof how, "%s", how);
    return qg_error_restore(&e);
}

static qg_code open_existing(qg_store **out, const char *path, qg_arena *a, const qg_plan *plan,
                             const qg_layout *layout, bool accept)
{
    qg_store *s;
    QG_TRY(qg_store_open(&s, path, true));
    qg_code rc = qg_check_schema(s, a, path);
    if (rc == QG_OK)
        rc = qg_check_unchanged(s, a, path, plan, layout);
    if (rc == QG_OK)
        rc = check_structure(s, path);
    if (rc == QG_OK) {
        *out = s;
        return QG_OK;
    }
    if (rc == QG_ECHANGED && accept) {
        qg_log_error(qg_error_last());
        qg_error_clear();
        rc = accept_changes(out, path, s, a, plan, layout);
    } else if (rc == QG_ECHANGED) {
        rc = advise();
    }
    qg_error kept = *qg_error_last();
    qg_code closed = qg_store_close(s);
    if (rc != QG_OK)
        return qg_error_restore(&kept);
    return closed;
}

static qg_code open_file(qg_store **out, const char *path, qg_arena *a, const qg_plan *plan,
                         const qg_layout *layout, const qg_run_options *o)
{
    if (qg_file_exists(path) && !o->fresh)
        return open_existing(out, path, a, plan, layout, o->accept_changes);
    if (qg_file_exists(path) && !qg_store_is_hdf5(path))
        return QG_FAIL_AT(QG_ESTORE, path, 0, 0, NULL,
                          "is not a results file of qgrid, --fresh does not replace it");
    return qg_store_create(out, path, layout);
}

/* Whether a unit that is to run takes the trained model `model`. */
static bool is_wanted(const qg_results *r, const bool *needed, int model)
{
    const qg_plan *p = r->plan;
    for (int u = 0; u < p->n_units; u++) {
        int t = p->units[u].task;
        if (r->unit_state[u] == QG_STATE_OPEN && needed[t] && qg_plan_uses_model(p, t, model))
            return true;
    }
    return false;
}

/* A model that was trained, is needed, and is gone from its folder is trained again. */
static qg_code reopen_gone(qg_results *r, const bool *needed)
{
    const qg_plan *p = r->plan;
    for (int m = p->job->n_models - 1; m >= 0; m--) { /* what it is trained from comes later */
        const qg_plan_training *t = p->models[m].training;
        int unit = t ? p->tasks[t->task].first_unit : -1;
        if (!t || r->unit_state[unit] != QG_STATE_DONE || !is_wanted(r, needed, m) ||
            qg_training_is_complete(p->models[m].source.dir, p->models[m].hash))
            continue;
        qg_note("%s: the trained model is gone, it is trained again", p->models[m].source.dir);
        QG_TRY(qg_results_reopen(r, unit));
    }
    return QG_OK;
}

/* What the scheduler starts from: done and failed units stay so, unselected ones count as done.
 * A model is packed (or found packed) for its entry in the results even when all its cells are. */
static qg_code start_states(uint8_t **out, bool *any, qg_arena *a, qg_results *r)
{
    const qg_plan *p = r->plan;
    uint8_t *state;
    bool *needed;
    QG_NEW(state, a, p->n_units);
    QG_NEW(needed, a, p->n_tasks);
    for (int c = 0; c < p->n_cells; c++)
        if (p->cells[c].selected && p->cells[c].task >= 0)
            needed[p->cells[c].task] = true;
    for (int t = p->n_tasks - 1; t >= 0; t--) /* what a task needs has a smaller number */
        for (int i = 0; needed[t] && i < p->sched_tasks[t].n_needs; i++)
            needed[p->sched_tasks[t].needs[i]] = true;
    QG_TRY(reopen_gone(r, needed));
    QG_TRY(qg_results_fail_hopeless(r, needed));
    for (int u = 0; u < p->n_units; u++) {
        bool open = r->unit_state[u] == QG_STATE_OPEN && needed[p->units[u].task];
        state[u] = open                                  ? QG_UNIT_OPEN
                   : r->unit_state[u] == QG_STATE_FAILED ? QG_UNIT_FAILED
                                                         : QG_UNIT_DONE;
        *any |= open;
    }
    *out = state;
    return QG_OK;
}

static qg_code put_run(qg_results *r, const qg_par *par, const qg_farm_outcome *f, int status)
{
    const qg_group_ref g = qg_group_alone(QG_GROUP_TIMING_RUN);
    int32_t ranks = par->size, lost = f->lost_ranks, exit_status = status;
    QG_TRY(qg_results_write(r, g, "wall_seconds", QG_STORE_F64, NULL, NULL, &f->seconds));
    QG_TRY(qg_results_write(r, g, "ranks", QG_STORE_I32, NULL, NULL, &ranks));
    QG_TRY(qg_results_write(r, g, "lost_ranks", QG_STORE_I32, NULL, NULL, &lost));
    return qg_results_write(r, g, "exit_status", QG_STORE_I32, NULL, NULL, &exit_status);
}

static qg_code compute(qg_farm_outcome *outcome, qg_par *par, qg_arena *a, qg_results *r,
                       qg_lock *lock, const uint8_t *state, const qg_run_options *o)
{
    const qg_plan *p = r->plan;
    qg_work *work;
    qg_owner owner = {.results = r, .lock = lock, .progress = o->progress};
    qg_farm_options options = {.max_seconds = o->max_seconds, .silence = o->silence};
    owner.cache = qg_model_cache_dir(a);
    if (!owner.cache)
        return QG_ENOMEM;
    qg_farm_owner callbacks;
    qg_workload load = {p->sched_tasks, p->units, p->n_tasks, p->n_units, state, r->attempts};
    QG_TRY(qg_owner_callbacks(&callbacks, &owner, a, &load));
    QG_TRY(qg_work_create(&work, a));
    qg_farm_worker worker = qg_work_callbacks(work);
    qg_code rc = qg_farm_run(outcome, par, &load, &worker, &callbacks, &options, a);
    qg_work_destroy(work);
    qg_log_progress("");
    return rc;
}

/* With the file open: compute what is open, close cells, note how the run went. */
static qg_code run_open(qg_run_summary *out, qg_par *par, qg_arena *a, qg_results *r, qg_lock *lock,
                        const qg_run_options *o, bool *dismissed)
{
    uint8_t *state;
    bool any = false;
    qg_farm_outcome f = {0};
    if (r->damaged_fields)
        qg_warn("%s: %lld fields were damaged: what belongs to them is computed again", out->output,
                (long long)r->damaged_fields);
    if (r->damaged_units)
        qg_warn("%s: %lld finished units were damaged and are computed again", out->output,
                (long long)r->damaged_units);
    if (o->retry_failed)
        QG_TRY(qg_results_retry_failed(r));
    QG_TRY(start_states(&state, &any, a, r));
    qg_results_count(r, &out->open, &out->done, &out->failed);
    if (out->open == 0 && !any) { /* nothing to do: the file stays as it is */
        out->status = qg_exit_status(out->open, out->failed);
        return QG_OK;
    }
    QG_TRY(put_run(r, par, &f, -1));
    if (o->progress != QG_PROGRESS_NONE)
        QG_TRY(qg_announce(a, r, par, state, out));
    *dismissed = true;
    qg_code rc = compute(&f, par, a, r, lock, state, o);
    out->lost_ranks = f.lost_ranks;
    out->seconds = f.seconds;
    if (rc == QG_OK)
        rc = qg_finish_cells(r);
    qg_results_count(r, &out->open, &out->done, &out->failed);
    out->status = rc != QG_OK ? QG_EXIT_STOPPED : qg_exit_status(out->open, out->failed);
    QG_TRY(rc);
    return put_run(r, par, &f, out->status);
}

/* `file`: where the output's name leads. */
static qg_code run_locked(qg_run_summary *out, qg_par *par, qg_arena *a, const qg_plan *plan,
                          const char *file, qg_lock *lock, const qg_run_options *o, bool *dismissed)
{
    qg_store *store = NULL;
    qg_results r = {0};
    qg_layout layout;
    QG_TRY(qg_layout_make(&layout, a, plan));
    QG_TRY(open_file(&store, file, a, plan, &layout, o));
    qg_code rc = qg_results_open(&r, a, plan, store);
    if (rc == QG_OK)
        rc = qg_results_mend(&r, &layout);
    if (rc == QG_OK)
        rc = run_open(out, par, a, &r, lock, o, dismissed);
    if (rc == QG_OK)
        rc = qg_store_seal_all(store);
    qg_error kept = *qg_error_last();
    qg_results_close(&r);
    qg_code closed = qg_store_close(store);
    if (rc != QG_OK)
        return qg_error_restore(&kept);
    return closed;
}

qg_code qg_run(qg_run_summary *out, qg_par *par, qg_arena *a, const qg_plan *plan,
               const qg_run_options *options)
{
    qg_lock lock = {0};
    char file[4096];
    bool dismissed = false;
    *out = (qg_run_summary){.status = QG_EXIT_STOPPED};
    out->output = options->output ? options->output : plan->job->output;
    qg_code rc = qg_file_target(file, sizeof file, out->output); /* a link stays one */
    if (rc == QG_OK)
        rc = qg_store_check_path(file);
    if (rc == QG_OK)
        rc = qg_lock_take(&lock, file, QG_LOCK_STALE);
    if (rc == QG_OK) {
        rc = run_locked(out, par, a, plan, file, &lock, options, &dismissed);
        qg_lock_release(&lock);
    }
    if (!dismissed)
        qg_farm_dismiss(par);
    return rc;
}

/* `other`: the file is of another version of the layout. */
static void reason(qg_cell_reason *out, const qg_plan *plan, int cell, const qg_old_cells *o,
                   bool other, bool retry)
{
    const qg_cell *c = &plan->cells[cell];
    int k = o ? qg_old_cells_find(o, c->name, cell) : -1;
    out->runs = true;
    if (!c->selected) {
        out->runs = false;
        snprintf(out->why, sizeof out->why, "not selected by --only");
    } else if (c->skip) {
        out->runs = false;
        snprintf(out->why, sizeof out->why, "%s", c->skip);
    } else if (!o) {
        snprintf(out->why, sizeof out->why, "there is no results file yet");
    } else if (k < 0) {
        snprintf(out->why, sizeof out->why, "not in the results file yet");
    } else if (strcmp(o->key + (size_t)k * QG_NAME_SIZE, c->key) != 0) {
        snprintf(out->why, sizeof out->why,
                 "its inputs or options changed (needs --accept-changes)");
    } else if (o->state[k] == QG_STATE_DONE && other) {
        snprintf(out->why, sizeof out->why,
                 "the file is of another version of the layout (needs --accept-changes)");
    } else if (o->state[k] == QG_STATE_DONE) {
        out->runs = false;
        snprintf(out->why, sizeof out->why, "done");
    } else if (o->state[k] == QG_STATE_FAILED) {
        out->runs = retry;
        snprintf(out->why, sizeof out->why, "failed%s: %.150s",
                 retry ? "" : " (runs again with --retry-failed)",
                 o->error + (size_t)k * QG_ERROR_SIZE);
    } else {
        snprintf(out->why, sizeof out->why, "not finished yet");
    }
}

/* A finished comparison is made again when one of its predictions is tried again. */
static void follow_predictions(qg_cell_reason *out, const qg_plan *plan)
{
    for (int c = 0; c < plan->n_cells; c++) {
        int first, end;
        qg_plan_summed_up(&first, &end, plan, &plan->cells[c]);
        for (int k = first; k < end; k++)
            if (plan->cells[c].selected && !out[c].runs && out[k].runs &&
                qg_cell_sums_up(plan, &plan->cells[c], &plan->cells[k])) {
                out[c].runs = true;
                snprintf(out[c].why, sizeof out[c].why, "%s runs again", plan->cells[k].name);
            }
    }
}

/* A finished training runs again when its model is gone and something needs it. */
static void follow_models(qg_cell_reason *out, const qg_plan *plan)
{
    for (int m = plan->job->n_models - 1; m >= 0; m--) {
        const qg_plan_training *t = plan->models[m].training;
        if (!t || !plan->cells[t->cell].selected || out[t->cell].runs ||
            qg_training_is_complete(plan->models[m].source.dir, plan->models[m].hash))
            continue;
        for (int c = 0; c < plan->n_cells; c++) {
            const qg_cell *k = &plan->cells[c];
            if (!out[c].runs || k->task < 0 || !qg_plan_uses_model(plan, k->task, m))
                continue;
            out[t->cell].runs = true;
            snprintf(out[t->cell].why, sizeof out[t->cell].why,
                     "its model is gone, and %s needs it", k->name);
            break;
        }
    }
}

qg_code qg_run_reasons(qg_cell_reason *out, qg_arena *a, const qg_plan *plan, const char *output,
                       bool retry_failed)
{
    qg_old_cells o;
    const char *differences = NULL;
    bool exists = qg_file_exists(output);
    if (exists) {
        qg_store *s;
        QG_TRY(qg_store_open(&s, output, false));
        qg_code rc = qg_check_schema(s, a, output);
        if (rc == QG_OK)
            rc = qg_old_cells_read(&o, s, a);
        if (rc == QG_OK)
            rc = qg_schema_differences(&differences, s, a);
        qg_error kept = *qg_error_last();
        qg_code closed = qg_store_close(s);
        if (rc != QG_OK)
            return qg_error_restore(&kept);
        QG_TRY(closed);
    }
    if (differences)
        qg_note("%s is of another version of the layout: %s", output, differences);
    for (int i = 0; i < plan->n_cells; i++)
        reason(&out[i], plan, i, exists ? &o : NULL, differences != NULL, retry_failed);
    if (retry_failed)
        follow_predictions(out, plan);
    follow_models(out, plan);
    return QG_OK;
}
