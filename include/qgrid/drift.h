/*
 * drift.h - how far two explanations of the same text and class are apart, what chance would give,
 * and statistics of such numbers over texts: pure functions over arrays. All are local.
 */
#ifndef QGRID_DRIFT_H
#define QGRID_DRIFT_H

#include "qgrid/arena.h"

/* One row a measure, in the order in which they are stored. a: reference, b: the other. */
#define QG_DRIFT_LIST(X)                                                                           \
    X(spearman, "Spearman's rank correlation of the words' scores")                                \
    X(kendall, "Kendall's tau-b of the words' scores")                                             \
    X(cosine, "cosine of the score vectors")                                                       \
    X(jaccard_3, "Jaccard index of the 3 words of largest |score|")                                \
    X(jaccard_5, "Jaccard index of the 5 words of largest |score|")                                \
    X(jaccard_10, "Jaccard index of the 10 words of largest |score|")                              \
    X(top_1, "1: the word of largest |score| is the same, 0: it is not")                           \
    X(sign_flip, "share of words with opposite signs, of those with |score| > 1e-6 in both")       \
    X(magnitude_shift, "mean |b - a| divided by mean |a|")

/* Places of the measures in arrays of them. */
enum {
#define X(name, doc) QG_DRIFT_##name,
    QG_DRIFT_LIST(X)
#undef X
        QG_DRIFTS
};
extern const char *const qg_drift_names[QG_DRIFTS + 1]; /* NULL-terminated */

/**
 * out [QG_DRIFTS] of two score vectors [n]. Words that are NaN in either are left out. What is
 * undefined is NaN: rank correlations of a single word or of a constant vector, the cosine with
 * zeros alone, everything of no words. Jaccard@k of fewer than k words is that of all, 1; of equal
 * |score| the earlier word is the larger. @errors QG_ENOMEM. Local.
 */
qg_code qg_drift_of(double *out, const double *a, const double *b, int n,
                    qg_arena *scratch) QG_MUST_USE;

/* Streams of random scores: that of the method `random`, and that of the floor, which no method
 * uses: else the floor of `random` would hold its own explanation. */
#define QG_RANDOM_METHOD "xai/random"
#define QG_RANDOM_FLOOR  "drift/floor"

/** score [n] from N(0, sigma), draw number `draw` of a stream for the sample with this key. Local.
 */
void qg_random_scores(double *score, int n, const char *stream, uint64_t seed, uint64_t key,
                      int draw, double sigma);

/**
 * The floor: mean over `draws` of the drift between `a` and random scores of its spread
 * (QG_RANDOM_FLOOR with the sample's key; sigma is the population's standard deviation of `a`, at
 * least 1e-6, and 1 for a single word). Undefined draws are left out; NaN where all are.
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_drift_floor(double *out, const double *a, int n, uint64_t seed, uint64_t key, int draws,
                       qg_arena *scratch) QG_MUST_USE;

/**
 * The repeat: the drift between two explanations a and b [n] that a method drew for the same text
 * and model independently of each other. NaN where both are the same to the bit: there nothing was
 * drawn, so that nothing can be told from it. @errors QG_ENOMEM. Local.
 */
qg_code qg_drift_repeat(double *out, const double *a, const double *b, int n,
                        qg_arena *scratch) QG_MUST_USE;

/* ---------------------------------------------------------------------- numbers over texts */

/*
 * The draws of bootstraps: resample i of n values takes the places index[i * n] .. Drawn by counter
 * from the seed once for each n, and kept for the next bootstrap of as many values.
 */
typedef struct qg_resampler {
    int resamples;
    uint64_t seed;
    qg_arena *arena; /* of the table: it has to outlive the resampler's use */
    int64_t n;       /* of the table */
    size_t room;
    uint32_t *index;
} qg_resampler;

/** Local. */
qg_resampler qg_resampler_make(int resamples, uint64_t seed, qg_arena *a);

/* A measure over the texts of a subset. */
#define QG_SUMMARY_LIST(X)                                                                         \
    X(n, "texts where it is defined")                                                              \
    X(mean, "mean over them")                                                                      \
    X(sd, "standard deviation, ddof 1")                                                            \
    X(median, "median")                                                                            \
    X(min, "least")                                                                                \
    X(max, "largest")                                                                              \
    X(ci_low, "2.5 % of the bootstrap of the mean")                                                \
    X(ci_high, "97.5 % of the bootstrap of the mean")

/* Places of these numbers in a summary. */
enum {
#define X(name, doc) QG_SUMMARY_##name,
    QG_SUMMARY_LIST(X)
#undef X
        QG_SUMMARIES
};
/* Their names, NULL-terminated. */
extern const char *const qg_summary_names[QG_SUMMARIES + 1];

/**
 * out [QG_SUMMARIES] of n values v[0], v[stride], ...; NaN are left out. Resamples by counter from
 * `seed`. Of no values n is 0 and the rest NaN; sd of a single one is NaN.
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_summarize(double *out, const double *v, int64_t n, int64_t stride, qg_resampler *r,
                     qg_arena *scratch) QG_MUST_USE;

/* Paired: b against a, over the texts where both are defined; a text's values are `stride` apart.
 */
typedef struct qg_paired_drift {
    int64_t n;
    double difference;      /* mean of b - a; NaN for no texts */
    double ci_low, ci_high; /* percentile bootstrap of it */
    double p_wilcoxon;      /* two-sided; NaN below 2 texts, 1 where all differences are 0 */
    double rank_biserial;   /* (W+ - W-) / (n (n + 1) / 2) of the differences that are not 0; NaN
                             * below 2 texts, 0 where all are 0 */
} qg_paired_drift;

/** Of n values a[0], a[stride], ... and as many of b. The resampler is borrowed.
 *  @errors QG_ENOMEM. Local. */
qg_code qg_paired_drift_test(qg_paired_drift *out, const double *a, const double *b, int64_t n,
                             int64_t stride, qg_resampler *r, qg_arena *scratch) QG_MUST_USE;

/** Adjusted p values [n]; NaN stay NaN and count for nothing. Holm, Scand. J. Statist. 6, 1979.
 *  @errors QG_ENOMEM. Local. */
qg_code qg_holm(double *adjusted, const double *p, int n, qg_arena *scratch) QG_MUST_USE;
void qg_bonferroni(double *adjusted, const double *p, int n);

#endif
