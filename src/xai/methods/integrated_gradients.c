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

enum { PAD, MASK, ZERO };
static const char *const baselines[] = {"pad", "mask", "zero", NULL};

// clang-format off
static const qg_opt table[] = {
    {"rule", QG_OPT_ENUM, offsetof(options, rule), .names = qg_quadrature_names, .help = "quadrature along the path"},
    {"steps", QG_OPT_INT, offsetof(options, steps), 50, 1, 10000, .help = "nodes of the quadrature"},
    {"tolerance", QG_OPT_REAL, offsetof(options, tolerance), 0, 0, 1, .help = "nodes are doubled until |delta| is at most this share of |value - base|; 0: never"},
    {"most_steps", QG_OPT_INT, offsetof(options, most_steps), 1600, 1, 100000, .help = "where doubling ends"},
    {"baseline", QG_OPT_ENUM, offsetof(options, baseline), .names = baselines, .help = "where the path begins: [PAD], [MASK] or the zero vector in place of each token"},
    QG_GRADIENT_ROWS(options),
    QG_OPT_END,
};
// clang-format on

static qg_code check(const void *p)
{
    const options *o = p;
    bool ends = o->rule == QG_TRAPEZOID || o->rule == QG_TRAPEZOID_CAPTUM;
    if (ends && o->steps < 2)
        return QG_FAIL(QG_EJOB, "\"rule\" %s needs at least 2 \"steps\"",
                       qg_quadrature_names[o->rule]);
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

static qg_code result_make(qg_ig_result *r, const qg_batch *b, qg_arena *a)
{
    QG_NEW(r->score, a, b->splits[b->B]);
    QG_NEW(r->value, a, b->B);
    QG_NEW(r->base, a, b->B);
    QG_NEW(r->delta, a, b->B);
    QG_NEW(r->steps, a, b->B);
    QG_NEW(r->reached, a, b->B);
    return QG_OK;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_asked asked;
    qg_ig_result r = {0};
    (void)seed;
    QG_TRY(qg_ask(&asked, e, text, n, &o->common));
    QG_TRY(result_make(&r, &asked.batch, e->arena));
    qg_ig_options ig = {.rule = (qg_quadrature)o->rule,
                        .steps = (int)o->steps,
                        .tolerance = o->tolerance,
                        .most_steps = (int)o->most_steps,
                        .baseline = o->baseline == ZERO ? QG_BASELINE_ZERO : QG_BASELINE_TOKEN,
                        .token = o->baseline == MASK ? e->specials.mask : e->specials.pad,
                        .keep = asked.special};
    QG_TRY(qg_integrated_gradients(&r, &asked.question, &ig, e->arena));
    qg_explain_tokens(out, text, n, r.score, (qg_aggregation)o->common.aggregation);
    for (int t = 0; t < n; t++) {
        out[t].value = r.value[t];
        out[t].base = r.base[t];
        out[t].delta = r.delta[t];
        out[t].evaluations = out[t].steps = r.steps[t];
        if (o->tolerance > 0)
            out[t].reached = r.reached[t];
    }
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
