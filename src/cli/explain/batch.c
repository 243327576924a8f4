/*
 * batch.c - models under several precisions, and texts explained together.
 */
#include "run.h"

#include "cli/precision_argument.h"

#include "qgrid/log.h"
#include "qgrid/softmax.h"

#include <string.h>

/* --------------------------------------------------------------------------------------- models */

typedef struct opening {
    const qg_explain_model_wish *wish;
    const char *cache;
    char hash[65];
    qg_arena *arena;
} opening;

static qg_code open_one(qg_explain_model *m, const opening *o, const char *precision)
{
    const qg_precision_words said = {precision, o->wish->embeddings, o->wish->parameters};
    if (precision)
        QG_TRY(qg_precision_argument(&m->spec, o->arena, &said));
    QG_TRY(qg_model_open_cached(&m->deployed, o->wish->source, o->hash, precision ? &m->spec : NULL,
                                o->cache));
    m->precision = qg_model_precision(m->deployed);
    return QG_OK;
}

static qg_code open_reference(qg_explain_models *out, const opening *o)
{
    qg_precision_spec spec;
    for (int i = 0; i < out->n; i++)
        if (strcmp(out->item[i].precision, "fp32") == 0)
            out->reference = out->item[i].deployed;
    if (out->reference)
        return QG_OK;
    out->reference_is_own = true;
    QG_TRY(qg_precision_argument(&spec, o->arena, &(qg_precision_words){.precision = "fp32"}));
    return qg_model_open_cached(&out->reference, o->wish->source, o->hash, &spec, o->cache);
}

qg_code qg_explain_models_open(qg_explain_models *out, qg_arena *a,
                               const qg_explain_model_wish *wish)
{
    opening o = {.wish = wish, .arena = a, .cache = qg_model_cache_dir(a)};
    const char *as_packed = NULL, **name = &as_packed;
    int n = 1;
    *out = (qg_explain_models){.source = wish->source, .wants_gradients = wish->gradients};
    if (!o.cache)
        return QG_ENOMEM;
    if (wish->precisions)
        QG_TRY(qg_comma_list(&name, &n, a, wish->precisions));
    QG_TRY(qg_model_hash(o.hash, wish->source));
    QG_NEW(out->item, a, n);
    for (out->n = 0; out->n < n;) {
        qg_explain_model *m = &out->item[out->n++]; /* counted first: closed also when it fails */
        QG_TRY(open_one(m, &o, name[out->n - 1]));
    }
    return wish->reference ? open_reference(out, &o) : QG_OK;
}

void qg_explain_models_close(qg_explain_models *m)
{
    qg_explained_model_destroy(m->gradients);
    for (int i = 0; i < m->n; i++)
        qg_model_close(m->item[i].deployed);
    if (m->reference_is_own)
        qg_model_close(m->reference);
}

/* What explainers see of item p. */
static qg_code functions_of(qg_explainable *out, qg_explain_models *m, int p)
{
    static const qg_explained_options options = {0};
    const qg_explain_model *item = &m->item[p];
    *out = qg_explainable_of_model(item->deployed);
    if (!m->wants_gradients)
        return QG_OK;
    if (!m->gradients || m->gradients_of != p) {
        qg_explained_model_destroy(m->gradients);
        m->gradients = NULL;
        QG_TRY(qg_explained_model_create(&m->gradients, m->source, &item->spec, &options));
        m->gradients_of = p;
    }
    *out = qg_explained_model_functions(m->gradients, item->deployed);
    return QG_OK;
}

/* -------------------------------------------------------------------------------------- a batch */

static qg_code batch_of(qg_batch *out, const qg_explain_found *text, int n, qg_arena *a)
{
    int32_t *ids, *splits;
    QG_NEW(splits, a, n + 1);
    for (int t = 0; t < n; t++)
        splits[t + 1] = splits[t] + text[t].code->n;
    QG_NEW(ids, a, splits[n]);
    for (int t = 0; t < n; t++)
        memcpy(ids + splits[t], text[t].code->ids, (size_t)text[t].code->n * sizeof *ids);
    *out = (qg_batch){.B = n, .ids = ids, .splits = splits};
    return QG_OK;
}

