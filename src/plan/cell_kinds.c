/*
 * cell_kinds.c - what the plan knows of each kind of cell: what computes it, what its key is made
 * of, which cells it sums up.
 *
 * A key hashes what determines the numbers of a cell and nothing else: not the path of a file, not
 * the number of ranks, not the formatting of the job.
 */
#include "inputs.h"

#include <string.h>

/* ------------------------------------------------------------------------------------ summing up
 */

static bool sums_up_precisions(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    (void)p;
    return k->kind == QG_CELL_PREDICT && k->experiment == c->experiment;
}

static bool sums_up_latencies(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    (void)p;
    return k->kind == QG_CELL_LATENCY && k->experiment == c->experiment;
}

/* The predictions of all experiments of a seed_group. */
static bool sums_up_seeds(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    int n = p->job->experiments[c->experiment].seed_group.n;
    return k->kind == QG_CELL_PREDICT && k->experiment >= c->experiment &&
           k->experiment < c->experiment + n;
}

static bool sums_up_explanations(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    (void)p;
    return k->kind == QG_CELL_EXPLAIN && k->experiment == c->experiment;
}

/* Both experiments under all precisions: what the job trained, and what it was trained from. */
static bool sums_up_reference(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    int reference = p->job->experiments[c->experiment].reference;
    return (k->kind == QG_CELL_PREDICT || k->kind == QG_CELL_EXPLAIN) &&
           (k->experiment == c->experiment || k->experiment == reference);
}

/* An experiment under all precisions, and the variant that they are compared with. */
static bool sums_up_probes(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    return k->kind == QG_CELL_PREDICT &&
           (k->experiment == c->experiment ||
            (k->experiment == p->job->experiments[c->experiment].reference &&
             k->precision == qg_job_reference(p->job)));
}

/* Explanations of all experiments of a seed_group, and of their references. */
static bool sums_up_explained_seeds(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    const qg_experiment *x = p->job->experiments;
    const qg_seed_group *g = &x[c->experiment].seed_group;
    bool found = false;
    for (int e = g->first; e < g->first + g->n && k->kind == QG_CELL_EXPLAIN; e++)
        found |= k->experiment == e || k->experiment == x[e].reference;
    return found;
}

/* What is split under all precisions; its control and the reference of both in fp32. */
static bool sums_up_decomposition(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    const qg_job_decomposition *d = &p->job->decompositions[c->method];
    bool fp32 = k->precision == qg_job_reference(p->job), found = false;
    for (int i = 0; i < d->n && k->kind == QG_CELL_EXPLAIN; i++)
        found |= k->experiment == d->pair[i].a ||
                 (fp32 && (k->experiment == d->pair[i].b ||
                           k->experiment == p->job->experiments[d->pair[i].a].reference));
    return found;
}

/* Experiments made from one by a perturbation: all levels. */
static bool sums_up_stress(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    int L = p->job->stress.n_levels;
    const int *of = p->job->experiments[c->experiment].stress + c->method * L;
    bool found = false;
    for (int i = 0; i < L && (k->kind == QG_CELL_PREDICT || k->kind == QG_CELL_EXPLAIN); i++)
        found |= k->experiment == of[i];
    return found;
}

static bool sums_up_pair(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    const qg_job_pair *pair = &p->job->explain.pairs[c->method];
    return k->kind == QG_CELL_EXPLAIN && (k->experiment == pair->a || k->experiment == pair->b);
}

/* ------------------------------------------------------------------------------------------- keys
 */

static void add_precision(qg_sha256 *h, const qg_precision_spec *s)
{
    qg_sha256_add_text(h, qg_precision_name(s->scheme));
    qg_sha256_add_text(h, qg_precision_arithmetic(s->scheme));
    qg_sha256_add(h, &s->embeddings, sizeof s->embeddings);
    if (s->vectors != QG_EMBED_FP32) /* others keep the keys that they always had */
        qg_sha256_add(h, &s->vectors, sizeof s->vectors);
}

