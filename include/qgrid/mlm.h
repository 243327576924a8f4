/*
 * mlm.h - masked-language modelling: which tokens are predicted, and the score of the predictions.
 */
#ifndef QGRID_MLM_H
#define QGRID_MLM_H

#include "qgrid/train.h"

/*
 * Which tokens are predicted, and what stands in their place (Devlin et al., "BERT", NAACL 2019,
 * arXiv:1810.04805, section 3.1). Of the c tokens of a text that are no specials max(1, 0.15 c
 * rounded) are chosen; each becomes [MASK] (80 %), a random token (10 %) or stays (10 %). Draws are
 * keyed by (seed, step) and found at the sample: a step has the same masks in any leaf on any rank.
 */
typedef struct qg_mlm_masking {
    double share, mask, random; /* 0.15, 0.8, 0.1 */
    int32_t mask_id, special[5];
    int vocab; /* random tokens are ids 0..vocab-1 without the specials */
    uint64_t seed;
} qg_mlm_masking;

extern const qg_mlm_masking qg_mlm_masking_default; /* without ids, vocabulary and seed */

/* Step number of the masks that validation uses every time. */
#define QG_MASK_VALIDATION UINT64_MAX

/** How many tokens of a text are chosen; 0 when it holds nothing but specials. */
int qg_mlm_masking_chosen(const qg_mlm_masking *m, const int32_t *ids, int n);

/** What the mean of a batch's losses divides by: the chosen tokens of texts index[0..n). */
double qg_mlm_masking_weight(const qg_mlm_masking *m, const qg_train_set *set, const int64_t *index,
                             int n);

/** Masks the texts gathered in a leaf; leaf->batch.target is set. */
void qg_mlm_masking_apply(qg_leaf *leaf, const qg_mlm_masking *m, uint64_t step);

/* Sums over chosen tokens. */
typedef struct qg_mlm_score {
    double nll; /* sum; its mean is the loss, exp of the mean the perplexity */
    int64_t chosen, right;
} qg_mlm_score;

/** Adds a masked batch's score, without dropout. @errors those of qg_net_gradient. Local. */
qg_code qg_net_mlm_score(qg_mlm_score *sum, qg_net *net, const qg_train_batch *batch) QG_MUST_USE;

#endif
