/*
 * attribution.h - explanations of one class from gradients with respect to embeddings, and from
 * attention: pure functions over qg_explainable and over arrays.
 *
 * Scores belong to places, never to words: a repeated token has one at each place. All functions
 * take a batch of texts, and a text's scores have the same bits in every batch. Letters B, T, C, K,
 * H, L as in tensor.h; n tokens of one text. All are local.
 */
#ifndef QGRID_XAI_ATTRIBUTION_H
#define QGRID_XAI_ATTRIBUTION_H

#include "qgrid/attention.h"
#include "qgrid/explainable.h"

/* What is explained: class target[b] of every text, at a layer. */
typedef struct qg_question {
    const qg_explainable *model; /* with gradients */
    const qg_batch *batch;       /* tokens at their usual places */
    const int32_t *target;       /* [B] */
    qg_explain_output output;
    qg_explain_layer layer;
    int tokens; /* vectors handed to the model in one call, unless a text is longer; 0: 1024 */
} qg_question;

/* --------------------------------------------------------------------------------- gradients */

typedef enum qg_gradient_score {
    QG_SCORE_TIMES_INPUT, /* sum over C of gradient times vector */
    QG_SCORE_L2,          /* Euclidean norm of the gradient: saliency */
    QG_SCORE_RELEVANCE    /* sum over C of relevances */
} qg_gradient_score;

/**
 * gradient_x_input (Shrikumar, Greenside, Shcherbina, Kundaje, 2016, arXiv:1605.01713) and saliency
 * (Simonyan, Vedaldi, Zisserman, 2014, arXiv:1312.6034), or relevance by the rules of AttnLRP
 * (Achtibat, Hatefi, Dreyer, Jain, Wiegand, Lapuschkin, Samek, ICML 2024, arXiv:2402.05602).
 *
 * @param[out] score  [T]
 * @param[out] value  [B] of the explained output, or NULL
 * @param      scratch memory is released again
 * @errors QG_ENOMEM, those of the model. Local.
 */
qg_code qg_gradient_scores(double *score, double *value, const qg_question *q,
                           qg_gradient_score kind, qg_arena *scratch) QG_MUST_USE;

typedef struct qg_smoothgrad_options {
    qg_gradient_score score; /* of the mean gradient; with the undisturbed vectors */
    int draws;               /* >= 1 */
    double sigma;            /* in units of max - min of a text's vectors */
    uint64_t seed;
    const int64_t *sample; /* [B] keys a text's noise, NULL: 0, 1, 2 ...: the same under every
                            * precision */
    const float *noise;    /* [draws, T, C] in place of drawn noise times sigma, or NULL; takes one
                            * text */
} qg_smoothgrad_options;

/** Mean of the gradients at vectors with normal noise. Smilkov, Thorat, Kim, Viegas, Wattenberg,
 *  2017, arXiv:1706.03825. Arguments and errors as above. */
qg_code qg_smoothgrad(double *score, const qg_question *q, const qg_smoothgrad_options *o,
                      qg_arena *scratch) QG_MUST_USE;

/* ----------------------------------------------------------------------- integrated gradients */

typedef enum qg_quadrature {
    QG_GAUSS_LEGENDRE,
    QG_RIEMANN_RIGHT,
    QG_RIEMANN_LEFT,
    QG_RIEMANN_MIDDLE,
    QG_TRAPEZOID,       /* n nodes, n - 1 intervals */
    QG_TRAPEZOID_CAPTUM /* captum's riemann_trapezoid: weights 1/n at those nodes, halved at the
                         * ends, which add up to (n - 1)/n */
} qg_quadrature;
extern const char *const qg_quadrature_names[]; /* as job files have them, NULL-terminated */

/** Nodes and weights [n] on [0, 1], in rising order. n >= 1, trapezoids n >= 2. */
void qg_quadrature_rule(double *node, double *weight, int n, qg_quadrature rule);

typedef enum qg_baseline {
    QG_BASELINE_TOKEN, /* the vector of a token: [PAD], [MASK] */
    QG_BASELINE_ZERO   /* the zero vector */
} qg_baseline;

typedef struct qg_ig_options {
    qg_quadrature rule;
    int steps;        /* nodes; with a tolerance the first number of them */
    double tolerance; /* 0: `steps` nodes. Else their number is doubled until |delta| is at most
                       * tolerance |value - base value|, or QG_IG_RESOLVED */
    int most_steps;   /* ... or doubling would exceed this */
    qg_baseline baseline;
    int32_t token;       /* of the baseline */
    const uint8_t *keep; /* [T] 1: the token stays what it is along the path, and scores 0; NULL:
                          * first and last of each text ([CLS], [SEP]) */
} qg_ig_options;