/* Predicted classes and probabilities [n, K] of a model. */
static qg_code predict(int *label, double **probability, qg_model *m, const qg_batch *b,
                       qg_arena *a)
{
    int K = qg_model_config(m)->classes;
    float *logits;
    QG_NEW(logits, a, b->B * K);
    QG_NEW(*probability, a, b->B * K);
    QG_TRY(qg_model_forward(logits, m, b, NULL));
    for (int t = 0; t < b->B; t++) {
        label[t] = qg_argmax_f32(logits + t * K, K);
        qg_softmax(*probability + t * K, logits + t * K, K);
    }
    return QG_OK;
}

static void warn_of_tolerance(const qg_explain_found *text, const qg_explanation *x,
                              const qg_method_spec *method, const char *precision)
{
    if (x->reached == 0)
        qg_warn("%s: %s under %s has not reached its tolerance in %lld steps: the scores add up to "
                "%g, the output changes by %g",
                text->name, method->name, precision, (long long)x->steps,
                x->value - x->base + x->delta, x->value - x->base);
}

/* All methods under precision p. reference [n]: classes that fp32 predicts, where the plan
 * explains these. */
static qg_code explain_under(int p, qg_explain_found *text, qg_explain_result **result, int n,
                             const qg_batch *b, const int *reference, const qg_explain_plan *plan,
                             qg_arena *a)
{
    int *label;
    double *probability;
    qg_explain_text *input;
    qg_explanation *scores;
    qg_explainable functions;
    qg_explainer explainer = {.model = &functions, .specials = plan->specials, .arena = a};
    QG_NEW(label, a, n);
    QG_NEW(input, a, n);
    QG_NEW(scores, a, n);
    QG_TRY(functions_of(&functions, plan->models, p));
    QG_TRY(predict(label, &probability, plan->models->item[p].deployed, b, a));
    for (int t = 0; t < n; t++) {
        int target = plan->target == QG_TARGET_PREDICTED   ? label[t]
                     : plan->target == QG_TARGET_REFERENCE ? reference[t]
                                                           : plan->target;
        input[t] = (qg_explain_text){qg_explain_key(text[t].code->ids, text[t].code->n),
                                     text[t].code, target};
    }
    QG_TRY(qg_perturber_make(&explainer.perturber, a, &functions, plan->specials, 0));
    for (int i = 0; i < plan->methods; i++) {
        bool gradients = plan->method[i].method->needs & QG_NEEDS_GRADIENTS;
        QG_TRY(qg_explain(scores, &explainer, input, n, &plan->method[i], plan->seed));
        for (int t = 0; t < n; t++) {
            warn_of_tolerance(&text[t], &scores[t], &plan->method[i],
                              plan->models->item[p].precision);
            result[t][p * plan->methods + i] = (qg_explain_result){
                .probability = probability + t * functions.classes,
                .label = label[t],
                .target = input[t].target,
                .gradients =
                    gradients ? qg_explained_model_gradients(plan->models->gradients) : NULL,
                .scores = scores[t]};
        }
    }
    return QG_OK;
}

qg_code qg_explain_batch(qg_explain_found *text, int n, const qg_explain_plan *plan, qg_arena *a)
{
    qg_explain_result **result;
    double *ignored;
    int *reference;
    qg_batch b;
    QG_NEW(result, a, n);
    QG_NEW(reference, a, n);
    QG_TRY(batch_of(&b, text, n, a));
    for (int t = 0; t < n; t++) {
        QG_NEW(result[t], a, plan->models->n * plan->methods);
        text[t].result = result[t];
    }
    if (plan->target == QG_TARGET_REFERENCE)
        QG_TRY(predict(reference, &ignored, plan->models->reference, &b, a));
    for (int p = 0; p < plan->models->n; p++)
        QG_TRY(explain_under(p, text, result, n, &b, reference, plan, a));
    return QG_OK;
}
