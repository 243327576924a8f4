/*
 * results.c - states, checksums and units in the results file.
 */
#include "results.h"

#include "qgrid/file.h"
#include "results_explain.h"
#include "results_latency.h"
#include "results_training.h"
#include "wire.h"

#include "qgrid/predictor.h"

#include <stdlib.h>
#include <string.h>

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

/* What a unit of predictions consists of. */
typedef struct rows {
    int64_t start[2], count[2];
    float *logits;
    double *probabilities;
    int32_t *predicted;
} rows;

static qg_code make_rows(rows *w, qg_arena *a, int64_t first, int64_t n, int64_t K)
{
    *w = (rows){.start = {first, 0}, .count = {n, K}};
    QG_NEW(w->logits, a, n * K);
    QG_NEW(w->probabilities, a, n * K);
    QG_NEW(w->predicted, a, n);
    return QG_OK;
}

uint64_t qg_checksum_final(qg_sha256 *h)
{
    char hex[QG_SHA256_HEX];
    qg_sha256_final(h, hex);
    hex[16] = 0;
    return strtoull(hex, NULL, 16);
}

static uint64_t sum_rows(const rows *w)
{
    qg_sha256 h;
    size_t n = (size_t)w->count[0], K = (size_t)w->count[1];
    qg_sha256_init(&h);
    qg_sha256_add(&h, w->logits, n * K * sizeof *w->logits);
    qg_sha256_add(&h, w->probabilities, n * K * sizeof *w->probabilities);
    qg_sha256_add(&h, w->predicted, n * sizeof *w->predicted);
    return qg_checksum_final(&h);
}

/* What a unit of packing consists of. */
typedef struct packed {
    int64_t size_bytes, parameters, n;
    char *names; /* [n][QG_LAYER_NAME] */
    double *mse, *max, *cosine;
} packed;

static qg_code make_packed(packed *k, qg_arena *a, int64_t n)
{
    *k = (packed){.n = n};
    QG_NEW(k->names, a, n * QG_LAYER_NAME);
    QG_NEW(k->mse, a, n);
    QG_NEW(k->max, a, n);
    QG_NEW(k->cosine, a, n);
    return QG_OK;
}

static uint64_t sum_packed(const packed *k)
{
    qg_sha256 h;
    size_t bytes = (size_t)k->n * sizeof(double);
    qg_sha256_init(&h);
    qg_sha256_add(&h, &k->size_bytes, sizeof k->size_bytes);
    qg_sha256_add(&h, &k->parameters, sizeof k->parameters);
    qg_sha256_add(&h, k->names, (size_t)k->n * QG_LAYER_NAME);
    qg_sha256_add(&h, k->mse, bytes);
    qg_sha256_add(&h, k->max, bytes);
    qg_sha256_add(&h, k->cosine, bytes);
    return qg_checksum_final(&h);
}

qg_code qg_rows_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                         int64_t count, int K)
{
    rows w;
    char path[1024];
    QG_TRY(make_rows(&w, a, first, count, K));
    snprintf(path, sizeof path, "%s/logits", group);
    QG_TRY(qg_store_read(s, path, QG_STORE_F32, w.start, w.count, w.logits));
    snprintf(path, sizeof path, "%s/probabilities", group);
    QG_TRY(qg_store_read(s, path, QG_STORE_F64, w.start, w.count, w.probabilities));
    snprintf(path, sizeof path, "%s/predicted", group);
    QG_TRY(qg_store_read(s, path, QG_STORE_I32, w.start, w.count, w.predicted));
    *out = sum_rows(&w);
    return QG_OK;
}

static qg_code sum_unit_rows(uint64_t *sum, qg_results *r, int unit, qg_group_ref g)
{
    char group[1024];
    const qg_unit *u = &r->plan->units[unit];
    qg_group_path(group, sizeof group, r->plan->job, g, NULL);
    return qg_rows_checksum(sum, r->store, r->scratch, group, u->first, u->count, r->plan->job->K);
}

