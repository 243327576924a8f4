/*
 * layout_recommendation.c - "recommend" in the results file: thresholds, and who is judged against
 * whom.
 *
 * A member is the predict cell of one seed of a variant. It is judged against the fp32 of its
 * reference, or of its own model.
 */
#include "layout_data.h"

static bool is_member(const qg_plan *p, const qg_cell *c)
{
    return c->kind == QG_CELL_PREDICT && !c->skip && p->job->recommend.experiment[c->experiment];
}

int64_t qg_layout_members(const qg_plan *p)
{
    int64_t n = 0;
    for (int i = 0; i < p->n_cells; i++)
        n += is_member(p, &p->cells[i]);
    return n;
}

/* The experiment that a member is compared with. */
static int reference_of(const qg_plan *p, const qg_cell *c)
{
    int reference = p->job->experiments[c->experiment].reference;
    return reference < 0 ? c->experiment : reference;
}

/* "EXPERIMENT/PRECISION" of a cell, or of the fp32 that it is compared with; of an experiment of
 * one seed, or of the entry that stands for all. */
static const char *variant(qg_arena *a, const qg_plan *p, const qg_cell *c, bool reference,
                           bool entry)
{
    const qg_job *job = p->job;
    int precision = reference ? qg_job_reference(job) : c->precision;
    const qg_experiment *x = &job->experiments[reference ? reference_of(p, c) : c->experiment];
    return qg_arena_printf(a, "%s/%s", entry ? x->seed_group.base : x->name,
                           job->precisions[precision].name);
}

static qg_code fill(qg_field *f, qg_arena *a, const qg_plan *p, bool reference, bool entry)
{
    const char **name;
    int64_t n = 0;
    QG_NEW(name, a, f->shape[0]);
    for (int i = 0; i < p->n_cells; i++)
        if (is_member(p, &p->cells[i]) &&
            !(name[n++] = variant(a, p, &p->cells[i], reference, entry)))
            return QG_ENOMEM;
    return qg_layout_names(f, a, 16, qg_layout_listed, name);
}

#define NAMES(what, reference, entry)                                                              \
    qg_code qg_fill_##what(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)           \
    {                                                                                              \
        (void)ref;                                                                                 \
        return fill(f, a, p, reference, entry);                                                    \
    }

NAMES(member_cell, false, false)
NAMES(member_variant, false, true)
NAMES(member_reference_cell, true, false)
NAMES(member_reference, true, true)

#define OPTION(what, member)                                                                       \
    qg_code qg_fill_##what(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)           \
    {                                                                                              \
        (void)a, (void)ref;                                                                        \
        f->initial = member;                                                                       \
        return QG_OK;                                                                              \
    }

OPTION(threshold, p->job->recommend.threshold.value)
OPTION(judged_k, &p->job->recommend.k)
OPTION(judged_batch_size, &p->job->recommend.batch_size)

const char *qg_layout_judged_methods(qg_arena *a, const qg_job *job)
{
    const char *text = "";
    for (int i = 0; i < job->explain.n_methods && text; i++)
        if (!job->explain.methods[i].method->control)
            text = qg_arena_printf(a, "%s%s%s", text, text[0] ? " " : "",
                                   job->explain.methods[i].name);
    return text;
}
