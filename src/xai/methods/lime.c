/*
 * lime.c - LIME as a method.
 */
#include "method.h"

#include <math.h>

typedef struct options {
    int64_t samples, features;
    double kernel_width, ridge;
    int selection;
    qg_feature_common common;
} options;

// clang-format off
static const qg_opt table[] = {
    {"samples", QG_OPT_INT, offsetof(options, samples), 1000, 2, 1000000, .help = "perturbations, the whole text among them"},
    {"features", QG_OPT_INT, offsetof(options, features), 0, 0, 100000, .help = "units that get a score, the others have 0; 0: all"},
    {"selection", QG_OPT_ENUM, offsetof(options, selection), .names = qg_lime_selection_names, .help = "which ones; auto: forward for at most 6, else highest_weights"},
    {"kernel_width", QG_OPT_REAL, offsetof(options, kernel_width), 25, 0.01, 1e6, .help = "of weights exp(-d^2 / 2 width^2), d = 100 (1 - cosine)"},
    {"ridge", QG_OPT_REAL, offsetof(options, ridge), 1, 0, 1e9, .help = "penalty of the fit"},
    QG_PERTURB_ROWS(options, QG_MASKING_DELETE, QG_FEATURE_DISTINCT_WORD),
    QG_OPT_END,
};
// clang-format on

static double cost(const void *p, int words)
{
    const options *o = p;
    return fmin((double)o->samples + 1, exp2(words));
}

static qg_code run(qg_attribution *out, qg_perturber *p, const qg_sample *s, const int32_t *target,
                   int n, const void *lime)
{
    return qg_lime(out, p, s, target, n, lime);
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_lime_options lime = {.masking = (qg_masking)o->common.masking,
                            .output = (qg_explain_output)o->common.output,
                            .samples = (int)o->samples,
                            .features = (int)o->features,
                            .selection = (qg_lime_selection)o->selection,
                            .kernel_width = o->kernel_width,
                            .ridge = o->ridge,
                            .seed = seed};
    return qg_explain_units(out, e, text, n, &o->common, run, &lime);
}

const qg_method qg_method_lime = {
    .name = "lime",
    .summary = "weighted ridge regression on which words are left of the text",
    .paper = "Ribeiro, Singh, Guestrin, KDD 2016, arXiv:1602.04938",
    .options = table,
    .size = sizeof(options),
    .cost = cost,
    .random = true,
    .explain = explain,
};
