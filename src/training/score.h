/*
 * score.h - the validation scores of a model in training.
 */
#ifndef QGRID_TRAINING_SCORE_H
#define QGRID_TRAINING_SCORE_H

#include "output.h"

/**
 * Scores the parameters as they are on the validation texts: out->scores in f32; with QAT as the
 * packed model of the precision that is trained for, so that the score is the deployed one, and
 * out->fp32 in f32. With masked-language modelling: accuracy and nll of the chosen tokens, the rest
 * NaN.
 *
 * Texts are divided over the members in passes that do not depend on how many they are. By all.
 *
 * @param[out] complete  false when the gang was to end before all texts were scored
 * @param      scratch   memory is released again
 * @errors QG_ENUMERIC (sample named), those of packing, QG_ELOST.
 */
qg_code qg_training_score(qg_training_epoch *out, bool *complete, qg_arena *scratch,
                          qg_trainer *trainer, const qg_training_config *c,
                          const qg_training_inputs *in, qg_training_folder *f,
                          const qg_gang *gang) QG_MUST_USE;

#endif