qg_code qg_packed_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group)
{
    packed k;
    char path[1100];
    qg_store_info info;
    snprintf(path, sizeof path, "%s/layer", group);
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.ndim != 1 || info.type != QG_STORE_STRING || info.string_size != QG_LAYER_NAME)
        return QG_FAIL(QG_ESTORE, "%s is not a column of names", path);
    QG_TRY(make_packed(&k, a, info.shape[0]));
    QG_TRY(qg_store_read(s, path, QG_STORE_STRING, NULL, NULL, k.names));
    const struct {
        const char *name;
        qg_store_type type;
        void *data;
    } parts[] = {{"size_bytes", QG_STORE_I64, &k.size_bytes},
                 {"parameters", QG_STORE_I64, &k.parameters},
                 {"weight_mse", QG_STORE_F64, k.mse},
                 {"weight_max_error", QG_STORE_F64, k.max},
                 {"weight_cosine", QG_STORE_F64, k.cosine}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", group, parts[i].name);
        QG_TRY(qg_store_read(s, path, parts[i].type, NULL, NULL, parts[i].data));
    }
    *out = sum_packed(&k);
    return QG_OK;
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

static qg_code put_predict(qg_results *r, int unit, qg_reader *in, uint64_t *sum)
{
    const qg_plan_task *t = &r->plan->tasks[r->plan->units[unit].task];
    qg_group_ref g = qg_task_group(r->plan, t, QG_GROUP_PREDICTIONS);
    rows w;
    int64_t n = r->plan->units[unit].count, K = r->plan->job->K;
    QG_TRY(make_rows(&w, r->scratch, r->plan->units[unit].first, n, K));
    if (qg_wire_get_i64(in) != K)
        return QG_FAIL(QG_EBUG, "a worker's model has another number of classes");
    qg_wire_get(in, w.logits, (size_t)(n * K) * sizeof *w.logits);
    QG_TRY(qg_wire_end(in));
    for (int64_t i = 0; i < n; i++) {
        qg_softmax(w.probabilities + i * K, w.logits + i * K, (int)K);
        w.predicted[i] = qg_argmax_f32(w.logits + i * K, (int)K);
    }
    QG_TRY(qg_results_write(r, g, "logits", QG_STORE_F32, w.start, w.count, w.logits));
    QG_TRY(
        qg_results_write(r, g, "probabilities", QG_STORE_F64, w.start, w.count, w.probabilities));
    QG_TRY(qg_results_write(r, g, "predicted", QG_STORE_I32, w.start, w.count, w.predicted));
    *sum = sum_rows(&w);
    return QG_OK;
}

static qg_code put_pack(qg_results *r, int unit, qg_reader *in, uint64_t *sum)
{
    const qg_plan_task *t = &r->plan->tasks[r->plan->units[unit].task];
    qg_group_ref g = qg_task_group(r->plan, t, QG_GROUP_MODEL);
    packed k;
    QG_TRY(make_packed(&k, r->scratch, qg_plan_linear_layers(&r->plan->models[t->model].config)));
    k.size_bytes = qg_wire_get_i64(in);
    k.parameters = qg_wire_get_i64(in);
    int64_t n = qg_wire_get_i64(in);
    if (n != k.n)
        return QG_FAIL(QG_EBUG, "%lld linear layers reported, %lld planned", (long long)n,
                       (long long)k.n);
    for (int64_t i = 0; i < n; i++) {
        qg_layer_error e;
        qg_wire_get(in, &e, sizeof e);
        snprintf(k.names + i * QG_LAYER_NAME, QG_LAYER_NAME, "%.95s", e.name);
        k.mse[i] = e.mse;
        k.max[i] = e.max_abs;
        k.cosine[i] = e.cosine;
    }
    QG_TRY(qg_wire_end(in));
    QG_TRY(qg_results_write(r, g, "size_bytes", QG_STORE_I64, NULL, NULL, &k.size_bytes));
    QG_TRY(qg_results_write(r, g, "parameters", QG_STORE_I64, NULL, NULL, &k.parameters));
    QG_TRY(qg_results_write(r, g, "layer", QG_STORE_STRING, NULL, NULL, k.names));
    QG_TRY(qg_results_write(r, g, "weight_mse", QG_STORE_F64, NULL, NULL, k.mse));
    QG_TRY(qg_results_write(r, g, "weight_max_error", QG_STORE_F64, NULL, NULL, k.max));
    QG_TRY(qg_results_write(r, g, "weight_cosine", QG_STORE_F64, NULL, NULL, k.cosine));
    *sum = sum_packed(&k);
    return QG_OK;
}

static qg_code put_unit(qg_results *r, int unit, qg_reader *in, const char *host)
{
    uint64_t sum = 0;
    switch (r->plan->tasks[r->plan->units[unit].task].kind) {
    case QG_TASK_PACK:
        QG_TRY(put_pack(r, unit, in, &sum));
        break;
    case QG_TASK_PREDICT:
        QG_TRY(put_predict(r, unit, in, &sum));
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
