/*
 * results.c - states, checksums and units in the results file.
 */
#include "qgrid/results.h"

#include "qgrid/file.h"

#include <math.h>
#include <string.h>

qg_code qg_undefined_numbers(double **out, qg_arena *a, int64_t n)
{
    QG_NEW(*out, a, n);
    for (int64_t i = 0; i < n; i++)
        (*out)[i] = (double)NAN;
    return QG_OK;
}

qg_group_ref qg_task_group(const qg_plan *p, const qg_plan_task *t, qg_group group)
{
    if (t->cell >= 0)
        return qg_cell_group(p, &p->cells[t->cell], group);
    return (qg_group_ref){group, t->model, -1, t->precision, -1};
}

qg_code qg_results_write(qg_results *r, qg_group_ref ref, const char *name, qg_store_type type,
                         const int64_t *start, const int64_t *count, const void *data)
{
    char path[1024];
    qg_group_path(path, sizeof path, r->plan->job, ref, name);
    return qg_store_write(r->store, path, type, start, count, data);
}

qg_code qg_results_read(qg_results *r, qg_group_ref ref, const char *name, qg_store_type type,
                        const int64_t *start, const int64_t *count, void *data)
{
    char path[1024];
    qg_group_path(path, sizeof path, r->plan->job, ref, name);
    return qg_store_read(r->store, path, type, start, count, data);
}

qg_code qg_results_write_text(qg_results *r, qg_group_ref ref, const char *name, const char *text)
{
    char fixed[QG_NAME_SIZE] = {0};
    snprintf(fixed, sizeof fixed, "%s", text);
    return qg_results_write(r, ref, name, QG_STORE_STRING, NULL, NULL, fixed);
}

static const qg_plan_task *task_of(const qg_results *r, int unit)
{
    return &r->plan->tasks[r->plan->units[unit].task];
}

qg_code qg_results_checksum(uint64_t *out, qg_results *r, int unit)
{
    const qg_unit *u = &r->plan->units[unit];
    const qg_plan_task *t = task_of(r, unit);
    char group[1024];
    *out = 0;
    if (!t->kind->checksum)
        return QG_OK;
    qg_group_path(group, sizeof group, r->plan->job, qg_task_group(r->plan, t, t->kind->group),
                  NULL);
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = t->kind->checksum(out, r->store, r->scratch, group, u->first, u->count);
    qg_arena_release(r->scratch, m);
    return rc;
}

/* One element of a 1-d dataset of /units or /cells. */
static qg_code put_one(qg_results *r, qg_group_ref ref, const char *name, qg_store_type type,
                       int64_t index, const void *value)
{
    int64_t one = 1;
    return qg_results_write(r, ref, name, type, &index, &one, value);
}

static qg_code set_unit(qg_results *r, int unit, uint8_t state)
{
    r->unit_state[unit] = state;
    return put_one(r, qg_group_alone(QG_GROUP_UNITS), "state", QG_STORE_U8, unit,
                   &r->unit_state[unit]);
}

static qg_code set_row_states(qg_results *r, int unit, uint8_t state)
{
    const qg_unit *u = &r->plan->units[unit];
    const qg_plan_task *t = task_of(r, unit);
    uint8_t *states;
    if (!t->kind->rows)
        return QG_OK;
    qg_mark m = qg_arena_mark(r->scratch);
    QG_NEW(states, r->scratch, u->count);
    memset(states, state, (size_t)u->count);
    qg_code rc = qg_results_write(r, qg_task_group(r->plan, t, t->kind->group), "state",
                                  QG_STORE_U8, &u->first, &u->count, states);
    qg_arena_release(r->scratch, m);
    return rc;
}

qg_code qg_results_set_rows(qg_results *r, int unit)
{
    return set_row_states(r, unit, r->unit_state[unit]);
}

qg_code qg_results_seal(qg_results *r, qg_group_ref ref)
{
    char path[1024];
    qg_group_path(path, sizeof path, r->plan->job, ref, NULL);
    return qg_store_seal_group(r->store, path);
}

/* Fields of a unit that belongs to no cell are complete with it. */
static qg_code put_unit(qg_results *r, int unit, const qg_work_result *result)
{
    uint64_t sum = 0;
    const qg_plan_task *t = task_of(r, unit);
    QG_TRY(t->kind->store(&sum, r, unit, result));
    r->checksum[unit] = sum;
    QG_TRY(put_one(r, qg_group_alone(QG_GROUP_UNITS), "checksum", QG_STORE_U64, unit, &sum));
    QG_TRY(set_row_states(r, unit, QG_STATE_DONE));
    if (t->cell < 0)
        QG_TRY(qg_results_seal(r, qg_task_group(r->plan, t, t->kind->group)));
    return set_unit(r, unit, QG_STATE_DONE);
}

qg_code qg_results_put(qg_results *r, int unit, const qg_work_result *result)
{
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = put_unit(r, unit, result);
    qg_arena_release(r->scratch, m);
    return rc;
}

