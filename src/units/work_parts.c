/*
 * work_parts.c - the worker's side of pack, predict and latency units.
 */
#include "work_parts.h"

#include "qgrid/clock.h"
#include "qgrid/kernel.h"
#include "qgrid/tokenizer.h"

#include <string.h>

qg_code qg_work_pack(qg_work_unit *u)
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

typedef struct texts {
    int64_t B;
    int32_t *splits, *ids;
} texts;

static qg_code get_texts(texts *t, qg_work_unit *u)
{
    t->B = qg_wire_get_i64(u->in);
    t->splits = qg_wire_get_array(u->in, u->arena, t->B + 1, sizeof *t->splits);
    if (!t->splits)
        return QG_EBUG;
    t->ids = qg_wire_get_array(u->in, u->arena, t->splits[t->B], sizeof *t->ids);
    return t->ids ? QG_OK : QG_EBUG;
}

/* Texts first .. end - 1 as a batch of their own; splits must start at 0. */
static qg_code forward(float *logits, qg_work_unit *u, const texts *t, int64_t first, int64_t end)
{
    qg_mark m = qg_arena_mark(u->arena);
    int32_t *splits;
    QG_NEW(splits, u->arena, end - first + 1);
    for (int64_t i = first; i <= end; i++)
        splits[i - first] = t->splits[i] - t->splits[first];
    qg_batch b = {.B = (int)(end - first), .ids = t->ids + t->splits[first], .splits = splits};
    qg_code rc = qg_model_forward(logits, u->model, &b, NULL);
    qg_arena_release(u->arena, m);
    return rc;
}

static qg_code predict(float *logits, qg_work_unit *u, const texts *t, int K)
{
    for (int64_t first = 0, end; first < t->B; first = end) {
        for (end = first + 1; end < t->B; end++)
            if (t->splits[end + 1] - t->splits[first] > QG_FORWARD_TOKENS)
                break;
        QG_TRY(forward(logits + first * K, u, t, first, end));
    }
    return QG_OK;
}

qg_code qg_work_predict(qg_work_unit *u)
{
    texts t;
    QG_TRY(get_texts(&t, u));
    QG_TRY(qg_wire_end(u->in));
    int K = qg_model_config(u->model)->classes;
    float *logits;
    QG_NEW(logits, u->arena, t.B * K);
    qg_model_set_breathe(u->model, u->gang->breathe,
                         u->gang->ctx); /* not while latency is measured */
    qg_code rc = predict(logits, u, &t, K);
    qg_model_set_breathe(u->model, NULL, NULL);
    QG_TRY(rc);
    qg_wire_put_i64(u->out, K);
    qg_wire_put(u->out, logits, (size_t)t.B * (size_t)K * sizeof *logits);
    return QG_OK;
}

/* Time of tokenizing each text once, after one untimed round. */
static qg_code time_tokenizer(double *ms, qg_work_unit *u, char *const *text, int64_t n,
                              int max_length)
{
    qg_tokenizer *tok;
    QG_TRY(qg_tokenizer_load(&tok, u->arena, qg_model_dir(u->model)));
    for (int round = 0; round < 2; round++)
        for (int64_t i = 0; i < n; i++) {
            qg_encoding e;
            qg_mark m = qg_arena_mark(u->arena);
            double start = qg_clock();
            QG_TRY(qg_tokenizer_encode(&e, tok, u->arena, text[i], strlen(text[i]), max_length));
            ms[i] = (qg_clock() - start) * 1000;
            qg_arena_release(u->arena, m);
        }
    return QG_OK;
}

/* Batches of `size` texts that begin at text 0, size, 2 size ...; other entries stay NaN. */
static qg_code time_batches(double *ms, qg_work_unit *u, const texts *t, int64_t size,
                            int64_t warmup, int64_t runs)
{
    int K = qg_model_config(u->model)->classes;
    float *logits;
    QG_NEW(logits, u->arena, size * K);
    for (int64_t first = 0; first < t->B; first += size) {
        int64_t end = first + size < t->B ? first + size : t->B;
        for (int64_t r = -warmup; r < runs; r++) {
            double start = qg_clock();
            QG_TRY(forward(logits, u, t, first, end));
            double seconds = qg_clock() - start;
            if (r >= 0)
                ms[first * runs + r] = seconds * 1000;
            if (qg_gang_breathe(u->gang))
                return QG_FAIL(QG_ELOST, "dropped on request");
        }
    }
    return QG_OK;
}

qg_code qg_work_latency(qg_work_unit *u)
{
    texts t;
    int64_t warmup = qg_wire_get_i64(u->in), runs = qg_wire_get_i64(u->in);
    int64_t max_length = qg_wire_get_i64(u->in), sizes = qg_wire_get_i64(u->in);
    const int64_t *size = qg_wire_get_array(u->in, u->arena, sizes, sizeof *size);
    if (!size)
        return QG_EBUG;
    QG_TRY(get_texts(&t, u));
    char **text;
    double *tokenize_ms, *ms;
    QG_NEW(text, u->arena, t.B);
    QG_NEW(tokenize_ms, u->arena, t.B);
    QG_NEW(ms, u->arena, sizes * t.B * runs);
    for (int64_t i = 0; i < t.B; i++)
        if (!(text[i] = qg_wire_get_text(u->in, u->arena)))
            return QG_ENOMEM;
    QG_TRY(qg_wire_end(u->in));
    for (int64_t i = 0; i < sizes * t.B * runs; i++)
        ms[i] = (double)__builtin_nanf("");
    QG_TRY(time_tokenizer(tokenize_ms, u, text, t.B, (int)max_length));
    for (int64_t s = 0; s < sizes; s++)
        QG_TRY(time_batches(ms + s * t.B * runs, u, &t, size[s], warmup, runs));
    const char *why = NULL;
    const qg_kernels *k = qg_kernels_get(&why);
    qg_wire_put_text(u->out, qg_cpu_name());
    qg_wire_put_text(u->out, k ? k->isa : why);
    qg_wire_put(u->out, tokenize_ms, (size_t)t.B * sizeof *tokenize_ms);
    qg_wire_put(u->out, ms, (size_t)(sizes * t.B * runs) * sizeof *ms);
    return QG_OK;
}
