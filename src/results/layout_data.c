/*
 * layout_data.c - constant contents of the results file: a filler for each field that the plan
 * knows. schema.def says which field has which.
 */
#include "layout_data.h"

#include <string.h>

int qg_layout_experiment(const qg_plan *p, qg_group_ref ref)
{
    return ref.model < 0 || ref.dataset < 0
               ? -1
               : p->experiment_of[ref.model * p->job->n_datasets + ref.dataset];
}

/* ---------------------------------------------------------------------------------------- texts */

qg_code qg_layout_strings(qg_field *f, qg_arena *a, size_t size, qg_layout_text *text,
                          const void *ctx)
{
    int64_t n = f->ndim ? f->shape[0] : 1;
    char *data = qg_arena_alloc(a, (size_t)n, size);
    if (!data)
        return QG_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        const char *t = text(ctx, i);
        size_t len = strlen(t);
        if (len >= size && len > 0)
            return QG_FAIL(QG_EJOB, "%s: '%s' has %zu bytes, the results file has room for %zu",
                           f->path, t, len, size - 1);
        memcpy(data + (size_t)i * size, t, len);
    }
    f->type = QG_STORE_STRING;
    f->string_size = size;
    f->initial = data;
    return QG_OK;
}

qg_code qg_layout_names(qg_field *f, qg_arena *a, size_t least, qg_layout_text *text,
                        const void *ctx)
{
    size_t size = least;
    for (int64_t i = 0; i < f->shape[0]; i++) {
        size_t n = strlen(text(ctx, i)) + 1;
        size = n > size ? n : size;
    }
    return qg_layout_strings(f, a, size, text, ctx);
}

const char *qg_layout_listed(const void *ctx, int64_t i)
{
    return ((const char *const *)ctx)[i];
}

/* ---------------------------------------------------------------------------------------- cells */

