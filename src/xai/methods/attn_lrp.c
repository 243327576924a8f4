/*
 * attn_lrp.c - layer-wise relevance propagation for transformers as a method.
 */
#include "method.h"

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    (void)seed;
    return qg_explain_gradient(out, e, text, n, p, QG_SCORE_RELEVANCE);
}

const qg_method qg_method_attn_lrp = {
    .name = "attn_lrp",
    .summary = "relevance of the output, handed back layer by layer",
    .paper = "Achtibat, Hatefi, Dreyer et al., ICML 2024, arXiv:2402.05602",
    .needs = QG_NEEDS_GRADIENTS,
    .options = qg_gradient_options,
    .size = sizeof(qg_gradient_common),
    .cost = qg_gradient_cost,
    .explain = explain,
};