/* It has no checksum: that of an earlier run is of no use. */
qg_code qg_results_fail(qg_results *r, int unit, const char *error)
{
    r->unit_error[unit] = qg_arena_strdup(r->arena, error);
    if (!r->unit_error[unit])
        return QG_ENOMEM;
    r->checksum[unit] = 0;
    QG_TRY(put_one(r, qg_group_alone(QG_GROUP_UNITS), "checksum", QG_STORE_U64, unit,
                   &r->checksum[unit]));
    QG_TRY(set_row_states(r, unit, QG_STATE_FAILED));
    return set_unit(r, unit, QG_STATE_FAILED);
}

/* The states that say more last: whatever dies in between, "done" is true. */
qg_code qg_results_reopen(qg_results *r, int unit)
{
    int cell = task_of(r, unit)->cell;
    QG_TRY(qg_results_forget_attempts(r, unit));
    if (cell >= 0 && r->cell_state[cell] != QG_STATE_OPEN) {
        r->cell_state[cell] = QG_STATE_OPEN;
        QG_TRY(put_one(r, qg_group_alone(QG_GROUP_CELLS), "state", QG_STORE_U8, cell,
                       &r->cell_state[cell]));
    }
    QG_TRY(set_unit(r, unit, QG_STATE_OPEN));
    return set_row_states(r, unit, QG_STATE_OPEN);
}

qg_code qg_results_open(qg_results *out, qg_arena *a, const qg_plan *plan, qg_store *store)
{
    *out = (qg_results){.plan = plan, .store = store, .arena = a};
    out->resampler = qg_resampler_make((int)plan->job->bootstrap, (uint64_t)plan->job->seed, a);
    QG_NEW(out->unit_state, a, plan->n_units);
    QG_NEW(out->checksum, a, plan->n_units);
    QG_NEW(out->unit_error, a, plan->n_units);
    QG_NEW(out->cell_state, a, plan->n_cells);
    out->scratch = qg_arena_create(0);
    if (!out->scratch)
        return QG_FAIL(QG_ENOMEM, "no memory");
    QG_TRY(qg_results_read(out, qg_group_alone(QG_GROUP_UNITS), "state", QG_STORE_U8, NULL, NULL,
                           out->unit_state));
    QG_TRY(qg_results_read(out, qg_group_alone(QG_GROUP_UNITS), "checksum", QG_STORE_U64, NULL,
                           NULL, out->checksum));
    QG_TRY(qg_results_read_attempts(out));
    QG_TRY(qg_results_read(out, qg_group_alone(QG_GROUP_CELLS), "state", QG_STORE_U8, NULL, NULL,
                           out->cell_state));
    return QG_OK;
}

qg_code qg_results_seal_cell(qg_results *r, int cell)
{
    const qg_plan *p = r->plan;
    qg_group_ref *group;
    qg_code rc = QG_OK;
    qg_mark m = qg_arena_mark(r->scratch);
    QG_NEW(group, r->scratch, qg_layout_most_cell_groups(p));
    for (int i = qg_layout_cell_groups(group, p, &p->cells[cell]) - 1; i >= 0 && rc == QG_OK; i--)
        rc = qg_results_seal(r, group[i]);
    qg_arena_release(r->scratch, m);
    return rc;
}

void qg_results_close(qg_results *r)
{
    qg_arena_destroy(r->scratch);
    r->scratch = NULL;
}

qg_code qg_results_reopen_cell(qg_results *r, int cell)
{
    char blank[QG_ERROR_SIZE] = {0};
    if (r->plan->cells[cell].skip)
        return QG_OK;
    r->cell_state[cell] = QG_STATE_OPEN;
    QG_TRY(put_one(r, qg_group_alone(QG_GROUP_CELLS), "state", QG_STORE_U8, cell,
                   &r->cell_state[cell]));
    return put_one(r, qg_group_alone(QG_GROUP_CELLS), "error", QG_STORE_STRING, cell, blank);
}

/* What was computed without a prediction that failed is computed again. */
static qg_code reopen_summaries(qg_results *r)
{
    const qg_plan *p = r->plan;
    for (int c = 0; c < p->n_cells; c++) {
        int first, end;
        qg_plan_summed_up(&first, &end, p, &p->cells[c]);
        for (int k = first; k < end; k++)
            if (r->cell_state[k] == QG_STATE_FAILED && r->cell_state[c] != QG_STATE_OPEN &&
                qg_cell_sums_up(p, &p->cells[c], &p->cells[k]))
                QG_TRY(qg_results_reopen_cell(r, c));
    }
    return QG_OK;
}

qg_code qg_results_retry_failed(qg_results *r)
{
    QG_TRY(reopen_summaries(r)); /* first: a run may be killed here */
    for (int u = 0; u < r->plan->n_units; u++)
        if (r->unit_state[u] == QG_STATE_FAILED)
            QG_TRY(qg_results_reopen(r, u));
    for (int c = 0; c < r->plan->n_cells; c++)
        if (r->cell_state[c] == QG_STATE_FAILED)
            QG_TRY(qg_results_reopen_cell(r, c));
    return QG_OK;
}

void qg_results_count(const qg_results *r, int *open, int *done, int *failed)
{
    *open = *done = *failed = 0;
    for (int c = 0; c < r->plan->n_cells; c++) {
        if (!r->plan->cells[c].selected)
            continue;
        *open += r->cell_state[c] == QG_STATE_OPEN;
        *done += r->cell_state[c] == QG_STATE_DONE;
        *failed += r->cell_state[c] == QG_STATE_FAILED;
    }
}
