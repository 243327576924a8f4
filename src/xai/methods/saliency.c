/*
 * saliency.c - saliency as a method.
 */
#include "method.h"

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    (void)seed;
    return qg_explain_gradient(out, e, text, n, p, QG_SCORE_L2);
}

const qg_method qg_method_saliency = {
    .name = "saliency",
    .summary = "length of the gradient at the text; scores have no sign",
    .paper = "Simonyan, Vedaldi, Zisserman, 2014, arXiv:1312.6034",
    .needs = QG_NEEDS_GRADIENTS,
    .options = qg_gradient_options,
    .size = sizeof(qg_gradient_common),
    .cost = qg_gradient_cost,
    .explain = explain,
};
