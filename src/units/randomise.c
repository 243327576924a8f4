/*
 * randomise.c - the parameter-randomisation check of a method: whether its explanations change
 * when parameters of the model are drawn anew, from the classifier down (cascading).
 *
 *   method, seeds, options, specials, texts
 *   -> of each text a randomised_text, then [parts] correlations and [parts] smooth ones
 *
 * Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018, arXiv:1810.03292. Smooth and
 * efficient forms: Hedström et al., xAI 2024, arXiv:2401.06465: explanations averaged over
 * disturbed inputs, and the rise of complexity once all parameters are drawn.
 *
 * The model explained is the one that is differentiated, in fp32: perturbation methods ask it, too.
 */
#include "explain_message.h"

#include "qgrid/checkpoint.h"
#include "qgrid/faithfulness.h"
#include "qgrid/metrics.h"

#include <math.h>
#include <string.h>

enum { UNIT_BUDGET = 256 }; /* tokens in all of a unit, in units of prediction */

/* Seconds of drawing all parameters once: a normal deviate takes some 50 ns. */
static double seconds_of_drawing(const qg_config *c)
{
    return 50e-9 * (double)qg_parameter_count(c);
}

/* Every unit draws all parameters again: as few units as balance the work. */
static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    const qg_config *config = &p->models[t->model].config;
    const qg_explain_options *o = &p->job->explain;
    const qg_method_spec *m = &o->methods[p->cells[t->cell].method];
    int64_t n = p->datasets[k->dataset].data.n, slots = p->explained[t->experiment].slots;
    double tokens = 0;
    for (int64_t row = 0; row < n; row++)
        tokens += (double)(k->splits[row + 1] - k->splits[row]) *
                  m->method->cost(m->options, (int)qg_plan_words(k, row));
    if (n == 0)
        return QG_OK;
    tokens *= (double)(1 + qg_drawn_parts(config)) * (double)(1 + o->randomisation.smooth);
    tokens /= (double)n;
    double fit = UNIT_BUDGET * (double)p->job->unit_tokens / tokens;
    int64_t per = fit < 1 ? 1 : fit < (double)slots ? (int64_t)fit : slots;
    for (int64_t first = 0; first < slots; first += per) {
        int64_t count = slots - first < per ? slots - first : per;
        double forward = qg_cost_forward(config, (double)k->T / (double)n, tokens * (double)count);
        QG_TRY(qg_plan_add_unit(p, a, task, first, count, forward + seconds_of_drawing(config)));
    }
    return QG_OK;
}

/* -------------------------------------------------------------------------------------- messages
 */

typedef struct randomised_how {
    int64_t seed, drawn_seed, smooth, bins;
    double noise;
    qg_specials specials;
} randomised_how;

typedef struct randomised_text {
    double complexity, drawn_complexity, rise;
} randomised_text;

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_plan *p = r->plan;
    const qg_cell *c = &p->cells[p->tasks[p->units[unit].task].cell];
    const qg_explain_options *o = &p->job->explain;
    const qg_randomisation_options *x = &o->randomisation;
    randomised_how how;
    memset(&how, 0, sizeof how);
    how.seed = o->seed;
    how.drawn_seed = x->seed;
    how.smooth = x->smooth;
    how.bins = x->bins;
    how.noise = x->noise;
    how.specials = qg_tokenizer_specials(p->models[c->model].tokenizer);
    qg_wire_put_text(out, o->methods[c->method].canonical);
    qg_wire_put(out, &how, sizeof how);
    return qg_explain_put_texts(out, r, unit);
}

/* ------------------------------------------------------------------------------------- the worker
 */

/* Word scores of all texts, end to end. */
typedef struct explained {
    double *plain, *smooth;
} explained;

typedef struct checking {
    qg_work_unit *u;
    randomised_how how;
    qg_method_spec method;
    qg_explained_model *drawn;
    qg_explainable model;
    int n, words; /* texts; words of all */
    qg_explain_text *text;
    qg_encoding *code;
    int32_t *ids; /* [n_ids] tokens of words: what noise is added to */
    int64_t n_ids;
} checking;

static bool is_special(const qg_specials *s, int32_t id)
{
    return id == s->pad || id == s->unk || id == s->cls || id == s->sep || id == s->mask;
}

static qg_code list_tokens(checking *x)
{
    int64_t most = 0;
    for (int t = 0; t < x->n; t++) {
        most += x->code[t].n;
        x->words += x->code[t].n_words;
    }
    QG_NEW(x->ids, x->u->arena, most);
    for (int t = 0; t < x->n; t++)
        for (int i = 0; i < x->code[t].n; i++)
            if (!is_special(&x->how.specials, x->code[t].ids[i]))
                x->ids[x->n_ids++] = x->code[t].ids[i];
    return QG_OK;
}

/* Adds the word scores of all texts to sum [words]. What was asked of another model is forgotten.
 */
