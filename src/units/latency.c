/*
 * latency.c - time of single forward passes and of tokenizing, on a node that does nothing else.
 *
 *   options, texts with their characters -> processor, kernels, ms of tokenizing [texts],
 *                                           ms [batch sizes, texts, runs]
 *
 * The unit of analysis is the text: its runs are averaged first, and the spread over texts is what
 * `sd` says. Percentiles are over all runs.
 */
#include "texts.h"

#include "qgrid/clock.h"
#include "qgrid/kernel.h"
#include "qgrid/metrics.h"
#include "qgrid/results.h"
#include "qgrid/tokenizer.h"

#include <math.h>
#include <string.h>

static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    const qg_latency_options *o = &p->job->latency;
    int64_t n = p->datasets[k->dataset].data.n, texts = qg_plan_latency_texts(p, t->experiment);
    int64_t passes = (o->warmup + o->runs) * o->n_batch_sizes;
    double length = (double)(n ? k->T / n + 1 : 1);
    double one = qg_cost_forward(&p->models[t->model].config, length, length);
    return qg_plan_add_unit(p, a, task, 0, texts, one * (double)(texts * passes));
}

/* ------------------------------------------------------------------------------------- the worker
 */

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_plan *p = r->plan;
    const qg_latency_options *o = &p->job->latency;
    int experiment = p->tasks[p->units[unit].task].experiment;
    int64_t n = p->units[unit].count;
    const qg_plan_tokens *k = p->tokens[experiment];
    const qg_dataset *d = &p->datasets[k->dataset].data;
    const int64_t *row = qg_plan_latency_rows(p, r->scratch, experiment);
    if (!row)
        return QG_ENOMEM;
    qg_wire_put_i64(out, o->warmup);
    qg_wire_put_i64(out, o->runs);
    qg_wire_put_i64(out, k->max_length);
    qg_wire_put_i64(out, o->n_batch_sizes);
    qg_wire_put(out, o->batch_size, (size_t)o->n_batch_sizes * sizeof o->batch_size[0]);
    qg_unit_texts_put(out, k, row, 0, n);
    for (int64_t i = 0; i < n; i++)
        qg_wire_put_text(out, d->text[row[i]]);
    return QG_OK;
}

/* What is measured. */
typedef struct measuring {
    int64_t warmup, runs, max_length, sizes;
    const int64_t *size; /* [sizes] of batches */
    qg_unit_texts texts;
    char **text;              /* [texts] */
    double *tokenize_ms, *ms; /* [texts], [sizes, texts, runs] */
} measuring;

static qg_code get(measuring *m, qg_work_unit *u)
{
    m->warmup = qg_wire_get_i64(u->in);
    m->runs = qg_wire_get_i64(u->in);
    m->max_length = qg_wire_get_i64(u->in);
    m->sizes = qg_wire_get_i64(u->in);
    if (m->warmup < 0 || m->runs < 1 || m->max_length < 0 || m->warmup > 1 << 20 ||
        m->runs > 1 << 20 || m->max_length > 1 << 20)
        return QG_FAIL(QG_EBUG, "%lld and %lld runs of texts of %lld tokens", (long long)m->warmup,
                       (long long)m->runs, (long long)m->max_length);
    m->size = qg_wire_get_array(u->in, u->arena, m->sizes, sizeof *m->size);
    if (!m->size)
        return QG_EBUG;
    QG_TRY(qg_unit_texts_get(&m->texts, u));
    QG_NEW(m->text, u->arena, m->texts.n);
    for (int64_t i = 0; i < m->texts.n; i++)
        if (!(m->text[i] = qg_wire_get_text(u->in, u->arena)))
            return QG_ENOMEM;
    QG_TRY(qg_wire_end(u->in));
    QG_NEW(m->tokenize_ms, u->arena, m->texts.n);
    return qg_undefined_numbers(&m->ms, u->arena, m->sizes * m->texts.n * m->runs);
}

