/*
 * method_saliency.c - saliency as a method.
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
    return qg_explain_gradient(out, e, text, n, &o->common, QG_SCORE_L2);
}

const qg_method qg_method_saliency = {
    .name = "saliency",
    .summary = "length of the gradient at the text; scores have no sign",
    .paper = "Simonyan, Vedaldi, Zisserman, 2014, arXiv:1312.6034",
    .needs = QG_NEEDS_GRADIENTS,
    .options = table,
    .size = sizeof(options),
    .cost = cost,
    .explain = explain,
};
