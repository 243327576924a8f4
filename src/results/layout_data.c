/*
 * layout_data.c - constant contents of the results file.
 */
#include "layout_data.h"

#include <string.h>

int qg_layout_experiment(const qg_plan *p, qg_group_ref ref)
{
    for (int e = 0; e < p->job->n_experiments; e++)
        if (p->job->experiments[e].model == ref.model &&
            p->job->experiments[e].dataset == ref.dataset)
            return e;
    return -1;
}

/* A fixed-length string array; `text(ctx, i)` gives element i. */
qg_code qg_layout_strings(qg_field *f, qg_arena *a, size_t size,
                          const char *(*text)(const void *ctx, int64_t i), const void *ctx)
{
    int64_t n = f->ndim ? f->shape[0] : 1;
    char *data = qg_arena_alloc(a, (size_t)n, size);
    if (!data)
        return QG_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        const char *t = text(ctx, i);
        size_t len = strlen(t);
        while (len > size || (len == size && len > 0)) /* never cut inside a character */
            do
                len--;
            while (len > 0 && ((unsigned char)t[len] & 0xc0) == 0x80);
        memcpy(data + (size_t)i * size, t, len);
    }
    f->type = QG_STORE_STRING;
    f->string_size = size;
    f->initial = data;
    return QG_OK;
}

const char *qg_layout_listed(const void *ctx, int64_t i)
{
    return ((const char *const *)ctx)[i];
}

static const char *cell_text(const void *ctx, int64_t i)
{
    return ((const qg_plan *)ctx)->cells[i].name;
}

static const char *cell_field_text(const qg_plan *p, const qg_cell *c, const char *name)
{
    const qg_job *job = p->job;
    const qg_experiment *x = c->experiment >= 0 ? &job->experiments[c->experiment] : NULL;
    bool over_seeds = c->kind == QG_CELL_SEEDS;
    if (strcmp(name, "kind") == 0)
        return qg_cell_kind_names[c->kind];
    if (strcmp(name, "experiment") == 0)
        return !x ? "" : over_seeds ? x->fan.base : x->name;
    if (strcmp(name, "model") == 0)
        return over_seeds ? job->models[c->model].fan.base : job->models[c->model].name;
    if (strcmp(name, "dataset") == 0)
        return x ? job->datasets[x->dataset].name : "";
    if (strcmp(name, "precision") == 0)
        return c->precision >= 0 ? job->precisions[c->precision].name : "";
    if (strcmp(name, "method") == 0)
        return c->kind == QG_CELL_EXPLAIN ? job->explain.methods[c->method].name : "";
    return strcmp(name, "key") == 0 ? c->key : "";
}

static qg_code cell_seeds(qg_field *f, qg_arena *a, const qg_plan *p)
{
    int64_t *v;
    QG_NEW(v, a, p->n_cells);
    for (int i = 0; i < p->n_cells; i++)
        v[i] = qg_plan_cell_seed(p, &p->cells[i]);
    f->type = QG_STORE_I64;
    f->initial = v;
    return QG_OK;
}

/* What the plan knows that it cannot be computed is not open. */
static qg_code cell_states(qg_field *f, qg_arena *a, const qg_plan *p)
{
    uint8_t *v;
    QG_NEW(v, a, p->n_cells);
    for (int i = 0; i < p->n_cells; i++)
        v[i] = p->cells[i].skip ? QG_CELL_SKIPPED : QG_CELL_OPEN;
    f->initial = v;
    return QG_OK;
}

static qg_code cell_data(qg_field *f, qg_arena *a, const qg_plan *p, const char *name)
{
    if (strcmp(name, "state") == 0)
        return cell_states(f, a, p);
    if (strcmp(name, "seed") == 0)
        return cell_seeds(f, a, p);
    if (strcmp(name, "name") == 0)
        return qg_layout_strings(f, a, QG_NAME_SIZE * 2, cell_text, p);
    const char **text;
    QG_NEW(text, a, p->n_cells);
    bool error = strcmp(name, "error") == 0;
    for (int i = 0; i < p->n_cells; i++)
        text[i] = !error             ? cell_field_text(p, &p->cells[i], name)
                  : p->cells[i].skip ? p->cells[i].skip
                                     : "";
    return qg_layout_strings(f, a, error ? QG_ERROR_SIZE : QG_NAME_SIZE, qg_layout_listed, text);
}

