/*
 * training_score.h - the validation scores of a model in training.
 */
#ifndef QGRID_TRAINING_SCORE_H
#define QGRID_TRAINING_SCORE_H

#include "training_output.h"

/**
 * Scores the parameters as they are on the validation texts: in f32; with QAT as the packed model
 * of the precision that is trained for, so that the score is the deployed one. With masked-language
 * modelling: accuracy and nll of the chosen tokens, the rest NaN.
 *
 * @param[out] complete  false when a signal asked to stop before all texts were scored
 * @param      scratch   memory is released again
 * @errors QG_ENUMERIC (sample named), those of packing. Local.
 */
qg_code qg_training_score(qg_scores *out, bool *complete, qg_arena *scratch, qg_trainer *trainer,
                          const qg_training_config *c, const qg_training_inputs *in,
                          const qg_training_folder *f) QG_MUST_USE;

#endif
