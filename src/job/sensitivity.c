/*
 * sensitivity.c - the "sensitivity" member of a job file: which parts of a model suffer most from a
 * precision.
 */
#include "reader.h"

#include <string.h>

struct sensitivity_entry {
    const qg_json *experiments, *precisions, *methods, *samples;
};

struct samples_entry {
    int64_t texts, per_class, seed;
};

// clang-format off
const qg_opt qg_job_sensitivity_opts[] = {
    {"experiments", QG_OPT_NODE, offsetof(struct sensitivity_entry, experiments), .help = "names of the job's experiments; default all"},
    {"precisions", QG_OPT_NODE, offsetof(struct sensitivity_entry, precisions), .help = "names of the job's precisions, each put on one part of the model at a time; default all but fp32"},
    {"methods", QG_OPT_NODE, offsetof(struct sensitivity_entry, methods), .help = "names of the job's methods whose explanations are compared with fp32's; default none"},
    {"samples", QG_OPT_NODE, offsetof(struct sensitivity_entry, samples), .help = "which texts"},
    QG_OPT_END,
};
const qg_opt qg_job_sensitivity_samples_opts[] = {
    {"texts", QG_OPT_INT, offsetof(struct samples_entry, texts), .def = 0, .min = 0, .max = QG_JSON_MOST_INTEGER, .help = "texts that are predicted, drawn from the data set; 0: all"},
    {"per_class", QG_OPT_INT, offsetof(struct samples_entry, per_class), .def = 0, .min = 0, .max = 1000000, .help = "texts of each class that are explained, the first of those of \"explain\"; 0: all of those"},
    {"seed", QG_OPT_INT, offsetof(struct samples_entry, seed), .def = -1, .min = -1, .max = QG_JSON_MOST_INTEGER, .help = "of the choice of texts that are predicted; default: the job's"},
    QG_OPT_END,
};
// clang-format on

/* Texts that are chosen by ids have no classes that they are chosen by. */
static void check_per_class(qg_job_reader *r, const qg_json *samples)
{
    const qg_json *at = qg_json_get(samples, "per_class");
    if (at && r->job->explain.n_ids > 0)
        QG_WRONG(r, at,
                 "has no place beside the \"ids\" of \"explain\", which say which texts "
                 "are explained");
}

/* Experiments that "stress" makes are on perturbed texts: their models are those of the others. */
static void check_experiments(qg_job_reader *r, const qg_json *v)
{
    for (const qg_json *m = v->type == QG_JSON_ARRAY ? v->child : NULL; m; m = m->next)
        for (int i = 0; i < r->job->n_experiments && m->type == QG_JSON_STRING; i++)
            if (r->job->experiments[i].stressed &&
                strcmp(r->job->experiments[i].seed_group.base, m->string) == 0) {
                QG_WRONG(r, m, "'%s' is made by \"stress\", whose experiments have no sensitivity",
                         m->string);
                break;
            }
}

qg_code qg_job_read_sensitivity(qg_job_reader *r, const qg_json *v)
{
    struct sensitivity_entry e = {0};
    struct samples_entry samples = {0};
    qg_job *job = r->job;
    qg_sensitivity_options *o = &job->sensitivity;
    if (!v || qg_opt_read(&e, qg_job_sensitivity_opts, r->doc, v, r->problems) != QG_OK)
        return QG_OK;
    if (qg_opt_read(&samples, qg_job_sensitivity_samples_opts, r->doc, e.samples, r->problems) !=
        QG_OK)
        return QG_OK;
    if (job->n_precisions > 0 && qg_job_reference(job) < 0)
        QG_WRONG(r, v, "compares with fp32, which is not among the job's precisions");
    else if (job->n_precisions == 1)
        QG_WRONG(r, v, "there is no precision besides fp32 to put parts of a model under");
    *o = (qg_sensitivity_options){.wanted = true,
                                  .texts = samples.texts,
                                  .per_class = samples.per_class,
                                  .seed = samples.seed >= 0 ? samples.seed : job->seed};
    QG_NEW(o->experiment, r->arena, job->n_experiments);
    QG_NEW(o->precision, r->arena, job->n_precisions);
    QG_NEW(o->method, r->arena, job->explain.n_methods);
    qg_job_choose_experiments(o->experiment, r, e.experiments);
    qg_job_choose_precisions(o->precision, r, e.precisions);
    qg_job_choose_methods(o->method, r, e.methods, false);
    if (e.experiments)
        check_experiments(r, e.experiments);
    if (e.samples)
        check_per_class(r, e.samples);
    return QG_OK;
}
