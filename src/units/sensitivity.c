/*
 * sensitivity.c - logits of texts with one part of the model under a precision and the rest in
 * fp32, of every part.
 *
 *   texts -> number of parts, of classes, logits [texts, parts, classes]
 *
 * What fp32 makes of a batch below a part is the same for all parts from there on: it is computed
 * once.
 */
#include "texts.h"

#include "qgrid/results.h"

#include <string.h>

/* Tokens of a forward pass: hidden states of all layers are kept of so many. */
enum { FORWARD_TOKENS = 256 };

/* The task that packs the model in fp32. */
static void needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t)
{
    need[0] = p->pack_task[t->model * p->job->n_precisions + qg_job_reference(p->job)];
}

/* Encoder layers that all parts run, over those of a pass; and the pass that is shared. */
static double passes(const qg_plan_sensitivity *s, int layers)
{
    double sum = 1;
    for (int i = 0; i < s->parts; i++)
        sum += (double)(layers - s->part[i].first) / layers;
    return sum;
}

static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_sensitivity *s = &p->sensitivity[t->experiment];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    const qg_config *config = &p->models[t->model].config;
    double times = passes(s, config->layers);
    for (int64_t first = 0, end; first < s->texts; first = end) {
        int64_t tokens = 0;
        for (end = first; end < s->texts; end++) {
            int64_t row = s->row[end], n = k->splits[row + 1] - k->splits[row];
            if (end > first && tokens + n > p->job->unit_tokens)
                break;
            tokens += n;
        }
        double length = (double)tokens / (double)(end - first);
        QG_TRY(qg_plan_add_unit(p, a, task, first, end - first,
                                qg_cost_forward(config, length, times * (double)tokens)));
    }
    return QG_OK;
}

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_unit *u = &r->plan->units[unit];
    int experiment = r->plan->tasks[u->task].experiment;
    const qg_plan_sensitivity *s = &r->plan->sensitivity[experiment];
    qg_unit_texts_put(out, r->plan->tokens[experiment], s->row + u->first, 0, u->count);
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- the worker
 */

typedef struct measuring {
    qg_work_unit *u;
    const qg_config *config;
    qg_model_part *part;
    int parts;
    qg_unit_texts texts;
    float *logits; /* [texts, parts, K] */
} measuring;

/* Logits [texts, parts, K] of one batch. */
static qg_code run_parts(float *logits, const measuring *x, const qg_batch *b, const float *hidden)
{
    qg_model *m = *x->u->mixed;
    int K = x->config->classes, B = b->B;
    size_t state = (size_t)b->splits[B] * (size_t)x->config->hidden;
    float *of_part;
    QG_NEW(of_part, x->u->arena, B * K);
    for (int i = 0; i < x->parts; i++) {
        const qg_model_part *part = &x->part[i];
        qg_model_take_part(m, part);
        QG_TRY(part->embeddings ? qg_model_forward(of_part, m, b, NULL)
                                : qg_model_forward_from(of_part, m, b, part->first,
                                                        hidden + (size_t)part->first * state));
        for (int t = 0; t < B; t++)
            memcpy(logits + ((size_t)t * (size_t)x->parts + (size_t)i) * (size_t)K,
                   of_part + (size_t)t * (size_t)K, (size_t)K * sizeof *logits);
    }
    return QG_OK;
}

/* Texts first .. end - 1 as a batch of their own. */
static qg_code run_batch(measuring *x, int64_t first, int64_t end)
{
    const qg_unit_texts *t = &x->texts;
    qg_arena *a = x->u->arena;
    qg_mark mark = qg_arena_mark(a);
    int32_t *splits, n = t->splits[end] - t->splits[first];
    size_t K = (size_t)x->config->classes;
    qg_capture capture = {0};
    float *logits;
    QG_NEW(splits, a, end - first + 1);
    for (int64_t i = first; i <= end; i++)
        splits[i - first] = t->splits[i] - t->splits[first];
    qg_batch b = {.B = (int)(end - first),
                  .ids = t->ids + t->splits[first],
                  .splits = splits,
                  .number = t->row + first};
    QG_NEW(logits, a, (size_t)b.B * K);
    QG_NEW(capture.hidden, a,
           (size_t)(x->config->layers + 1) * (size_t)n * (size_t)x->config->hidden);
    QG_TRY(qg_model_forward(logits, *x->u->base, &b, &capture));
    QG_TRY(run_parts(x->logits + (size_t)first * (size_t)x->parts * K, x, &b, capture.hidden));
    qg_arena_release(a, mark);
    return QG_OK;
}

