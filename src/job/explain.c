/*
 * explain.c - the "explain" member of a job file.
 */
#include "reader.h"

#include "qgrid/str.h"

#include <string.h>

struct explain_entry {
    const qg_json *methods, *samples, *faithfulness, *randomisation, *pairs;
    const char *target;
    int64_t floor_draws;
    bool internals;
};

struct faithfulness_entry {
    const qg_json *k;
    int masking, order;
    int64_t curve_steps, infidelity, sensitivity, exact_words, beam, soft;
    bool leave_one_out, normalised;
};

static const char *const order_names[] = {"score", "magnitude", NULL};
static const double default_k[] = {1, 3, 5, 10, 0.2, 0.5};

// clang-format off
const qg_opt qg_job_explain_opts[] = {
    {"methods", QG_OPT_NODE, offsetof(struct explain_entry, methods), .required = true, .help = "list of methods"},
    {"samples", QG_OPT_NODE, offsetof(struct explain_entry, samples), .help = "which texts are explained"},
    {"target", QG_OPT_STRING, offsetof(struct explain_entry, target), .def_text = "reference", .help = "class that is explained: reference (what fp32 predicts), predicted, or a label"},
    {"faithfulness", QG_OPT_NODE, offsetof(struct explain_entry, faithfulness), .help = "what is measured of each explanation; false: nothing"},
    {"randomisation", QG_OPT_NODE, offsetof(struct explain_entry, randomisation), .help = "whether explanations change when the model's parameters are drawn anew; true: of every method and experiment"},
    {"floor_draws", QG_OPT_INT, offsetof(struct explain_entry, floor_draws), .def = 30, .min = 1, .max = 10000, .help = "random explanations behind the floor of drift"},
    {"internals", QG_OPT_BOOL, offsetof(struct explain_entry, internals), .help = "entropy of attention by layer and head, and states of the first token by layer, beside those of fp32"},
    {"pairs", QG_OPT_NODE, offsetof(struct explain_entry, pairs), .help = "[[experiment, experiment], ...] whose drift is compared"},
    QG_OPT_END,
};
const qg_opt qg_job_faithfulness_opts[] = {
    {"k", QG_OPT_NODE, offsetof(struct faithfulness_entry, k), .help = "numbers of words (>= 1) and shares of them (< 1); default [1, 3, 5, 10, 0.2, 0.5]"},
    {"masking", QG_OPT_ENUM, offsetof(struct faithfulness_entry, masking), .names = qg_masking_names, .help = "what stands for a word that is taken away"},
    {"order", QG_OPT_ENUM, offsetof(struct faithfulness_entry, order), .names = order_names, .help = "which words go first: of largest score, or of largest |score|"},
    {"curve_steps", QG_OPT_INT, offsetof(struct faithfulness_entry, curve_steps), .def = 10, .min = 0, .max = 65536, .help = "steps of the insertion and deletion curves; 0: not measured"},
    {"leave_one_out", QG_OPT_BOOL, offsetof(struct faithfulness_entry, leave_one_out), .def = 1, .help = "tau-LOO is measured: a text for each word"},
    {"normalised", QG_OPT_BOOL, offsetof(struct faithfulness_entry, normalised), .help = "AOPC between its bounds over all orders of the words is measured, too"},
    {"exact_words", QG_OPT_INT, offsetof(struct faithfulness_entry, exact_words), .def = 8, .min = 0, .max = 16, .help = "bounds are exact up to so many words (2^words texts)"},
    {"beam", QG_OPT_INT, offsetof(struct faithfulness_entry, beam), .def = 5, .min = 1, .max = 1000, .help = "width of the search for the bounds of longer texts"},
    {"soft", QG_OPT_INT, offsetof(struct faithfulness_entry, soft), .def = 0, .min = 0, .max = 10000, .help = "draws of masked vectors for soft sufficiency and comprehensiveness; 0: not measured"},
    {"infidelity", QG_OPT_INT, offsetof(struct faithfulness_entry, infidelity), .def = 0, .min = 0, .max = 100000, .help = "random perturbations of a text for infidelity; 0: not measured"},
    {"sensitivity", QG_OPT_INT, offsetof(struct faithfulness_entry, sensitivity), .def = 0, .min = 0, .max = 1000, .help = "texts nearby for sensitivity-max; 0: not measured"},
    QG_OPT_END,
};
// clang-format on

