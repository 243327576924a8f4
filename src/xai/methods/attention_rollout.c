/*
 * attention_rollout.c - attention rollout as a method: row [CLS] of the last layer. What
 * falls to [CLS] and [SEP] is left out, so that the scores of a text add up to less than 1.
 */
#include "method.h"

#include <string.h>

static qg_code rollout_score(double *score, const float *attention, int L, int H, int n,
                             qg_arena *scratch)
{
    double *rollout;
    QG_NEW(rollout, scratch, (size_t)n * (size_t)n);
    QG_TRY(qg_attention_rollout(rollout, NULL, attention, L, H, n, scratch));
    memcpy(score, rollout, (size_t)n * sizeof *score);
    return QG_OK;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    (void)seed;
    return qg_explain_attention(out, e, text, n, rollout_score, p);
}

const qg_method qg_method_attention_rollout = {
    .name = "attention_rollout",
    .summary = "attention of [CLS] followed down all layers; the same for every class",
    .paper = "Abnar, Zuidema, ACL 2020, arXiv:2005.00928",
    .needs = QG_NEEDS_ATTENTION,
    .options = qg_attention_options,
    .size = sizeof(qg_attention_common),
    .cost = qg_attention_cost,
    .explain = explain,
};
