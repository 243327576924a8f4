/*
 * random.c - scores from a normal distribution: the floor of every comparison.
 */
#include "method.h"

typedef struct options {
    double sigma;
    int unit, aggregation;
} options;

// clang-format off
static const qg_opt table[] = {
    {"sigma", QG_OPT_REAL, offsetof(options, sigma), 1, 0, 1e6, .help = "standard deviation"},
    QG_UNIT_ROW(options, unit, QG_FEATURE_WORD),
    QG_AGGREGATION_ROW(options, aggregation),
    QG_OPT_END,
};
// clang-format on

static double cost(const void *p, int words)
{
    (void)p;
    (void)words;
    return 0;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_sample *sample;
    int32_t *target;
    QG_TRY(qg_samples_of_texts(&sample, &target, e, text, n, (qg_feature_kind)o->unit));
    for (int t = 0; t < n; t++) {
        double *score;
        QG_NEW(score, e->arena, sample[t].units);
        qg_random_scores(score, sample[t].units, QG_RANDOM_METHOD, seed, text[t].key, 0, o->sigma);
        qg_explain_by_unit(&out[t], &text[t], &sample[t], score, (qg_aggregation)o->aggregation);
    }
    return QG_OK;
}

const qg_method qg_method_random = {
    .name = "random",
    .summary = "normal noise, which looks at no model: the floor",
    .paper = "control without a model; Adebayo et al., NeurIPS 2018, arXiv:1810.03292",
    .options = table,
    .size = sizeof(options),
    .cost = cost,
    .random = true,
    .control = true,
    .explain = explain,
};
