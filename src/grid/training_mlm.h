/*
 * training_mlm.h - what masked-language modelling does differently in a training.
 */
#ifndef QGRID_TRAINING_MLM_H
#define QGRID_TRAINING_MLM_H

#include "qgrid/tokenizer.h"
#include "qgrid/training.h"

/** How texts are masked. @errors QG_EMODEL: no [MASK], or nothing but specials. Local. */
qg_code qg_training_masking(qg_masking *out, const qg_tokenizer *t, const qg_bert_config *model,
                            const qg_training_config *c) QG_MUST_USE;

/** Accuracy and nll of the chosen tokens of the validation texts, under masks that never change;
 *  all other scores NaN. As qg_training_score; each member scores all texts. */
qg_code qg_training_mlm_score(qg_scores *out, bool *complete, qg_trainer *trainer,
                              const qg_train_set *set, const qg_gang *gang) QG_MUST_USE;

/** Whether these scores have the metric. */
bool qg_training_mlm_has(const char *metric);

#endif