static void add_prediction(qg_sha256 *h, const qg_plan *p, int experiment, int precision)
{
    qg_sha256_add_text(h, p->cells[qg_predict_cell(p, experiment, precision)].key);
}

/* What the choice of texts looks at, besides its numbers. */
static void add_choice(qg_sha256 *h, const qg_plan *p, int experiment)
{
    const qg_explain_options *o = &p->job->explain;
    int chooser = qg_job_chooser(p->job, experiment), root = qg_job_root(p->job, experiment);
    int reference = qg_job_reference(p->job);
    add_prediction(h, p, root, reference);
    if (chooser != root)
        add_prediction(h, p, chooser, reference);
    for (int i = 0; i < p->job->n_precisions && o->divergent; i++)
        add_prediction(h, p, chooser, i);
    if (o->per_class == 0)
        qg_sha256_add(h, o->of_class, (size_t)p->job->K * sizeof o->of_class[0]);
    for (int i = 0; i < o->n_ids; i++)
        qg_sha256_add_text(h, o->ids[i]);
}

static void key_of_predictions(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    const qg_experiment *x = &p->job->experiments[c->experiment];
    const qg_plan_tokens *t = p->tokens[c->experiment];
    qg_sha256_add_text(h, p->models[x->model].hash);
    qg_sha256_add_text(h, p->datasets[x->dataset].hash);
    qg_sha256_add_text(h, t->tokenizer);
    qg_sha256_add(h, &t->max_length, sizeof t->max_length);
    for (int k = 0; k < p->job->K; k++)
        qg_sha256_add_text(h, p->job->labels[k]);
    add_precision(h, &p->job->precisions[c->precision]);
}

static void key_of_latency(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    const qg_latency_options *o = &p->job->latency;
    int64_t numbers[] = {o->warmup, o->runs, o->samples, p->job->seed};
    if (o->per == QG_LATENCY_PER_EXPERIMENT) {
        add_prediction(h, p, c->experiment, c->precision);
    } else {
        qg_plan_add_shape(h, p, c->experiment);
        add_precision(h, &p->job->precisions[c->precision]);
    }
    qg_sha256_add(h, numbers, sizeof numbers);
    qg_sha256_add(h, o->batch_size, (size_t)o->n_batch_sizes * sizeof o->batch_size[0]);
}

static void key_of_bounds(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    const qg_explain_options *o = &p->job->explain;
    const qg_faithful_options *f = &o->faithful;
    int64_t numbers[] = {o->per_class, o->correct_only, o->seed, o->target,
                         f->masking,   f->exact_words,  f->beam};
    add_prediction(h, p, c->experiment, c->precision);
    add_choice(h, p, c->experiment);
    qg_sha256_add(h, numbers, sizeof numbers);
}

/* Another number whenever the same options give other numbers than before. */
enum { EXPLANATION_VERSION = 2 };

static void key_of_explanation(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    const qg_explain_options *o = &p->job->explain;
    const qg_faithful_options *f = &o->faithful;
    int64_t numbers[] = {o->per_class,  o->correct_only,     o->seed,
                         o->target,     o->floor_draws,      f->n_k,
                         f->masking,    f->by_magnitude,     f->curve_steps,
                         f->infidelity, f->sensitivity,      f->leave_one_out,
                         f->normalised, f->exact_words,      f->beam,
                         f->soft,       EXPLANATION_VERSION, qg_plan_repeats(p, c)};
    add_prediction(h, p, c->experiment, c->precision);
    add_choice(h, p, c->experiment);
    qg_sha256_add_text(h, o->methods[c->method].canonical);
    qg_sha256_add(h, numbers, sizeof numbers);
    qg_sha256_add(h, f->k, (size_t)f->n_k * sizeof f->k[0]);
}

