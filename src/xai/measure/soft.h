/*
 * soft.h - soft sufficiency and comprehensiveness: numbers of the words' vectors are kept or lost
 * at random, with probabilities by the words' scores (arXiv:2305.10496).
 */
#ifndef QGRID_SOFT_H
#define QGRID_SOFT_H

#include "qgrid/method.h"

/* A text whose explanation is measured. */
typedef struct qg_soft_text {
    const qg_sample *sample; /* by words */
    int32_t target;
    double *importance; /* [sample->units] in [0, 1] */
} qg_soft_text;

typedef struct qg_soft {
    double sufficiency, comprehensiveness; /* NaN: undefined */
} qg_soft;

/**
 * importance [n] = (score - least) / (greatest - least), of |score| where `by_magnitude`; false if
 * all are equal: then there is nothing to go by. Local.
 */
bool qg_soft_importance(double *importance, const double *score, int n, bool by_magnitude);

/**
 * Means over `draws` of the measures of texts [n]. A number of a word's vector stays with the
 * word's importance as probability (sufficiency), or goes with it (comprehensiveness): the two
 * texts of a draw are complements. Vectors are those of the word table, specials keep theirs. What
 * is drawn depends on the text's key alone.
 *
 * @param model  with gradients
 * @errors those of the model, QG_ENOMEM. Local.
 */
qg_code qg_soft_measure(qg_soft *out, const qg_explainable *model, const qg_soft_text *text, int n,
                        int draws, qg_arena *scratch) QG_MUST_USE;

#endif