/* Texts of cells: an expression of the plan p, its job, the cell c and its experiment x or NULL. */
#define CELL_TEXTS(name, size, value)                                                              \
    static const char *cell_##name(const void *ctx, int64_t i)                                     \
    {                                                                                              \
        const qg_plan *p = ctx;                                                                    \
        const qg_job *job = p->job;                                                                \
        const qg_cell *c = &p->cells[i];                                                           \
        const qg_experiment *x = c->experiment >= 0 ? &job->experiments[c->experiment] : NULL;     \
        (void)x;                                                                                   \
        return value;                                                                              \
    }                                                                                              \
    qg_code qg_fill_cell_##name(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)      \
    {                                                                                              \
        (void)ref;                                                                                 \
        return qg_layout_strings(f, a, size, cell_##name, p);                                      \
    }

CELL_TEXTS(name, QG_NAME_SIZE * 2, c->name)
CELL_TEXTS(kind, QG_NAME_SIZE, qg_cell_kind_names[c->kind])
CELL_TEXTS(experiment, QG_NAME_SIZE,
           !x                         ? ""
           : qg_plan_cell_seeds(p, c) ? x->seed_group.base
                                      : x->name)
CELL_TEXTS(model, QG_NAME_SIZE,
           qg_plan_cell_seeds(p, c) ? job->models[c->model].seed_group.base
                                    : job->models[c->model].name)
CELL_TEXTS(dataset, QG_NAME_SIZE, x ? job->datasets[x->dataset].name : "")
CELL_TEXTS(precision, QG_NAME_SIZE, c->precision >= 0 ? job->precisions[c->precision].name : "")
CELL_TEXTS(method, QG_NAME_SIZE,
           c->kind == QG_CELL_EXPLAIN || c->kind == QG_CELL_RANDOMISE ||
                   c->kind == QG_CELL_EXPLAINED_SENSITIVITY
               ? job->explain.methods[c->method].name
               : "")
CELL_TEXTS(key, QG_NAME_SIZE, c->key)

qg_code qg_fill_cell_seed(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    int64_t *v;
    (void)ref;
    QG_NEW(v, a, p->n_cells);
    for (int i = 0; i < p->n_cells; i++)
        v[i] = qg_plan_cell_seed(p, &p->cells[i]);
    f->initial = v;
    return QG_OK;
}

/* What the plan knows that it cannot be computed is not open. */
qg_code qg_fill_cell_state(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    uint8_t *v;
    (void)ref;
    QG_NEW(v, a, p->n_cells);
    for (int i = 0; i < p->n_cells; i++)
        v[i] = p->cells[i].skip ? QG_STATE_SKIPPED : QG_STATE_OPEN;
    f->initial = v;
    return QG_OK;
}

/* A sentence is no name: it is cut, but never inside a character. */
static size_t room_for(const char *text, size_t most)
{
    size_t n = strlen(text);
    if (n > most)
        for (n = most; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
            ;
    return n;
}

qg_code qg_fill_cell_error(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    const char **text;
    (void)ref;
    QG_NEW(text, a, p->n_cells);
    for (int i = 0; i < p->n_cells; i++) {
        const char *why = p->cells[i].skip ? p->cells[i].skip : "";
        text[i] = qg_arena_strndup(a, why, room_for(why, QG_ERROR_SIZE - 1));
        if (!text[i])
            return QG_ENOMEM;
    }
    return qg_layout_strings(f, a, QG_ERROR_SIZE, qg_layout_listed, text);
}

/* ---------------------------------------------------------------------------------------- units */

qg_code qg_fill_unit_cell(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    const qg_job *job = p->job;
    const char **text;
    (void)ref;
    QG_NEW(text, a, p->n_units);
    for (int u = 0; u < p->n_units; u++) {
        const qg_plan_task *t = &p->tasks[p->units[u].task];
        if (t->cell >= 0)
            text[u] = p->cells[t->cell].name;
        else if (u > 0 && p->units[u].task == p->units[u - 1].task)
            text[u] = text[u - 1];
        else
            text[u] = qg_arena_printf(a, "/models/%s/%s", job->models[t->model].name,
                                      job->precisions[t->precision].name);
        if (!text[u])
            return QG_ENOMEM;
    }
    return qg_layout_strings(f, a, QG_NAME_SIZE * 2, qg_layout_listed, text);
}

qg_code qg_fill_unit_first(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    int64_t *v;
    (void)ref;
    QG_NEW(v, a, p->n_units);
    for (int u = 0; u < p->n_units; u++)
        v[u] = p->units[u].first;
    f->initial = v;
    return QG_OK;
}

qg_code qg_fill_unit_count(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    int64_t *v;
    (void)ref;
    QG_NEW(v, a, p->n_units);
    for (int u = 0; u < p->n_units; u++)
        v[u] = p->units[u].count;
    f->initial = v;
    return QG_OK;
}

/* --------------------------------------------------------------------------- data sets and tokens
 */

static const char *row_text(const void *ctx, int64_t i)
{
    return ((const qg_dataset *)ctx)->text[i];
}

qg_code qg_fill_row_text(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    return qg_layout_names(f, a, 1, row_text, &p->datasets[ref.dataset].data);
}

static const char *row_id(const void *ctx, int64_t i)
{
    return ((const qg_dataset *)ctx)->sample_id[i];
}

qg_code qg_fill_row_id(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    return qg_layout_names(f, a, 1, row_id, &p->datasets[ref.dataset].data);
}

/* Arrays that the plan has as they are stored. */
#define PLAN_ARRAY(name, array)                                                                    \
    qg_code qg_fill_##name(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)           \
    {                                                                                              \
        (void)a;                                                                                   \
        f->initial = array;                                                                        \
        return QG_OK;                                                                              \
    }

PLAN_ARRAY(row_label, p->datasets[ref.dataset].data.label)
PLAN_ARRAY(row_group, p->datasets[ref.dataset].data.group)
PLAN_ARRAY(word_splits, p->datasets[ref.dataset].word_splits)
PLAN_ARRAY(word_start, p->datasets[ref.dataset].word_start)
PLAN_ARRAY(word_end, p->datasets[ref.dataset].word_end)
PLAN_ARRAY(token_splits, p->tokens[qg_layout_experiment(p, ref)]->splits)
PLAN_ARRAY(token_id, p->tokens[qg_layout_experiment(p, ref)]->ids)
PLAN_ARRAY(token_start, p->tokens[qg_layout_experiment(p, ref)]->start)
PLAN_ARRAY(token_end, p->tokens[qg_layout_experiment(p, ref)]->end)
PLAN_ARRAY(token_word, p->tokens[qg_layout_experiment(p, ref)]->word)

qg_code qg_fill_group_texts(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    const qg_dataset *d = &p->datasets[ref.dataset].data;
    int64_t *v;
    QG_NEW(v, a, d->n_groups);
    for (int64_t i = 0; i < d->n; i++)
        if (d->group[i] >= 0)
            v[d->group[i]]++;
    f->initial = v;
    return QG_OK;
}

/* -------------------------------------------------------------------------------------- latency */

qg_code qg_fill_sample_row(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    f->initial = qg_plan_latency_rows(p, a, qg_layout_experiment(p, ref));
    return f->initial ? QG_OK : QG_ENOMEM;
}

qg_code qg_fill_sample_tokens(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    int e = qg_layout_experiment(p, ref);
    const qg_plan_tokens *t = p->tokens[e];
    const int64_t *rows = qg_plan_latency_rows(p, a, e);
    int32_t *v;
    if (!rows)
        return QG_ENOMEM;
    QG_NEW(v, a, f->shape[0]);
    for (int64_t i = 0; i < f->shape[0]; i++)
        v[i] = (int32_t)(t->splits[rows[i] + 1] - t->splits[rows[i]]);
    f->initial = v;
    return QG_OK;
}
