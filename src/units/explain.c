/*
 * explain.c - explanations of texts by one method under one precision, and how faithful they are.
 */
#include "explain_message.h"

#include "qgrid/softmax.h"
#include "qgrid/tokenizer.h"

#include <string.h>

enum { UNIT_BUDGET = 64 }; /* tokens in all of a unit, in units of prediction */

void qg_explain_needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t)
{
    int reference = qg_job_reference(p->job);
    need[0] = p->cells[qg_predict_cell(p, qg_job_root(p->job, t->experiment), reference)].task;
    if (p->job->explain.target == QG_TARGET_PREDICTED &&
        (t->precision != reference || qg_job_root(p->job, t->experiment) != t->experiment))
        need[1] = p->cells[qg_predict_cell(p, t->experiment, t->precision)].task;
}

static void needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t)
{
    int bounds = qg_plan_bounds_cell(p, t->experiment, t->precision);
    qg_explain_needs(need, p, t);
    if (bounds >= 0)
        need[2] = p->cells[bounds].task;
}

/* Forward passes of a text of so many words that explaining and measuring it takes. */
static double passes(const qg_plan *p, const qg_cell *c, int words)
{
    const qg_method_spec *m = &p->job->explain.methods[c->method];
    const qg_faithful_options *f = &p->job->explain.faithful;
    double once = m->method->cost(m->options, words);
    return once * (1.0 + qg_plan_repeats(p, c) + (double)f->sensitivity) +
           qg_faithful_cost(f, words);
}

/* Tokens that a text takes, on average: measures grow with the square of its words and faster. */
static double tokens_of_text(const qg_plan *p, const qg_plan_task *t, qg_explain_passes *passes_of)
{
    const qg_plan_tokens *k = p->tokens[t->experiment];
    int64_t n = p->datasets[k->dataset].data.n;
    double sum = 0;
    for (int64_t row = 0; row < n; row++)
        sum += (double)(k->splits[row + 1] - k->splits[row]) *
               passes_of(p, &p->cells[t->cell], (int)qg_plan_words(k, row));
    return sum / (double)n;
}

qg_code qg_explain_cut(qg_plan *p, qg_arena *a, int task, qg_explain_passes *passes_of)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    const qg_config *config = &p->models[t->model].config;
    int64_t n = p->datasets[k->dataset].data.n, slots = p->explained[t->experiment].slots;
    if (n == 0)
        return QG_OK;
    double length = (double)k->T / (double)n, tokens = tokens_of_text(p, t, passes_of);
    double fit = UNIT_BUDGET * (double)p->job->unit_tokens / tokens;
    int64_t per = fit < 1 ? 1 : fit < (double)slots ? (int64_t)fit : slots;
    for (int64_t first = 0; first < slots; first += per) {
        int64_t count = slots - first < per ? slots - first : per;
        QG_TRY(qg_plan_add_unit(p, a, task, first, count,
                                qg_cost_forward(config, length, tokens * (double)count)));
    }
    return QG_OK;
}

static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    return qg_explain_cut(p, a, task, passes);
}

/* ---------------------------------------------------------------------------------------- rank 0
 */

static void put_how(qg_str *out, const qg_explain_how *e)
{
    qg_wire_put_text(out, e->method);
    qg_wire_put_i64(out, e->seed);
    qg_wire_put_i64(out, e->repeats);
    qg_wire_put(out, &e->specials, sizeof e->specials);
    qg_wire_put(out, &e->faithful, sizeof e->faithful);
}

