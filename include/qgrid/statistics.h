/*
 * statistics.h - tests and intervals of paired numbers, of numbers in groups, and of two
 * predictions of the same texts: pure functions over arrays. All are local.
 *
 * Differences are finite numbers; who has undefined ones leaves them out first. A p value of a
 * bootstrap is never 0: what is observed counts as one resample more.
 */
#ifndef QGRID_STATISTICS_H
#define QGRID_STATISTICS_H

#include "qgrid/metrics.h"

/* ------------------------------------------------------------------------ paired differences */

/* Signed ranks of the differences that are not 0; ties have their mean rank. */
typedef struct qg_signed_ranks {
    int64_t n;          /* such differences */
    double plus, minus; /* sums of the ranks of those above and below 0 */
    double p;           /* two-sided, as the other two NaN for n = 0 */
    double p_greater;   /* of differences that tend to be above 0 */
    double p_less;      /* of differences that tend to be below 0 */
} qg_signed_ranks;

/**
 * Wilcoxon's signed-rank test; differences of 0 are dropped. Over all 2^n signs of the ranks up to
 * n = 50, or up to n = 13 where ranks are tied or zeros were dropped: p is never below 2 / 2^n
 * (1 / 2^n one-sided). Above, the normal approximation with the variance corrected for ties and
 * without continuity correction. These are the rules of scipy, zero_method="wilcox",
 * correction=False; 13 counts the differences that are left.
 * @paper Wilcoxon, Biometrics 1, 1945. @errors QG_ENOMEM.
 */
qg_code qg_wilcoxon(qg_signed_ranks *out, const double *difference, int64_t n,
                    qg_arena *scratch) QG_MUST_USE;

/* Is the mean difference within a margin? Two one-sided t tests. */
typedef struct qg_equivalence {
    int64_t n;
    double mean, sd;   /* of the differences, ddof 1 */
    double p_low;      /* of mean > -margin: the second is not inferior where more is better */
    double p_high;     /* of mean < margin: the same where less is better */
    double p;          /* of both, the larger: equivalent */
    double low, high;  /* 90 % interval of the mean: inside the margin exactly where p < 0.05 */
    double detectable; /* qg_detectable_difference */
} qg_equivalence;

/**
 * NaN below 2 differences. Where all are equal there is no t: the sign test takes its place, p is
 * 1 / 2^n for a mean within the margin and 1 at it or beyond. @param margin above 0.
 * @paper Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987.
 */
void qg_equivalence_test(qg_equivalence *out, const double *difference, int64_t n, double margin);

/** Chance that the two-sided paired t test at 5 % finds a true mean difference `effect` of n texts
 *  whose differences have the standard deviation sd > 0; noncentral t. NaN below 2 texts.
 *  @paper Johnson and Welch, Biometrika 31, 1940. */
double qg_paired_power(double effect, double sd, int64_t n);

/** The smallest true mean difference that it finds with a chance of 80 %: linear in sd >= 0. NaN
 *  below 2 texts. */
double qg_detectable_difference(double sd, int64_t n);

/* ---------------------------------------------------------------------------- numbers in groups */

/* Numbers [n] and what is said of them; NaN as soon as one of them is, or none is there. */
typedef struct qg_spread {
    double mean, sd; /* ddof 1: NaN for a single one */
    double min, max, median;
} qg_spread;

/** @errors QG_ENOMEM. */
qg_code qg_spread_of(qg_spread *out, const double *v, int64_t n, qg_arena *scratch) QG_MUST_USE;

/** Share of differences [n] that are above 0, e.g. of seeds; NaN for none, or if one is NaN. */
double qg_direction_consistency(const double *difference, int64_t n);

/**
 * Bootstrap of a mean in two levels: each resample draws as many groups (seeds) as there are, with
 * replacement, and within each drawn one as many values (texts) as it has. The mean is that of the
 * groups' means: each group counts alike, however many values it has. `difference` of the result is
 * this mean of the values themselves. Groups without values are left out; NaN if none is left.
 *
 * @param value  [groups] arrays of count[g] numbers, borrowed
 * @param draws  resamples and seed; its index is not used
 * @paper Davison and Hinkley, Bootstrap methods and their application, 1997, 3.8. @errors
 * QG_ENOMEM.
 */
qg_code qg_bootstrap_groups(qg_bootstrap *out, const double *const *value, const int64_t *count,
                            int groups, const qg_draws *draws, qg_arena *scratch) QG_MUST_USE;

/* -------------------------------------------------------------- two predictions of the same texts
 */

/* What is compared by resampling texts, in the order in which it is stored. */
#define QG_COMPARED_LIST(X)                                                                        \
    X(accuracy, "share of right predictions")                                                      \
    X(macro_f1, "mean of the classes' F1")                                                         \
    X(nll, "mean negative log likelihood")                                                         \
    X(ece, "expected calibration error, 10 right-closed bins")

/* Places of these in arrays of them. */
enum {
#define X(name, doc) QG_COMPARED_##name,
    QG_COMPARED_LIST(X)
#undef X
        QG_COMPARED
};
/* Their names, NULL-terminated. */
extern const char *const qg_compared_names[QG_COMPARED + 1];

/**
 * Paired bootstrap of the metrics of b minus those of a: the same resampled texts for all of them
 * and for both. Metrics as in qg_score; unlabelled texts are left out.
 *
 * A resample costs one draw and a few sums a text: 2000 resamples of 1000 texts take 0.1 s.
 *
 * @param[out] out  [QG_COMPARED]
 * @param      a, b the same texts, labels and classes; predictions checked by qg_score
 * @errors QG_EFORMAT (no labelled row), QG_ENOMEM.
 */
qg_code qg_bootstrap_metrics(qg_bootstrap *out, const qg_predictions *a, const qg_predictions *b,
                             qg_absent absent, const qg_draws *draws,
                             qg_arena *scratch) QG_MUST_USE;

/** The same of one prediction: its metrics with the interval of the bootstrap. There is no null
 *  value: p is NaN. Resamples are those of the comparison. @param[out] out [QG_COMPARED]
 *  @errors QG_EFORMAT (no labelled row), QG_ENOMEM. */
qg_code qg_bootstrap_metrics_of(qg_bootstrap *out, const qg_predictions *p, qg_absent absent,
                                const qg_draws *draws, qg_arena *scratch) QG_MUST_USE;

#endif
