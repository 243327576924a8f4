/*
 * perturb_methods.h - explanations from perturbed texts alone: occlusion, LIME, KernelSHAP and
 * partition SHAP. Random scores, their floor, are in drift.h.
 *
 * Each explains many samples at once, so that their perturbations share batches; a sample's result
 * does not depend on the others. Random draws are keyed by (seed, method, sample key): a sample
 * sees the same perturbations whatever the model. A sample without units has no scores.
 */
#ifndef QGRID_XAI_PERTURB_METHODS_H
#define QGRID_XAI_PERTURB_METHODS_H

#include "qgrid/drift.h"
#include "qgrid/perturb.h"

/* What two units say together beyond what each says, first < second. */
typedef struct qg_unit_pair {
    int first, second;
    double score;
} qg_unit_pair;

/* Scores of one text for one class. */
typedef struct qg_attribution {
    int n;         /* units */
    double *score; /* [n] positive: speaks for the class; arena of the perturber */
    int target;    /* the class */
    double full;   /* value of the whole text */
    double base;   /* value that the scores start from: everything absent; LIME: the intercept */
    double delta;  /* sum of scores - (full - base): 0 where a method is complete */
    double fit;    /* weighted R2 of a fitted surrogate; NaN for other methods */
    int64_t evaluations; /* perturbations asked for, before equal ones are counted once */
    int pairs;           /* strongest first; 0 where none were asked for or found */
    qg_unit_pair *pair;  /* [pairs] arena of the perturber */
} qg_attribution;

typedef struct qg_occlusion_options {
    qg_masking masking;
    qg_explain_output output;
    int window; /* units absent together, >= 1 */
    int stride; /* units between windows, 1 .. window; the last window ends with the text */
} qg_occlusion_options;

/**
 * A window's drop is value(text) - value(text without it); a unit's score is the mean drop of the
 * windows that cover it.
 *
 * @param[out] out     [n]
 * @param      s       [n] samples
 * @param      target  [n] classes to explain
 * @errors those of qg_perturb_add and of the model, QG_ENOMEM. Local.
 * @paper Zeiler, Fergus, ECCV 2014, arXiv:1311.2901
 */
qg_code qg_occlusion(qg_attribution *out, qg_perturber *p, const qg_sample *s,
                     const int32_t *target, int n, const qg_occlusion_options *o) QG_MUST_USE;

typedef enum qg_lime_selection {
    QG_LIME_AUTO, /* forward selection for at most 6 features, else highest weights */
    QG_LIME_NONE, /* all */
    QG_LIME_HIGHEST_WEIGHTS,
    QG_LIME_FORWARD,
} qg_lime_selection;

extern const char *const qg_lime_selection_names[]; /* "auto", "none", "highest_weights", ... */

typedef struct qg_lime_options {
    qg_masking masking;
    qg_explain_output output;
    int samples;  /* perturbations, the whole text among them, >= 2 */
    int features; /* units that get a score; 0: all */
    qg_lime_selection selection;
    double kernel_width; /* 25, of 100 x cosine distance */
    double ridge;        /* 1, of the final fit */
    uint64_t seed;
} qg_lime_options;

/** Defaults of LimeTextExplainer, all features. Local. */
qg_lime_options qg_lime_defaults(void);

/**
 * LIME for text: perturbations drop 1 .. units units, both drawn uniformly; the score of a unit is
 * its coefficient in a weighted ridge regression with free intercept, 0 if it was not selected.
 *
 * Arguments and errors as qg_occlusion.
 * @paper Ribeiro, Singh, Guestrin, KDD 2016, arXiv:1602.04938
 */
qg_code qg_lime(qg_attribution *out, qg_perturber *p, const qg_sample *s, const int32_t *target,
                int n, const qg_lime_options *o) QG_MUST_USE;

/** Distance 100 (1 - cos) of a mask of `kept` of `units` to the whole text, and its weight. Local.
 */
double qg_lime_distance(int kept, int units);
double qg_lime_weight(double distance, double kernel_width);

typedef struct qg_lime_fit {
    double *coef; /* [units] 0 where not selected; caller-owned */
    double intercept;
    double score; /* weighted R2 */
    double local; /* the fit at the whole text */
} qg_lime_fit;

