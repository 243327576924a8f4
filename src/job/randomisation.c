/*
 * randomisation.c - the "randomisation" member of "explain".
 */
#include "reader.h"

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
    qg_job_choose_methods(o->randomisation.method, r, e.methods, true);
    qg_job_choose_experiments(o->randomisation.experiment, r, e.experiments);
    return QG_OK;
}
