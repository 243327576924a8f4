/*
 * results_predict.c - units of packing and prediction: what is stored of them, and its checksum.
 */
#include "results_predict.h"

#include "qgrid/softmax.h"

#include <string.h>

/* ----------------------------------------------------------------------------------- predictions
 */

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

qg_code qg_results_put_predict(qg_results *r, int unit, qg_reader *in, uint64_t *sum)
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

/* --------------------------------------------------------------------------------------- packing
 */

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

qg_code qg_results_put_pack(qg_results *r, int unit, qg_reader *in, uint64_t *sum)
{
    const qg_plan_task *t = &r->plan->tasks[r->plan->units[unit].task];
    qg_group_ref g = qg_task_group(r->plan, t, QG_GROUP_MODEL);
    packed k;
    QG_TRY(make_packed(&k, r->scratch, qg_linear_count(&r->plan->models[t->model].config)));
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