static qg_code add_scores(double *sum, checking *x)
{
    qg_arena *a = x->u->arena;
    qg_explainer e = {.model = &x->model, .specials = x->how.specials, .arena = a};
    qg_explanation *got;
    qg_mark mark = qg_arena_mark(a);
    QG_NEW(got, a, x->n);
    QG_TRY(qg_perturber_make(&e.perturber, a, &x->model, x->how.specials, 0));
    QG_TRY(qg_explain(got, &e, x->text, x->n, &x->method, (uint64_t)x->how.seed));
    for (int t = 0; t < x->n; t++)
        for (int w = 0; w < x->code[t].n_words; w++)
            *sum++ += got[t].word_score[w];
    qg_arena_release(a, mark);
    return QG_OK;
}

/* Explanations of the model as it is now, and their means over disturbed texts. */
static qg_code explain(explained *out, checking *x)
{
    const randomised_how *h = &x->how;
    memset(out->plain, 0, (size_t)x->words * sizeof *out->plain);
    memset(out->smooth, 0, (size_t)x->words * sizeof *out->smooth);
    QG_TRY(add_scores(out->plain, x));
    for (int64_t i = 0; i < h->smooth; i++) {
        QG_TRY(qg_explained_model_disturb(x->drawn, x->ids, x->n_ids, h->noise,
                                          (uint64_t)h->drawn_seed, i));
        QG_TRY(add_scores(out->smooth, x));
    }
    for (int w = 0; w < x->words && h->smooth > 0; w++)
        out->smooth[w] /= (double)h->smooth;
    return h->smooth ? qg_explained_model_disturb(x->drawn, x->ids, x->n_ids, 0, 0, -1) : QG_OK;
}

static qg_code make_explained(explained *out, const checking *x)
{
    QG_NEW(out->plain, x->u->arena, x->words);
    QG_NEW(out->smooth, x->u->arena, x->words);
    return QG_OK;
}

/* Correlations [n] of one part, and complexity [n], of texts that lie end to end. */
static void compare(double *plain, double *smooth, const checking *x, const explained *was,
                    const explained *is)
{
    for (int t = 0, at = 0; t < x->n; at += x->code[t++].n_words) {
        int n = x->code[t].n_words;
        plain[t] = qg_spearman(was->plain + at, is->plain + at, n, x->u->arena);
        smooth[t] = x->how.smooth ? qg_spearman(was->smooth + at, is->smooth + at, n, x->u->arena)
                                  : (double)NAN;
    }
}

static void put_results(checking *x, const explained *was, const explained *is, const double *plain,
                        const double *smooth, int parts)
{
    qg_str *out = x->u->out;
    int bins = (int)x->how.bins;
    for (int t = 0, at = 0; t < x->n; at += x->code[t++].n_words) {
        int n = x->code[t].n_words;
        double before = qg_complexity(was->plain + at, n, bins),
               after = qg_complexity(is->plain + at, n, bins);
        randomised_text w = {before, after, before > 0 ? (after - before) / before : (double)NAN};
        qg_wire_put(out, &w, sizeof w);
        for (int k = 0; k < parts; k++)
            qg_wire_put(out, &plain[k * x->n + t], sizeof *plain);
        for (int k = 0; k < parts; k++)
            qg_wire_put(out, &smooth[k * x->n + t], sizeof *smooth);
    }
}

/* From the top down, each part on top of those before it. */
static qg_code check(checking *x, int parts)
{
    explained was, is;
    double *plain, *smooth;
    QG_TRY(make_explained(&was, x));
    QG_TRY(make_explained(&is, x));
    QG_NEW(plain, x->u->arena, parts * x->n);
    QG_NEW(smooth, x->u->arena, parts * x->n);
    QG_TRY(explain(&was, x));
    for (int k = 0; k < parts; k++) {
        QG_TRY(qg_explained_model_draw_part(x->drawn, k, (uint64_t)x->how.drawn_seed));
        QG_TRY(explain(&is, x));
        compare(plain + k * x->n, smooth + k * x->n, x, &was, &is);
    }
    put_results(x, &was, &is, plain, smooth, parts);
    return QG_OK;
}

static qg_code execute(qg_work_unit *u)
{
    checking x = {.u = u};
    const char *method = qg_wire_get_text(u->in, u->arena);
    if (!method)
        return QG_ENOMEM;
    qg_wire_get(u->in, &x.how, sizeof x.how);
    if (x.how.smooth < 0 || x.how.smooth > 1 << 20 || x.how.bins < 1 || x.how.bins > 1 << 20)
        return QG_FAIL(QG_EBUG, "%lld disturbed texts and %lld bins", (long long)x.how.smooth,
                       (long long)x.how.bins);
    QG_TRY(qg_explain_get_texts(&x.text, &x.code, &x.n, u));
    QG_TRY(qg_method_spec_parse(&x.method, u->arena, method));
    QG_TRY(list_tokens(&x));
    QG_TRY(qg_work_explained(u));
    x.drawn = *u->explained;
    x.model = qg_explained_model_functions(x.drawn, NULL);
    qg_code rc = check(&x, qg_drawn_parts(qg_model_config(u->model)));
    qg_explained_model_restore(x.drawn);
    return rc;
}

