/*
 * predict.c - logits of texts, and the classes and probabilities that they say.
 *
 *   texts -> number of classes, logits [texts, classes]
 */
#include "texts.h"

#include "qgrid/softmax.h"
#include "qgrid/results.h"

/* Texts in one forward pass of a unit: a token budget that keeps activations in cache. */
enum { FORWARD_TOKENS = 256 };

/* Consecutive rows up to the token budget; a single longer text is a unit of its own. */
static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_tokens *k = p->tokens[p->tasks[task].experiment];
    const qg_config *config = &p->models[p->tasks[task].model].config;
    int64_t n = p->datasets[k->dataset].data.n;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n; end++)
            if (k->splits[end + 1] - k->splits[first] > p->job->unit_tokens)
                break;
        double tokens = (double)(k->splits[end] - k->splits[first]);
        double length = tokens / (double)(end - first);
        QG_TRY(qg_plan_add_unit(p, a, task, first, end - first,
                                qg_cost_forward(config, length, tokens)));
    }
    return QG_OK;
}

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_unit *u = &r->plan->units[unit];
    const qg_plan_task *t = &r->plan->tasks[u->task];
    qg_unit_texts_put(out, r->plan->tokens[t->experiment], NULL, u->first, u->count);
    return QG_OK;
}

static qg_code predict(float *logits, qg_work_unit *u, const qg_unit_texts *t, int K)
{
    for (int64_t first = 0, end; first < t->n; first = end) {
        for (end = first + 1; end < t->n; end++)
            if (t->splits[end + 1] - t->splits[first] > FORWARD_TOKENS)
                break;
        QG_TRY(qg_unit_texts_forward(logits + first * K, u, t, first, end));
    }
    return QG_OK;
}

static qg_code execute(qg_work_unit *u)
{
    qg_unit_texts t;
    QG_TRY(qg_unit_texts_get(&t, u));
    QG_TRY(qg_wire_end(u->in));
    int K = qg_model_config(u->model)->classes;
    float *logits;
    QG_NEW(logits, u->arena, t.n * K);
    qg_model_set_poll(u->model, u->gang->poll, u->gang->ctx); /* not while latency is measured */
    qg_code rc = predict(logits, u, &t, K);
    qg_model_set_poll(u->model, NULL, NULL);
    QG_TRY(rc);
    qg_wire_put_i64(u->out, K);
    qg_wire_put(u->out, logits, (size_t)t.n * (size_t)K * sizeof *logits);
    return QG_OK;
}

/* What a unit consists of. */
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

static qg_code checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                        int64_t count)
{
    rows w;
    char path[1100];
    qg_store_info info;
    snprintf(path, sizeof path, "%s/logits", group);
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.ndim != 2 || first < 0 || count < 0 || count > info.shape[0] - first)
        return QG_FAIL(QG_ESTORE, "/units is damaged: rows %lld to %lld lie outside %s",
                       (long long)first, (long long)first + (long long)count - 1, path);
    QG_TRY(make_rows(&w, a, first, count, info.shape[1]));
    QG_TRY(qg_store_read(s, path, QG_STORE_F32, w.start, w.count, w.logits));
    snprintf(path, sizeof path, "%s/probabilities", group);
    QG_TRY(qg_store_read(s, path, QG_STORE_F64, w.start, w.count, w.probabilities));
    snprintf(path, sizeof path, "%s/predicted", group);
    QG_TRY(qg_store_read(s, path, QG_STORE_I32, w.start, w.count, w.predicted));
    *out = sum_rows(&w);
    return QG_OK;
}

static qg_code store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_unit *u = &r->plan->units[unit];
    qg_group_ref g = qg_task_group(r->plan, &r->plan->tasks[u->task], QG_GROUP_PREDICTIONS);
    qg_reader in = {.data = result->data, .size = result->size};
    rows w;
    int64_t n = u->count, K = r->plan->job->K;
    QG_TRY(make_rows(&w, r->scratch, u->first, n, K));
    if (qg_wire_get_i64(&in) != K)
        return QG_FAIL(QG_EBUG, "a worker's model has another number of classes");
    qg_wire_get(&in, w.logits, (size_t)(n * K) * sizeof *w.logits);
    QG_TRY(qg_wire_end(&in));
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

/* Explanations alone need them. */
static void lacking(char *out, size_t size, const qg_plan *p, const qg_plan_task *t)
{
    snprintf(out, size, "%s, which says what is explained, failed", p->cells[t->cell].name);
}

const qg_work_kind qg_work_predict = {
    .name = "predict",
    .group = QG_GROUP_PREDICTIONS,
    .rows = true,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = store,
    .checksum = checksum,
    .lacking = lacking,
};
