/*
 * latency.c - what latency is measured on: which texts, and one model for all of its shape.
 *
 * How long a forward pass takes depends on the shape of a model and on how its weights are stored,
 * not on what they are. Cells of models of one shape, texts and precision have one key: the first
 * of them in the job's order owns the measurement, the others show it.
 */
#include "inputs.h"

#include "qgrid/rng.h"

#include <stdlib.h>
#include <string.h>

int64_t qg_plan_latency_texts(const qg_plan *p, int experiment)
{
    int64_t n = p->datasets[p->job->experiments[experiment].dataset].data.n;
    int64_t want = p->job->latency.samples;
    return want < n ? want : n;
}

int64_t *qg_plan_latency_rows(const qg_plan *p, qg_arena *a, int experiment)
{
    int64_t n = p->datasets[p->job->experiments[experiment].dataset].data.n;
    int64_t *rows = qg_arena_alloc(a, (size_t)n, sizeof *rows);
    if (!rows)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        rows[i] = i;
    qg_rng rng = qg_rng_make((uint64_t)p->job->seed, "latency/sample", 0);
    qg_rng_shuffle(&rng, rows, n);
    return rows;
}

void qg_plan_add_shape(qg_sha256 *h, const qg_plan *p, int experiment)
{
    const qg_experiment *x = &p->job->experiments[experiment];
    const qg_config *c = &p->models[x->model].config;
    const qg_plan_tokens *t = p->tokens[experiment];
    int sizes[] = {c->layers,         c->hidden,     c->heads,     c->ffn,
                   c->vocab,          c->types,      p->job->K,    c->positions,
                   c->first_position, c->activation, t->max_length};
    qg_sha256_add_text(h, c->family->name);
    qg_sha256_add(h, sizes, sizeof sizes);
    qg_sha256_add_text(h, t->tokenizer);
    qg_sha256_add_text(h, p->datasets[x->dataset].hash);
}

/* By key, of equal ones in the job's order. */
static int by_key(const void *a, const void *b)
{
    const qg_cell *x = *(qg_cell *const *)a, *y = *(qg_cell *const *)b;
    int order = strcmp(x->key, y->key);
    return order != 0 ? order : (x > y) - (x < y);
}

qg_code qg_plan_latency_owners(qg_plan *p, qg_arena *a)
{
    qg_cell **cell;
    int n = 0;
    if (!p->job->latency.wanted || p->job->latency.per == QG_LATENCY_PER_EXPERIMENT)
        return QG_OK;
    QG_NEW(cell, a, p->n_cells);
    for (int i = 0; i < p->n_cells; i++)
        if (p->cells[i].kind == QG_CELL_LATENCY)
            cell[n++] = &p->cells[i];
    if (n > 1)
        qsort(cell, (size_t)n, sizeof *cell, by_key);
    for (int i = 1; i < n; i++)
        if (strcmp(cell[i]->key, cell[i - 1]->key) == 0)
            cell[i]->owner = cell[i - 1]->owner;
    return QG_OK;
}

/* A model that is read from a folder is there first, and no training can fail before it. */
int qg_plan_timed(const qg_plan *p, int owner)
{
    int first = -1;
    if (p->cells[owner].kind != QG_CELL_LATENCY) /* no other is computed with it */
        return owner;
    for (int i = owner; i < p->n_cells; i++) {
        const qg_cell *c = &p->cells[i];
        if (c->owner != owner || !c->selected)
            continue;
        if (!p->models[c->model].training)
            return i;
        first = first < 0 ? i : first;
    }
    return first < 0 ? owner : first;
}
