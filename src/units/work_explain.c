/*
 * work_explain.c - the worker's side of units of explanation.
 */
#include "work_parts.h"

#include "qgrid/softmax.h"

#include <string.h>

void qg_work_put_explain(qg_str *out, const qg_work_explain *e)
{
    qg_wire_put_text(out, e->method);
    qg_wire_put_i64(out, e->seed);
    qg_wire_put_i64(out, e->repeat);
    qg_wire_put(out, &e->specials, sizeof e->specials);
    qg_wire_put(out, &e->faithful, sizeof e->faithful);
}

/* A unit being explained. */
typedef struct explaining {
    qg_work_unit *u;
    qg_work_explain how;
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
        qg_work_text t;
        qg_wire_get(in, &t, sizeof t);
        qg_encoding *e = &x->code[i];
        e->n = (int)t.n;
        e->n_words = (int)t.words;
        e->ids = qg_wire_get_array(in, x->u->arena, t.n, sizeof *e->ids);
        e->word = qg_wire_get_array(in, x->u->arena, t.n, sizeof *e->word);
        if (!e->ids || !e->word)
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
        QG_TRY(qg_sample_make(&s, x->u->arena, &x->code[i], QG_UNIT_WORD, x->text[i].key));
        QG_TRY(qg_perturb_add(&slot[i], p, &s, NULL, QG_MASKING_MASK));
    }
    QG_TRY(qg_perturb_run(p));
    for (int i = 0; i < x->n; i++)
        predicted[i] = qg_argmax_f32(qg_perturb_logits(p, slot[i]), x->model.classes);
    return QG_OK;
}

static void put(explaining *x, const qg_explanation *e, const qg_explanation *again,
                const qg_faithful *f, const int64_t *predicted)
{
    qg_str *out = x->u->out;
    bool gradients = x->method.method->needs & QG_NEEDS_GRADIENTS;
    qg_wire_put_text(out, gradients ? qg_explained_model_gradients(*x->u->explained) : "");
    for (int i = 0; i < x->n; i++) {
        size_t words = (size_t)x->code[i].n_words;
        qg_work_explained w = {predicted[i], e[i].evaluations, e[i].value,
                               e[i].base,    e[i].delta,       e[i].fit};
        qg_wire_put(out, &w, sizeof w);
        qg_wire_put(out, e[i].token_score, (size_t)x->code[i].n * sizeof *e->token_score);
        qg_wire_put(out, e[i].word_score, words * sizeof *e->word_score);
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
    put(x, e, again, f, predicted);
    return QG_OK;
}

qg_code qg_work_explain_texts(qg_work_unit *u)
{
    explaining x = {.u = u};
    QG_TRY(get_how(&x));
    QG_TRY(get_texts(&x));
    QG_TRY(make_explainer(&x));
    qg_model_set_breathe(u->model, u->options->breathe, u->options->breathe_ctx);
    qg_code rc = explain(&x);
    qg_model_set_breathe(u->model, NULL, NULL);
    return rc;
}
