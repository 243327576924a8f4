/*
 * decompositions.c - "decompose" of a job file: how much of the drift of a trained experiment comes
 * from training, and how much from quantization.
 */
#include "reader.h"

struct decompose_entry {
    const qg_json *of, *control;
};
// clang-format off
const qg_opt qg_job_decompose_opts[] = {
    {"of", QG_OPT_NODE, offsetof(struct decompose_entry, of), .required = true, .help = "experiment whose drift from its reference is split"},
    {"control", QG_OPT_NODE, offsetof(struct decompose_entry, control), .required = true, .help = "experiment of a model trained alike without quantization"},
    QG_OPT_END,
};
// clang-format on

static const qg_seed_group *named(qg_job_reader *r, const qg_json *v)
{
    if (v->type == QG_JSON_STRING)
        return qg_job_experiments(r, v);
    QG_WRONG(r, v, "found %s, the name of an experiment is expected", qg_json_kind(v));
    return NULL;
}

/* Both have to have the same references, seed by seed. */
static bool may_split(qg_job_reader *r, const qg_json *at, const qg_seed_group *of,
                      const qg_seed_group *control)
{
    const qg_experiment *x = r->job->experiments;
    if (of->first == control->first) {
        QG_WRONG(r, at, "an experiment is not its own control");
        return false;
    }
    if (!qg_job_same_seeds(r->job, of, control) || (control->n && !of->n)) {
        QG_WRONG(r, at, "'%s' and '%s' are not of the same seeds", of->base, control->base);
        return false;
    }
    for (int i = 0; i < (of->n ? of->n : 1); i++) {
        const qg_experiment *a = &x[of->first + i], *b = &x[control->first + (control->n ? i : 0)];
        if (a->reference < 0 || a->reference != b->reference) {
            QG_WRONG(r, at, "'%s' and '%s' have no reference in common", a->name, b->name);
            return false;
        }
    }
    return true;
}

static qg_code add(qg_job_reader *r, const char *of, const char *control, const qg_job_pair *pair,
                   int n)
{
    qg_job *job = r->job;
    size_t at = (size_t)job->n_decompositions;
    if ((at & (at - 1)) == 0)
        job->decompositions = qg_arena_grow(r->arena, job->decompositions, at, at ? 2 * at : 4,
                                            sizeof *job->decompositions);
    if (!job->decompositions)
        return QG_ENOMEM;
    job->decompositions[job->n_decompositions++] = (qg_job_decomposition){of, control, pair, n};
    return QG_OK;
}

/* One for each seed, and one over them. */
static qg_code add_all(qg_job_reader *r, const qg_seed_group *of, const qg_seed_group *control)
{
    const qg_experiment *x = r->job->experiments;
    int n = of->n ? of->n : 1;
    qg_job_pair *pair;
    QG_NEW(pair, r->arena, n);
    for (int i = 0; i < n; i++) {
        pair[i] = (qg_job_pair){of->first + i, control->first + (control->n ? i : 0)};
        QG_TRY(add(r, x[pair[i].a].name, x[pair[i].b].name, &pair[i], 1));
    }
    return of->n ? add(r, of->base, control->base, pair, n) : QG_OK;
}

static bool is_there(const qg_job *job, const qg_seed_group *of, const qg_seed_group *control)
{
    for (int i = 0; i < job->n_decompositions; i++)
        if (job->decompositions[i].pair->a == of->first &&
            job->decompositions[i].pair->b == control->first)
            return true;
    return false;
}

qg_code qg_job_read_decompositions(qg_job_reader *r, const qg_json *v)
{
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return QG_OK;
    if (r->job->explain.n_methods == 0)
        QG_WRONG(r, v, "there are no explanations whose drift could be split: add \"explain\"");
    for (const qg_json *m = v->child; m; m = m->next) {
        struct decompose_entry e;
        if (qg_opt_read(&e, qg_job_decompose_opts, r->doc, m, r->problems) != QG_OK)
            continue;
        const qg_seed_group *of = named(r, e.of), *control = named(r, e.control);
        if (!of || !control || !may_split(r, m, of, control))
            continue;
        if (is_there(r->job, of, control))
            QG_WRONG(r, m, "'%s' against '%s' occurs twice", of->base, control->base);
        else
            QG_TRY(add_all(r, of, control));
    }
    return QG_OK;
}
