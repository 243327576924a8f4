/*
 * method.h - what the files of the methods share: options that go together, texts as the
 * explaining functions take them, and what these return as explanations.
 */
#ifndef QGRID_XAI_METHOD_H
#define QGRID_XAI_METHOD_H

#include "xai/gradient/attribution.h"
#include "qgrid/method.h"
#include "xai/perturb/perturb_methods.h"

#define QG_METHOD(id) extern const qg_method qg_method_##id;
#include "methods.def"
#undef QG_METHOD

extern const char *const qg_explain_output_names[]; /* "logit", "probability", NULL */
extern const char *const qg_explain_layer_names[];  /* "word_embeddings", "embeddings", NULL */

/* ------------------------------------------------------------------------- shared options */

/* Enums of the functions that read them. The last member of the options of a method. */
typedef struct qg_gradient_common {
    int output, layer, aggregation;
} qg_gradient_common;

typedef struct qg_attention_common {
    int aggregation;
} qg_attention_common;

typedef struct qg_feature_common {
    int masking, output, unit, aggregation;
} qg_feature_common;

// clang-format off
#define QG_AGGREGATION_ROW(type, field) \
    {"aggregation", QG_OPT_ENUM, offsetof(type, field), .names = qg_aggregation_names, .help = "score of a word from those of its tokens"}

#define QG_OUTPUT_ROW(type, field, preset) \
    {"output", QG_OPT_ENUM, offsetof(type, field), .def = (preset), .names = qg_explain_output_names, .help = "number of the class that is explained"}

#define QG_RULE_ROW(type, field) \
    {"rule", QG_OPT_ENUM, offsetof(type, field), .names = qg_quadrature_names, .help = "quadrature along the path"}

#define QG_BASELINE_ROW(type, field, preset) \
    {"baseline", QG_OPT_ENUM, offsetof(type, field), .def = (preset), .names = qg_path_baseline_names, .help = "where the path begins: [PAD], [MASK] or the zero vector in place of each token"}

/* Rows of the member `common` of a struct. */
#define QG_GRADIENT_ROWS(type) \
    QG_OUTPUT_ROW(type, common.output, QG_EXPLAIN_LOGIT), \
    {"layer", QG_OPT_ENUM, offsetof(type, common.layer), .names = qg_explain_layer_names, .help = "where gradients are taken"}, \
    QG_AGGREGATION_ROW(type, common.aggregation)

#define QG_UNIT_ROW(type, field, preset) \
    {"unit", QG_OPT_ENUM, offsetof(type, field), .def = (preset), .names = qg_feature_kind_names, .help = "what gets a score; distinct: all places of a word, or run of word characters, together"}

#define QG_PERTURB_ROWS(type, masking_preset, unit_preset) \
    QG_OUTPUT_ROW(type, common.output, QG_EXPLAIN_PROBABILITY), \
    {"masking", QG_OPT_ENUM, offsetof(type, common.masking), .def = (masking_preset), .names = qg_masking_names, .help = "what stands for an absent unit"}, \
    QG_UNIT_ROW(type, common.unit, unit_preset), \
    QG_AGGREGATION_ROW(type, common.aggregation)
// clang-format on

/* ------------------------------------------------------------------------------ gradients */

/* Texts end to end, as the gradient methods take them. */
typedef struct qg_asked {
    qg_batch batch;
    qg_question question;
    uint8_t *special; /* [T] */
} qg_asked;

/** Borrows e->model; arrays in e->arena. @errors QG_ENOMEM. Local. */
qg_code qg_ask(qg_asked *out, const qg_explainer *e, const qg_explain_text *text, int n,
               const qg_gradient_common *o) QG_MUST_USE;

/** Scores [T] of the tokens of all texts as explanations: specials get 0, words add up. Local. */
void qg_explain_tokens(qg_explanation *out, const qg_explain_text *text, int n, const double *score,
                       qg_aggregation how);

/** Both scores of one text from those of its tokens [code->n]. Local. */
void qg_explain_by_token(qg_explanation *out, const qg_explain_text *text, const double *score,
                         qg_aggregation how);

/* Where paths begin. */
enum { QG_PATH_PAD, QG_PATH_MASK, QG_PATH_ZERO };
extern const char *const qg_path_baseline_names[]; /* "pad", "mask", "zero", NULL */

/** A baseline as the functions take it. Local. */
void qg_path_baseline(qg_ig_options *out, int baseline, const qg_specials *specials);

/** @errors QG_EJOB (too few nodes for the rule). Local. */
qg_code qg_check_rule(int rule, int64_t steps) QG_MUST_USE;

/** Room for the results of a batch, without `full`. @errors QG_ENOMEM. Local. */
qg_code qg_ig_result_make(qg_ig_result *out, const qg_batch *b, qg_arena *a) QG_MUST_USE;

/** Such results as explanations. Local. */
void qg_explain_path(qg_explanation *out, const qg_explain_text *text, int n, const qg_ig_result *r,
                     qg_aggregation how);

/** Options of methods that look at one gradient a text, and what that costs. */
extern const qg_opt qg_gradient_options[]; /* over a qg_gradient_common */
double qg_gradient_cost(const void *options, int words);

/** gradient_x_input, saliency or attn_lrp. @errors QG_ENOMEM, those of the model. Local. */
qg_code qg_explain_gradient(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                            int n, const qg_gradient_common *o, qg_gradient_score kind) QG_MUST_USE;

/* --------------------------------------------------------------------------- perturbations */

/** Samples [n] of texts and their targets, in e->arena. @errors QG_ENOMEM. Local. */
qg_code qg_samples_of_texts(qg_sample **sample, int32_t **target, const qg_explainer *e,
                            const qg_explain_text *text, int n, qg_feature_kind kind) QG_MUST_USE;

/** Both scores of one text from those of its units. Local. */
void qg_explain_by_unit(qg_explanation *out, const qg_explain_text *text, const qg_sample *s,
                        const double *score, qg_aggregation how);

/** One of the functions of perturb_methods.h. */
typedef qg_code (*qg_feature_method)(qg_attribution *out, qg_perturber *p, const qg_sample *s,
                                     const int32_t *target, int n, const void *options);

/** Cuts texts into units, explains them, gives scores to tokens and words. */
qg_code qg_explain_units(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                         int n, const qg_feature_common *o, qg_feature_method run,
                         const void *options) QG_MUST_USE;

/* ------------------------------------------------------------------------------- attention */

/** score [n] of the tokens of a text from attention [L, H, n, n]. */
typedef qg_code (*qg_attention_score)(double *score, const float *attention, int L, int H, int n,
                                      qg_arena *scratch);

/** One forward pass a text. @errors QG_ENOMEM, those of the model. Local. */
qg_code qg_explain_attention(qg_explanation *out, const qg_explainer *e,
                             const qg_explain_text *text, int n, qg_attention_score score,
                             const qg_attention_common *o) QG_MUST_USE;

/** Options of methods that look at the attention of a text, and what that costs. */
extern const qg_opt qg_attention_options[]; /* over a qg_attention_common */
double qg_attention_cost(const void *options, int words);

#endif
