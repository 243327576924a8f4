/*
 * internals.c - what a model does inside on the explained texts: how its heads attend from [CLS],
 * and the state of [CLS] layer by layer.
 *
 *   texts -> layers, heads, hidden, of each text entropies [layers, heads] and states
 *   [layers + 1, hidden]
 */
#include "texts.h"

#include "qgrid/attention.h"
#include "qgrid/explained.h"

#include <math.h>
#include <string.h>

/* The predictions that say which texts are explained. */
static void needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t)
{
    need[0] =
        p->cells[qg_predict_cell(p, qg_job_root(p->job, t->experiment), qg_job_reference(p->job))]
            .task;
}

static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    int64_t n = p->datasets[k->dataset].data.n, slots = p->explained[t->experiment].slots;
    if (n == 0)
        return QG_OK;
    double length = (double)k->T / (double)n;
    double fit = (double)p->job->unit_tokens / length;
    int64_t per = fit < 1 ? 1 : fit < (double)slots ? (int64_t)fit : slots;
    for (int64_t first = 0; first < slots; first += per) {
        int64_t count = slots - first < per ? slots - first : per;
        QG_TRY(qg_plan_add_unit(
            p, a, task, first, count,
            qg_cost_forward(&p->models[t->model].config, length, length * (double)count)));
    }
    return QG_OK;
}

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_unit *u = &r->plan->units[unit];
    int experiment = r->plan->tasks[u->task].experiment;
    qg_explained x;
    int64_t *rows, n = 0;
    QG_TRY(qg_results_explained(&x, r, experiment));
    QG_NEW(rows, r->scratch, u->count);
    for (int64_t i = u->first; i < u->first + u->count; i++)
        if (x.row[i] >= 0)
            rows[n++] = x.row[i];
    qg_unit_texts_put(out, r->plan->tokens[experiment], rows, 0, n);
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- the worker
 */

/* Text i: its entropies and states behind those that are there. */
static qg_code look_into(qg_work_unit *u, const qg_unit_texts *t, int64_t i)
{
    const qg_config *c = qg_model_config(u->model);
    size_t L = (size_t)c->layers, H = (size_t)c->heads, C = (size_t)c->hidden;
    int n = t->splits[i + 1] - t->splits[i];
    size_t tokens = (size_t)n;
    int32_t splits[] = {0, n};
    qg_batch one = {.B = 1, .ids = t->ids + t->splits[i], .splits = splits};
    qg_capture capture = {0};
    double *entropy;
    float *logits;
    QG_NEW(logits, u->arena, c->classes);
    QG_NEW(entropy, u->arena, L * H);
    QG_NEW(capture.hidden, u->arena, (L + 1) * tokens * C);
    QG_NEW(capture.attentions, u->arena, L * H * tokens * tokens);
    QG_TRY(qg_model_forward(logits, u->model, &one, &capture));
    qg_attention_entropy(entropy, capture.attentions, c->layers, c->heads, n, 0);
    qg_wire_put(u->out, entropy, L * H * sizeof *entropy);
    for (size_t l = 0; l <= L; l++)
        qg_wire_put(u->out, capture.hidden + l * tokens * C, C * sizeof *capture.hidden);
    return QG_OK;
}

static qg_code execute(qg_work_unit *u)
{
    const qg_config *c = qg_model_config(u->model);
    qg_unit_texts t;
    qg_code rc = QG_OK;
    QG_TRY(qg_unit_texts_get(&t, u));
    QG_TRY(qg_wire_end(u->in));
    qg_wire_put_i64(u->out, c->layers);
    qg_wire_put_i64(u->out, c->heads);
    qg_wire_put_i64(u->out, c->hidden);
    qg_model_set_poll(u->model, u->options->poll, u->options->poll_ctx);
    for (int64_t i = 0; i < t.n && rc == QG_OK; i++) {
        qg_mark mark = qg_arena_mark(u->arena);
        rc = look_into(u, &t, i);
        qg_arena_release(u->arena, mark);
    }
    qg_model_set_poll(u->model, NULL, NULL);
    return rc;
}

/* ---------------------------------------------------------------------------------------- rank 0
 */

