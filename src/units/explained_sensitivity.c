/*
 * explained_sensitivity.c - how far explanations of texts are from those of fp32 where one part of
 * the model is under a precision and the rest in fp32, of every part.
 *
 *   method, seed, specials, texts -> number of parts, of each text measures of drift [parts]
 */
#include "explain_message.h"
#include "shared_layers.h"

#include <string.h>

enum { UNIT_BUDGET = 256 }; /* tokens in all of a unit, in units of prediction */

/* The class that is explained is one for all parts: that of the cell of fp32. */
static qg_cell in_fp32(const qg_plan *p, const qg_cell *c)
{
    qg_cell out = *c;
    out.precision = qg_job_reference(p->job);
    return out;
}

/* The task that packs the model in fp32, and those that say what is explained. */
static void needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t)
{
    qg_plan_task fp32 = *t;
    fp32.precision = qg_job_reference(p->job);
    qg_explain_needs(need, p, &fp32);
    need[QG_MOST_NEEDS - 1] = p->pack_task[t->model * p->job->n_precisions + fp32.precision];
}

static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_sensitivity *s = &p->sensitivity[t->experiment];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    const qg_config *config = &p->models[t->model].config;
    const qg_method_spec *m = &p->job->explain.methods[p->cells[t->cell].method];
    int64_t n = p->datasets[k->dataset].data.n;
    double tokens = 0;
    if (n == 0)
        return QG_OK;
    for (int64_t row = 0; row < n; row++)
        tokens += (double)(k->splits[row + 1] - k->splits[row]) *
                  m->method->cost(m->options, (int)qg_plan_words(k, row));
    tokens *= (double)s->parts / (double)n;
    double fit = UNIT_BUDGET * (double)p->job->unit_tokens / tokens;
    int64_t per = fit < 1 ? 1 : fit < (double)s->slots ? (int64_t)fit : s->slots;
    for (int64_t first = 0; first < s->slots; first += per) {
        int64_t count = s->slots - first < per ? s->slots - first : per;
        QG_TRY(qg_plan_add_unit(
            p, a, task, first, count,
            qg_cost_forward(config, (double)k->T / (double)n, tokens * (double)count)));
    }
    return QG_OK;
}

typedef struct how {
    int64_t seed;
    qg_specials specials;
} how;

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_cell c = in_fp32(p, &p->cells[p->tasks[u->task].cell]);
    const qg_explain_options *o = &p->job->explain;
    how h;
    memset(&h, 0, sizeof h);
    h.seed = o->seed;
    h.specials = qg_tokenizer_specials(p->models[c.model].tokenizer);
    qg_wire_put_text(out, o->methods[c.method].canonical);
    qg_wire_put(out, &h, sizeof h);
    return qg_explain_put_slots(out, r, &c, p->sensitivity[c.experiment].slot + u->first, u->count);
}

/* ------------------------------------------------------------------------------------- the worker
 */

typedef struct measuring {
    qg_work_unit *u;
    how how;
    qg_method_spec method;
    qg_shared_layers shared;
    qg_explained_model *gradients; /* NULL: the method needs none */
    qg_explainable model;
    qg_model_part *part;
    int parts, n, words; /* n: texts; words of all */
    qg_explain_text *text;
    qg_encoding *code;
} measuring;

/* Scores of the words of all texts, end to end. What was asked of another part is forgotten. */
static qg_code explain(double *score, measuring *x)
{
    qg_arena *a = x->u->arena;
    qg_explainer e = {.model = &x->model, .specials = x->how.specials, .arena = a};
    qg_explanation *got;
    QG_NEW(got, a, x->n);
    QG_TRY(qg_perturber_make(&e.perturber, a, &x->model, x->how.specials, 0));
    QG_TRY(qg_explain(got, &e, x->text, x->n, &x->method, (uint64_t)x->how.seed));
    for (int t = 0; t < x->n; t++) {
        size_t n = (size_t)x->code[t].n_words;
        memcpy(score, got[t].word_score, n * sizeof *score);
        score += n;
    }
    return QG_OK;
}

/* Drift [parts, QG_DRIFTS] of each text, one behind the other. The first part is nothing: fp32. */
static qg_code measure(double *drift, measuring *x)
{
    double *was, *is;
    qg_arena *a = x->u->arena;
    QG_NEW(was, a, x->words);
    QG_NEW(is, a, x->words);
    for (int i = 0; i < x->parts; i++) {
        qg_mark mark = qg_arena_mark(a);
        qg_shared_layers_take(&x->shared, &x->part[i]);
        if (x->gradients)
            QG_TRY(qg_explained_model_take_part(x->gradients, &x->part[i]));
        QG_TRY(explain(i == 0 ? was : is, x));
        for (int t = 0, at = 0; t < x->n; at += x->code[t++].n_words)
            QG_TRY(qg_drift_of(drift + (t * x->parts + i) * QG_DRIFTS, was + at,
                               (i == 0 ? was : is) + at, x->code[t].n_words, a));
        qg_arena_release(a, mark);
    }
    return QG_OK;
}

static qg_code make_model(measuring *x)
{
    qg_work_unit *u = x->u;
    QG_TRY(qg_work_mixed(u));
    QG_TRY(qg_shared_layers_make(&x->shared, *u->base, *u->mixed));
    x->model = qg_explainable_of_model(*u->mixed);
    if (x->method.method->needs & QG_NEEDS_GRADIENTS) {
        QG_TRY(qg_work_explained(u));
        x->gradients = *u->explained;
        x->model = qg_explained_model_functions(x->gradients, *u->mixed);
    } else {
        qg_shared_layers_use(&x->model, &x->shared);
    }
    return QG_OK;
}

