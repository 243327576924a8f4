/*
 * pack.c - packing a model under a precision: its size, and the error of each layer's weights.
 *
 *   -> size, parameters, layers, a qg_layer_error of each
 */
#include "unit.h"

#include "qgrid/results.h"

static void needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t)
{
    need[0] = qg_plan_training_task(p, t->model);
}

static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    double bytes = (double)qg_cost_model_bytes(&p->models[p->tasks[task].model].config);
    return qg_plan_add_unit(p, a, task, 0, 1, bytes / 200e6 + 1e-3);
}

static qg_code execute(qg_work_unit *u)
{
    int n;
    const qg_layer_error *e = qg_model_layer_errors(u->model, &n);
    QG_TRY(qg_wire_end(u->in));
    qg_wire_put_i64(u->out, qg_model_size_bytes(u->model));
    qg_wire_put_i64(u->out, qg_model_parameters(u->model));
    qg_wire_put_i64(u->out, n);
    qg_wire_put(u->out, e, (size_t)n * sizeof *e);
    return QG_OK;
}

/* What the unit consists of. */
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

_Static_assert((int)QG_MODULE_NAME <= QG_LAYER_NAME, "no name of a layer is cut");

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

static qg_code checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                        int64_t count)
{
    packed k;
    char path[1100];
    qg_store_info info;
    (void)first; /* there is one unit of a group */
    (void)count;
    snprintf(path, sizeof path, "%s/layer", group);
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.ndim != 1 || info.type != QG_STORE_STRING || info.string_size != QG_LAYER_NAME)
        return QG_FAIL(QG_ESTORE, "%s is not a column of names", path);
    QG_TRY(make_packed(&k, a, info.shape[0]));
    const struct {
        const char *name;
        qg_store_type type;
        void *data;
    } parts[] = {
        {"layer", QG_STORE_STRING, k.names},         {"size_bytes", QG_STORE_I64, &k.size_bytes},
        {"parameters", QG_STORE_I64, &k.parameters}, {"weight_mse", QG_STORE_F64, k.mse},
        {"weight_max_error", QG_STORE_F64, k.max},   {"weight_cosine", QG_STORE_F64, k.cosine}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", group, parts[i].name);
        QG_TRY(qg_store_read(s, path, parts[i].type, NULL, NULL, parts[i].data));
    }
    *out = sum_packed(&k);
    return QG_OK;
}

static qg_code store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_plan_task *t = &r->plan->tasks[r->plan->units[unit].task];
    qg_group_ref g = qg_task_group(r->plan, t, QG_GROUP_MODEL);
    qg_reader in = {.data = result->data, .size = result->size};
    packed k;
    QG_TRY(make_packed(&k, r->scratch, qg_linear_count(&r->plan->models[t->model].config)));
    k.size_bytes = qg_wire_get_i64(&in);
    k.parameters = qg_wire_get_i64(&in);
    int64_t n = qg_wire_get_i64(&in);
    if (n != k.n)
        return QG_FAIL(QG_EBUG, "%lld linear layers reported, %lld planned", (long long)n,
                       (long long)k.n);
    for (int64_t i = 0; i < n; i++) {
        qg_layer_error e;
        qg_wire_get(&in, &e, sizeof e);
        snprintf(k.names + i * QG_LAYER_NAME, QG_LAYER_NAME, "%.95s", e.name);
        k.mse[i] = e.mse;
        k.max[i] = e.max_abs;
        k.cosine[i] = e.cosine;
    }
    QG_TRY(qg_wire_end(&in));
    QG_TRY(qg_results_write(r, g, "size_bytes", QG_STORE_I64, NULL, NULL, &k.size_bytes));
    QG_TRY(qg_results_write(r, g, "parameters", QG_STORE_I64, NULL, NULL, &k.parameters));
    QG_TRY(qg_results_write(r, g, "layer", QG_STORE_STRING, NULL, NULL, k.names));
    QG_TRY(qg_results_write(r, g, "weight_mse", QG_STORE_F64, NULL, NULL, k.mse));
    QG_TRY(qg_results_write(r, g, "weight_max_error", QG_STORE_F64, NULL, NULL, k.max));
    QG_TRY(qg_results_write(r, g, "weight_cosine", QG_STORE_F64, NULL, NULL, k.cosine));
    *sum = sum_packed(&k);
    return QG_OK;
}

static void lacking(char *out, size_t size, const qg_plan *p, const qg_plan_task *t)
{
    (void)p;
    (void)t;
    snprintf(out, size, "the model cannot be prepared");
}

const qg_work_kind qg_work_pack = {
    .name = "pack",
    .group = QG_GROUP_MODEL,
    .needs = needs,
    .cut = cut,
    .execute = execute,
    .store = store,
    .checksum = checksum,
    .lacking = lacking,
};