static void key_of_randomisation(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    const qg_explain_options *o = &p->job->explain;
    const qg_randomisation_options *x = &o->randomisation;
    int64_t numbers[] = {o->per_class, o->correct_only, o->seed, o->target,
                         x->smooth,    x->bins,         x->seed};
    add_prediction(h, p, c->experiment, c->precision);
    add_choice(h, p, c->experiment);
    qg_sha256_add_text(h, o->methods[c->method].canonical);
    qg_sha256_add(h, numbers, sizeof numbers);
    qg_sha256_add(h, &x->noise, sizeof x->noise);
}

/* Which texts these are, samples and predictions of fp32 decide. */
static void key_of_internals(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    const qg_explain_options *o = &p->job->explain;
    int64_t numbers[] = {o->per_class, o->correct_only, o->seed};
    add_prediction(h, p, c->experiment, c->precision);
    add_choice(h, p, c->experiment);
    qg_sha256_add(h, numbers, sizeof numbers);
}

/* Of the model under both precisions; parts are those of its family. */
static void key_of_sensitivity(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    int64_t numbers[] = {p->job->sensitivity.texts, p->job->sensitivity.seed, p->job->bootstrap,
                         p->job->seed};
    add_prediction(h, p, c->experiment, c->precision);
    add_prediction(h, p, c->experiment, qg_job_reference(p->job));
    qg_sha256_add(h, numbers, sizeof numbers);
    qg_sha256_add(h, &p->job->absent, sizeof p->job->absent);
}

static void key_of_explained_sensitivity(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    const qg_explain_options *o = &p->job->explain;
    int64_t numbers[] = {o->per_class,      o->correct_only,     o->seed,
                         o->target,         EXPLANATION_VERSION, p->job->sensitivity.per_class,
                         p->job->bootstrap, p->job->seed};
    add_prediction(h, p, c->experiment, c->precision);
    add_prediction(h, p, c->experiment, qg_job_reference(p->job));
    add_choice(h, p, c->experiment);
    qg_sha256_add_text(h, o->methods[c->method].canonical);
    qg_sha256_add(h, numbers, sizeof numbers);
}

/* Over the cells that are summed up, in their order; tests draw for the bootstrap. */
static void key_of_sum(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    int64_t numbers[] = {p->job->bootstrap, p->job->seed};
    int first, end;
    qg_plan_summed_up(&first, &end, p, c);
    for (int i = first; i < end; i++)
        if (qg_cell_sums_up(p, c, &p->cells[i]))
            qg_sha256_add_text(h, p->cells[i].key);
    qg_sha256_add(h, numbers, sizeof numbers);
    qg_sha256_add(h, &p->job->margin, sizeof p->job->margin);
}

/* Metrics are computed anew from predictions that are kept; what is made of them asks for its rule.
 */
static void key_of_comparison(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    key_of_sum(h, p, c);
    qg_sha256_add(h, &p->job->absent, sizeof p->job->absent);
}

/* Which rows are pairs is part of the predictions' keys. */
static void key_of_probes(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    int first, end;
    qg_plan_summed_up(&first, &end, p, c);
    for (int i = first; i < end; i++)
        if (qg_cell_sums_up(p, c, &p->cells[i]))
            qg_sha256_add_text(h, p->cells[i].key);
}

static void key_of_seeds(qg_sha256 *h, const qg_plan *p, const qg_cell *c)
{
    int first, end;
    qg_plan_summed_up(&first, &end, p, c);
    for (int i = first; i < end; i++) {
        const qg_cell *k = &p->cells[i];
        if (!qg_cell_sums_up(p, c, k))
            continue;
        int64_t seed = qg_plan_cell_seed(p, k);
        qg_sha256_add(h, &seed, sizeof seed);
        qg_sha256_add_text(h, k->key);
    }
    qg_sha256_add(h, &p->job->absent, sizeof p->job->absent);
}

/* ------------------------------------------------------------------------------------- the table
 */

const char *const qg_cell_kind_names[QG_CELL_KINDS + 1] = {
#define QG_CELL_KIND(id, name, ...) name,
#include "qgrid/cell_kinds.def"
#undef QG_CELL_KIND
    NULL};

