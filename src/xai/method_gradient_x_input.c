/*
 * method_gradient_x_input.c - gradient times input as a method.
 */
#include "method.h"

typedef struct options {
    qg_gradient_common common;
} options;

static const qg_opt table[] = {
    QG_GRADIENT_ROWS(options),
    QG_OPT_END,
};

static double cost(const void *p, int words)
{
    (void)p;
    (void)words;
    return 3;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    (void)seed;
    return qg_explain_gradient(out, e, text, n, &o->common, QG_SCORE_TIMES_INPUT);
}

const qg_method qg_method_gradient_x_input = {
    .name = "gradient_x_input",
    .summary = "gradient at the text, times the token's vector",
    .paper = "Shrikumar, Greenside, Shcherbina, Kundaje, 2016, arXiv:1605.01713",
    .needs = QG_NEEDS_GRADIENTS,
    .options = table,
    .size = sizeof(options),
    .cost = cost,
    .explain = explain,
};
