/*
 * perturb.h - texts with parts taken away, scored in full batches: what LIME, SHAP, occlusion and
 * the faithfulness metrics stand on.
 *
 * A sample's tokens belong to units (words, tokens, distinct words or runs). A perturbation says
 * which units are present. Perturbations of many samples are collected first, equal token sequences
 * once, and then scored together, texts end to end up to a budget of tokens; scores are kept, so
 * that a sequence is never run twice. The result depends neither on the order nor on the batches.
 *
 * Everything stays in the arena until the caller releases it: about 8 bytes per token of the
 * distinct sequences (16 where tokens are hidden), and what the methods keep, a byte per
 * perturbation and unit. LIME with 1000 perturbations of 40 tokens takes some 400 KB a text:
 * explain as many together as memory allows.
 */
#ifndef QGRID_PERTURB_H
#define QGRID_PERTURB_H

#include "qgrid/explainable.h"
#include "qgrid/explainable.h"
#include "qgrid/tokenizer.h"

typedef enum qg_feature_kind {
    QG_FEATURE_WORD,          /* white-space words, each place by itself */
    QG_FEATURE_TOKEN,         /* each token by itself */
    QG_FEATURE_DISTINCT_WORD, /* all places of a word (the same string) together: LIME's bag of
                               * words
                               */
    QG_FEATURE_DISTINCT_RUN, /* the same of runs of word characters: what LIME splits by \W+ leaves;
                              * tokens between them are never touched */
} qg_feature_kind;

extern const char *const qg_feature_kind_names[]; /* "word", "token", ..., NULL */

typedef struct qg_span {
    int32_t start, end;           /* code points of the text */
    int32_t byte_start, byte_end; /* the same in bytes */
} qg_span;

/* A text to explain, cut into units. */
typedef struct qg_sample {
    uint64_t key;       /* names the sample in random streams: equal for every precision */
    int n;              /* tokens, specials included */
    const int32_t *ids; /* [n] */
    const int32_t
        *unit; /* [n] which unit a token belongs to; -1: none (a special), never touched */
    int units;
    const qg_span *span; /* [units] first place of the unit in the text; NULL: not known */
} qg_sample;

/**
 * Units of an encoded text, in order of appearance; words that truncation cut off have none.
 * Distinct ones need the encoding's forms. Borrows the ids; the rest is in the arena. @errors
 * QG_ENOMEM. Local.
 */
qg_code qg_sample_make(qg_sample *out, qg_arena *a, const qg_encoding *e, qg_feature_kind kind,
                       uint64_t key) QG_MUST_USE;

/** out [n] per token from score [units]: each token gets its unit's, specials 0 (for the other way
 * see qg_word_scores). Local. */
void qg_scores_of_tokens(double *out, const double *score, const qg_sample *s);

/* What stands where a feature is absent: the rows of maskings.def. */
typedef enum qg_masking {
#define QG_MASKING(id, ...) QG_MASKING_##id,
#include "qgrid/maskings.def"
#undef QG_MASKING
    QG_MASKINGS
} qg_masking;

extern const char *const qg_masking_names[QG_MASKINGS + 1]; /* NULL behind the last */

/* Runs perturbed texts in large batches, each different one once. */
typedef struct qg_perturber qg_perturber;

/**
 * A perturber over a model, in the arena. Borrows both.
 *
 * @param specials  ids that stand for absent tokens
 * @param budget    most tokens in a batch (at least one text goes in); 0: QG_PERTURB_TOKENS
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_perturber_make(qg_perturber **out, qg_arena *a, const qg_explainable *model,
                          qg_specials specials, int budget) QG_MUST_USE;

/* Most tokens of a batch unless told otherwise. */
enum { QG_PERTURB_TOKENS = 2048 };

/**
 * Asks for the sample with only the units present[u] != 0 left; present NULL: all of it.
 *
 * @param[out] slot  where its score will be; equal token sequences at equal places share one
 * @errors QG_ENOMEM, QG_EMODEL (nothing is left, or longer than the model takes). Local.
 */
qg_code qg_perturb_add(int64_t *slot, qg_perturber *p, const qg_sample *s, const uint8_t *present,
                       qg_masking masking) QG_MUST_USE;

/** Scores what was asked for and is not scored yet. @errors those of the model. Local. */
qg_code qg_perturb_run(qg_perturber *p) QG_MUST_USE;

/** Logits [K] of a scored slot, until the next add. Local. */
const float *qg_perturb_logits(const qg_perturber *p, int64_t slot);

/** Logit or probability of one class of a scored slot. Local. */
double qg_perturb_value(const qg_perturber *p, int64_t slot, int target, qg_explain_output output);

/* What the work came to. */
typedef struct qg_perturb_counts {
    int64_t asked;    /* perturbations */
    int64_t distinct; /* token sequences: forward passes of one text */
    int64_t tokens;   /* in those */
    int64_t batches;  /* forward passes */
} qg_perturb_counts;

/** Since it was made. Local. */
qg_perturb_counts qg_perturb_count(const qg_perturber *p);

/** Classes of its model, and the arena that it lives in. Local. */
int qg_perturb_classes(const qg_perturber *p);
qg_arena *qg_perturb_arena(const qg_perturber *p);

#endif
