/*
 * aopc_bounds.h - the least and the greatest area over the perturbation curve that any order of a
 * text's words reaches: what a normalised AOPC stands between (arXiv:2408.08137).
 */
#ifndef QGRID_AOPC_BOUNDS_H
#define QGRID_AOPC_BOUNDS_H

#include "qgrid/perturb.h"

/* Most words of a text whose orders are all looked at: 2^words forward passes. */
enum { QG_AOPC_MOST_EXACT = 16 };

typedef struct qg_aopc_search {
    int exact; /* texts of at most so many words: over all orders; QG_AOPC_MOST_EXACT at most */
    int beam;  /* longer ones: sets of absent words that are followed at each length, >= 1 */
    qg_masking masking;
} qg_aopc_search;

/* Of comprehensiveness: mean over k = 1 .. W of p(all) - p(without the first k words). */
typedef struct qg_aopc_bounds {
    double lower, upper; /* NaN for a text of no words */
} qg_aopc_bounds;

/**
 * Bounds [n] of samples [n] for the probability of target [n].
 *
 * All orders at once: an order is a path through the sets of words from all to none, and the best
 * path to a set goes on as the best from there. A beam goes the same way and follows the best sets
 * of each size alone, so that its bounds may lie inside the true ones.
 * @errors those of the model, QG_ENOMEM. Local.
 */
qg_code qg_aopc_find_bounds(qg_aopc_bounds *out, qg_perturber *p, const qg_sample *s,
                            const int32_t *target, int n, const qg_aopc_search *how) QG_MUST_USE;

/** Forward passes of a text of so many words that this takes at most. */
double qg_aopc_bounds_cost(const qg_aopc_search *how, int words);

#endif