static qg_code run(measuring *x)
{
    qg_work_unit *u = x->u;
    double *drift;
    size_t n = (size_t)x->n * (size_t)x->parts * QG_DRIFTS;
    QG_NEW(drift, u->arena, n);
    QG_TRY(make_model(x));
    qg_model_set_poll(*u->base, u->options->poll, u->options->poll_ctx);
    qg_model_set_poll(*u->mixed, u->options->poll, u->options->poll_ctx);
    qg_code rc = measure(drift, x);
    qg_model_set_poll(*u->base, NULL, NULL);
    qg_model_set_poll(*u->mixed, NULL, NULL);
    if (x->gradients) { /* other units want all of it */
        qg_error kept = *qg_error_last();
        QG_TRY(qg_explained_model_take_part(x->gradients, NULL));
        rc = rc == QG_OK ? QG_OK : qg_error_restore(&kept);
    }
    QG_TRY(rc);
    qg_wire_put_i64(u->out, x->parts);
    qg_wire_put(u->out, drift, n * sizeof *drift);
    return QG_OK;
}

static qg_code execute(qg_work_unit *u)
{
    measuring x = {.u = u};
    const char *method = qg_wire_get_text(u->in, u->arena);
    if (!method)
        return QG_ENOMEM;
    qg_wire_get(u->in, &x.how, sizeof x.how);
    QG_TRY(qg_explain_get_texts(&x.text, &x.code, &x.n, u));
    QG_TRY(qg_method_spec_parse(&x.method, u->arena, method));
    QG_TRY(qg_model_parts(&x.part, &x.parts, u->arena, qg_model_config(u->model)));
    for (int t = 0; t < x.n; t++)
        x.words += x.code[t].n_words;
    qg_code rc = run(&x);
    qg_shared_layers_destroy(&x.shared);
    return rc;
}

/* ---------------------------------------------------------------------------------------- rank 0
 */

/* Slots first .. first + n - 1, as they stand in the file. */
typedef struct slots {
    int64_t first, n, parts;
    int32_t *target;
    double *drift; /* [n, parts, QG_DRIFTS] */
} slots;

static qg_code make_slots(slots *x, qg_arena *a)
{
    QG_NEW(x->target, a, x->n);
    for (int64_t i = 0; i < x->n; i++)
        x->target[i] = -1;
    return qg_undefined_numbers(&x->drift, a, x->n * x->parts * QG_DRIFTS);
}

static uint64_t sum_slots(const slots *x)
{
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_sha256_add(&h, x->target, (size_t)x->n * sizeof *x->target);
    qg_sha256_add(&h, x->drift, (size_t)(x->n * x->parts * QG_DRIFTS) * sizeof *x->drift);
    return qg_checksum_final(&h);
}

static qg_code transfer(uint64_t *sum, const slots *x, qg_store *s, const char *group, bool write)
{
    char target[1200], drift[1200];
    int64_t start[] = {x->first, 0, 0}, count[] = {x->n, x->parts, QG_DRIFTS};
    snprintf(target, sizeof target, "%s/target", group);
    snprintf(drift, sizeof drift, "%s/drift", group);
    if (write) {
        QG_TRY(qg_store_write(s, target, QG_STORE_I32, start, count, x->target));
        QG_TRY(qg_store_write(s, drift, QG_STORE_F64, start, count, x->drift));
    } else {
        QG_TRY(qg_store_read(s, target, QG_STORE_I32, start, count, x->target));
        QG_TRY(qg_store_read(s, drift, QG_STORE_F64, start, count, x->drift));
    }
    *sum = sum_slots(x);
    return QG_OK;
}

static qg_code checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                        int64_t count)
{
    char path[1200];
    qg_store_info info;
    slots x = {.first = first, .n = count};
    snprintf(path, sizeof path, "%s/drift", group);
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.type != QG_STORE_F64 || info.ndim != 3 || info.shape[2] != QG_DRIFTS || first < 0 ||
        count < 0 || count > info.shape[0] - first)
        return QG_FAIL(QG_ESTORE, "/units is damaged: texts %lld to %lld lie outside %s",
                       (long long)first, (long long)first + (long long)count - 1, path);
    x.parts = info.shape[1];
    QG_TRY(make_slots(&x, a));
    return transfer(out, &x, s, group, false);
}

static qg_code store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_cell *c = &p->cells[p->tasks[u->task].cell], fp32 = in_fp32(p, c);
    const qg_plan_sensitivity *s = &p->sensitivity[c->experiment];
    qg_reader in = {.data = result->data, .size = result->size};
    slots x = {.first = u->first, .n = u->count, .parts = s->parts};
    qg_explained rows;
    int32_t *target;
    char path[1024];
    if (qg_wire_get_i64(&in) != x.parts)
        return QG_FAIL(QG_EBUG, "a worker's model has other parts");
    QG_TRY(qg_explain_rows(&rows, &target, r, &fp32));
    QG_TRY(make_slots(&x, r->scratch));
    for (int64_t i = 0; i < x.n; i++) {
        int64_t slot = s->slot[x.first + i];
        if (rows.row[slot] < 0)
            continue;
        x.target[i] = target[slot];
        qg_explain_get_numbers(x.drift + i * x.parts * QG_DRIFTS, &in, x.parts * QG_DRIFTS);
    }
    QG_TRY(qg_wire_end(&in));
    qg_group_path(path, sizeof path, p->job, qg_cell_group(p, c, QG_GROUP_SENSITIVITY_EXPLAINED),
                  NULL);
    return transfer(sum, &x, r->store, path, true);
}

const qg_work_kind qg_work_explained_sensitivity = {
    .name = "explained_sensitivity",
    .group = QG_GROUP_SENSITIVITY_EXPLAINED,
    .rows = true,
    .needs = needs,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = store,
    .checksum = checksum,
};
