/*
 * metrics.h - classification metrics, calibration, paired tests: pure functions over arrays.
 *
 * Definitions are those of scikit-learn, statsmodels and scipy where they have one; the formula is
 * stated otherwise. Undefined precision, recall and F1 are 0. All sums run in array order in
 * double.
 */
#ifndef QGRID_METRICS_H
#define QGRID_METRICS_H

#include "qgrid/arena.h"

#include <stdbool.h>

/* One row a metric of a whole data set, in the order in which they are stored. */
#define QG_METRIC_LIST(X)                                                                          \
    X(accuracy, "share of right predictions")                                                      \
    X(macro_precision, "mean of the classes' precision")                                           \
    X(macro_recall, "mean of the classes' recall")                                                 \
    X(macro_f1, "mean of the classes' F1")                                                         \
    X(weighted_precision, "precision weighted by the classes' support")                            \
    X(weighted_recall, "recall weighted by the classes' support")                                  \
    X(weighted_f1, "F1 weighted by the classes' support")                                          \
    X(mcc, "Matthews correlation coefficient (Gorodkin 2004)")                                     \
    X(nll, "mean negative log likelihood, natural log, probabilities clipped to 1e-15")            \
    X(brier, "mean over texts of the sum over classes of squared error (Brier 1950)")              \
    X(ece, "expected calibration error, 10 right-closed bins (Guo et al. 2017)")                   \
    X(mce, "largest calibration gap over filled bins")                                             \
    X(mean_confidence, "mean largest probability")                                                 \
    X(overconfidence, "share of texts with confidence > 0.9 and a wrong prediction")               \
    X(confidence_gap, "mean confidence minus accuracy: above 0 where the model is too sure")       \
    X(ece_quantile, "expected calibration error over 10 bins of equally many texts")

/* The metrics of one prediction, each a field. */
typedef struct qg_scores {
#define X(name, doc) double name;
    QG_METRIC_LIST(X)
#undef X
} qg_scores;

/* Places of the metrics in arrays of them. */
enum {
#define X(name, doc) QG_METRIC_##name,
    QG_METRIC_LIST(X)
#undef X
        QG_METRICS
};

/* Their names. */
extern const char *const qg_metric_names[QG_METRICS];

/** The value of row `metric` of the list. */
double qg_metric_of(const qg_scores *s, int metric);

/* What precision, recall and F1 are of a class that neither labels nor predictions have. */
typedef enum qg_absent {
    QG_ABSENT_ZERO, /* 0, as scikit-learn with labels = all classes and zero_division = 0 */
    QG_ABSENT_SKIP, /* left out of macro means, as scikit-learn without `labels` */
} qg_absent;

/**
 * Texts whose logits are, to the bit, those of a text with other tokens: what a model makes of
 * texts when something in it has drowned them.
 *
 * @param[out] out    number of texts, 0 of a sound model
 * @param      logits [n, K]
 * @param      ids    tokens of text i: ids[splits[i] .. splits[i + 1])
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_same_logits(int64_t *out, const float *logits, int K, const int32_t *ids,
                       const int64_t *splits, int64_t n, qg_arena *arena) QG_MUST_USE;

/* Of one class; support: texts whose label it is. */
typedef struct qg_class_scores {
    double precision, recall, f1;
    int64_t support;
} qg_class_scores;

/* Predictions of n texts and their labels (-1: none). */
typedef struct qg_predictions {
    const int32_t *label, *predicted; /* [n] in 0..K-1 */
    const double *probabilities;      /* [n, K] */
    int64_t n;
    int K;
} qg_predictions;

/** Largest of K probabilities. */
double qg_confidence(const double *p, int K);

/** Whether a text has a label. */
bool qg_any_label(const qg_predictions *p);

/**
 * @param[out] out       all scalar metrics
 * @param[out] per_class [K]
 * @param[out] confusion [K, K] counts, row = truth, column = prediction
 * @param      p         rows without a label are left out
 * @errors QG_EFORMAT (no labelled row), QG_ENUMERIC (a probability that is not in [0, 1]),
 *         QG_EBUG (index out of range), QG_ENOMEM. Local.
 */
