/*
 * model.c - whole models: forward passes timed in a process of their own.
 */
#include "qgrid/bench.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/precision.h"
#include "qgrid/process.h"
#include "qgrid/rng.h"
#include "shapes.h"
#include "timing.h"

#include <string.h>

enum { SEED = 42, LEAST = 5 };
#define MOMENT 1.0
#define GIGA   1e9

qg_code qg_bench_model_shape(qg_bench_model *m, qg_arena *a, const char *shape)
{
    char names[128];
    *m = (qg_bench_model){.shape = qg_bench_shape_find(shape), .cache = qg_model_cache_dir(a)};
    if (!m->shape)
        return QG_FAIL(QG_EUSAGE, "--shape '%s' is not one of: %s", shape,
                       qg_bench_shape_names(names, sizeof names));
    qg_bench_shape_hash(m->hash, m->shape);
    m->source.own = true;
    m->positions = (int)m->shape->positions;
    snprintf(m->name, sizeof m->name, "%s", shape);
    if (!m->cache ||
        !(m->source.dir = qg_arena_printf(a, "%s/random-%s-%.16s", m->cache, shape, m->hash)))
        return QG_ENOMEM;
    return QG_OK;
}

qg_code qg_bench_model_folder(qg_bench_model *m, qg_arena *a, const qg_model_source *source)
{
    qg_config config;
    size_t end = strlen(source->dir), begin;
    while (end > 1 && source->dir[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && source->dir[begin - 1] != '/';)
        begin--;
    *m = (qg_bench_model){.source = *source, .cache = qg_model_cache_dir(a)};
    snprintf(m->name, sizeof m->name, "%.*s", (int)(end - begin), source->dir + begin);
    if (!m->cache)
        return QG_ENOMEM;
    QG_TRY(qg_config_load(&config, a, source->dir));
    m->positions = config.positions;
    m->packed = qg_is_packed(source->dir);
    return qg_model_hash(m->hash, source);
}

/* ------------------------------------------------------------------ in a child: packing */

typedef struct task {
    const qg_bench_model *model;
    const qg_precision_spec *precision;
    const qg_bench_peaks *peaks;
    int batch, tokens, runs;
} task;

static qg_code draw(void *ctx, void *result)
{
    (void)result;
    const task *t = ctx;
    return qg_bench_shape_write(t->model->shape, t->model->source.dir);
}

static qg_code pack(void *ctx, void *result)
{
    (void)result;
    const task *t = ctx;
    qg_model *m;
    QG_TRY(
        qg_model_open_cached(&m, &t->model->source, t->model->hash, t->precision, t->model->cache));
    qg_model_close(m);
    return QG_OK;
}

static bool has_weights(const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    return qg_file_exists(path);
}

qg_code qg_bench_model_prepare(qg_bench_model *m, const qg_precision_spec *p)
{
    task t = {.model = m, .precision = p};
    if (p && qg_model_is_cached(m->hash, p, m->cache))
        return QG_OK;
    if (m->shape && !has_weights(m->source.dir)) {
        qg_note("drawing the weights of %s", m->name);
        QG_TRY(qg_process_child(draw, &t, NULL, 0));
    }
    return qg_process_child(pack, &t, NULL, 0);
}

void qg_bench_model_tidy(qg_bench_model *m)
{
    if (m->shape && qg_remove(m->source.dir) != QG_OK)
        qg_log_error(qg_error_last());
}

/* ------------------------------------------------------------------ in a child: measuring */

typedef struct passes {
    qg_model *model;
    qg_batch batch;
    float *logits;
    qg_code rc;
} passes;

static void forward(void *ctx)
{
    passes *p = ctx;
    if (p->rc == QG_OK)
        p->rc = qg_model_forward(p->logits, p->model, &p->batch, NULL);
}

double qg_bench_model_flops(const qg_config *c, int batch, int tokens)
{
    return batch * (tokens * qg_encoder_flops(c, tokens) + qg_head_flops(c));
}

/* The operation that most of a precision's products run on, and its implementation here. */
static const char *products_of(const qg_precision *p, const char **isa)
{
    int n;
    const qg_kernel_info *list = qg_kernel_list(&n);
    const char *op = p->activations == QG_ACTIVATIONS_FLOAT  ? "gemm_f32"
                     : p->activations == QG_ACTIVATIONS_BF16 ? "gemm_bf16"
                     : p->format == QG_PANEL_S8              ? "gemm_s8"
                                                             : "gemm_s4s8";
    *isa = "";
    for (int i = 0; i < n; i++)
        if (list[i].chosen && strcmp(list[i].op, op) == 0)
            *isa = list[i].isa;
    return op;
}

static qg_code make_batch(passes *p, qg_arena *a, int batch, int tokens)
{
    const qg_config *c = qg_model_config(p->model);
    qg_rng rng = qg_rng_make(SEED, "bench/ids", 0);
    int32_t *ids, *splits;
    QG_NEW(ids, a, (size_t)batch * (size_t)tokens);
    QG_NEW(splits, a, batch + 1);
    QG_NEW(p->logits, a, (size_t)batch * (size_t)c->classes);
    for (int i = 0; i < batch * tokens; i++)
        ids[i] = (int32_t)qg_rng_below(&rng, (uint64_t)c->vocab);
    for (int b = 0; b < batch; b++)
        splits[b + 1] = splits[b] + tokens;
    p->batch = (qg_batch){.B = batch, .ids = ids, .splits = splits};
    return QG_OK;
}

static qg_code run_passes(qg_bench_row *row, passes *p, qg_arena *a, const task *t)
{
    QG_TRY(make_batch(p, a, t->batch, t->tokens));
    qg_timed timed = {.call = forward, .ctx = p};
    qg_timing time = qg_time(&timed, t->runs, LEAST, MOMENT);
    QG_TRY(p->rc);
    qg_memory memory = qg_process_memory();
    row->runs = time.runs;
    row->ms = time.median * 1e3;
    row->ms_min = time.min * 1e3;
    row->texts_per_s = t->batch / time.median;
    row->tokens_per_s = row->texts_per_s * t->tokens;
    row->gflops =
        qg_bench_model_flops(qg_model_config(p->model), t->batch, t->tokens) / time.median / GIGA;
    row->size_bytes = qg_model_size_bytes(p->model);
    row->rss_bytes = memory.peak_rss;
    row->pss_bytes = memory.pss;
    row->anon_bytes = memory.anon;
    return QG_OK;
}

static void name_row(qg_bench_row *row, const qg_model *m, const task *t)
{
    const char *isa, *op = products_of(qg_model_scheme(m), &isa);
    row->kind = QG_BENCH_MODEL;
    row->batch = t->batch;
    row->tokens = t->tokens;
    snprintf(row->name, sizeof row->name, "%s", t->model->name);
    snprintf(row->precision, sizeof row->precision, "%s",
             t->precision ? t->precision->name : qg_model_precision(m));
    snprintf(row->isa, sizeof row->isa, "%s", isa);
    qg_bench_compare(row, t->peaks, op);
}

static qg_code measure(void *ctx, void *result)
{
    const task *t = ctx;
    qg_bench_row *row = result;
    passes p = {0};
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = qg_model_open_cached(&p.model, &t->model->source, t->model->hash, t->precision,
                                      t->model->cache);
    if (rc == QG_OK)
        rc = run_passes(row, &p, a, t);
    if (rc == QG_OK)
        name_row(row, p.model, t);
    qg_model_close(p.model);
    qg_arena_destroy(a);
    return rc;
}

qg_code qg_bench_run_model(qg_bench_row *row, const qg_bench_model *m, const qg_precision_spec *p,
                           const qg_bench_peaks *peaks, int batch, int tokens, int runs)
{
    task t = {m, p, peaks, batch, tokens, runs};
    *row = (qg_bench_row){0};
    return qg_process_child(measure, &t, row, sizeof *row);
}
