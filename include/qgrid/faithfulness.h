/*
 * faithfulness.h - whether an explanation says what the model does: measures of what happens to the
 * probability of the explained class when units (words, tokens) are taken away or put back in the
 * order of their scores.
 *
 * Pure functions over arrays: the perturbed texts are scored elsewhere. Probabilities are those of
 * the class that was explained, never of the class that wins afterwards. NaN means undefined. All
 * are local.
 */
#ifndef QGRID_FAITHFULNESS_H
#define QGRID_FAITHFULNESS_H

#include "qgrid/arena.h"

#include <stdbool.h>

/* ----------------------------------------------------------------------- which units, and when */

/** order [n]: units from the highest score (or |score|) down; ties: lower index first; NaN last. */
void qg_score_order(int32_t *order, const double *score, int n, bool by_magnitude);

/** How many of n units `k` stands for: a count (k >= 1), or a fraction (0 < k < 1) rounded up; at
 *  most n. */
int qg_top_count(double k, int n);

/** present [n]: 0 for the first k of the order, else 1 (`only`: the other way round). */
void qg_present_by_order(uint8_t *present, const int32_t *order, int n, int k, bool only);

/* ------------------------------------------------------------------------------- at one length */

/* DeYoung et al., "ERASER", ACL 2020, arXiv:1911.03429, section 4; log-odds: Shrikumar, Greenside,
 * Kundaje, ICML 2017, arXiv:1704.02685. */
typedef struct qg_faithfulness {
    double comprehensiveness; /* full - without: high is faithful */
    double sufficiency;       /* full - only: low is faithful */
    double confidence;        /* only: what some call sufficiency; high is faithful */
    double log_odds; /* log(without / full): low is faithful; probabilities at least 1e-15 */
} qg_faithfulness;

/** From the probabilities of the whole text, without its top units, and of these alone. */
qg_faithfulness qg_faithfulness_of(double full, double without, double only);

/* ----------------------------------------------------------------------------- over all lengths */

/**
 * Area over the perturbation curve: mean drop full - p[i] over m lengths, as ERASER takes it over
 * its bins (DeYoung et al., ACL 2020, arXiv:1911.03429). There is no term for length 0: what is
 * left of a text then is all of it for comprehensiveness, and nothing for sufficiency. NaN for
 * m = 0.
 */
double qg_aopc(double full, const double *p, int m);

/**
 * An AOPC over all lengths between the least and the greatest that any order of the words reaches
 * for this model and text, in [0, 1]: Edin et al., "Normalized AOPC", ACL 2025, arXiv:2408.08137.
 * NaN where all orders are equal.
 */
double qg_aopc_normalised(double aopc, double lower, double upper);

/**
 * Soft normalised comprehensiveness, and sufficiency (`kept`): Zhao, Aletras, "Incorporating
 * attribution importance for improving faithfulness metrics", ACL 2023, arXiv:2305.10496, section
 * 3. With S(p) = 1 - max(0, full - p): (S(reduced) - S(empty)) / (1 - S(empty)) for sufficiency,
 * max(0, full - reduced) / (1 - S(empty)) for comprehensiveness; high is faithful. NaN where
 * nothing is lost without all words.
 *
 * @param reduced  of the text whose vectors kept (lost) their numbers by importance
 * @param empty    of the text whose words are zero vectors
 */
double qg_soft_faithfulness(double full, double reduced, double empty, bool kept);

/**
 * Area under a curve of m points at equal distances in [0, 1], trapezoids: deletion from the whole
 * text on (low is faithful), insertion from the empty text on (high). Petsiuk, Das, Saenko, "RISE",
 * BMVC 2018, arXiv:1806.07421. NaN for m < 2.
 */
double qg_curve_area(const double *p, int m);

/* ------------------------------------------------------------------------------ of the scores */

/**
 * Infidelity: mean of (expected - actual)^2 over m perturbations; expected: sum of the scores of
 * what was taken away, actual: drop of the output. Yeh et al., NeurIPS 2019, arXiv:1901.09392.
 *
 * @param scaled  expected is first multiplied by the factor that makes the result least
 */
double qg_infidelity(const double *expected, const double *actual, int m, bool scaled);

/**
 * Complexity of scores [n]: entropy in nats of their histogram over `bins` equal bins from the
 * least to the greatest; 0 where all are equal. Hedström et al., "A fresh look at sanity checks
 * for saliency maps", xAI 2024, arXiv:2401.06465, section 4 (efficient MPRT). NaN for n = 0.
 */
double qg_complexity(const double *score, int n, int bins);

/**
 * Largest |perturbed - score| / |score| (Euclidean) over m explanations of texts nearby, [m, n]: as
 * above. NaN for scores that are all 0, and for m = 0.
 */
double qg_sensitivity_max(const double *score, const double *perturbed, int m, int n);

#endif