/**
 * The fit alone, from masks [N, units] (1 = kept), weights [N] and values y [N].
 *
 * minimises sum w (y - b - X beta)^2 + ridge |beta|^2 over the selected features. Selection as in
 * lime 0.2: highest weights by a fit with ridge 0.01, forward by weighted R2 of fits without ridge.
 * Values that are equal but for rounding in binary64 have coefficients of exactly 0 and R2 1.
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_lime_solve(qg_lime_fit *out, const uint8_t *masks, const double *weight, const double *y,
                      int N, int units, const qg_lime_options *o, qg_arena *a) QG_MUST_USE;

typedef struct qg_kernel_shap_options {
    qg_masking masking;
    qg_explain_output output;
    int exact_units; /* up to so many units all 2^units coalitions are run; at most 16 */
    int coalitions;  /* drawn for more units, in pairs */
    int pairs;       /* most pairs that get a score; 0: none, and nothing is computed */
    uint64_t seed;
} qg_kernel_shap_options;

qg_kernel_shap_options qg_kernel_shap_defaults(void); /* [MASK], probability, 10, 1000 */

/**
 * Shapley values: by definition for few units, else least squares over paired coalitions drawn by
 * the Shapley kernel, under sum of scores = full - base. Pairs are qg_faith_shap over the same
 * coalitions; a text has none where drawn coalitions are fewer than twice the unknowns, or units
 * more than QG_MOST_PAIRED.
 *
 * Arguments and errors as qg_occlusion.
 * @paper Lundberg, Lee, NIPS 2017, arXiv:1705.07874; Covert, Lee, AISTATS 2021, arXiv:2012.01536
 */
qg_code qg_kernel_shap(qg_attribution *out, qg_perturber *p, const qg_sample *s,
                       const int32_t *target, int n, const qg_kernel_shap_options *o) QG_MUST_USE;

enum { QG_MOST_PAIRED = 48 }; /* 1176 unknowns */

/** phi [n] from v [2^n], bit i of the index set where player i is present. Local. */
void qg_shapley_exact(double *phi, const double *v, int n);

/* Coalitions of n players and what the model says of them. */
typedef struct qg_coalitions {
    const uint8_t *masks;     /* [N, n] 1 = present */
    const double *weight, *v; /* [N]; weight NULL: 1 each */
    int N, n;
    double v_empty, v_full;
} qg_coalitions;

/**
 * phi [n] minimising sum of weight (v - v_empty - masks phi)^2 under sum phi = v_full - v_empty;
 * the shortest such phi where coalitions do not determine it.
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_shapley_solve(double *phi, const qg_coalitions *c, qg_arena *a) QG_MUST_USE;

/** Weight of a coalition of s of n players, 0 < s < n: (n - 1) / (n over s) / s / (n - s). Local.
 */
double qg_shapley_kernel(int n, int s);

/**
 * Faithful Shapley interactions of order 2: single [n] and pair [n (n - 1) / 2] (0 1, 0 2, ... 1 2,
 * ...) minimising sum of weight (v - v_empty - sum of single over a coalition - sum of pair over
 * its pairs)^2 under: all of them add up to v_full - v_empty. Weights are qg_shapley_kernel where
 * all coalitions are there, and 1 where they were drawn by it. A game of single and pair terms is
 * found exactly.
 *
 * @errors QG_ENOMEM. Local.
 * @paper Tsai, Yeh, Ravikumar, "Faith-Shap", JMLR 24, 2023, arXiv:2203.00870
 */
qg_code qg_faith_shap(double *single, double *pair, const qg_coalitions *c,
                      qg_arena *a) QG_MUST_USE;

typedef struct qg_partition_shap_options {
    qg_masking masking;
    qg_explain_output output;
    int evaluations; /* most perturbations of a sample, >= 2 */
} qg_partition_shap_options;

qg_partition_shap_options qg_partition_shap_defaults(void); /* [MASK], probability, 500 */

/**
 * Owen values over a balanced binary hierarchy of the units: halves, quarters, ... down to units.
 * Groups are split in order of |difference| x weight; when evaluations run out, what a group is
 * worth is shared equally by its units. Exact once 2 + 2 x (splits) evaluations suffice.
 *
 * Arguments and errors as qg_occlusion.
 * @paper Owen, "Values of games with a priori unions", 1977; SHAP's Partition explainer
 */
qg_code qg_partition_shap(qg_attribution *out, qg_perturber *p, const qg_sample *s,
                          const int32_t *target, int n,
                          const qg_partition_shap_options *o) QG_MUST_USE;

#endif
