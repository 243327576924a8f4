/*
 * pooled.h - numbers of texts under several seeds (or one): pure functions over arrays. All are
 * local.
 */
#ifndef QGRID_POOLED_H
#define QGRID_POOLED_H

#include "qgrid/statistics.h"

/* What is said of such numbers, in the order in which it is stored. */
#define QG_POOLED_LIST(X)                                                                          \
    X(seeds, "seeds that have a number")                                                           \
    X(n, "numbers of all seeds")                                                                   \
    X(mean, "mean of the seeds' means")                                                            \
    X(sd, "standard deviation of the seeds' means, ddof 1")                                        \
    X(median, "median of the seeds' means")                                                        \
    X(min, "least of them")                                                                        \
    X(max, "largest of them")                                                                      \
    X(ci_low, "2.5 % of the mean; resamples of seeds, and of texts within each")                   \
    X(ci_high, "97.5 % of it")                                                                     \
    X(pooled, "mean of all numbers, whatever their seed")                                          \
    X(consistency, "share of seeds whose mean is above 0")

/* Places of these in arrays of them. */
enum {
#define X(name, doc) QG_POOLED_##name,
    QG_POOLED_LIST(X)
#undef X
        QG_POOLED
};
/* Their names, NULL-terminated. */
extern const char *const qg_pooled_names[QG_POOLED + 1];

/* The numbers of each seed; those that are NaN are left out. */
typedef struct qg_seed_values {
    int seeds;
    const double *const *value; /* [seeds], of each [count] */
    const int64_t *count;
} qg_seed_values;

/** out [QG_POOLED]; NaN where nothing is left, seeds and n 0. With one seed the interval is that of
 *  its texts, and sd is NaN. @errors QG_ENOMEM. */
qg_code qg_pool(double *out, const qg_seed_values *v, const qg_draws *draws,
                qg_arena *scratch) QG_MUST_USE;

/**
 * The mean of the seeds' mean parts divided by that of their mean totals, and an interval of it:
 * resamples of seeds and of texts within each, the same for part and total.
 *
 * @param[out] share  [3] the share, 2.5 % and 97.5 %; NaN where a mean total is not above 0, of the
 *                    interval also where that of a resample is not
 * @param      part, total  of the same texts; left out where one of them is NaN
 * @errors QG_ENOMEM.
 */
qg_code qg_pooled_share(double share[3], const qg_seed_values *part, const qg_seed_values *total,
                        const qg_draws *draws, qg_arena *scratch) QG_MUST_USE;

#endif
