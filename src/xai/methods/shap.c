/*
 * shap.c - partition SHAP as a method.
 */
#include "method.h"

#include <math.h>

typedef struct options {
    int64_t evaluations;
    qg_feature_common common;
} options;

// clang-format off
static const qg_opt table[] = {
    {"evaluations", QG_OPT_INT, offsetof(options, evaluations), 500, 2, 1000000, .help = "most perturbations of a text"},
    QG_PERTURB_ROWS(options, QG_MASKING_MASK, QG_FEATURE_WORD),
    QG_OPT_END,
};
// clang-format on

/* A group of n units is split once and its halves twice each: about n^2 / 3 splits in all, of two
 * evaluations each. */
static double cost(const void *p, int words)
{
    const options *o = p;
    return fmin((double)o->evaluations, 2 + 2.0 / 3 * words * words);
}

static qg_code run(qg_attribution *out, qg_perturber *p, const qg_sample *s, const int32_t *target,
                   int n, const void *shap)
{
    return qg_partition_shap(out, p, s, target, n, shap);
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_partition_shap_options shap = {.masking = (qg_masking)o->common.masking,
                                      .output = (qg_explain_output)o->common.output,
                                      .evaluations = (int)o->evaluations};
    (void)seed;
    return qg_explain_units(out, e, text, n, &o->common, run, &shap);
}

const qg_method qg_method_shap = {
    .name = "shap",
    .summary = "partition SHAP: Owen values over halves of halves of the text",
    .paper = "Lundberg, Lee, NIPS 2017, arXiv:1705.07874; Owen, 1977",
    .options = table,
    .size = sizeof(options),
    .cost = cost,
    .explain = explain,
};
