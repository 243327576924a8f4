/*
 * data_card.h - what the texts of a data set are like: classes, lengths, vocabulary, words that
 * sentiment turns on; and how a model's tokenizer takes them.
 *
 * Words are those between white space, without ASCII punctuation at their ends, ASCII letters in
 * lower case: what else a spelling says is left to the tokenizer.
 */
#ifndef QGRID_DATA_CARD_H
#define QGRID_DATA_CARD_H

#include "qgrid/plan.h"
#include "qgrid/str.h"

/* Quantiles of a length, by numpy's linear rule. */
#define QG_CARD_QUANTILE_LIST(X)                                                                   \
    X(min, 0)                                                                                      \
    X(q05, 5)                                                                                      \
    X(q25, 25)                                                                                     \
    X(median, 50)                                                                                  \
    X(q75, 75)                                                                                     \
    X(q95, 95)                                                                                     \
    X(max, 100)
enum {
#define X(name, at) QG_CARD_##name,
    QG_CARD_QUANTILE_LIST(X)
#undef X
        QG_CARD_QUANTILES
};
extern const char *const qg_card_quantile_names[QG_CARD_QUANTILES + 1]; /* NULL behind the last */

/* What words of a small table stand for (plan/phenomenon_words.def). */
#define QG_PHENOMENON_LIST(X) X(negation) X(intensifier) X(contrast)
enum {
#define X(name) QG_PHENOMENON_##name,
    QG_PHENOMENON_LIST(X)
#undef X
        QG_PHENOMENA
};
extern const char *const qg_phenomenon_names[QG_PHENOMENA + 1]; /* NULL behind the last */

/* What a data set is like, after sampling. */
typedef struct qg_data_card {
    int64_t of_class[QG_MAX_CLASSES], unlabelled; /* texts */
    double words[QG_CARD_QUANTILES];              /* white-space words of a text */
    int64_t running, distinct;                    /* words in all, and different ones */
    int64_t phenomenon_texts[QG_PHENOMENA];       /* texts with such a word */
    int64_t phenomenon_words[QG_PHENOMENA];
    /* Shares of the different and of all words that the training data of the job have, too; NaN:
     * the job trains on no other data. */
    double known_distinct, known_running;
} qg_data_card;

/** The card of a data set of a plan. @errors QG_ENOMEM. Local. */
qg_code qg_data_card_make(qg_data_card *out, const qg_plan *p, int dataset) QG_MUST_USE;

/** Texts of a class in a group of a data set; class -1: without label. Local. */
int64_t qg_data_card_in_group(const qg_dataset *d, int group, int label);

/* The texts of a data set under a tokenizer; specials are counted in lengths, not in shares. */
typedef struct qg_token_card {
    double tokens[QG_CARD_QUANTILES]; /* of a text before it is cut */
    double cut, unknown;              /* shares: of texts, of tokens (of what is left of texts) */
} qg_token_card;

/** The card of tokens of an experiment of a plan. @errors QG_ENOMEM, those of encoding. Local. */
qg_code qg_token_card_make(qg_token_card *out, const qg_plan *p, int experiment) QG_MUST_USE;

/** Whether the card of a data set has the tokens of this experiment: the first one with these
 *  texts and tokens. */
bool qg_data_card_tells(const qg_plan *p, int dataset, int experiment);

/** Appends all of it, tokens included, as one JSON object. @errors QG_ENOMEM, those of encoding.
 *  Local. */
qg_code qg_data_card_json(qg_str *out, const qg_plan *p, int dataset) QG_MUST_USE;

#endif