/* What a unit consists of; slots without a text are undefined. */
typedef struct slots {
    int64_t start[3], entropies[3], states[3]; /* place and shapes: slots first */
    double *entropy;
    float *state;
} slots;

static qg_code make_slots(slots *s, qg_arena *a, int64_t first, int64_t n, const int64_t shape[3])
{
    int64_t L = shape[0], H = shape[1], C = shape[2];
    *s = (slots){.start = {first, 0, 0}, .entropies = {n, L, H}, .states = {n, L + 1, C}};
    QG_TRY(qg_undefined_numbers(&s->entropy, a, n * L * H));
    QG_NEW(s->state, a, n * (L + 1) * C);
    for (int64_t i = 0; i < n * (L + 1) * C; i++)
        s->state[i] = NAN;
    return QG_OK;
}

static uint64_t sum_slots(const slots *s)
{
    qg_sha256 h;
    size_t n = (size_t)(s->entropies[0] * s->entropies[1] * s->entropies[2]);
    size_t m = (size_t)(s->states[0] * s->states[1] * s->states[2]);
    qg_sha256_init(&h);
    qg_sha256_add(&h, s->entropy, n * sizeof *s->entropy);
    qg_sha256_add(&h, s->state, m * sizeof *s->state);
    return qg_checksum_final(&h);
}

static qg_code checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                        int64_t count)
{
    slots x;
    char entropy[1100], states[1100];
    qg_store_info e, h;
    snprintf(entropy, sizeof entropy, "%s/entropy", group);
    snprintf(states, sizeof states, "%s/first_token", group);
    QG_TRY(qg_store_describe(&e, s, entropy));
    QG_TRY(qg_store_describe(&h, s, states));
    if (e.ndim != 3 || h.ndim != 3 || h.shape[0] != e.shape[0] || h.shape[1] != e.shape[1] + 1 ||
        first < 0 || count < 0 || count > e.shape[0] - first)
        return QG_FAIL(QG_ESTORE, "/units is damaged: slots %lld to %lld lie outside %s",
                       (long long)first, (long long)first + (long long)count - 1, group);
    QG_TRY(make_slots(&x, a, first, count, (int64_t[]){e.shape[1], e.shape[2], h.shape[2]}));
    QG_TRY(qg_store_read(s, entropy, QG_STORE_F64, x.start, x.entropies, x.entropy));
    QG_TRY(qg_store_read(s, states, QG_STORE_F32, x.start, x.states, x.state));
    *out = sum_slots(&x);
    return QG_OK;
}

static qg_code store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_plan_task *t = &p->tasks[u->task];
    const qg_config *c = &p->models[t->model].config;
    const int64_t shape[] = {c->layers, c->heads, c->hidden};
    qg_group_ref g = qg_task_group(p, t, QG_GROUP_INTERNALS);
    qg_reader in = {.data = result->data, .size = result->size};
    size_t L = (size_t)c->layers, entropies = L * (size_t)c->heads;
    size_t states = (L + 1) * (size_t)c->hidden;
    qg_explained x;
    slots s;
    for (int i = 0; i < 3; i++)
        if (qg_wire_get_i64(&in) != shape[i])
            return QG_FAIL(QG_EBUG, "a worker's model has another shape");
    QG_TRY(qg_results_explained(&x, r, t->experiment));
    QG_TRY(make_slots(&s, r->scratch, u->first, u->count, shape));
    for (int64_t i = 0; i < u->count; i++) {
        if (x.row[u->first + i] < 0)
            continue;
        qg_wire_get(&in, s.entropy + (size_t)i * entropies, entropies * sizeof *s.entropy);
        qg_wire_get(&in, s.state + (size_t)i * states, states * sizeof *s.state);
    }
    QG_TRY(qg_wire_end(&in));
    QG_TRY(qg_results_write(r, g, "entropy", QG_STORE_F64, s.start, s.entropies, s.entropy));
    QG_TRY(qg_results_write(r, g, "first_token", QG_STORE_F32, s.start, s.states, s.state));
    *sum = sum_slots(&s);
    return QG_OK;
}

const qg_work_kind qg_work_internals = {
    .name = "internals",
    .group = QG_GROUP_INTERNALS,
    .rows = true,
    .needs = needs,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = store,
    .checksum = checksum,
};
