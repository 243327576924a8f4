/*
 * recommend.c - "recommend" of a job file: which variants are judged, and by what.
 *
 * A number that the job does not measure is a mistake here, never a criterion that everybody meets.
 */
#include "reader.h"

#include "qgrid/str.h"

#include <math.h>
#include <string.h>

struct recommend_entry {
    qg_candidate threshold;
    int64_t k, batch_size;
    int against;
    const qg_json *experiments, *without;
};
static const char *const against_names[] = {
    [QG_AGAINST_SEEDS] = "seeds", [QG_AGAINST_THRESHOLD] = "threshold", NULL};

// clang-format off
const qg_opt qg_job_recommend_opts[] = {
#define X(name, standard, least, most, doc) {#name, QG_OPT_REAL, offsetof(struct recommend_entry, threshold.value[QG_CRITERION_##name]), .def = standard, .min = least, .max = most, .help = doc},
    QG_CRITERION_LIST(X)
#undef X
    {"against", QG_OPT_ENUM, offsetof(struct recommend_entry, against), .names = against_names, .help = "what rho is judged by; seeds: what fp32 models of two training seeds have in common, where the reference has seeds, elsewhere the threshold"},
    {"k", QG_OPT_INT, offsetof(struct recommend_entry, k), .def = 5, .min = 1, .max = 10000, .help = "words of the comprehensiveness that is judged"},
    {"batch_size", QG_OPT_INT, offsetof(struct recommend_entry, batch_size), .def = 1, .min = 1, .max = 4096, .help = "of the latency that is judged"},
    {"experiments", QG_OPT_NODE, offsetof(struct recommend_entry, experiments), .help = "names of the experiments whose variants are judged; default: all that stress has not made"},
    {"without", QG_OPT_NODE, offsetof(struct recommend_entry, without), .help = "criteria that are not asked for"},
    QG_OPT_END,
};
// clang-format on

static void leave_out(qg_job_reader *r, const qg_json *v)
{
    char known[256];
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    for (const qg_json *m = v->child; m; m = m->next) {
        int c = 0;
        while (c < QG_CRITERIA &&
               (m->type != QG_JSON_STRING || strcmp(m->string, qg_criterion_names[c]) != 0))
            c++;
        if (c == QG_CRITERIA)
            QG_WRONG(r, m, "found %s, one of %s is expected",
                     m->type == QG_JSON_STRING ? m->string : qg_json_kind(m),
                     qg_join_names(known, sizeof known, qg_criterion_names));
        else
            r->job->recommend.threshold.value[c] = (double)NAN;
    }
}

static bool asked(const qg_job *job, qg_criterion c)
{
    return !isnan(job->recommend.threshold.value[c]);
}

/* Whether methods are compared with each other's: controls are not. */
static bool explains(const qg_job *job)
{
    for (int i = 0; i < job->explain.n_methods; i++)
        if (!job->explain.methods[i].method->control)
            return true;
    return false;
}

static bool measures_k(const qg_job *job)
{
    for (int i = 0; i < job->explain.faithful.n_k; i++)
        if (job->explain.faithful.k[i] == (double)job->recommend.k)
            return true;
    return false;
}

static bool measures_batch(const qg_job *job)
{
    for (int i = 0; i < job->latency.n_batch_sizes; i++)
        if (job->latency.batch_size[i] == job->recommend.batch_size)
            return true;
    return false;
}

/* Criteria whose numbers the job does not compute. */
static void check_inputs(qg_job_reader *r, const qg_json *v)
{
    const qg_job *job = r->job;
    long long k = (long long)job->recommend.k, batch = (long long)job->recommend.batch_size;
    if (job->n_precisions > 0 && qg_job_reference(job) < 0)
        QG_WRONG(r, v, "variants are compared with fp32, which is not among precisions");
    if (asked(job, QG_CRITERION_rho) && !explains(job))
        QG_WRONG(r, v,
                 "rho is asked for, and \"explain\" has no methods; without it: "
                 "\"without\": [\"rho\", \"comprehensiveness\"]");
    else if (asked(job, QG_CRITERION_comprehensiveness) && !measures_k(job))
        QG_WRONG(r, v,
                 "comprehensiveness of %lld words is asked for, and \"faithfulness\" does not "
                 "measure it; without it: \"without\": [\"comprehensiveness\"]",
                 k);
    if (asked(job, QG_CRITERION_latency_ms) && !job->latency.wanted)
        QG_WRONG(r, v,
                 "latency is asked for, and the job measures none; add \"latency\", or "
                 "\"without\": [\"latency_ms\"]");
    else if (asked(job, QG_CRITERION_latency_ms) && !measures_batch(job))
        QG_WRONG(r, v, "latency of batches of %lld is asked for, which are not among batch_sizes",
                 batch);
}

qg_code qg_job_read_recommend(qg_job_reader *r, const qg_json *v)
{
    struct recommend_entry e = {0};
    qg_job_recommendation *out = &r->job->recommend;
    if (!v || qg_opt_read(&e, qg_job_recommend_opts, r->doc, v, r->problems) != QG_OK)
        return QG_OK;
    *out = (qg_job_recommendation){.wanted = true,
                                   .threshold = e.threshold,
                                   .k = e.k,
                                   .batch_size = e.batch_size,
                                   .against = (qg_against)e.against};
    QG_NEW(out->experiment, r->arena, r->job->n_experiments);
    leave_out(r, e.without);
    for (int i = 0; i < r->job->n_experiments && !e.experiments; i++)
        out->experiment[i] = !r->job->experiments[i].stressed;
    if (e.experiments)
        qg_job_choose_experiments(out->experiment, r, e.experiments);
    check_inputs(r, v);
    return QG_OK;
}
