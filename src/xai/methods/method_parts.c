/*
 * method_parts.c - between encoded texts and the functions that explain.
 */
#include "method.h"

#include <string.h>

const char *const qg_explain_output_names[] = {"logit", "probability", NULL};
const char *const qg_explain_layer_names[] = {"word_embeddings", "embeddings", NULL};
const char *const qg_path_baseline_names[] = {"pad", "mask", "zero", NULL};

/* ------------------------------------------------------------------------------ gradients */

qg_code qg_ask(qg_asked *out, const qg_explainer *e, const qg_explain_text *text, int n,
               const qg_gradient_common *o)
{
    int32_t *ids, *splits, *target;
    QG_NEW(splits, e->arena, n + 1);
    QG_NEW(target, e->arena, n);
    for (int t = 0; t < n; t++) {
        splits[t + 1] = splits[t] + text[t].code->n;
        target[t] = text[t].target;
    }
    QG_NEW(ids, e->arena, splits[n]);
    QG_NEW(out->special, e->arena, splits[n]);
    for (int t = 0; t < n; t++) {
        const qg_encoding *code = text[t].code;
        memcpy(ids + splits[t], code->ids, (size_t)code->n * sizeof *ids);
        for (int i = 0; i < code->n; i++)
            out->special[splits[t] + i] = code->word[i] < 0;
    }
    out->batch = (qg_batch){.B = n, .ids = ids, .splits = splits};
    out->question = (qg_question){.model = e->model,
                                  .batch = &out->batch,
                                  .target = target,
                                  .output = (qg_explain_output)o->output,
                                  .layer = (qg_explain_layer)o->layer};
    return QG_OK;
}

void qg_explain_by_token(qg_explanation *out, const qg_explain_text *text, const double *score,
                         qg_aggregation how)
{
    const qg_encoding *code = text->code;
    for (int i = 0; i < code->n; i++)
        out->token_score[i] = code->word[i] < 0 ? 0 : score[i];
    qg_word_scores(out->word_score, code->n_words, out->token_score, code->word, NULL, code->n,
                   how);
}

void qg_explain_tokens(qg_explanation *out, const qg_explain_text *text, int n, const double *score,
                       qg_aggregation how)
{
    for (int t = 0; t < n; t++) {
        qg_explain_by_token(&out[t], &text[t], score, how);
        score += text[t].code->n;
    }
}

/* The rows of a struct's member `common`: here the struct is that alone. */
typedef struct one_gradient {
    qg_gradient_common common;
} one_gradient;

const qg_opt qg_gradient_options[] = {
    QG_GRADIENT_ROWS(one_gradient),
    QG_OPT_END,
};

double qg_gradient_cost(const void *options, int words)
{
    (void)options;
    (void)words;
    return 3;
}

qg_code qg_explain_gradient(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                            int n, const qg_gradient_common *o, qg_gradient_score kind)
{
    qg_asked asked;
    double *score, *value;
    QG_TRY(qg_ask(&asked, e, text, n, o));
    QG_NEW(score, e->arena, asked.batch.splits[n]);
    QG_NEW(value, e->arena, n);
    QG_TRY(qg_gradient_scores(score, value, &asked.question, kind, e->arena));
    qg_explain_tokens(out, text, n, score, (qg_aggregation)o->aggregation);
    for (int t = 0; t < n; t++) {
        out[t].value = value[t];
        out[t].evaluations = 1;
    }
    return QG_OK;
}

/* -------------------------------------------------------------------------------- paths */

void qg_path_baseline(qg_ig_options *out, int baseline, const qg_specials *specials)
{
    out->baseline = baseline == QG_PATH_ZERO ? QG_BASELINE_ZERO : QG_BASELINE_TOKEN;
    out->token = baseline == QG_PATH_MASK ? specials->mask : specials->pad;
}

qg_code qg_check_rule(int rule, int64_t steps)
{
    bool ends = rule == QG_TRAPEZOID || rule == QG_TRAPEZOID_CAPTUM;
    if (ends && steps < 2)
        return QG_FAIL(QG_EJOB, "\"rule\" %s needs at least 2 \"steps\"",
                       qg_quadrature_names[rule]);
    return QG_OK;
}

qg_code qg_ig_result_make(qg_ig_result *out, const qg_batch *b, qg_arena *a)
{
    *out = (qg_ig_result){0};
    QG_NEW(out->score, a, b->splits[b->B]);
    QG_NEW(out->value, a, b->B);
    QG_NEW(out->base, a, b->B);
    QG_NEW(out->delta, a, b->B);
    QG_NEW(out->steps, a, b->B);
    QG_NEW(out->reached, a, b->B);
    return QG_OK;
}