/* Time of tokenizing each text once, after one untimed round. */
static qg_code time_tokenizer(measuring *m, qg_work_unit *u)
{
    qg_tokenizer *tok;
    QG_TRY(qg_tokenizer_load(&tok, u->arena, qg_model_dir(u->model)));
    for (int round = 0; round < 2; round++)
        for (int64_t i = 0; i < m->texts.n; i++) {
            qg_encoding e;
            const char *text = m->text[i];
            qg_mark mark = qg_arena_mark(u->arena);
            double start = qg_clock();
            QG_TRY(qg_tokenizer_encode(&e, tok, u->arena, text, strlen(text), (int)m->max_length));
            m->tokenize_ms[i] = (qg_clock() - start) * 1000;
            qg_arena_release(u->arena, mark);
        }
    return QG_OK;
}

/* Batches of a size that begin at text 0, size, 2 size ...; other entries stay NaN. */
static qg_code time_batches(double *ms, const measuring *m, qg_work_unit *u, int64_t size)
{
    float *logits;
    QG_NEW(logits, u->arena, size * qg_model_config(u->model)->classes);
    for (int64_t first = 0; first < m->texts.n; first += size) {
        int64_t end = first + size < m->texts.n ? first + size : m->texts.n;
        for (int64_t r = -m->warmup; r < m->runs; r++) {
            double start = qg_clock();
            QG_TRY(qg_unit_texts_forward(logits, u, &m->texts, first, end));
            double seconds = qg_clock() - start;
            if (r >= 0)
                ms[first * m->runs + r] = seconds * 1000;
            if (qg_gang_poll(u->gang))
                return QG_FAIL(QG_ELOST, "dropped on request");
        }
    }
    return QG_OK;
}

static qg_code execute(qg_work_unit *u)
{
    measuring m = {0};
    QG_TRY(get(&m, u));
    QG_TRY(time_tokenizer(&m, u));
    for (int64_t s = 0; s < m.sizes; s++)
        QG_TRY(time_batches(m.ms + s * m.texts.n * m.runs, &m, u, m.size[s]));
    const char *why = NULL;
    const qg_kernels *k = qg_kernels_get(&why);
    qg_wire_put_text(u->out, qg_cpu_name());
    qg_wire_put_text(u->out, k ? k->isa : why);
    qg_wire_put(u->out, m.tokenize_ms, (size_t)m.texts.n * sizeof *m.tokenize_ms);
    qg_wire_put(u->out, m.ms, (size_t)(m.sizes * m.texts.n * m.runs) * sizeof *m.ms);
    return QG_OK;
}

/* --------------------------------------------------------------------------- the results file
 */

typedef struct samples {
    int64_t sizes, texts, runs, tokens;
    double *ms, *tokenize_ms;
} samples;

/* One batch size. */
typedef struct summary {
    double *statistics, *per_text; /* [7], [texts] */
    double *texts_per_s, *tokens_per_s;
} summary;

static qg_code summarise(const summary *out, const samples *s, int64_t at, int64_t b, qg_arena *a)
{
    int64_t n = (s->texts + b - 1) / b; /* batches */
    double *mean, *all, total = 0;
    qg_latency_stats of_means, of_all;
    QG_NEW(mean, a, n);
    QG_NEW(all, a, n * s->runs);
    for (int64_t i = 0; i < n; i++) {
        const double *ms = s->ms + (at * s->texts + i * b) * s->runs;
        memcpy(all + i * s->runs, ms, (size_t)s->runs * sizeof *all);
        for (int64_t r = 0; r < s->runs; r++)
            mean[i] += ms[r];
        mean[i] /= (double)s->runs;
        out->per_text[i * b] = mean[i];
        total += mean[i];
    }
    QG_TRY(qg_latency_summary(&of_means, mean, n, a));
    QG_TRY(qg_latency_summary(&of_all, all, n * s->runs, a));
    double stats[] = {of_means.mean, of_means.sd, of_means.min, of_means.max,
                      of_all.median, of_all.p95,  of_all.p99};
    memcpy(out->statistics, stats, sizeof stats);
    *out->texts_per_s = (double)s->texts / (total / 1000);
    *out->tokens_per_s = (double)s->tokens / (total / 1000);
    return QG_OK;
}

