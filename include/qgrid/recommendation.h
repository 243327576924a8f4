/*
 * recommendation.h - which variant may be deployed: candidates judged by thresholds, in lanes, and
 * the front of those that no other one beats. Pure functions over arrays. All are local.
 *
 * A number that is not known is never a pass: the candidate is not available in every lane that
 * asks for it.
 */
#ifndef QGRID_RECOMMENDATION_H
#define QGRID_RECOMMENDATION_H

#include <stdbool.h>

/* What a candidate is judged by: name, threshold unless the job says another, smallest and largest
 * that it may say, and what it is. Thresholds of the Python project. */
#define QG_CRITERION_LIST(X)                                                                       \
    X(macro_f1_drop, 0.01, -1, 1, "most that macro-F1 may be below the reference's")               \
    X(agreement, 0.97, 0, 1, "least share of predictions equal to the reference's")                \
    X(ece, 0.08, 0, 1, "largest expected calibration error")                                       \
    X(rho, 0.90, -1, 1, "least mean of Spearman's rho with the reference's explanations")          \
    X(comprehensiveness, 0.05, -1, 1, "least mean of comprehensiveness, over the methods")         \
    X(latency_ms, 15, 0, 1e9, "longest median time of a batch, in milliseconds")                   \
    X(size_mb, 200, 0, 1e9, "largest packed model, in 10^6 bytes")

/* The criteria, in that order: places in arrays of numbers, and bits of sets of them. */
typedef enum qg_criterion {
#define X(name, ...) QG_CRITERION_##name,
    QG_CRITERION_LIST(X)
#undef X
        QG_CRITERIA
} qg_criterion;
extern const char *const qg_criterion_names[QG_CRITERIA + 1]; /* NULL-terminated */

/* What one may look for. Each lane asks for the first three criteria: explanations for rho and
 * comprehensiveness, too, latency and size for their own, balanced for all. */
typedef enum qg_lane {
    QG_LANE_EXPLANATIONS, /* score: rho minus what macro-F1 lost */
    QG_LANE_LATENCY,      /* score: minus the latency */
    QG_LANE_SIZE,         /* score: minus the size */
    QG_LANE_BALANCED,     /* score: minus the sum of the places in the other lanes (Borda) */
    QG_RECOMMEND_LANES
} qg_lane;
extern const char *const qg_lane_names[QG_RECOMMEND_LANES + 1]; /* NULL-terminated */

/* Numbers of a candidate, or thresholds; NaN: not known, or not asked for. */
typedef struct qg_candidate {
    double value[QG_CRITERIA];
} qg_candidate;

/* What becomes of a candidate in a lane. */
typedef struct qg_judgement {
    unsigned fails, lacks; /* bits of criteria that it does not meet, that are not known of it */
    double score;          /* NaN: there is none */
    int place; /* 1, 2, ... of those that meet all; 0: of none; equal scores in their order */
} qg_judgement;

/** Whether a lane can be asked for: its own criterion has a threshold. */
bool qg_lane_asked(const qg_candidate *threshold, qg_lane lane);

/** Whether a number meets a threshold: at most or at least, as the criterion is meant. */
bool qg_criterion_met(qg_criterion c, double value, double threshold);

/** Judges candidates [n]: out [QG_RECOMMEND_LANES, n]. Lanes that are not asked for have place 0
 * and no score throughout. */
void qg_recommend(qg_judgement *out, const qg_candidate *candidate, int n,
                  const qg_candidate *threshold);

/** In which order to name the candidates of a lane: those with a place first, then those that fail
 *  by score, then those of which something is not known. order [n]: indices; judgement [n]. */
void qg_recommend_order(int *order, const qg_judgement *judgement, int n);

/**
 * Which candidates are on the Pareto front: no other is at least as good in macro-F1, size, latency
 * and rho (those of them that have a threshold) and better in one. Candidates of which one of these
 * is not known are neither on it nor beat others. front [n].
 */
void qg_pareto_front(bool *front, const qg_candidate *candidate, int n,
                     const qg_candidate *threshold);

#endif