void qg_explain_path(qg_explanation *out, const qg_explain_text *text, int n, const qg_ig_result *r,
                     qg_aggregation how)
{
    qg_explain_tokens(out, text, n, r->score, how);
    for (int t = 0; t < n; t++) {
        out[t].value = r->value[t];
        out[t].base = r->base[t];
        out[t].delta = r->delta[t];
        out[t].evaluations = out[t].steps = r->steps[t];
    }
}

/* --------------------------------------------------------------------------- perturbations */

qg_code qg_samples_of_texts(qg_sample **sample, int32_t **target, const qg_explainer *e,
                            const qg_explain_text *text, int n, qg_feature_kind kind)
{
    QG_NEW(*sample, e->arena, n);
    QG_NEW(*target, e->arena, n);
    for (int t = 0; t < n; t++) {
        (*target)[t] = text[t].target;
        QG_TRY(qg_sample_make(&(*sample)[t], e->arena, text[t].code, kind, text[t].key));
    }
    return QG_OK;
}

void qg_explain_by_unit(qg_explanation *out, const qg_explain_text *text, const qg_sample *s,
                        const double *score, qg_aggregation how)
{
    const qg_encoding *code = text->code;
    qg_scores_of_tokens(out->token_score, score, s);
    qg_word_scores(out->word_score, code->n_words, out->token_score, code->word, s->unit, code->n,
                   how);
}

/* Pairs of units by the words of their first places. */
static qg_code pairs_of_words(qg_explanation *out, qg_arena *a, const qg_encoding *code,
                              const qg_sample *s, const qg_attribution *got)
{
    int32_t *word;
    QG_NEW(word, a, s->units);
    QG_NEW(out->pair, a, got->pairs);
    for (int i = s->n - 1; i >= 0; i--)
        if (s->unit[i] >= 0)
            word[s->unit[i]] = code->word[i];
    for (int i = 0; i < got->pairs; i++)
        out->pair[i] = (qg_interaction){word[got->pair[i].first], word[got->pair[i].second],
                                        got->pair[i].score};
    out->pairs = got->pairs;
    return QG_OK;
}

qg_code qg_explain_units(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                         int n, const qg_feature_common *o, qg_feature_method run,
                         const void *options)
{
    qg_sample *sample;
    int32_t *target;
    qg_attribution *got;
    qg_feature_kind kind = (qg_feature_kind)o->unit;
    QG_TRY(qg_samples_of_texts(&sample, &target, e, text, n, kind));
    QG_NEW(got, e->arena, n);
    QG_TRY(run(got, e->perturber, sample, target, n, options));
    for (int t = 0; t < n; t++) {
        qg_explain_by_unit(&out[t], &text[t], &sample[t], got[t].score,
                           (qg_aggregation)o->aggregation);
        out[t].value = got[t].full;
        out[t].base = got[t].base;
        out[t].delta = got[t].delta;
        out[t].fit = got[t].fit;
        out[t].evaluations = got[t].evaluations;
        if (got[t].pairs > 0)
            QG_TRY(pairs_of_words(&out[t], e->arena, text[t].code, &sample[t], &got[t]));
    }
    return QG_OK;
}

/* ------------------------------------------------------------------------------- attention */

static qg_code by_attention(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                            qg_attention_score score, qg_aggregation how)
{
    const qg_explainable *m = e->model;
    float *attention;
    double *of_token;
    int n = text->code->n;
    int32_t splits[] = {0, n};
    qg_batch one = {.B = 1, .ids = text->code->ids, .splits = splits};
    QG_NEW(attention, e->arena, (size_t)m->layers * (size_t)m->heads * (size_t)n * (size_t)n);
    QG_NEW(of_token, e->arena, n);
    QG_TRY(m->attention(m->ctx, attention, &one));
    QG_TRY(score(of_token, attention, m->layers, m->heads, n, e->arena));
    qg_explain_by_token(out, text, of_token, how);
    out->evaluations = 1;
    return QG_OK;
}

const qg_opt qg_attention_options[] = {
    QG_AGGREGATION_ROW(qg_attention_common, aggregation),
    QG_OPT_END,
};

double qg_attention_cost(const void *options, int words)
{
    (void)options;
    (void)words;
    return 1;
}

qg_code qg_explain_attention(qg_explanation *out, const qg_explainer *e,
                             const qg_explain_text *text, int n, qg_attention_score score,
                             const qg_attention_common *o)
{
    qg_aggregation how = (qg_aggregation)o->aggregation;
    for (int t = 0; t < n; t++) {
        qg_mark mark = qg_arena_mark(e->arena);
        qg_code rc = by_attention(&out[t], e, &text[t], score, how);
        qg_arena_release(e->arena, mark);
        QG_TRY(rc);
    }
    return QG_OK;
}
