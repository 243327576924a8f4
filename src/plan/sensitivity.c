/*
 * sensitivity.c - which parts of a model are put under a precision, and on which texts that is
 * measured.
 */
#include "inputs.h"

#include "qgrid/rng.h"

#include <stdlib.h>

static int rising(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static qg_code draw_rows(qg_plan_sensitivity *s, const qg_plan *p, qg_arena *a, int64_t n)
{
    const qg_sensitivity_options *o = &p->job->sensitivity;
    int64_t *row;
    QG_NEW(row, a, n);
    for (int64_t i = 0; i < n; i++)
        row[i] = i;
    s->row = row;
    s->texts = o->texts > 0 && o->texts < n ? o->texts : n;
    if (s->texts == n)
        return QG_OK;
    qg_rng rng = qg_rng_make((uint64_t)o->seed, "sensitivity/texts", 0);
    qg_rng_shuffle(&rng, row, n);
    qsort(row, (size_t)s->texts, sizeof *row, rising);
    return QG_OK;
}

/* Of each class the first slots: of those chosen by ids all. */
static qg_code choose_slots(qg_plan_sensitivity *s, const qg_plan *p, qg_arena *a, int experiment)
{
    const qg_plan_explained *x = &p->explained[experiment];
    int64_t per_class = p->job->sensitivity.per_class, *slot;
    QG_NEW(slot, a, x->slots);
    s->slot = slot;
    for (int64_t i = 0; i < x->slots && per_class == 0; i++)
        slot[s->slots++] = i;
    for (int k = 0; k < p->job->K && per_class > 0; k++)
        for (int64_t i = x->class_slot[k]; i < x->class_slot[k + 1]; i++)
            if (i - x->class_slot[k] < per_class)
                slot[s->slots++] = i;
    return QG_OK;
}

qg_code qg_plan_sensitivity_make(qg_plan *p, qg_arena *a)
{
    const qg_job *job = p->job;
    if (!job->sensitivity.wanted)
        return QG_OK;
    QG_NEW(p->sensitivity, a, job->n_experiments);
    for (int e = 0; e < job->n_experiments; e++) {
        const qg_experiment *x = &job->experiments[e];
        qg_plan_sensitivity *s = &p->sensitivity[e];
        qg_model_part *part;
        if (!job->sensitivity.experiment[e] || x->stressed)
            continue;
        QG_TRY(qg_model_parts(&part, &s->parts, a, &p->models[x->model].config));
        s->part = part;
        QG_TRY(draw_rows(s, p, a, p->datasets[x->dataset].data.n));
        if (p->explained)
            QG_TRY(choose_slots(s, p, a, e));
    }
    return QG_OK;
}

/* A cell of predictions, and one of each method. */
static qg_code add_cells(qg_plan *p, qg_arena *a, int e, int precision)
{
    const qg_job *job = p->job;
    const qg_experiment *x = &job->experiments[e];
    for (int m = -1; m < job->explain.n_methods; m++) {
        qg_cell cell = {.kind = m < 0 ? QG_CELL_SENSITIVITY : QG_CELL_EXPLAINED_SENSITIVITY,
                        .model = x->model,
                        .experiment = e,
                        .precision = precision,
                        .method = m};
        const char *suffix = "sensitivity";
        if (m >= 0 && !job->sensitivity.method[m])
            continue;
        if (m >= 0)
            suffix = qg_arena_printf(a, "%s/sensitivity", job->explain.methods[m].name);
        if (!suffix)
            return QG_ENOMEM;
        QG_TRY(qg_plan_add_cell(p, a, cell, x->name, suffix));
    }
    return QG_OK;
}

qg_code qg_plan_add_sensitivity_cells(qg_plan *p, qg_arena *a, int e)
{
    const qg_sensitivity_options *o = &p->job->sensitivity;
    if (!o->wanted || !o->experiment[e] || p->job->experiments[e].stressed)
        return QG_OK;
    for (int i = 0; i < p->job->n_precisions; i++)
        if (o->precision[i])
            QG_TRY(add_cells(p, a, e, i));
    return QG_OK;
}