qg_code qg_score(qg_scores *out, qg_class_scores *per_class, int64_t *confusion,
                 const qg_predictions *p, qg_absent absent, qg_arena *scratch) QG_MUST_USE;

/* Bins of the calibration error and of the reliability diagram. */
enum { QG_BINS = 10 };

/* Calibration curve: `bins` equal bins, bin = clamp(ceil(conf * bins) - 1, 0, bins - 1). */
typedef struct qg_bin {
    int64_t count;
    double accuracy, confidence; /* means; NaN for an empty bin */
} qg_bin;
void qg_calibration(double *ece, double *mce, qg_bin *bin, int bins, const qg_predictions *p);

/**
 * The same over bins of equally many texts: their edges are the quantiles 0, 1 / bins ... 1 of the
 * confidences (numpy's linear ones), the bins right-closed, as scikit-learn's strategy "quantile".
 * Equal confidences share a bin, so that bins may differ in their counts, or be empty.
 *
 * @param[out] edge [bins + 1] rising; NaN where no row has a label
 * @paper Nguyen and O'Connor, EMNLP 2015. @errors QG_ENOMEM. Local.
 */
qg_code qg_calibration_quantile(double *ece, qg_bin *bin, double *edge, int bins,
                                const qg_predictions *p, qg_arena *scratch) QG_MUST_USE;

/* Paired comparison of two classifiers on the same texts. */
typedef struct qg_mcnemar {
    int64_t both_right, only_a, only_b, both_wrong;
    double p_exact;            /* two-sided binomial on the discordant pairs */
    double chi2, p_chi2;       /* without continuity correction */
    double chi2_cc, p_chi2_cc; /* with it */
    double odds_ratio;         /* only_a / only_b: infinite for only_b = 0, NaN where both are 0 */
} qg_mcnemar;

/** p_exact of so many discordant pairs; 1 where there are none. */
double qg_mcnemar_exact(int64_t only_a, int64_t only_b);

/** Over the labelled texts; with a class 0..K-1 over those whose label it is, QG_ANY_CLASS: all. */
enum { QG_ANY_CLASS = -1 };
void qg_mcnemar_test(qg_mcnemar *out, const int32_t *label, const int32_t *a, const int32_t *b,
                     int64_t n, int32_t class_of);

/* Percentile bootstrap of a difference, or of any number whose null is 0. */
typedef struct qg_bootstrap {
    double difference, low, high; /* 2.5 % and 97.5 %, linear interpolation */
    double p_one_sided;           /* (resamples with difference <= 0, + 1) / (resamples + 1) */
    double p_two_sided;           /* min(1, 2 times the smaller of this and the same for >= 0) */
} qg_bootstrap;
/* The resamples of a bootstrap. */
typedef struct qg_draws {
    int resamples;
    uint64_t seed;
    const int32_t *index; /* [resamples, n] rows drawn, or NULL: drawn by counter from `seed` */
} qg_draws;

/** Share of equal predictions. */
double qg_agreement(const int32_t *a, const int32_t *b, int64_t n);

/* Divergence of probability rows, means over n rows: KL(p || q), Jensen-Shannon (nats), total
 * variation. */
typedef struct qg_divergence {
    double kl, js, tv;
} qg_divergence;
void qg_divergence_mean(qg_divergence *out, const double *p, const double *q, int64_t n, int K);

/* Agreement of two score vectors (explanations): NaN where a vector is constant. */
double qg_spearman(const double *a, const double *b, int64_t n, qg_arena *arena);
double qg_kendall_tau_b(const double *a, const double *b, int64_t n);
double qg_pearson(const double *a, const double *b, int64_t n);
double qg_cosine(const double *a, const double *b, int64_t n);
/** Percentile q in [0, 100] of sorted values, linear interpolation (numpy's default). */
double qg_percentile_sorted(const double *sorted, int64_t n, double q);

/* Latency of one cell, in milliseconds. */
typedef struct qg_latency_stats {
    double mean, sd, median, min, max, p95, p99;
} qg_latency_stats;
qg_code qg_latency_summary(qg_latency_stats *out, const double *ms, int64_t n,
                           qg_arena *arena) QG_MUST_USE;

#endif