/* One text. */
static void put_text(qg_str *out, const qg_plan *p, int experiment, const qg_explained *x,
                     int64_t slot, int32_t target)
{
    const qg_plan_tokens *t = p->tokens[experiment];
    int64_t row = x->row[slot], at = t->splits[row];
    qg_explain_asked w = {qg_explain_key(t->ids + at, x->tokens[slot]), x->tokens[slot],
                          x->words[slot], target};
    qg_wire_put(out, &w, sizeof w);
    qg_wire_put(out, t->ids + at, (size_t)w.n * sizeof *t->ids);
    qg_wire_put(out, t->word + at, (size_t)w.n * sizeof *t->word);
    qg_wire_put(out, t->word_form + at, (size_t)w.n * sizeof *t->word_form);
    qg_wire_put(out, t->run_form + at, (size_t)w.n * sizeof *t->run_form);
}

qg_code qg_explain_put_slots(qg_str *out, qg_results *r, const qg_cell *c, const int64_t *slot,
                             int64_t n)
{
    qg_explained x;
    int32_t *target;
    int64_t texts = 0;
    QG_TRY(qg_explain_rows(&x, &target, r, c));
    for (int64_t i = 0; i < n; i++)
        texts += x.row[slot[i]] >= 0;
    qg_wire_put_i64(out, texts);
    for (int64_t i = 0; i < n; i++)
        if (x.row[slot[i]] >= 0)
            put_text(out, r->plan, c->experiment, &x, slot[i], target[slot[i]]);
    return QG_OK;
}

qg_code qg_explain_put_texts(qg_str *out, qg_results *r, int unit)
{
    const qg_unit *u = &r->plan->units[unit];
    int64_t *slot;
    QG_NEW(slot, r->scratch, u->count);
    for (int64_t i = 0; i < u->count; i++)
        slot[i] = u->first + i;
    return qg_explain_put_slots(out, r, &r->plan->cells[r->plan->tasks[u->task].cell], slot,
                                u->count);
}

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_cell *c = &p->cells[p->tasks[u->task].cell];
    const qg_explain_options *o = &p->job->explain;
    qg_explain_how how = {.method = o->methods[c->method].canonical,
                          .seed = o->seed,
                          .repeats = qg_plan_repeats(p, c),
                          .specials = qg_tokenizer_specials(p->models[c->model].tokenizer),
                          .faithful = o->faithful};
    put_how(out, &how);
    return qg_explain_put_texts(out, r, unit);
}

/* ------------------------------------------------------------------------------------- the worker
 */

/* A unit being explained. */
typedef struct explaining {
    qg_work_unit *u;
    qg_explain_how how;
    qg_method_spec method;
    qg_explainable model;
    qg_explainer explainer;
    int n;
    qg_explain_text *text; /* [n] */
    qg_encoding *code;     /* [n] */
} explaining;

static qg_code check_measures(const qg_faithful_options *f)
{
    const int64_t counts[] = {f->curve_steps, f->exact_words, f->beam,
                              f->soft,        f->infidelity,  f->sensitivity};
    bool good = f->n_k >= 0 && f->n_k <= QG_MAX_TOPS && (int)f->masking >= 0 &&
                (int)f->masking < QG_MASKINGS && qg_wire_is_bool(&f->by_magnitude) &&
                qg_wire_is_bool(&f->leave_one_out) && qg_wire_is_bool(&f->normalised);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        good &= counts[i] >= 0 && counts[i] <= 1 << 20;
    for (int i = 0; good && i < f->n_k; i++)
        good = f->k[i] > 0 && f->k[i] <= 1 << 20;
    return good ? QG_OK : QG_FAIL(QG_EBUG, "measures of faithfulness are out of bounds");
}

static qg_code get_how(explaining *x)
{
    qg_reader *in = x->u->in;
    x->how.method = qg_wire_get_text(in, x->u->arena);
    if (!x->how.method)
        return QG_ENOMEM;
    x->how.seed = qg_wire_get_i64(in);
    x->how.repeats = qg_wire_get_i64(in);
    qg_wire_get(in, &x->how.specials, sizeof x->how.specials);
    qg_wire_get(in, &x->how.faithful, sizeof x->how.faithful);
    QG_TRY(check_measures(&x->how.faithful));
    if (x->how.repeats < 0 || x->how.repeats > QG_REPEATS)
        return QG_FAIL(QG_EBUG, "%lld repeats", (long long)x->how.repeats);
    return qg_method_spec_parse(&x->method, x->u->arena, x->how.method);
}

