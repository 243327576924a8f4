/*
 * finish.c - closing cells: which can be finished now, their states, their errors.
 */
#include "finish.h"

#include "qgrid/summaries.h"

typedef enum progress { WAITING, ALL_DONE, SOME_FAILED } progress;

static progress task_progress(const qg_results *r, int task)
{
    const qg_plan_task *t = &r->plan->tasks[task];
    progress p = ALL_DONE;
    for (int u = t->first_unit; u < t->first_unit + t->n_units; u++) {
        if (r->unit_state[u] == QG_STATE_OPEN)
            return WAITING;
        if (r->unit_state[u] == QG_STATE_FAILED)
            p = SOME_FAILED;
    }
    return p;
}

bool qg_finish_task_done(const qg_results *r, int task)
{
    return task_progress(r, task) == ALL_DONE;
}

bool qg_finish_is_done(const qg_results *r, const qg_cell *c)
{
    return r->cell_state[c - r->plan->cells] == QG_STATE_DONE;
}

/* The first task that failed among those that a task needs; -1: none. */
static int failed_need(const qg_results *r, int task)
{
    const qg_task *t = &r->plan->sched_tasks[task];
    for (int i = 0; i < t->n_needs; i++) {
        int before = failed_need(r, t->needs[i]);
        if (before >= 0)
            return before;
        if (task_progress(r, t->needs[i]) == SOME_FAILED)
            return t->needs[i];
    }
    return -1;
}

/* Whether predictions that a task needs are open: computed again after damage, while what was made
 * of them is done. They say which texts are explained, and for which class. */
static bool waits_for_predictions(const qg_results *r, int task)
{
    const qg_task *t = task >= 0 ? &r->plan->sched_tasks[task] : NULL;
    for (int i = 0; t && i < t->n_needs; i++) {
        int cell = r->plan->tasks[t->needs[i]].cell;
        if (cell >= 0 && r->plan->cells[cell].kind == QG_CELL_PREDICT &&
            task_progress(r, t->needs[i]) == WAITING)
            return true;
    }
    return false;
}

static qg_code set_cell(qg_results *r, int cell, qg_state state, const char *error)
{
    const qg_group_ref ref = qg_group_alone(QG_GROUP_CELLS);
    char text[QG_ERROR_SIZE] = {0};
    int64_t at = cell, one = 1;
    uint8_t value = (uint8_t)state;
    snprintf(text, sizeof text, "%s", error ? error : "");
    QG_TRY(qg_results_seal_cell(r, cell));
    QG_TRY(qg_results_write(r, ref, "error", QG_STORE_STRING, &at, &one, text));
    r->cell_state[cell] = value;
    return qg_results_write(r, ref, "state", QG_STORE_U8, &at, &one, &value);
}

/* Error of the first failed unit of a task, by unit number: the same on any number of ranks. */
static const char *first_error(const qg_results *r, int task)
{
    const qg_plan_task *t = &r->plan->tasks[task];
    for (int u = t->first_unit; u < t->first_unit + t->n_units; u++)
        if (r->unit_state[u] == QG_STATE_FAILED)
            return r->unit_error[u] ? r->unit_error[u] : "failed in an earlier run";
    return "failed";
}

/* What is computed of a kind of cell, and what is said where there is nothing to sum up. */
static const struct {
    const char *nothing;
    qg_code (*finish)(qg_results *r, const qg_cell *c);
} kinds[] = {
#define QG_CELL_KIND(id, name, work, key, sums_up, sides, nothing, finish, ...) {nothing, finish},
#include "qgrid/cell_kinds.def"
#undef QG_CELL_KIND
};

/* A cell whose numbers cannot be computed fails alone; trouble with the file stops the run. */
static qg_code close_cell(qg_results *r, int cell)
{
    const qg_cell *c = &r->plan->cells[cell];
    char text[QG_ERROR_SIZE];
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = kinds[c->kind].finish ? kinds[c->kind].finish(r, c) : QG_OK;
    qg_arena_release(r->scratch, m);
    if (rc == QG_OK)
        return set_cell(r, cell, QG_STATE_DONE, NULL);
    if (qg_code_scope(rc) != QG_SCOPE_CELL)
        return rc;
    qg_error_format(text, sizeof text, qg_error_last());
    return set_cell(r, cell, QG_STATE_FAILED, text);
}

/* A cell that cannot be computed since a task before it failed. */
static qg_code fail_for(qg_results *r, int cell, int broken)
{
    const qg_plan_task *t = &r->plan->tasks[broken];
    char what[2 * QG_NAME_SIZE + 64], text[QG_ERROR_SIZE];
    t->kind->lacking(what, sizeof what, r->plan, t);
    snprintf(text, sizeof text, "%s: %s", what, first_error(r, broken));
    return set_cell(r, cell, QG_STATE_FAILED, text);
}

static qg_code finish_task_cell(qg_results *r, int cell)
{
    const qg_cell *c = &r->plan->cells[cell];
    int broken = failed_need(r, c->task);
    if (broken >= 0)
        return fail_for(r, cell, broken);
    progress p = task_progress(r, c->task);
    if (p == WAITING || waits_for_predictions(r, c->task))
        return QG_OK;
    if (p == SOME_FAILED)
        return set_cell(r, cell, QG_STATE_FAILED, first_error(r, c->task));
    return close_cell(r, cell);
}

/* When all cells that it sums up are closed. */
static qg_code finish_summary_cell(qg_results *r, int cell)
{
    const qg_plan *p = r->plan;
    const qg_cell *c = &p->cells[cell];
    int done = 0, others = 0; /* of its first experiment, and of others */
    int first, end;
    qg_plan_summed_up(&first, &end, p, c);
    for (int k = first; k < end; k++) {
        if (!qg_cell_sums_up(p, c, &p->cells[k]))
            continue;
        if (r->cell_state[k] == QG_STATE_OPEN || waits_for_predictions(r, p->cells[k].task))
            return QG_OK;
        if (r->cell_state[k] == QG_STATE_DONE)
            *(p->cells[k].experiment == c->experiment ? &done : &others) += 1;
    }
    if (!qg_cell_has_enough(c, done, others))
        return set_cell(r, cell, QG_STATE_FAILED, kinds[c->kind].nothing);
    return close_cell(r, cell);
}

qg_code qg_finish_cells(qg_results *r)
{
    /* Sums depend on other cells: two passes. */
    for (int pass = 0; pass < 2; pass++)
        for (int c = 0; c < r->plan->n_cells; c++) {
            const qg_cell *cell = &r->plan->cells[c];
            bool sum = !qg_cell_work(cell->kind);
            if (r->cell_state[c] == QG_STATE_OPEN && cell->selected && sum == (pass == 1))
                QG_TRY(sum ? finish_summary_cell(r, c) : finish_task_cell(r, c));
        }
    return qg_store_flush(r->store, false);
}