static const struct {
    const char *work;
    void (*key)(qg_sha256 *h, const qg_plan *p, const qg_cell *c);
    bool (*sums_up)(const qg_plan *p, const qg_cell *c, const qg_cell *k);
    int sides;
} kinds[] = {
#define QG_CELL_KIND(id, name, work, key, sums_up, sides, ...) {work, key, sums_up, sides},
#include "qgrid/cell_kinds.def"
#undef QG_CELL_KIND
};

int qg_cell_kind_find(const char *name)
{
    for (int i = 0; qg_cell_kind_names[i]; i++)
        if (strcmp(qg_cell_kind_names[i], name) == 0)
            return i;
    return -1;
}

const qg_work_kind *qg_cell_work(qg_cell_kind kind)
{
    return kinds[kind].work ? qg_work_kind_find(kinds[kind].work) : NULL;
}

bool qg_cell_explains(qg_cell_kind kind)
{
    return kind == QG_CELL_EXPLAIN || kind == QG_CELL_RANDOMISE || kind == QG_CELL_BOUNDS ||
           kind == QG_CELL_INTERNALS || kind == QG_CELL_EXPLAINED_SENSITIVITY;
}

bool qg_cell_sums_up(const qg_plan *p, const qg_cell *c, const qg_cell *k)
{
    return kinds[c->kind].sums_up && kinds[c->kind].sums_up(p, c, k);
}

/* With the experiment `e`, and what it refers to. */
static void reach(int *low, int *high, const qg_plan *p, int e)
{
    int reference = p->job->experiments[e].reference, both[] = {e, reference < 0 ? e : reference};
    for (int i = 0; i < 2; i++) {
        *low = both[i] < *low ? both[i] : *low;
        *high = both[i] > *high ? both[i] : *high;
    }
}

void qg_plan_summed_up(int *first, int *end, const qg_plan *p, const qg_cell *c)
{
    int e = c->experiment, low = e, high = e;
    *first = *end = 0;
    if (!kinds[c->kind].sums_up)
        return;
    const qg_seed_group *g = &p->job->experiments[e].seed_group;
    bool seeds = c->kind == QG_CELL_SEEDS || c->kind == QG_CELL_EXPLAINED_SEEDS;
    if (c->kind == QG_CELL_REFERENCE || c->kind == QG_CELL_PROBES)
        reach(&low, &high, p, e);
    int levels = c->kind == QG_CELL_STRESS ? p->job->stress.n_levels : 0;
    for (int i = 0; i < levels; i++)
        reach(&low, &high, p, p->job->experiments[e].stress[c->method * levels + i]);
    for (int i = g->first; seeds && i < g->first + g->n; i++)
        reach(&low, &high, p, i);
    const qg_job_pair *pair = NULL;
    int n = 0;
    if (c->kind == QG_CELL_PAIR) {
        pair = &p->job->explain.pairs[c->method];
        n = 1;
    } else if (c->kind == QG_CELL_DECOMPOSITION) {
        pair = p->job->decompositions[c->method].pair;
        n = p->job->decompositions[c->method].n;
    }
    for (int i = 0; i < n; i++) {
        reach(&low, &high, p, pair[i].a);
        reach(&low, &high, p, pair[i].b);
    }
    *first = p->cells_of[low].first;
    *end = p->cells_of[high].end;
}

bool qg_cell_has_enough(const qg_cell *c, int own, int others)
{
    return kinds[c->kind].sides == 2 ? own > 0 && others > 0 : own + others > 0;
}

void qg_plan_make_key(const qg_plan *p, qg_cell *c)
{
    qg_sha256 h;
    if (!kinds[c->kind].key) {
        memcpy(c->key, p->models[c->model].hash, sizeof c->key);
        return;
    }
    qg_plan_key_begin(&h, qg_cell_kind_names[c->kind]);
    kinds[c->kind].key(&h, p, c);
    qg_sha256_final(&h, c->key);
}
