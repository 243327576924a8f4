/*
 * sequential_integrated_gradients.c - integrated gradients token by token as a method.
 */
#include "method.h"

typedef struct options {
    int64_t steps;
    int rule, baseline, unit;
    qg_gradient_common common;
} options;

// clang-format off
static const qg_opt table[] = {
    QG_RULE_ROW(options, rule),
    {"steps", QG_OPT_INT, offsetof(options, steps), 10, 1, 10000, .help = "nodes of the quadrature, for each unit"},
    QG_BASELINE_ROW(options, baseline, QG_PATH_MASK),
    {"unit", QG_OPT_ENUM, offsetof(options, unit), .def = QG_FEATURE_TOKEN, .names = qg_feature_kind_names, .help = "tokens that move along the path together, the rest of the text stays"},
    QG_GRADIENT_ROWS(options),
    QG_OPT_END,
};
// clang-format on

static qg_code check(const void *p)
{
    const options *o = p;
    return qg_check_rule(o->rule, o->steps);
}

static double cost(const void *p, int words)
{
    const options *o = p;
    return 1 + words * (1 + 3 * (double)o->steps);
}

/* Units of all texts, end to end. */
static qg_code units_of(int32_t **unit, const qg_explainer *e, const qg_explain_text *text, int n,
                        qg_feature_kind kind)
{
    qg_sample *sample;
    int32_t *target;
    int T = 0;
    QG_TRY(qg_samples_of_texts(&sample, &target, e, text, n, kind));
    for (int t = 0; t < n; t++)
        T += sample[t].n;
    QG_NEW(*unit, e->arena, T);
    for (int t = 0, at = 0; t < n; t++)
        for (int i = 0; i < sample[t].n; i++)
            (*unit)[at++] = sample[t].unit[i];
    return QG_OK;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_asked asked;
    qg_ig_result r;
    int32_t *unit;
    (void)seed;
    QG_TRY(qg_ask(&asked, e, text, n, &o->common));
    QG_TRY(units_of(&unit, e, text, n, (qg_feature_kind)o->unit));
    QG_TRY(qg_ig_result_make(&r, &asked.batch, e->arena));
    qg_ig_options ig = {.rule = (qg_quadrature)o->rule, .steps = (int)o->steps};
    qg_path_baseline(&ig, o->baseline, &e->specials);
    QG_TRY(qg_sequential_gradients(&r, &asked.question, &ig, unit, e->arena));
    qg_explain_path(out, text, n, &r, (qg_aggregation)o->common.aggregation);
    return QG_OK;
}

const qg_method qg_method_sequential_integrated_gradients = {
    .name = "sequential_integrated_gradients",
    .summary = "integrated gradients of each token by itself, the rest of the text in place",
    .paper = "Enguehard, ACL Findings 2023, arXiv:2305.15853",
    .needs = QG_NEEDS_GRADIENTS,
    .options = table,
    .size = sizeof(options),
    .check = check,
    .cost = cost,
    .explain = explain,
};