static qg_code write_summaries(qg_results *r, qg_group_ref g, const samples *s)
{
    const qg_latency_options *o = &r->plan->job->latency;
    double *per_text, *statistics, texts_per_s[QG_MAX_BATCH_SIZES],
        tokens_per_s[QG_MAX_BATCH_SIZES];
    QG_TRY(qg_undefined_numbers(&per_text, r->scratch, s->sizes * s->texts));
    QG_NEW(statistics, r->scratch, s->sizes * 7);
    for (int64_t k = 0; k < s->sizes; k++)
        QG_TRY(summarise(&(summary){statistics + 7 * k, per_text + k * s->texts, &texts_per_s[k],
                                    &tokens_per_s[k]},
                         s, k, o->batch_size[k], r->scratch));
    QG_TRY(qg_results_write(r, g, "text_mean_ms", QG_STORE_F64, NULL, NULL, per_text));
    QG_TRY(qg_results_write(r, g, "summary", QG_STORE_F64, NULL, NULL, statistics));
    QG_TRY(qg_results_write(r, g, "texts_per_second", QG_STORE_F64, NULL, NULL, texts_per_s));
    return qg_results_write(r, g, "tokens_per_second", QG_STORE_F64, NULL, NULL, tokens_per_s);
}

static qg_code count_tokens(int64_t *out, qg_results *r, qg_group_ref g, int64_t texts)
{
    int32_t *tokens;
    QG_NEW(tokens, r->scratch, texts);
    QG_TRY(qg_results_read(r, g, "tokens", QG_STORE_I32, NULL, NULL, tokens));
    for (int64_t i = 0; i < texts; i++)
        *out += tokens[i];
    return QG_OK;
}

static qg_code store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_unit *u = &r->plan->units[unit];
    const qg_plan_task *t = &r->plan->tasks[u->task];
    const qg_latency_options *o = &r->plan->job->latency;
    qg_group_ref g = qg_task_group(r->plan, t, QG_GROUP_LATENCY);
    qg_reader in = {.data = result->data, .size = result->size};
    samples s = {.sizes = o->n_batch_sizes, .texts = u->count, .runs = o->runs};
    uint8_t alone = 1;
    const char *cpu = qg_wire_get_text(&in, r->scratch);
    const char *kernels = qg_wire_get_text(&in, r->scratch);
    if (!cpu || !kernels)
        return QG_ENOMEM;
    s.tokenize_ms = qg_wire_get_array(&in, r->scratch, s.texts, sizeof(double));
    s.ms = qg_wire_get_array(&in, r->scratch, s.sizes * s.texts * s.runs, sizeof(double));
    if (!s.tokenize_ms || !s.ms)
        return QG_EBUG;
    QG_TRY(qg_wire_end(&in));
    QG_TRY(count_tokens(&s.tokens, r, g, s.texts));
    QG_TRY(write_summaries(r, g, &s));
    QG_TRY(qg_results_write(r, g, "ms", QG_STORE_F64, NULL, NULL, s.ms));
    QG_TRY(qg_results_write(r, g, "tokenize_ms", QG_STORE_F64, NULL, NULL, s.tokenize_ms));
    QG_TRY(
        qg_results_write_text(r, g, "measured_on", r->plan->job->experiments[t->experiment].name));
    QG_TRY(qg_results_write_text(r, g, "host", result->host));
    QG_TRY(qg_results_write_text(r, g, "cpu", cpu));
    QG_TRY(qg_results_write_text(r, g, "kernels", kernels));
    *sum = 0; /* it has no checksum */
    return qg_results_write(r, g, "alone", QG_STORE_U8, NULL, NULL, &alone);
}

const qg_work_kind qg_work_latency = {
    .name = "latency",
    .exclusive = true,
    .group = QG_GROUP_LATENCY,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = store,
};