static qg_code read_methods(qg_job_reader *r, const qg_json *v)
{
    qg_explain_options *o = &r->job->explain;
    if (!qg_job_check_members(r, v, QG_JSON_ARRAY))
        return QG_OK;
    if (v->count > QG_MAX_METHODS) { /* each is compared with each */
        QG_WRONG(r, v, "%d methods, at most %d are allowed", v->count, QG_MAX_METHODS);
        return QG_OK;
    }
    QG_NEW(o->methods, r->arena, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        qg_method_spec *s = &o->methods[o->n_methods];
        qg_code rc = qg_method_spec_read(s, &r->job->doc, m, r->problems);
        if (rc == QG_EJOB)
            continue;
        QG_TRY(rc);
        (void)qg_job_check_name(r, m, s->name);
        if (strcmp(s->name, "latency") == 0 || strcmp(s->name, "bounds") == 0 ||
            strcmp(s->name, "internals") == 0 || strcmp(s->name, "sensitivity") == 0)
            QG_WRONG(r, m, "name '%s' is taken for cells of its kind", s->name);
        for (int i = 0; i < o->n_methods; i++)
            if (strcmp(o->methods[i].name, s->name) == 0)
                QG_WRONG(r, m, "method '%s' occurs twice; give one of them another \"name\"",
                         s->name);
        o->n_methods++;
    }
    return QG_OK;
}

static void read_target(qg_job_reader *r, const qg_json *v, const char *text)
{
    char known[256];
    const qg_job *job = r->job;
    int *target = &r->job->explain.target;
    *target = QG_TARGET_REFERENCE;
    if (!text || strcmp(text, "reference") == 0)
        return;
    if (strcmp(text, "predicted") == 0) {
        *target = QG_TARGET_PREDICTED;
        return;
    }
    for (int k = 0; k < job->K; k++)
        if (strcmp(job->labels[k], text) == 0)
            *target = k;
    if (*target < 0 && job->K > 0)
        QG_WRONG(r, v, "'%s' is neither reference, predicted nor a label: %s", text,
                 qg_join_names(known, sizeof known, job->labels));
}

