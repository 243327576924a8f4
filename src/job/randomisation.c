/*
 * randomisation.c - the "randomisation" member of "explain".
 */
#include "reader.h"

#include "qgrid/str.h"

struct randomisation_entry {
    const qg_json *methods, *experiments;
    int64_t smooth, bins, seed;
    double noise;
};

// clang-format off
const qg_opt qg_job_randomisation_opts[] = {
    {"methods", QG_OPT_NODE, offsetof(struct randomisation_entry, methods), .help = "names of the job's methods; default all"},
    {"experiments", QG_OPT_NODE, offsetof(struct randomisation_entry, experiments), .help = "names of the job's experiments; default all"},
    {"smooth", QG_OPT_INT, offsetof(struct randomisation_entry, smooth), .def = 0, .min = 0, .max = 1000, .help = "disturbed texts over which explanations are averaged (smooth MPRT); 0: not done"},
    {"noise", QG_OPT_REAL, offsetof(struct randomisation_entry, noise), .def = 0.1, .min = 0, .max = 100, .help = "of those texts' word vectors, in standard deviations of the word table"},
    {"bins", QG_OPT_INT, offsetof(struct randomisation_entry, bins), .def = 10, .min = 2, .max = 1000, .help = "of the histogram of scores whose entropy is their complexity (efficient MPRT)"},
    {"seed", QG_OPT_INT, offsetof(struct randomisation_entry, seed), .def = -1, .min = -1, .max = QG_JSON_MOST_INTEGER, .help = "of what is drawn in place of the parameters; default: the job's"},
    QG_OPT_END,
};
// clang-format on

/* A name that the job's methods have not; nothing where some of these are mistaken themselves. */
static void note_unknown_method(qg_job_reader *r, const qg_json *at, bool all_known)
{
    const qg_explain_options *o = &r->job->explain;
    const char *names[QG_MAX_METHODS + 1] = {NULL};
    char known[256];
    for (int i = 0; i < o->n_methods; i++)
        names[i] = o->methods[i].name;
    if (at->type != QG_JSON_STRING)
        QG_WRONG(r, at, "found %s, the name of a method is expected", qg_json_kind(at));
    else if (all_known)
        QG_WRONG(r, at, "'%s' is not the name of one of the job's methods: %s", at->string,
                 qg_join_names(known, sizeof known, names));
}

static void choose_methods(qg_job_reader *r, const qg_json *v, bool all_known)
{
    qg_explain_options *o = &r->job->explain;
    for (int i = 0; i < o->n_methods && !v; i++)
        o->randomisation.method[i] = true;
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    for (const qg_json *m = v->child; m; m = m->next) {
        int found = m->type == QG_JSON_STRING
                        ? qg_method_spec_find(o->methods, o->n_methods, m->string)
                        : -1;
        if (found >= 0)
            o->randomisation.method[found] = true;
        else
            note_unknown_method(r, m, all_known);
    }
}

static void choose_experiments(qg_job_reader *r, const qg_json *v)
{
    qg_job *job = r->job;
    bool *chosen = job->explain.randomisation.experiment;
    for (int i = 0; i < job->n_experiments && !v; i++)
        chosen[i] = true;
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    for (const qg_json *m = v->child; m; m = m->next) {
        const qg_seed_group *of = NULL;
        if (m->type == QG_JSON_STRING)
            of = qg_job_experiments(r, m);
        else
            QG_WRONG(r, m, "found %s, the name of an experiment is expected", qg_json_kind(m));
        for (int i = 0; of && i < (of->n ? of->n : 1); i++)
            chosen[of->first + i] = true;
    }
}

qg_code qg_job_read_randomisation(qg_job_reader *r, const qg_json *v)
{
    struct randomisation_entry e = {0};
    qg_explain_options *o = &r->job->explain;
    bool plain = v && v->type == QG_JSON_BOOL;
    if (!v || (plain && !v->boolean) ||
        qg_opt_read(&e, qg_job_randomisation_opts, &r->job->doc, plain ? NULL : v, r->problems) !=
            QG_OK)
        return QG_OK;
    o->randomisation = (qg_randomisation_options){.wanted = true,
                                                  .smooth = e.smooth,
                                                  .noise = e.noise,
                                                  .bins = e.bins,
                                                  .seed = e.seed >= 0 ? e.seed : r->job->seed};
    QG_NEW(o->randomisation.method, r->arena, o->n_methods);
    QG_NEW(o->randomisation.experiment, r->arena, r->job->n_experiments);
    const qg_json *methods = qg_json_get(qg_json_get(r->job->doc.root, "explain"), "methods");
    choose_methods(r, e.methods, methods && methods->count == o->n_methods);
    choose_experiments(r, e.experiments);
    return QG_OK;
}
