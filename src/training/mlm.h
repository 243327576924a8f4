/*
 * mlm.h - what masked-language modelling does differently in a training.
 */
#ifndef QGRID_TRAINING_MLM_H
#define QGRID_TRAINING_MLM_H

#include "qgrid/tokenizer.h"
#include "qgrid/training.h"

/** How texts are masked. @errors QG_EMODEL: no [MASK], or nothing but specials. Local. */
qg_code qg_training_masking(qg_mlm_masking *out, const qg_tokenizer *t, const qg_config *model,
                            const qg_training_config *c) QG_MUST_USE;

/** Accuracy and nll of the chosen tokens from n scores, added in order; all other metrics NaN. */
void qg_training_mlm_metrics(qg_scores *out, const qg_mlm_score *score, int64_t n);

/** Whether these scores have the metric. */
bool qg_training_mlm_has(const char *metric);

#endif