static void read_k(qg_job_reader *r, const qg_json *v)
{
    qg_faithful_options *o = &r->job->explain.faithful;
    if (!v) {
        o->n_k = (int)(sizeof default_k / sizeof default_k[0]);
        memcpy(o->k, default_k, sizeof default_k);
        return;
    }
    if (!qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    if (v->count > QG_MAX_TOPS) {
        QG_WRONG(r, v, "%d numbers, at most %d are allowed", v->count, QG_MAX_TOPS);
        return;
    }
    for (const qg_json *m = v->child; m; m = m->next) {
        double k = m->type == QG_JSON_NUMBER ? m->number : 0;
        bool count = k >= 1 && k <= 10000 && k == (double)(int64_t)k;
        bool twice = false;
        for (int i = 0; i < o->n_k; i++)
            twice |= o->k[i] == k;
        if (twice)
            QG_WRONG(r, m, "%g occurs twice", k);
        else if (!count && !(k > 0 && k < 1))
            QG_WRONG(r, m,
                     "is neither a number of words, 1 to 10000, nor a share of them, above 0 "
                     "and below 1");
        else
            o->k[o->n_k++] = k;
    }
}

static void read_faithfulness(qg_job_reader *r, const qg_json *v)
{
    struct faithfulness_entry e = {0};
    qg_faithful_options *o = &r->job->explain.faithful;
    bool plain = v && v->type == QG_JSON_BOOL;
    if (plain && !v->boolean)
        return;
    if (qg_opt_read(&e, qg_job_faithfulness_opts, &r->job->doc, plain ? NULL : v, r->problems) ==
        QG_ENOMEM)
        return;
    *o = (qg_faithful_options){.masking = (qg_masking)e.masking,
                               .by_magnitude = e.order == 1,
                               .curve_steps = e.curve_steps,
                               .leave_one_out = e.leave_one_out,
                               .normalised = e.normalised,
                               .exact_words = e.exact_words,
                               .beam = e.beam,
                               .soft = e.soft,
                               .infidelity = e.infidelity,
                               .sensitivity = e.sensitivity};
    read_k(r, e.k);
}

static bool has_pair(const qg_explain_options *o, int a, int b)
{
    for (int i = 0; i < o->n_pairs; i++)
        if (o->pairs[i].a == a && o->pairs[i].b == b)
            return true;
    return false;
}

static bool may_pair(qg_job_reader *r, const qg_json *v, const qg_seed_group *a,
                     const qg_seed_group *b)
{
    const qg_job *job = r->job;
    if (job->experiments[a->first].dataset != job->experiments[b->first].dataset)
        QG_WRONG(r, v, "'%s' and '%s' are not of one data set", a->base, b->base);
    else if (a->first == b->first)
        QG_WRONG(r, v, "an experiment is not compared with itself");
    else if (!qg_job_same_seeds(job, a, b))
        QG_WRONG(r, v, "'%s' and '%s' are not of the same seeds", a->base, b->base);
    else if (has_pair(&job->explain, a->first, b->first))
        QG_WRONG(r, v, "the pair of '%s' and '%s' occurs twice", a->base, b->base);
    else
        return true;
    return false;
}

/* One pair of experiments, or one for each seed. */
static qg_code add_pairs(qg_job_reader *r, const qg_json *v, const qg_seed_group *a,
                         const qg_seed_group *b)
{
    qg_explain_options *o = &r->job->explain;
    int n = a->n > b->n ? a->n : b->n;
    if (!may_pair(r, v, a, b))
        return QG_OK;
    for (int i = 0; i < (n ? n : 1); i++) {
        size_t at = (size_t)o->n_pairs;
        if ((at & (at - 1)) == 0)
            o->pairs = qg_arena_grow(r->arena, o->pairs, at, at ? 2 * at : 4, sizeof *o->pairs);
        if (!o->pairs)
            return QG_ENOMEM;
        o->pairs[o->n_pairs++] =
            (qg_job_pair){a->first + (a->n ? i : 0), b->first + (b->n ? i : 0)};
    }
    return QG_OK;
}

static qg_code read_pairs(qg_job_reader *r, const qg_json *v)
{
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return QG_OK;
    for (const qg_json *m = v->child; m; m = m->next) {
        const qg_json *x = m->type == QG_JSON_ARRAY && m->count == 2 ? m->child : NULL;
        if (!x || x->type != QG_JSON_STRING || x->next->type != QG_JSON_STRING) {
            QG_WRONG(r, m, "found %s, [experiment, experiment] is expected", qg_json_kind(m));
            continue;
        }
        const qg_seed_group *a = qg_job_experiments(r, x), *b = qg_job_experiments(r, x->next);
        if (a && b)
            QG_TRY(add_pairs(r, m, a, b));
    }
    return QG_OK;
}

qg_code qg_job_read_explain(qg_job_reader *r, const qg_json *v)
{
    struct explain_entry e = {0};
    if (!v)
        return QG_OK;
    qg_code rc = qg_opt_read(&e, qg_job_explain_opts, &r->job->doc, v, r->problems);
    if (v->type != QG_JSON_OBJECT || rc == QG_ENOMEM)
        return rc == QG_EJOB ? QG_OK : rc;
    QG_TRY(read_methods(r, e.methods));
    QG_TRY(qg_job_read_samples(r, e.samples));
    read_target(r, qg_json_get(v, "target"), e.target);
    read_faithfulness(r, e.faithfulness);
    QG_TRY(qg_job_read_randomisation(r, e.randomisation));
    r->job->explain.floor_draws = e.floor_draws;
    r->job->explain.internals = e.internals;
    if (r->job->n_precisions > 0 && qg_job_reference(r->job) < 0)
        QG_WRONG(r, v,
                 "explanations are compared with those of fp32, which is not among precisions");
    return read_pairs(r, e.pairs);
}
