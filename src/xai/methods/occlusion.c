/*
 * occlusion.c - occlusion as a method.
 */
#include "method.h"

typedef struct options {
    int64_t window, stride;
    qg_feature_common common;
} options;

// clang-format off
static const qg_opt table[] = {
    {"window", QG_OPT_INT, offsetof(options, window), 1, 1, 100000, .help = "units absent together"},
    {"stride", QG_OPT_INT, offsetof(options, stride), 1, 1, 100000, .help = "units from one window to the next, at most window"},
    QG_PERTURB_ROWS(options, QG_MASKING_MASK, QG_FEATURE_WORD),
    QG_OPT_END,
};
// clang-format on

static qg_code check(const void *p)
{
    const options *o = p;
    if (o->stride > o->window)
        return QG_FAIL(QG_EJOB,
                       "\"stride\" %lld is more than \"window\" %lld: words between "
                       "windows would get no score",
                       (long long)o->stride, (long long)o->window);
    return QG_OK;
}

static double cost(const void *p, int words)
{
    const options *o = p;
    return 2 + (double)words / (double)o->stride;
}

static qg_code run(qg_attribution *out, qg_perturber *p, const qg_sample *s, const int32_t *target,
                   int n, const void *occlusion)
{
    return qg_occlusion(out, p, s, target, n, occlusion);
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_occlusion_options occlusion = {.masking = (qg_masking)o->common.masking,
                                      .output = (qg_explain_output)o->common.output,
                                      .window = (int)o->window,
                                      .stride = (int)o->stride};
    (void)seed;
    return qg_explain_units(out, e, text, n, &o->common, run, &occlusion);
}

const qg_method qg_method_occlusion = {
    .name = "occlusion",
    .summary = "what the class loses without a word",
    .paper = "Zeiler, Fergus, ECCV 2014, arXiv:1311.2901",
    .options = table,
    .size = sizeof(options),
    .check = check,
    .cost = cost,
    .explain = explain,
};
