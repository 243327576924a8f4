/*
 * integrated_gradients.c - integrated gradients as a method.
 */
#include "method.h"

typedef struct options {
    int64_t steps, most_steps;
    double tolerance;
    int rule, baseline;
    qg_gradient_common common;
} options;

// clang-format off
static const qg_opt table[] = {
    QG_RULE_ROW(options, rule),
    {"steps", QG_OPT_INT, offsetof(options, steps), 50, 1, 10000, .help = "nodes of the quadrature"},
    {"tolerance", QG_OPT_REAL, offsetof(options, tolerance), 0, 0, 1, .help = "nodes are doubled until |delta| is at most this share of |value - base|; 0: never"},
    {"most_steps", QG_OPT_INT, offsetof(options, most_steps), 1600, 1, 100000, .help = "where doubling ends"},
    QG_BASELINE_ROW(options, baseline, QG_PATH_PAD),
    QG_GRADIENT_ROWS(options),
    QG_OPT_END,
};
// clang-format on

static qg_code check(const void *p)
{
    const options *o = p;
    QG_TRY(qg_check_rule(o->rule, o->steps));
    if (o->tolerance > 0 && o->most_steps < o->steps)
        return QG_FAIL(QG_EJOB, "\"most_steps\" %lld is less than \"steps\" %lld",
                       (long long)o->most_steps, (long long)o->steps);
    return QG_OK;
}

static double cost(const void *p, int words)
{
    const options *o = p;
    (void)words;
    return 2 + 3 * (double)o->steps;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_asked asked;
    qg_ig_result r;
    (void)seed;
    QG_TRY(qg_ask(&asked, e, text, n, &o->common));
    QG_TRY(qg_ig_result_make(&r, &asked.batch, e->arena));
    qg_ig_options ig = {.rule = (qg_quadrature)o->rule,
                        .steps = (int)o->steps,
                        .tolerance = o->tolerance,
                        .most_steps = (int)o->most_steps,
                        .keep = asked.special};
    qg_path_baseline(&ig, o->baseline, &e->specials);
    QG_TRY(qg_integrated_gradients(&r, &asked.question, &ig, e->arena));
    qg_explain_path(out, text, n, &r, (qg_aggregation)o->common.aggregation);
    for (int t = 0; t < n && o->tolerance > 0; t++)
        out[t].reached = r.reached[t];
    return QG_OK;
}

const qg_method qg_method_integrated_gradients = {
    .name = "integrated_gradients",
    .summary = "gradients added up on the straight path from a baseline, times the way",
    .paper = "Sundararajan, Taly, Yan, ICML 2017, arXiv:1703.01365",
    .needs = QG_NEEDS_GRADIENTS,
    .options = table,
    .size = sizeof(options),
    .check = check,
    .cost = cost,
    .explain = explain,
};
