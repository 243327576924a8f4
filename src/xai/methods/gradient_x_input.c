/*
 * gradient_x_input.c - gradient times input as a method.
 */
#include "method.h"

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    (void)seed;
    return qg_explain_gradient(out, e, text, n, p, QG_SCORE_TIMES_INPUT);
}

const qg_method qg_method_gradient_x_input = {
    .name = "gradient_x_input",
    .summary = "gradient at the text, times the token's vector",
    .paper = "Shrikumar, Greenside, Shcherbina, Kundaje, 2016, arXiv:1605.01713",
    .needs = QG_NEEDS_GRADIENTS,
    .options = qg_gradient_options,
    .size = sizeof(qg_gradient_common),
    .cost = qg_gradient_cost,
    .explain = explain,
};