static qg_code unit_data(qg_field *f, qg_arena *a, const qg_plan *p, const char *name)
{
    const qg_job *job = p->job;
    if (strcmp(name, "cell") == 0) {
        const char **text;
        QG_NEW(text, a, p->n_units);
        for (int u = 0; u < p->n_units; u++) {
            const qg_plan_task *t = &p->tasks[p->units[u].task];
            if (t->cell >= 0)
                text[u] = p->cells[t->cell].name;
            else if (u > 0 && p->units[u].task == p->units[u - 1].task)
                text[u] = text[u - 1];
            else
                text[u] = qg_arena_printf(a, "%s/%s", job->models[t->model].name,
                                          job->precisions[t->precision].name);
            if (!text[u])
                return QG_ENOMEM;
        }
        return qg_layout_strings(f, a, QG_NAME_SIZE * 2, qg_layout_listed, text);
    }
    bool first = strcmp(name, "first") == 0;
    if (!first && strcmp(name, "count") != 0)
        return QG_OK;
    int64_t *v;
    QG_NEW(v, a, p->n_units);
    for (int u = 0; u < p->n_units; u++)
        v[u] = first ? p->units[u].first : p->units[u].count;
    f->initial = v;
    return QG_OK;
}

static const char *row_text(const void *ctx, int64_t i)
{
    return ((const qg_dataset *)ctx)->text[i];
}

static const char *row_id(const void *ctx, int64_t i)
{
    return ((const qg_dataset *)ctx)->sample_id[i];
}

static size_t longest(const qg_dataset *d, const char *(*text)(const void *, int64_t))
{
    size_t most = 1;
    for (int64_t i = 0; i < d->n; i++) {
        size_t n = strlen(text(d, i)) + 1;
        if (n > most)
            most = n;
    }
    return most;
}

static qg_code dataset_data(qg_field *f, qg_arena *a, const qg_plan_dataset *d, const char *name)
{
    if (strcmp(name, "text") == 0)
        return qg_layout_strings(f, a, longest(&d->data, row_text), row_text, &d->data);
    if (strcmp(name, "sample_id") == 0)
        return qg_layout_strings(f, a, longest(&d->data, row_id), row_id, &d->data);
    f->initial = strcmp(name, "label") == 0             ? (const void *)d->data.label
                 : strcmp(name, "word_row_splits") == 0 ? (const void *)d->word_splits
                 : strcmp(name, "word_start") == 0      ? (const void *)d->word_start
                                                        : (const void *)d->word_end;
    return QG_OK;
}

static void token_data(qg_field *f, const qg_plan_tokens *t, const char *name)
{
    f->initial = strcmp(name, "token_row_splits") == 0 ? (const void *)t->splits
                 : strcmp(name, "token_id") == 0       ? (const void *)t->ids
                 : strcmp(name, "token_start") == 0    ? (const void *)t->start
                 : strcmp(name, "token_end") == 0      ? (const void *)t->end
                                                       : (const void *)t->word;
}

static qg_code latency_data(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref,
                            const char *name)
{
    int e = qg_layout_experiment(p, ref);
    const qg_plan_tokens *t = p->tokens[e];
    bool row = strcmp(name, "row") == 0;
    if (!row && strcmp(name, "tokens") != 0)
        return QG_OK;
    const int64_t *rows = qg_plan_latency_rows(p, a, e);
    if (!rows)
        return QG_ENOMEM;
    if (row) {
        f->initial = rows;
        return QG_OK;
    }
    int32_t *v;
    QG_NEW(v, a, f->shape[0]);
    for (int64_t i = 0; i < f->shape[0]; i++)
        v[i] = (int32_t)(t->splits[rows[i] + 1] - t->splits[rows[i]]);
    f->initial = v;
    return QG_OK;
}

qg_code qg_layout_field_data(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref,
                             const char *name)
{
    switch (ref.group) {
    case QG_GROUP_CELLS:
        return cell_data(f, a, p, name);
    case QG_GROUP_UNITS:
        return unit_data(f, a, p, name);
    case QG_GROUP_DATASET:
        return dataset_data(f, a, &p->datasets[ref.dataset], name);
    case QG_GROUP_TOKENS:
        token_data(f, p->tokens[qg_layout_experiment(p, ref)], name);
        return QG_OK;
    case QG_GROUP_LATENCY:
        return latency_data(f, a, p, ref, name);
    default:
        return QG_OK;
    }
}