/* Words are numbered in the order of their tokens; the last one has some. */
static qg_code check_text(const qg_encoding *e, const qg_explain_asked *t, int classes)
{
    enum { MOST_WORDS = 1 << 24 };
    int words = 0;
    for (int i = 0; i < e->n; i++) {
        if (e->word[i] < -1 || e->word[i] >= MOST_WORDS ||
            (e->word[i] >= 0 && e->word[i] + 1 < words))
            return QG_FAIL(QG_EBUG, "token %d is of word %d", i, (int)e->word[i]);
        words = e->word[i] >= 0 ? e->word[i] + 1 : words;
    }
    if (words != t->words || t->target < 0 || t->target >= classes)
        return QG_FAIL(QG_EBUG, "a text of %lld words has tokens of %d, its class is %lld of %d",
                       (long long)t->words, words, (long long)t->target, classes);
    return QG_OK;
}

qg_code qg_explain_get_texts(qg_explain_text **text, qg_encoding **code, int *n, qg_work_unit *u)
{
    qg_reader *in = u->in;
    qg_arena *a = u->arena;
    int classes = qg_model_config(u->model)->classes;
    int64_t texts = qg_wire_get_i64(in);
    if (texts < 0 || (uint64_t)texts > (in->size - in->at) / sizeof(qg_explain_asked))
        return QG_FAIL(QG_EBUG, "a unit of %lld texts", (long long)texts);
    *n = (int)texts;
    QG_NEW(*text, a, *n);
    QG_NEW(*code, a, *n);
    for (int i = 0; i < *n; i++) {
        qg_explain_asked t;
        qg_wire_get(in, &t, sizeof t);
        qg_encoding *e = &(*code)[i];
        e->n = (int)t.n;
        e->n_words = (int)t.words;
        e->ids = qg_wire_get_array(in, a, t.n, sizeof *e->ids);
        e->word = qg_wire_get_array(in, a, t.n, sizeof *e->word);
        e->word_form = qg_wire_get_array(in, a, t.n, sizeof *e->word_form);
        e->run_form = qg_wire_get_array(in, a, t.n, sizeof *e->run_form);
        if (!e->ids || !e->word || !e->word_form || !e->run_form)
            return QG_EBUG;
        QG_TRY(check_text(e, &t, classes));
        (*text)[i] = (qg_explain_text){t.key, e, (int32_t)t.target};
    }
    return qg_wire_end(in);
}

static bool needs_gradients(const explaining *x)
{
    return x->method.method->needs & QG_NEEDS_GRADIENTS;
}

static qg_code make_explainer(explaining *x)
{
    qg_work_unit *u = x->u;
    bool gradients =
        needs_gradients(x) || (x->how.faithful.soft > 0 && !qg_is_packed(u->head.source.dir));
    if (gradients)
        QG_TRY(qg_work_explained(u));
    x->model = gradients ? qg_explained_model_functions(*u->explained, u->model)
                         : qg_explainable_of_model(u->model);
    x->explainer =
        (qg_explainer){.model = &x->model, .specials = x->how.specials, .arena = u->arena};
    return qg_perturber_make(&x->explainer.perturber, u->arena, &x->model, x->how.specials, 0);
}

/* The class that this precision predicts: of one text more, if no method has run it. */
static qg_code predict(int64_t *predicted, explaining *x)
{
    qg_perturber *p = x->explainer.perturber;
    int64_t *slot;
    QG_NEW(slot, x->u->arena, x->n);
    for (int i = 0; i < x->n; i++) {
        qg_sample s;
        QG_TRY(qg_sample_make(&s, x->u->arena, &x->code[i], QG_FEATURE_WORD, x->text[i].key));
        QG_TRY(qg_perturb_add(&slot[i], p, &s, NULL, QG_MASKING_MASK));
    }
    QG_TRY(qg_perturb_run(p));
    for (int i = 0; i < x->n; i++)
        predicted[i] = qg_argmax_f32(qg_perturb_logits(p, slot[i]), x->model.classes);
    return QG_OK;
}