/* Errors of completeness that binary32 gradients do not resolve. */
#define QG_IG_RESOLVED 1e-5

/* Caller's memory. */
typedef struct qg_ig_result {
    double *score;        /* [T] sums over C */
    double *full;         /* [T, C] before they are summed, or NULL */
    double *value, *base; /* [B] output at the text and at its baseline */
    double *delta;        /* [B] sum of the scores - (value - base) */
    int32_t *steps;       /* [B] nodes used */
    bool *reached;        /* [B] whether delta is within the tolerance; NULL: not wanted */
} qg_ig_result;

/**
 * Straight path from the baseline to the vectors of the text. All nodes of all texts go in batches.
 * Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", ICML 2017, arXiv:1703.01365.
 * @errors QG_ENOMEM, those of the model. Local.
 */
qg_code qg_integrated_gradients(const qg_ig_result *out, const qg_question *q,
                                const qg_ig_options *o, qg_arena *scratch) QG_MUST_USE;

/**
 * One path for each unit, along which its tokens alone come from the baseline: the rest of the text
 * is there all the time. The scores of a unit's tokens add up to value - (value with the unit at
 * the baseline), so out->delta is the sum of the scores - the sum of these, and out->base is NaN.
 * out->full is not looked at, out->steps are the nodes of all units.
 * Enguehard, "Sequential integrated gradients", ACL Findings 2023, arXiv:2305.15853.
 *
 * @param o     tolerance and keep are not looked at
 * @param unit  [T] which unit of its text a token belongs to, from 0; -1: it stays and scores 0
 * @errors QG_ENOMEM, QG_ENUMERIC, those of the model. Local.
 */
qg_code qg_sequential_gradients(const qg_ig_result *out, const qg_question *q,
                                const qg_ig_options *o, const int32_t *unit,
                                qg_arena *scratch) QG_MUST_USE;

typedef struct qg_expected_options {
    int draws;           /* >= 1 */
    const int32_t *pool; /* [pool_n] ids: each token of a reference is one of them, all alike; NULL:
                          * those of the text that are not kept */
    int pool_n;
    const uint8_t *keep; /* [T] 1: the token is itself in all references, and scores 0 */
    uint64_t seed;
    const int64_t *sample; /* [B] keys a text's draws, NULL: 0, 1, 2 ... */
} qg_expected_options;

/**
 * Integrated gradients whose baseline is drawn as well. out->base is the mean value at the
 * references, out->delta is 0 on average over seeds; out->full is not looked at.
 * Erion, Janizek, Sturmfels, Lundberg, Lee, "Improving performance of deep learning models with
 * axiomatic attribution priors and expected gradients", 2021, arXiv:1906.10670.
 * @errors QG_ENOMEM, QG_ENUMERIC, those of the model. Local.
 */
qg_code qg_expected_gradients(const qg_ig_result *out, const qg_question *q,
                              const qg_expected_options *o, qg_arena *scratch) QG_MUST_USE;

/* ---------------------------------------------------------------------------------- attention */

/**
 * Rollout: product over layers of (mean over heads + identity) / 2, rows made to add up to 1.
 * Abnar, Zuidema, "Quantifying attention flow in transformers", ACL 2020, arXiv:2005.00928.
 *
 * @param[out] rollout   [n, n] of the last layer; row 0 scores tokens for [CLS]
 * @param[out] by_layer  [L, n, n] of every layer, or NULL
 * @param      attention [L, H, n, n] probabilities (qg_capture of model.h)
 */
qg_code qg_attention_rollout(double *rollout, double *by_layer, const float *attention, int L,
                             int H, int n, qg_arena *scratch) QG_MUST_USE;

/**
 * Entropy [L, H] of row `query` (0: [CLS]) in units of that of n equal shares; NaN for one token.
 */
void qg_attention_entropy(double *entropy, const float *attention, int L, int H, int n, int query);

/* -------------------------------------------------------------------------------------- words */

typedef enum qg_aggregation {
    QG_AGGREGATE_SUM,
    QG_AGGREGATE_MEAN,
    QG_AGGREGATE_MAX /* the token's of largest magnitude, with its sign; the first of equals */
} qg_aggregation;
extern const char *const qg_aggregation_names[]; /* "sum", "mean", "max", NULL */

/**
 * Scores of `words` words from those of n tokens; word_of[i] is the word of token i, or -1. A word
 * without tokens (cut off) has NaN.
 * @param unit  [n] tokens of a unit share its score, which counts once at each of its places; -1:
 * in no unit, and a word of such tokens alone has 0. NULL: each token is a unit
 */
void qg_word_scores(double *word, int words, const double *token, const int32_t *word_of,
                    const int32_t *unit, int n, qg_aggregation how);

#endif
