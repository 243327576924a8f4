/*
 * mlm.c - masks by the tokenizer's specials, and the validation of a masked text.
 */
#include "mlm.h"

#include <math.h>
#include <string.h>

qg_code qg_training_masking(qg_mlm_masking *out, const qg_tokenizer *t, const qg_config *model,
                            const qg_training_config *c)
{
    qg_specials s = qg_tokenizer_specials(t);
    int size = qg_tokenizer_size(t);
    *out = qg_mlm_masking_default;
    memcpy(out->special, (int32_t[]){s.pad, s.unk, s.cls, s.sep, s.mask}, sizeof out->special);
    out->mask_id = s.mask;
    out->vocab = size < model->vocab ? size : model->vocab;
    out->seed = (uint64_t)c->seed;
    if (s.mask < 0 || s.mask >= model->vocab)
        return QG_FAIL_AT(QG_EMODEL, c->from, 0, 0, NULL,
                          "the vocabulary has no [MASK] within the model's %d entries",
                          model->vocab);
    if (out->vocab <= (int)(sizeof out->special / sizeof out->special[0]))
        return QG_FAIL_AT(QG_EMODEL, c->from, 0, 0, NULL,
                          "the vocabulary has %d entries, none to predict", out->vocab);
    return QG_OK;
}

void qg_training_mlm_metrics(qg_scores *out, const qg_mlm_score *score, int64_t n)
{
    double *each = (double *)(void *)out;
    qg_mlm_score sum = {0};
    for (size_t i = 0; i < sizeof *out / sizeof *each; i++)
        each[i] = NAN;
    for (int64_t i = 0; i < n; i++) {
        sum.nll += score[i].nll;
        sum.chosen += score[i].chosen;
        sum.right += score[i].right;
    }
    if (sum.chosen == 0)
        return;
    out->nll = sum.nll / (double)sum.chosen;
    out->accuracy = (double)sum.right / (double)sum.chosen;
}

bool qg_training_mlm_has(const char *metric)
{
    return strcmp(metric, "nll") == 0 || strcmp(metric, "accuracy") == 0;
}
