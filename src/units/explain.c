/*
 * explain.c - explanations of texts by one method under one precision, and how faithful they are.
 */
#include "explain_message.h"

#include "qgrid/softmax.h"
#include "qgrid/tokenizer.h"

#include <string.h>

enum { UNIT_BUDGET = 64 }; /* tokens in all of a unit, in units of prediction */

/* The predictions that say which texts are explained, and for which class. */
static void needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t)
{
    int reference = qg_job_reference(p->job);
    need[0] = p->cells[qg_predict_cell(p, t->experiment, reference)].task;
    if (p->job->explain.target == QG_TARGET_PREDICTED && t->precision != reference)
        need[1] = p->cells[qg_predict_cell(p, t->experiment, t->precision)].task;
}

/* Forward passes of a text of so many words that explaining and measuring it takes. */
static double passes(const qg_plan *p, const qg_cell *c, int words)
{
    const qg_method_spec *m = &p->job->explain.methods[c->method];
    const qg_faithful_options *f = &p->job->explain.faithful;
    double once = m->method->cost(m->options, words);
    double measured = 2.0 * f->n_k +
                      2.0 * (f->curve_steps < words ? (double)f->curve_steps : words) +
                      (double)f->infidelity;
    return once * (1.0 + qg_plan_repeats(p, c) + (double)f->sensitivity) + measured;
}

/* Texts of a unit share batches: as many as fill some of them. */
static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    const qg_plan_task *t = &p->tasks[task];
    const qg_plan_tokens *k = p->tokens[t->experiment];
    const qg_config *config = &p->models[t->model].config;
    int64_t n = p->datasets[k->dataset].data.n, slots = p->explained[t->experiment].slots;
    if (n == 0)
        return QG_OK;
    double length = (double)k->T / (double)n,
           words = (double)p->datasets[k->dataset].n_words / (double)n;
    double tokens = length * passes(p, &p->cells[t->cell], (int)words + 1);
    double fit = UNIT_BUDGET * (double)p->job->unit_tokens / tokens;
    int64_t per = fit < 1 ? 1 : fit < (double)slots ? (int64_t)fit : slots;
    for (int64_t first = 0; first < slots; first += per) {
        int64_t count = slots - first < per ? slots - first : per;
        QG_TRY(qg_plan_add_unit(p, a, task, first, count,
                                qg_cost_forward(config, length, tokens * (double)count)));
    }
    return QG_OK;
}

/* ---------------------------------------------------------------------------------------- rank 0
 */

static void put_how(qg_str *out, const qg_explain_how *e)
{
    qg_wire_put_text(out, e->method);
    qg_wire_put_i64(out, e->seed);
    qg_wire_put_i64(out, e->repeat);
    qg_wire_put(out, &e->specials, sizeof e->specials);
    qg_wire_put(out, &e->faithful, sizeof e->faithful);
}

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

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_cell *c = &p->cells[p->tasks[u->task].cell];
    const qg_explain_options *o = &p->job->explain;
    qg_explain_how how = {.method = o->methods[c->method].canonical,
                          .seed = o->seed,
                          .repeat = qg_plan_repeats(p, c),
                          .specials = qg_tokenizer_specials(p->models[c->model].tokenizer),
                          .faithful = o->faithful};
    qg_explained x;
    int32_t *target;
    int64_t n = 0;
    QG_TRY(qg_results_explained(&x, r, c->experiment));
    QG_NEW(target, r->scratch, x.slots);
    QG_TRY(qg_explain_targets(target, r, c, &x));
    put_how(out, &how);
    for (int64_t i = u->first; i < u->first + u->count; i++)
        n += x.row[i] >= 0;
    qg_wire_put_i64(out, n);
    for (int64_t i = u->first; i < u->first + u->count; i++)
        if (x.row[i] >= 0)
            put_text(out, p, c->experiment, &x, i, target[i]);
    return QG_OK;
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

static qg_code get_how(explaining *x)
{
    qg_reader *in = x->u->in;
    x->how.method = qg_wire_get_text(in, x->u->arena);
    if (!x->how.method)
        return QG_ENOMEM;
    x->how.seed = qg_wire_get_i64(in);
    x->how.repeat = qg_wire_get_i64(in) != 0;
    qg_wire_get(in, &x->how.specials, sizeof x->how.specials);
    qg_wire_get(in, &x->how.faithful, sizeof x->how.faithful);
    return qg_method_spec_parse(&x->method, x->u->arena, x->how.method);
}

static qg_code get_texts(explaining *x)
{
    qg_reader *in = x->u->in;
    x->n = (int)qg_wire_get_i64(in);
    if (x->n < 0 || x->n > 1 << 20)
        return QG_FAIL(QG_EBUG, "a unit of %d texts", x->n);
    QG_NEW(x->text, x->u->arena, x->n);
    QG_NEW(x->code, x->u->arena, x->n);
    for (int i = 0; i < x->n; i++) {
        qg_explain_asked t;
        qg_wire_get(in, &t, sizeof t);
        qg_encoding *e = &x->code[i];
        e->n = (int)t.n;
        e->n_words = (int)t.words;
        e->ids = qg_wire_get_array(in, x->u->arena, t.n, sizeof *e->ids);
        e->word = qg_wire_get_array(in, x->u->arena, t.n, sizeof *e->word);
        e->word_form = qg_wire_get_array(in, x->u->arena, t.n, sizeof *e->word_form);
        e->run_form = qg_wire_get_array(in, x->u->arena, t.n, sizeof *e->run_form);
        if (!e->ids || !e->word || !e->word_form || !e->run_form)
            return QG_EBUG;
        x->text[i] = (qg_explain_text){t.key, e, (int32_t)t.target};
    }
    return qg_wire_end(in);
}

static qg_code make_explainer(explaining *x)
{
    qg_work_unit *u = x->u;
    bool gradients = x->method.method->needs & QG_NEEDS_GRADIENTS;
    if (gradients && !*u->explained)
        QG_TRY(qg_explained_model_create(u->explained, &u->head.source, &u->head.precision,
                                         u->options));
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

static void put_results(explaining *x, const qg_explanation *e, const qg_explanation *again,
                        const qg_faithful *f, const int64_t *predicted)
{
    qg_str *out = x->u->out;
    bool gradients = x->method.method->needs & QG_NEEDS_GRADIENTS;
    qg_wire_put_text(out, gradients ? qg_explained_model_gradients(*x->u->explained) : "");
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
        if (again)
            qg_wire_put(out, again[i].word_score, words * sizeof *e->word_score);
        if (f)
            qg_wire_put(out, &f[i], sizeof *f);
    }
}

static qg_code explain(explaining *x)
{
    qg_arena *a = x->u->arena;
    qg_explanation *e, *again = NULL;
    qg_faithful *f = NULL;
    int64_t *predicted;
    uint64_t seed = (uint64_t)x->how.seed;
    QG_NEW(e, a, x->n);
    QG_NEW(predicted, a, x->n);
    QG_TRY(qg_explain(e, &x->explainer, x->text, x->n, &x->method, seed));
    if (x->how.repeat) {
        QG_NEW(again, a, x->n);
        QG_TRY(qg_explain(again, &x->explainer, x->text, x->n, &x->method, seed + 1));
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
    QG_TRY(get_texts(&x));
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
