/*
 * results.c - states, checksums and units in the results file.
 */
#include "qgrid/results.h"

#include "qgrid/file.h"
#include "units/results_explain.h"
#include "units/results_latency.h"
#include "units/results_predict.h"
#include "units/results_training.h"
#include "units/wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

qg_code qg_undefined_numbers(double **out, qg_arena *a, int64_t n)
{
    QG_NEW(*out, a, n);
    for (int64_t i = 0; i < n; i++)
        (*out)[i] = (double)NAN;
    return QG_OK;
}

static const qg_group_ref units_ref = {QG_GROUP_UNITS, -1, -1, -1};
static const qg_group_ref cells_ref = {QG_GROUP_CELLS, -1, -1, -1};

qg_group_ref qg_task_group(const qg_plan *p, const qg_plan_task *t, qg_group group)
{
    int dataset = t->experiment >= 0 ? p->job->experiments[t->experiment].dataset : -1;
    int method = t->cell >= 0 ? p->cells[t->cell].method : -1;
    return (qg_group_ref){group, t->model, dataset, t->precision, method};
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

uint64_t qg_checksum_final(qg_sha256 *h)
{
    char hex[QG_SHA256_HEX];
    qg_sha256_final(h, hex);
    hex[16] = 0;
    return strtoull(hex, NULL, 16);
}

static qg_code sum_unit_rows(uint64_t *sum, qg_results *r, int unit, qg_group_ref g)
{
    char group[1024];
    const qg_unit *u = &r->plan->units[unit];
    qg_group_path(group, sizeof group, r->plan->job, g, NULL);
    return qg_rows_checksum(sum, r->store, r->scratch, group, u->first, u->count, r->plan->job->K);
}

static qg_code sum_unit_packed(uint64_t *sum, qg_results *r, qg_group_ref g)
{
    char group[1024];
    qg_group_path(group, sizeof group, r->plan->job, g, NULL);
    return qg_packed_checksum(sum, r->store, r->scratch, group);
}

static qg_code sum_unit_explain(uint64_t *sum, qg_results *r, int unit, const qg_plan_task *t)
{
    char path[1024];
    const qg_unit *u = &r->plan->units[unit];
    qg_group_path(path, sizeof path, r->plan->job, qg_task_group(r->plan, t, QG_GROUP_ATTRIBUTIONS),
                  NULL);
    return qg_explanation_checksum(sum, r->store, r->scratch, path + strlen("/attributions/"),
                                   u->first, u->count);
}

qg_code qg_results_checksum(uint64_t *out, qg_results *r, int unit)
{
    const qg_plan_task *t = &r->plan->tasks[r->plan->units[unit].task];
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = QG_OK;
    *out = 0;
    if (t->kind == QG_TASK_PREDICT)
        rc = sum_unit_rows(out, r, unit, qg_task_group(r->plan, t, QG_GROUP_PREDICTIONS));
    else if (t->kind == QG_TASK_PACK)
        rc = sum_unit_packed(out, r, qg_task_group(r->plan, t, QG_GROUP_MODEL));
    else if (t->kind == QG_TASK_TRAIN)
        rc = qg_results_sum_training(out, r, t->model);
    else if (t->kind == QG_TASK_EXPLAIN)
        rc = sum_unit_explain(out, r, unit, t);
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
    return put_one(r, units_ref, "state", QG_STORE_U8, unit, &r->unit_state[unit]);
}

static qg_code set_row_states(qg_results *r, int unit, uint8_t state)
{
    const qg_unit *u = &r->plan->units[unit];
    const qg_plan_task *t = &r->plan->tasks[u->task];
    uint8_t *states;
    if (t->kind != QG_TASK_PREDICT && t->kind != QG_TASK_EXPLAIN)
        return QG_OK;
    qg_group group = t->kind == QG_TASK_PREDICT ? QG_GROUP_PREDICTIONS : QG_GROUP_ATTRIBUTIONS;
    QG_NEW(states, r->scratch, u->count);
    memset(states, state, (size_t)u->count);
    return qg_results_write(r, qg_task_group(r->plan, t, group), "state", QG_STORE_U8, &u->first,
                            &u->count, states);
}

static qg_code put_unit(qg_results *r, int unit, qg_reader *in, const char *host)
{
    uint64_t sum = 0;
    switch (r->plan->tasks[r->plan->units[unit].task].kind) {
    case QG_TASK_PACK:
        QG_TRY(qg_results_put_pack(r, unit, in, &sum));
        break;
    case QG_TASK_PREDICT:
        QG_TRY(qg_results_put_predict(r, unit, in, &sum));
        break;
    case QG_TASK_LATENCY:
        QG_TRY(qg_results_put_latency(r, unit, in, host));
        break;
    case QG_TASK_TRAIN:
        QG_TRY(qg_results_put_training(r, unit, in, &sum));
        break;
    case QG_TASK_EXPLAIN:
        QG_TRY(qg_results_put_explain(r, unit, in, &sum));
        break;
    }
    r->checksum[unit] = sum;
    QG_TRY(put_one(r, units_ref, "checksum", QG_STORE_U64, unit, &sum));
    QG_TRY(set_row_states(r, unit, 1));
    return set_unit(r, unit, 1);
}

qg_code qg_results_put(qg_results *r, int unit, const void *data, size_t size, const char *host)
{
    qg_reader in = {.data = data, .size = size};
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = put_unit(r, unit, &in, host);
    qg_arena_release(r->scratch, m);
    return rc;
}

qg_code qg_results_fail(qg_results *r, int unit, const char *error)
{
    r->unit_error[unit] = qg_arena_strdup(r->arena, error);
    if (!r->unit_error[unit])
        return QG_ENOMEM;
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = set_row_states(r, unit, 2);
    qg_arena_release(r->scratch, m);
    QG_TRY(rc);
    return set_unit(r, unit, 2);
}

qg_code qg_results_reopen(qg_results *r, int unit)
{
    int cell = r->plan->tasks[r->plan->units[unit].task].cell;
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = set_row_states(r, unit, 0);
    qg_arena_release(r->scratch, m);
    QG_TRY(rc);
    if (cell >= 0 && r->cell_state[cell] != QG_CELL_OPEN) {
        r->cell_state[cell] = QG_CELL_OPEN;
        QG_TRY(put_one(r, cells_ref, "state", QG_STORE_U8, cell, &r->cell_state[cell]));
    }
    return set_unit(r, unit, 0);
}

static qg_code check_units(qg_results *r)
{
    for (int u = 0; u < r->plan->n_units; u++) {
        uint64_t sum;
        if (r->unit_state[u] != 1)
            continue;
        QG_TRY(qg_results_checksum(&sum, r, u));
        if (sum == r->checksum[u])
            continue;
        r->damaged_units++;
        QG_TRY(qg_results_reopen(r, u));
    }
    return QG_OK;
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
    QG_TRY(qg_results_read(out, units_ref, "state", QG_STORE_U8, NULL, NULL, out->unit_state));
    QG_TRY(qg_results_read(out, units_ref, "checksum", QG_STORE_U64, NULL, NULL, out->checksum));
    QG_TRY(qg_results_read(out, cells_ref, "state", QG_STORE_U8, NULL, NULL, out->cell_state));
    return check_units(out);
}

void qg_results_close(qg_results *r)
{
    qg_arena_destroy(r->scratch);
    r->scratch = NULL;
}

static qg_code reopen_cell(qg_results *r, int cell)
{
    char blank[QG_ERROR_SIZE] = {0};
    r->cell_state[cell] = QG_CELL_OPEN;
    QG_TRY(put_one(r, cells_ref, "state", QG_STORE_U8, cell, &r->cell_state[cell]));
    return put_one(r, cells_ref, "error", QG_STORE_STRING, cell, blank);
}

/* What was computed without a prediction that failed is computed again. */
static qg_code reopen_summaries(qg_results *r)
{
    const qg_plan *p = r->plan;
    for (int c = 0; c < p->n_cells; c++)
        for (int k = 0; k < p->n_cells; k++)
            if (r->cell_state[k] == QG_CELL_FAILED && r->cell_state[c] != QG_CELL_OPEN &&
                qg_cell_sums_up(p, &p->cells[c], &p->cells[k]))
                QG_TRY(reopen_cell(r, c));
    return QG_OK;
}

qg_code qg_results_retry_failed(qg_results *r)
{
    QG_TRY(reopen_summaries(r)); /* first: a run may be killed here */
    for (int u = 0; u < r->plan->n_units; u++)
        if (r->unit_state[u] == 2)
            QG_TRY(qg_results_reopen(r, u));
    for (int c = 0; c < r->plan->n_cells; c++)
        if (r->cell_state[c] == QG_CELL_FAILED)
            QG_TRY(reopen_cell(r, c));
    return QG_OK;
}

void qg_results_count(const qg_results *r, int *open, int *done, int *failed)
{
    *open = *done = *failed = 0;
    for (int c = 0; c < r->plan->n_cells; c++) {
        if (!r->plan->cells[c].selected)
            continue;
        *open += r->cell_state[c] == QG_CELL_OPEN;
        *done += r->cell_state[c] == QG_CELL_DONE;
        *failed += r->cell_state[c] == QG_CELL_FAILED;
    }
}
