/*
 * pair_scores.h - minimal pairs under a classifier: how many it gets right, against another one,
 * and how high their cue words rank in an explanation. Pure functions over arrays, all local.
 */
#ifndef QGRID_PAIR_SCORES_H
#define QGRID_PAIR_SCORES_H

#include "qgrid/arena.h"

/** 95 % interval of a share of k in n; NaN for n = 0.
 *  @paper Wilson, J. Am. Stat. Assoc. 22, 1927. */
void qg_share_interval(double *low, double *high, int64_t k, int64_t n);

/* Pairs of rows with labels. */
typedef struct qg_pair_set {
    int64_t n;
    const int64_t *first, *second; /* [n] rows */
    const int32_t *phenomenon;     /* [n] */
    const uint8_t *changes;        /* [n] 1: the labels differ */
    const int32_t *label;          /* [rows] */
} qg_pair_set;

/* Which of them. */
enum { QG_ANY_PHENOMENON = -1, QG_ANY_PAIR = -1 };
typedef struct qg_pair_choice {
    int phenomenon; /* or QG_ANY_PHENOMENON */
    int changes;    /* 1: those whose label changes, 0: those whose label stays, QG_ANY_PAIR */
} qg_pair_choice;

/* What is said of them, in the order in which it is stored. */
#define QG_PAIR_SCORE_LIST(X)                                                                      \
    X(pairs, "pairs")                                                                              \
    X(successes, "pairs both texts of which are classified right")                                 \
    X(psr, "their share: the pair success rate")                                                   \
    X(ci_low, "2.5 % of it, Wilson's interval")                                                    \
    X(ci_high, "97.5 % of it")                                                                     \
    X(first_right, "share of pairs whose first text is classified right")                          \
    X(second_right, "share of pairs whose second text is classified right")                        \
    X(differ, "share of pairs whose texts are classified differently")
enum {
#define X(name, doc) QG_PAIR_SCORE_##name,
    QG_PAIR_SCORE_LIST(X)
#undef X
        QG_PAIR_SCORES
};
extern const char *const qg_pair_score_names[QG_PAIR_SCORES + 1]; /* NULL-terminated */

/** Shares are NaN where there is no such pair. @param predicted [rows] classes. */
void qg_pair_score(double out[QG_PAIR_SCORES], const qg_pair_set *s, qg_pair_choice choice,
                   const int32_t *predicted);

/* Successes of a variant against those of the reference, in the order in which it is stored. */
#define QG_PAIR_TEST_LIST(X)                                                                       \
    X(both, "pairs in which both succeed")                                                         \
    X(only_reference, "pairs in which only the reference succeeds")                                \
    X(only_variant, "pairs in which only the variant succeeds")                                    \
    X(neither, "pairs in which none succeeds")                                                     \
    X(p, "exact two-sided McNemar test")                                                           \
    X(p_holm, "adjusted by Holm")                                                                  \
    X(family, "tests that it is adjusted for, 0: the test is in none")                             \
    X(low_power, "1: fewer than 10 pairs in which one succeeds: no difference found says little")
enum {
#define X(name, doc) QG_PAIR_TEST_##name,
    QG_PAIR_TEST_LIST(X)
#undef X
        QG_PAIR_TESTS
};
extern const char *const qg_pair_test_names[QG_PAIR_TESTS + 1];

/* Pairs in which one of the two succeeds, below which a test has little power. */
enum { QG_FEW_DISCORDANT = 10 };

/** NaN but for the counts where there is no such pair; p_holm and family are left to the caller. */
void qg_pair_test(double out[QG_PAIR_TESTS], const qg_pair_set *s, qg_pair_choice choice,
                  const int32_t *reference, const int32_t *variant);

/* ------------------------------------------------------------------------------------- cue words
 */

/* Places at the top of an explanation in which cues are looked for. */
enum { QG_TOP_CUES = 5 };

/**
 * Rank of each word by the magnitude of its score, 1 for the largest; equal ones get the mean of
 * their ranks, so that scores that are all 0 put nothing at the top. A word without score (NaN: it
 * has no tokens) gets NaN and is in nobody's way.
 *
 * @param[out] rank  [n]
 * @param[out] words those with a score
 * @errors QG_ENUMERIC (an infinite score), QG_ENOMEM.
 */
qg_code qg_word_ranks(double *rank, int *words, const double *score, int n,
                      qg_arena *scratch) QG_MUST_USE;

/* The best of some words among others, all in random order. */
typedef struct qg_cue_chance {
    double rank; /* mean: (words + 1) / (cue_words + 1) */
    double top5; /* it is one of the first QG_TOP_CUES: 1 - C(words - 5, cue_words) / C(words,
                    cue_words) */
} qg_cue_chance;

/** @pre 0 < cue_words <= words. */
qg_cue_chance qg_cue_by_chance(int cue_words, int words);

/* What is said of cues, in the order in which it is stored. */
#define QG_CUE_SCORE_LIST(X)                                                                       \
    X(texts, "explained texts with a cue")                                                         \
    X(cues, "cues in them")                                                                        \
    X(words, "mean number of words with a score of the cues' texts")                               \
    X(rank, "mean rank of the cues; that of a cue of several words is its best one's")             \
    X(chance_rank, "what that is by chance, in random orders of the same words")                   \
    X(top5, "share of cues with rank 5 or better")                                                 \
    X(ci_low, "2.5 % of it, Wilson's interval over cues")                                          \
    X(ci_high, "97.5 % of it")                                                                     \
    X(chance_top5, "what that share is by chance")
enum {
#define X(name, doc) QG_CUE_SCORE_##name,
    QG_CUE_SCORE_LIST(X)
#undef X
        QG_CUE_SCORES
};
extern const char *const qg_cue_score_names[QG_CUE_SCORES + 1];

/* One cue in one explained text. */
typedef struct qg_ranked_cue {
    int64_t text; /* equal for the cues of one text, which follow each other */
    int phenomenon;
    int words; /* of the text, with a score */
    double rank;
    qg_cue_chance chance;
} qg_ranked_cue;

/** Means and shares are NaN where there is no such cue. */
void qg_cue_score(double out[QG_CUE_SCORES], const qg_ranked_cue *cue, int64_t n, int phenomenon);

#endif