static qg_code run_texts(measuring *x)
{
    const qg_unit_texts *t = &x->texts;
    for (int64_t first = 0, end; first < t->n; first = end) {
        for (end = first + 1; end < t->n; end++)
            if (t->splits[end + 1] - t->splits[first] > FORWARD_TOKENS)
                break;
        QG_TRY(run_batch(x, first, end));
    }
    return QG_OK;
}

static void set_poll(const qg_work_unit *u, bool (*poll)(void *ctx), void *ctx)
{
    qg_model_set_poll(*u->base, poll, ctx);
    qg_model_set_poll(*u->mixed, poll, ctx);
}

static qg_code execute(qg_work_unit *u)
{
    measuring x = {.u = u, .config = qg_model_config(u->model)};
    size_t K = (size_t)x.config->classes;
    QG_TRY(qg_unit_texts_get(&x.texts, u));
    QG_TRY(qg_wire_end(u->in));
    QG_TRY(qg_model_parts(&x.part, &x.parts, u->arena, x.config));
    QG_TRY(qg_work_mixed(u));
    QG_NEW(x.logits, u->arena, (size_t)x.texts.n * (size_t)x.parts * K);
    set_poll(u, u->options->poll, u->options->poll_ctx);
    qg_code rc = run_texts(&x);
    set_poll(u, NULL, NULL);
    QG_TRY(rc);
    qg_wire_put_i64(u->out, x.parts);
    qg_wire_put_i64(u->out, x.config->classes);
    qg_wire_put(u->out, x.logits, (size_t)x.texts.n * (size_t)x.parts * K * sizeof *x.logits);
    return QG_OK;
}

/* ---------------------------------------------------------------------------------------- rank 0
 */

static uint64_t sum_logits(const float *logits, int64_t n)
{
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_sha256_add(&h, logits, (size_t)n * sizeof *logits);
    return qg_checksum_final(&h);
}

static qg_code checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                        int64_t count)
{
    char path[1200];
    qg_store_info info;
    float *logits;
    snprintf(path, sizeof path, "%s/logits", group);
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.type != QG_STORE_F32 || info.ndim != 3 || first < 0 || count < 0 ||
        count > info.shape[0] - first)
        return QG_FAIL(QG_ESTORE, "/units is damaged: texts %lld to %lld lie outside %s",
                       (long long)first, (long long)first + (long long)count - 1, path);
    int64_t start[] = {first, 0, 0}, counts[] = {count, info.shape[1], info.shape[2]};
    int64_t n = counts[0] * counts[1] * counts[2];
    QG_NEW(logits, a, n);
    QG_TRY(qg_store_read(s, path, QG_STORE_F32, start, counts, logits));
    *out = sum_logits(logits, n);
    return QG_OK;
}

static qg_code store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_plan_task *t = &p->tasks[u->task];
    int64_t start[] = {u->first, 0, 0};
    int64_t counts[] = {u->count, p->sensitivity[t->experiment].parts, p->job->K};
    int64_t n = counts[0] * counts[1] * counts[2];
    qg_reader in = {.data = result->data, .size = result->size};
    float *logits;
    if (qg_wire_get_i64(&in) != counts[1] || qg_wire_get_i64(&in) != counts[2])
        return QG_FAIL(QG_EBUG, "a worker's model has another shape");
    QG_NEW(logits, r->scratch, n);
    qg_wire_get(&in, logits, (size_t)n * sizeof *logits);
    QG_TRY(qg_wire_end(&in));
    QG_TRY(qg_results_write(r, qg_task_group(p, t, QG_GROUP_SENSITIVITY), "logits", QG_STORE_F32,
                            start, counts, logits));
    *sum = sum_logits(logits, n);
    return QG_OK;
}

const qg_work_kind qg_work_sensitivity = {
    .name = "sensitivity",
    .group = QG_GROUP_SENSITIVITY,
    .rows = true,
    .needs = needs,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = store,
    .checksum = checksum,
};
