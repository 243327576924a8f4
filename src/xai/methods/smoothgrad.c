/*
 * smoothgrad.c - smoothgrad as a method.
 */
#include "method.h"

typedef struct options {
    int64_t draws;
    double sigma;
    int score;
    qg_gradient_common common;
} options;

static const char *const scores[] = {"gradient_x_input", "l2", NULL};

// clang-format off
static const qg_opt table[] = {
    {"draws", QG_OPT_INT, offsetof(options, draws), 20, 1, 10000, .help = "gradients that are averaged"},
    {"sigma", QG_OPT_REAL, offsetof(options, sigma), 0.15, 0, 10, .help = "of the noise, in units of max - min of the text's vectors"},
    {"score", QG_OPT_ENUM, offsetof(options, score), .names = scores, .help = "mean gradient times the token's vector, or its length"},
    QG_GRADIENT_ROWS(options),
    QG_OPT_END,
};
// clang-format on

static double cost(const void *p, int words)
{
    const options *o = p;
    (void)words;
    return 1 + 3 * (double)o->draws;
}

/* No draw looks at the text itself: its value is asked for by itself. */
static qg_code values(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                      int n, qg_explain_output output)
{
    qg_sample *sample;
    int32_t *target;
    int64_t *slot;
    QG_TRY(qg_samples_of_texts(&sample, &target, e, text, n, QG_FEATURE_WORD));
    QG_NEW(slot, e->arena, n);
    for (int t = 0; t < n; t++)
        QG_TRY(qg_perturb_add(&slot[t], e->perturber, &sample[t], NULL, QG_MASKING_MASK));
    QG_TRY(qg_perturb_run(e->perturber));
    for (int t = 0; t < n; t++)
        out[t].value = qg_perturb_value(e->perturber, slot[t], target[t], output);
    return QG_OK;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_asked asked;
    double *score;
    int64_t *key;
    QG_TRY(qg_ask(&asked, e, text, n, &o->common));
    QG_NEW(score, e->arena, asked.batch.splits[n]);
    QG_NEW(key, e->arena, n);
    for (int t = 0; t < n; t++) {
        key[t] = (int64_t)text[t].key;
        out[t].evaluations = o->draws;
    }
    qg_smoothgrad_options smooth = {.score = o->score ? QG_SCORE_L2 : QG_SCORE_TIMES_INPUT,
                                    .draws = (int)o->draws,
                                    .sigma = o->sigma,
                                    .seed = seed,
                                    .sample = key};
    QG_TRY(qg_smoothgrad(score, &asked.question, &smooth, e->arena));
    qg_explain_tokens(out, text, n, score, (qg_aggregation)o->common.aggregation);
    return values(out, e, text, n, asked.question.output);
}

const qg_method qg_method_smoothgrad = {
    .name = "smoothgrad",
    .summary = "mean gradient at vectors with normal noise",
    .paper = "Smilkov, Thorat, Kim, Viegas, Wattenberg, 2017, arXiv:1706.03825",
    .needs = QG_NEEDS_GRADIENTS,
    .options = table,
    .size = sizeof(options),
    .cost = cost,
    .random = true,
    .explain = explain,
};
