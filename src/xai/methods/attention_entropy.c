/*
 * attention_entropy.c - attention of [CLS] in the last layer, heads counted by how sharply
 * they look:
 *
 *   score_i = 1/H sum over heads of (1 - entropy_h) a_h[CLS, i]
 *
 * entropy_h is that of row [CLS], 1 for equal shares: a head that looks everywhere says nothing.
 */
#include "method.h"

#include <math.h>

static qg_code entropy_score(double *score, const float *attention, int L, int H, int n,
                             qg_arena *scratch)
{
    size_t size = (size_t)n * (size_t)n;
    const float *last = attention + (size_t)(L - 1) * (size_t)H * size;
    double *entropy;
    QG_NEW(entropy, scratch, H);
    qg_attention_entropy(entropy, last, 1, H, n, 0);
    for (int h = 0; h < H; h++) {
        double sharp = fmax(0, 1 - entropy[h]); /* rounding may take entropy above 1 */
        for (int i = 0; i < n; i++)
            score[i] += sharp * (double)last[(size_t)h * size + (size_t)i] / H;
    }
    return QG_OK;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    (void)seed;
    return qg_explain_attention(out, e, text, n, entropy_score, p);
}

const qg_method qg_method_attention_entropy = {
    .name = "attention_entropy",
    .summary = "attention of [CLS] in the last layer, sharp heads counted more",
    .paper = "entropy of heads: Clark, Khandelwal, Levy, Manning, BlackboxNLP 2019, "
             "arXiv:1906.04341",
    .needs = QG_NEEDS_ATTENTION,
    .options = qg_attention_options,
    .size = sizeof(qg_attention_common),
    .cost = qg_attention_cost,
    .explain = explain,
};
