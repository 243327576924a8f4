/*
 * faithfulness_of.h - the measures of faithfulness.h for explained texts: which perturbed texts
 * they need, asked for together and scored in full batches.
 *
 * Always the probability of the explained class, by words. What is drawn depends on the text's key
 * alone, so that all methods, precisions and seeds are measured on the same perturbations. All
 * calls are local.
 */
#ifndef QGRID_FAITHFULNESS_OF_H
#define QGRID_FAITHFULNESS_OF_H

#include "qgrid/aopc_bounds.h"
#include "qgrid/method.h"

/* Most numbers of words k at which faithfulness is measured. */
enum { QG_MAX_TOPS = 16 };

/* What is measured of an explanation, and how. */
typedef struct qg_faithful_options {
    int n_k;               /* 0: nothing is measured */
    double k[QG_MAX_TOPS]; /* counts (>= 1) and fractions (< 1) of words */
    qg_masking masking;    /* what stands for words that are taken away */
    bool by_magnitude;     /* words in the order of |score|, not of score */
    int64_t curve_steps;   /* of insertion and deletion, a text each and one more; 0: not measured.
                            * With fewer words than that, each word is a step */
    bool leave_one_out;    /* each word alone is taken away, too: tau_loo */
    bool normalised;       /* AOPC over all lengths, two texts a word, between bounds that are */
    int64_t exact_words;   /* searched for by aopc_bounds.h: over all orders up to so many words */
    int64_t beam;          /* ... and with this width for longer texts */
    int64_t soft;          /* draws of masked vectors; 0, or a model without gradients (a packed
                            * folder): not measured */
    int64_t infidelity;    /* random perturbations, of 1 .. all words; 0: not measured */
    int64_t sensitivity; /* texts with one other word masked, at most one a word; 0: not measured */
} qg_faithful_options;

/* Scalars of one text, in the order in which they are stored. */
#define QG_FAITHFUL_LIST(X)                                                                        \
    X(aopc_comprehensiveness, "mean of comprehensiveness over k (area over the curve)")            \
    X(aopc_sufficiency, "mean of sufficiency over k")                                              \
    X(full_aopc_comprehensiveness, "mean of comprehensiveness over all k = 1 .. words")            \
    X(full_aopc_sufficiency, "mean of sufficiency over all k = 0 .. words - 1")                    \
    X(normalised_comprehensiveness, "the first of them between its bounds: 1 is most faithful")    \
    X(normalised_sufficiency, "the second between the same bounds: 0 is most faithful")            \
    X(tau_loo, "Kendall's tau b of the scores and what p loses without each word alone")           \
    X(soft_sufficiency, "share of p kept when vectors are kept by importance: high is faithful")   \
    X(soft_comprehensiveness, "share of p lost when vectors go by importance: high is faithful")   \
    X(deletion_auc, "area under p of the class while words go, best first: low is faithful")       \
    X(insertion_auc, "area under p of the class while words come, best first: high is faithful")   \
    X(infidelity, "mean squared error of the scores' sum against the drop of p")                   \
    X(infidelity_scaled, "the same with the scores scaled to fit best")                            \
    X(sensitivity_max, "largest relative change of the other words' scores when one is masked")

/* At each k. */
#define QG_FAITHFUL_AT_K_LIST(X)                                                                   \
    X(comprehensiveness, "p of the class - p without the top k words: high is faithful")           \
    X(sufficiency, "p of the class - p of the top k words alone: low is faithful")                 \
    X(confidence, "p of the top k words alone")                                                    \
    X(log_odds, "log of p without the top k words over p: low is faithful")

/* Places of the measures that are one number a text. */
enum {
#define X(name, doc) QG_FAITHFUL_##name,
    QG_FAITHFUL_LIST(X)
#undef X
        QG_FAITHFULS
};
/* Places of those that are one number for each k. */
enum {
#define X(name, doc) QG_FAITHFUL_AT_K_##name,
    QG_FAITHFUL_AT_K_LIST(X)
#undef X
        QG_FAITHFULS_AT_K
};
extern const char *const qg_faithful_names[QG_FAITHFULS + 1]; /* NULL-terminated */
extern const char *const qg_faithful_at_k_names[QG_FAITHFULS_AT_K + 1];

/** Forward passes of a text of so many words that measuring it takes, without sensitivity. */
double qg_faithful_cost(const qg_faithful_options *o, int words);

/* Of one text; undefined numbers are NaN. */
typedef struct qg_faithful {
    double scalar[QG_FAITHFULS];
    double at_k[QG_FAITHFULS_AT_K][QG_MAX_TOPS];
} qg_faithful;

/** Puts the AOPC over all lengths between the bounds of its text. Local. */
void qg_faithful_normalise(qg_faithful *f, const qg_aopc_bounds *bounds);

/**
 * Measures [n] of explanations [n] of texts [n]; `spec` and `seed` are what explained them (to
 * explain the texts nearby). A text of no words has NaN everywhere; one of a single word has curves
 * of two points and no sensitivity.
 * @errors those of the model, QG_ENOMEM. Local.
 */
qg_code qg_faithful_measure(qg_faithful *out, const qg_explainer *e, const qg_explain_text *text,
                            const qg_explanation *explanation, int n, const qg_faithful_options *o,
                            const qg_method_spec *spec, uint64_t seed) QG_MUST_USE;

#endif
