/*
 * results_latency.c - what a latency unit measured, under /timing.
 *
 * The unit of analysis is the text: its runs are averaged first, and the spread over texts is what
 * `sd` says. Percentiles are over all runs.
 */
#include "results_latency.h"

#include "qgrid/metrics.h"

#include <math.h>
#include <string.h>

typedef struct samples {
    int64_t sizes, texts, runs;
    double *ms, *tokenize_ms;
} samples;

/* Batch of text `i`: where it begins is measured, the other entries are NaN. */
static int64_t batches(const samples *s, int64_t b)
{
    return (s->texts + b - 1) / b;
}

static qg_code summarise(double *out7, double *per_text, double *texts_per_s, double *tokens_per_s,
                         const samples *s, int64_t at, int64_t b, int64_t tokens, qg_arena *a)
{
    int64_t n = batches(s, b);
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
        per_text[i * b] = mean[i];
        total += mean[i];
    }
    QG_TRY(qg_latency_summary(&of_means, mean, n, a));
    QG_TRY(qg_latency_summary(&of_all, all, n * s->runs, a));
    double stats[] = {of_means.mean, of_means.sd, of_means.min, of_means.max,
                      of_all.median, of_all.p95,  of_all.p99};
    memcpy(out7, stats, sizeof stats);
    *texts_per_s = (double)s->texts / (total / 1000);
    *tokens_per_s = (double)tokens / (total / 1000);
    return QG_OK;
}

static qg_code put_text(qg_results *r, qg_group_ref g, const char *name, const char *text)
{
    char fixed[QG_NAME_SIZE] = {0};
    snprintf(fixed, sizeof fixed, "%s", text);
    return qg_results_write(r, g, name, QG_STORE_STRING, NULL, NULL, fixed);
}

qg_code qg_results_put_latency(qg_results *r, int unit, qg_reader *in, const char *host)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_plan_task *t = &p->tasks[u->task];
    const qg_latency_options *o = &p->job->latency;
    qg_group_ref g = qg_task_group(p, t, QG_GROUP_LATENCY);
    samples s = {.sizes = o->n_batch_sizes, .texts = u->count, .runs = o->runs};
    double *per_text, *summary, texts_per_s[QG_MAX_BATCH_SIZES], tokens_per_s[QG_MAX_BATCH_SIZES];
    uint8_t alone = 1;
    int32_t *tokens;
    int64_t total_tokens = 0;
    const char *cpu = qg_wire_get_text(in, r->scratch);
    const char *kernels = qg_wire_get_text(in, r->scratch);
    if (!cpu || !kernels)
        return QG_ENOMEM;
    s.tokenize_ms = qg_wire_get_array(in, r->scratch, s.texts, sizeof(double));
    s.ms = qg_wire_get_array(in, r->scratch, s.sizes * s.texts * s.runs, sizeof(double));
    if (!s.tokenize_ms || !s.ms)
        return QG_EBUG;
    QG_TRY(qg_wire_end(in));
    QG_NEW(tokens, r->scratch, s.texts);
    QG_NEW(per_text, r->scratch, s.sizes * s.texts);
    QG_NEW(summary, r->scratch, s.sizes * 7);
    QG_TRY(qg_results_read(r, g, "tokens", QG_STORE_I32, NULL, NULL, tokens));
    for (int64_t i = 0; i < s.texts; i++)
        total_tokens += tokens[i];
    for (int64_t i = 0; i < s.sizes * s.texts; i++)
        per_text[i] = (double)NAN;
    for (int64_t k = 0; k < s.sizes; k++)
        QG_TRY(summarise(summary + 7 * k, per_text + k * s.texts, &texts_per_s[k], &tokens_per_s[k],
                         &s, k, o->batch_size[k], total_tokens, r->scratch));
    QG_TRY(qg_results_write(r, g, "ms", QG_STORE_F64, NULL, NULL, s.ms));
    QG_TRY(qg_results_write(r, g, "text_mean_ms", QG_STORE_F64, NULL, NULL, per_text));
    QG_TRY(qg_results_write(r, g, "tokenize_ms", QG_STORE_F64, NULL, NULL, s.tokenize_ms));
    QG_TRY(qg_results_write(r, g, "summary", QG_STORE_F64, NULL, NULL, summary));
    QG_TRY(qg_results_write(r, g, "texts_per_second", QG_STORE_F64, NULL, NULL, texts_per_s));
    QG_TRY(qg_results_write(r, g, "tokens_per_second", QG_STORE_F64, NULL, NULL, tokens_per_s));
    QG_TRY(put_text(r, g, "host", host));
    QG_TRY(put_text(r, g, "cpu", cpu));
    QG_TRY(put_text(r, g, "kernels", kernels));
    return qg_results_write(r, g, "alone", QG_STORE_U8, NULL, NULL, &alone);
}