/* ------------------------------------------------------------------------------ the results file
 */

/* Slots first .. first + n - 1, as they stand in the file. */
typedef struct slots {
    int64_t first, n, parts;
    int32_t *target;
    double *spearman, *smooth, *complexity, *drawn, *rise;
} slots;

static qg_code make_slots(slots *x, qg_arena *a)
{
    QG_NEW(x->target, a, x->n);
    for (int64_t i = 0; i < x->n; i++)
        x->target[i] = -1;
    QG_TRY(qg_undefined_numbers(&x->spearman, a, x->n * x->parts));
    QG_TRY(qg_undefined_numbers(&x->smooth, a, x->n * x->parts));
    QG_TRY(qg_undefined_numbers(&x->complexity, a, x->n));
    QG_TRY(qg_undefined_numbers(&x->drawn, a, x->n));
    return qg_undefined_numbers(&x->rise, a, x->n);
}

/* Reads or writes them, in a fixed order, and adds them up. */
static qg_code transfer(uint64_t *sum, const slots *x, qg_store *s, const char *group, bool write)
{
    const struct {
        const char *name;
        qg_store_type type;
        int64_t width;
        void *data;
    } column[] = {{"target", QG_STORE_I32, 1, x->target},
                  {"spearman", QG_STORE_F64, x->parts, x->spearman},
                  {"smooth_spearman", QG_STORE_F64, x->parts, x->smooth},
                  {"complexity", QG_STORE_F64, 1, x->complexity},
                  {"drawn_complexity", QG_STORE_F64, 1, x->drawn},
                  {"complexity_rise", QG_STORE_F64, 1, x->rise}};
    qg_sha256 h;
    qg_sha256_init(&h);
    for (size_t i = 0; i < sizeof column / sizeof column[0]; i++) {
        char path[1200];
        int64_t start[] = {x->first, 0}, count[] = {x->n, column[i].width};
        snprintf(path, sizeof path, "%s/%s", group, column[i].name);
        QG_TRY(write ? qg_store_write(s, path, column[i].type, start, count, column[i].data)
                     : qg_store_read(s, path, column[i].type, start, count, column[i].data));
        qg_sha256_add(&h, column[i].data,
                      (size_t)(x->n * column[i].width) *
                          (column[i].type == QG_STORE_I32 ? sizeof(int32_t) : sizeof(double)));
    }
    *sum = qg_checksum_final(&h);
    return QG_OK;
}

static qg_code checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                        int64_t count)
{
    char path[1200];
    qg_store_info info;
    slots x = {.first = first, .n = count};
    snprintf(path, sizeof path, "%s/spearman", group);
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.type != QG_STORE_F64 || info.ndim != 2 || first < 0 || count < 0 ||
        count > info.shape[0] - first)
        return QG_FAIL(QG_ESTORE, "%s is not a table of numbers with %lld rows from %lld on", path,
                       (long long)count, (long long)first);
    x.parts = info.shape[1];
    QG_TRY(make_slots(&x, a));
    return transfer(out, &x, s, group, false);
}

static qg_code store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_cell *c = &p->cells[p->tasks[u->task].cell];
    qg_reader in = {.data = result->data, .size = result->size};
    slots x = {.first = u->first, .n = u->count, .parts = qg_plan_random_parts(p, c->experiment)};
    qg_explained rows;
    int32_t *target;
    char path[1024];
    QG_TRY(qg_explain_rows(&rows, &target, r, c));
    QG_TRY(make_slots(&x, r->scratch));
    for (int64_t i = 0; i < x.n; i++) {
        x.target[i] = target[x.first + i];
        if (rows.row[x.first + i] < 0)
            continue;
        qg_explain_get_numbers(&x.complexity[i], &in, 1);
        qg_explain_get_numbers(&x.drawn[i], &in, 1);
        qg_explain_get_numbers(&x.rise[i], &in, 1);
        qg_explain_get_numbers(x.spearman + i * x.parts, &in, x.parts);
        qg_explain_get_numbers(x.smooth + i * x.parts, &in, x.parts);
    }
    QG_TRY(qg_wire_end(&in));
    qg_group_path(path, sizeof path, p->job, qg_cell_group(p, c, QG_GROUP_RANDOMISATION), NULL);
    return transfer(sum, &x, r->store, path, true);
}

const qg_work_kind qg_work_randomise = {
    .name = "randomise",
    .group = QG_GROUP_RANDOMISATION,
    .rows = true,
    .needs = qg_explain_needs,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = store,
    .checksum = checksum,
};