static void put_pairs(qg_str *out, const qg_explanation *e)
{
    qg_wire_put_i64(out, e->pairs);
    for (int i = 0; i < e->pairs; i++) {
        qg_explain_pair w = {e->pair[i].first, e->pair[i].second, e->pair[i].score};
        qg_wire_put(out, &w, sizeof w);
    }
}

static void put_results(explaining *x, const qg_explanation *e, qg_explanation *const *again,
                        const qg_faithful *f, const int64_t *predicted)
{
    qg_str *out = x->u->out;
    qg_wire_put_text(out, needs_gradients(x) ? qg_explained_model_gradients(*x->u->explained) : "");
    for (int i = 0; i < x->n; i++) {
        size_t words = (size_t)x->code[i].n_words;
        qg_explain_counts counts = {predicted[i], e[i].evaluations, e[i].steps, e[i].reached};
        qg_explain_numbers numbers = {e[i].value, e[i].base, e[i].delta, e[i].fit};
        qg_wire_put(out, &counts, sizeof counts);
        qg_wire_put(out, &numbers, sizeof numbers);
        qg_wire_put(out, e[i].token_score, (size_t)x->code[i].n * sizeof *e->token_score);
        qg_wire_put(out, e[i].word_score, words * sizeof *e->word_score);
        if (qg_method_pairs(&x->method) > 0)
            put_pairs(out, &e[i]);
        for (int k = 0; k < QG_REPEATS && again[k]; k++)
            qg_wire_put(out, again[k][i].word_score, words * sizeof *e->word_score);
        if (f)
            qg_wire_put(out, &f[i], sizeof *f);
    }
}

static qg_code explain(explaining *x)
{
    qg_arena *a = x->u->arena;
    qg_explanation *e, *again[QG_REPEATS] = {NULL};
    qg_faithful *f = NULL;
    int64_t *predicted;
    uint64_t seed = (uint64_t)x->how.seed;
    QG_NEW(e, a, x->n);
    QG_NEW(predicted, a, x->n);
    QG_TRY(qg_explain(e, &x->explainer, x->text, x->n, &x->method, seed));
    for (int k = 0; k < x->how.repeats; k++) {
        QG_NEW(again[k], a, x->n);
        QG_TRY(qg_explain(again[k], &x->explainer, x->text, x->n, &x->method,
                          qg_explain_repeat_seed(seed, k)));
    }
    if (x->how.faithful.n_k > 0) {
        QG_NEW(f, a, x->n);
        QG_TRY(qg_faithful_measure(f, &x->explainer, x->text, e, x->n, &x->how.faithful, &x->method,
                                   seed));
    }
    QG_TRY(predict(predicted, x));
    put_results(x, e, again, f, predicted);
    return QG_OK;
}

static qg_code execute(qg_work_unit *u)
{
    explaining x = {.u = u};
    QG_TRY(get_how(&x));
    QG_TRY(qg_explain_get_texts(&x.text, &x.code, &x.n, u));
    QG_TRY(make_explainer(&x));
    qg_model_set_poll(u->model, u->options->poll, u->options->poll_ctx);
    qg_code rc = explain(&x);
    qg_model_set_poll(u->model, NULL, NULL);
    return rc;
}

const qg_work_kind qg_work_explain = {
    .name = "explain",
    .group = QG_GROUP_ATTRIBUTIONS,
    .rows = true,
    .needs = needs,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = qg_explain_store,
    .checksum = qg_explain_checksum,
};
