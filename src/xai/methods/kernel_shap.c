/*
 * kernel_shap.c - KernelSHAP as a method.
 */
#include "method.h"

#include <math.h>

typedef struct options {
    int64_t exact_units, coalitions, interactions;
    qg_feature_common common;
} options;

// clang-format off
static const qg_opt table[] = {
    {"exact_units", QG_OPT_INT, offsetof(options, exact_units), 10, 0, 16, .help = "up to so many units all 2^units coalitions are run"},
    {"coalitions", QG_OPT_INT, offsetof(options, coalitions), 1000, 2, 1000000, .help = "drawn for more units, in pairs"},
    {"interactions", QG_OPT_INT, offsetof(options, interactions), 0, 0, 1000, .help = "pairs of units of a text that get a score, the strongest ones (Faith-Shap); 0: none"},
    QG_PERTURB_ROWS(options, QG_MASKING_MASK, QG_FEATURE_WORD),
    QG_OPT_END,
};
// clang-format on

static int pairs(const void *p)
{
    return (int)((const options *)p)->interactions;
}

static double cost(const void *p, int words)
{
    const options *o = p;
    return words <= o->exact_units ? exp2(words) : fmin((double)o->coalitions + 2, exp2(words));
}

static qg_code run(qg_attribution *out, qg_perturber *p, const qg_sample *s, const int32_t *target,
                   int n, const void *shap)
{
    return qg_kernel_shap(out, p, s, target, n, shap);
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_kernel_shap_options shap = {.masking = (qg_masking)o->common.masking,
                                   .output = (qg_explain_output)o->common.output,
                                   .exact_units = (int)o->exact_units,
                                   .coalitions = (int)o->coalitions,
                                   .pairs = (int)o->interactions,
                                   .seed = seed};
    return qg_explain_units(out, e, text, n, &o->common, run, &shap);
}

const qg_method qg_method_kernel_shap = {
    .name = "kernel_shap",
    .summary = "Shapley values of words: exact for few, else least squares over drawn coalitions",
    .paper = "Lundberg, Lee, NIPS 2017, arXiv:1705.07874; Covert, Lee, AISTATS 2021, "
             "arXiv:2012.01536; pairs: Tsai, Yeh, Ravikumar, JMLR 2023, arXiv:2203.00870",
    .options = table,
    .size = sizeof(options),
    .cost = cost,
    .pairs = pairs,
    .random = true,
    .explain = explain,
};
