/*
 * layout.h - the plan as a results file: groups, datasets, dimension scales.
 */
#ifndef QGRID_LAYOUT_H
#define QGRID_LAYOUT_H

#include "qgrid/metrics.h"
#include "qgrid/plan.h"
#include "qgrid/store.h"

/* Kinds of groups; the second column is how the path of an instance is made: of the names of model,
 * data set, precision and method (X), of B, the entry of the job that stands for models with seeds,
 * of the experiments E and F of a pair or a decomposition, and of the perturbation N. */
#define QG_GROUP_LIST(X)                                                                           \
    X(CELLS, "/cells")                                                                             \
    X(UNITS, "/units")                                                                             \
    X(DATASET, "/datasets/D")                                                                      \
    X(GROUPS, "/datasets/D/groups")                                                                \
    X(PAIRS_OF_TEXTS, "/datasets/D/pairs")                                                         \
    X(TOKENS, "/datasets/D/tokens/M")                                                              \
    X(MODEL, "/models/M/P")                                                                        \
    X(PREDICTIONS, "/predictions/M/D/P")                                                           \
    X(METRICS, "/metrics/M/D/P")                                                                   \
    X(METRICS_BY_GROUP, "/metrics/M/D/P/groups")                                                   \
    X(PAIRED, "/comparisons/M/D/paired")                                                           \
    X(TRAINING, "/training/M")                                                                     \
    X(SEEDS, "/seeds/B/D/P")                                                                       \
    X(EXPLAINED, "/explained/M/D")                                                                 \
    X(ATTRIBUTIONS, "/attributions/M/D/P/X")                                                       \
    X(REPEAT, "/attributions/M/D/P/X/repeat")                                                      \
    X(BOUNDS, "/bounds/M/D/P")                                                                     \
    X(INTERACTIONS, "/attributions/M/D/P/X/interactions")                                          \
    X(FAITHFULNESS, "/faithfulness/M/D/P/X")                                                       \
    X(FAITHFULNESS_BY_GROUP, "/faithfulness/M/D/P/X/groups")                                       \
    X(RANDOMISATION, "/randomisation/M/D/P/X")                                                     \
    X(SENSITIVITY, "/sensitivity/M/D/P")                                                           \
    X(SENSITIVITY_EXPLAINED, "/sensitivity/M/D/P/X")                                               \
    X(INTERNALS, "/internals/M/D/P")                                                               \
    X(INTERNALS_DRIFT, "/comparisons/M/D/P/internals")                                             \
    X(DRIFT, "/comparisons/M/D/P/X")                                                               \
    X(DRIFT_BY_GROUP, "/comparisons/M/D/P/X/groups")                                               \
    X(EXPLANATIONS, "/comparisons/M/D/explanations")                                               \
    X(REFERENCE, "/comparisons/M/D/reference")                                                     \
    X(REFERENCE_EXPLAINED, "/comparisons/M/D/reference/explanations")                              \
    X(REFERENCE_DRIFT, "/comparisons/M/D/P/X/reference")                                           \
    X(PROBES, "/probes/M/D")                                                                       \
    X(CUES, "/cues/M/D/P/X")                                                                       \
    X(EXPLAINED_SEEDS, "/seeds/B/D/explanations")                                                  \
    X(STRESS, "/stress/M/D/N")                                                                     \
    X(STRESS_EXPLAINED, "/stress/M/D/N/P")                                                         \
    X(PAIR, "/pairs/E/F")                                                                          \
    X(DECOMPOSITION, "/decompositions/E/F")                                                        \
    X(RECOMMENDATION, "/recommendation")                                                           \
    X(CHECKSUMS, "/checksums")                                                                     \
    X(LATENCY, "/timing/latency/M/D/P")                                                            \
    X(LATENCY_TESTS, "/timing/latency_tests/M/D")                                                  \
    X(TIMING_UNITS, "/timing/units")                                                               \
    X(TIMING_RUN, "/timing/run")

/* A group of the list. */
typedef enum qg_group {
#define X(id, path) QG_GROUP_##id,
    QG_GROUP_LIST(X)
#undef X
        QG_GROUP_NONE
} qg_group;

/* Bytes of names of cells, of error texts and of names of layers. */
enum { QG_NAME_SIZE = 136, QG_ERROR_SIZE = 512, QG_LAYER_NAME = 96 };
enum { QG_SEED_STATISTICS = 5 }; /* mean, sd, median, min, max */

/* Over which texts the drift is summed up, and what stands beside it. */
#define QG_SUBSET_LIST(X) X(all) X(unflipped) X(flipped) X(floor) X(repeat)
enum {
#define X(name) QG_SUBSET_##name,
    QG_SUBSET_LIST(X)
#undef X
        QG_SUBSETS
};

/* How a tokenizer cuts the words of a text. */
#define QG_FRAGMENTATION_LIST(X) X(words) X(tokens) X(mean) X(most) X(split_share)
enum {
#define X(name) QG_FRAGMENTATION_##name,
    QG_FRAGMENTATION_LIST(X)
#undef X
        QG_FRAGMENTATIONS
};

/* Numbers of a paired test: whether there is a difference. `detectable` is the smallest true one
 * that so many texts show; `family` the number of tests that p is adjusted for, 0: of none. */
#define QG_TEST_LIST(X)                                                                            \
    X(n)                                                                                           \
    X(difference)                                                                                  \
    X(ci_low)                                                                                      \
    X(ci_high)                                                                                     \
    X(p)                                                                                           \
    X(p_holm)                                                                                      \
    X(p_bonferroni)                                                                                \
    X(rank_biserial)                                                                               \
    X(detectable)                                                                                  \
    X(family)
enum {
#define X(name) QG_TEST_##name,
    QG_TEST_LIST(X)
#undef X
        QG_TESTS
};

/* Numbers of a difference whose distribution is resampled. */
#define QG_DIFFERENCE_LIST(X) X(difference) X(ci_low) X(ci_high) X(p) X(p_holm)
enum {
#define X(name) QG_DIFFERENCE_##name,
    QG_DIFFERENCE_LIST(X)
#undef X
        QG_DIFFERENCES
};

/* A share of a total or another number, and an interval of 95 % around it. */
#define QG_SHARE_LIST(X) X(share) X(ci_low) X(ci_high)
enum {
#define X(name) QG_SHARE_##name,
    QG_SHARE_LIST(X)
#undef X
        QG_SHARES
};

/* Numbers of a test whether a difference is within the job's margin: `against` is the mean of what
 * is compared with, `low` to `high` the 90 % interval of the mean difference. */
#define QG_WITHIN_LIST(X)                                                                          \
    X(n)                                                                                           \
    X(against)                                                                                     \
    X(difference)                                                                                  \
    X(low)                                                                                         \
    X(high)                                                                                        \
    X(margin)                                                                                      \
    X(p)                                                                                           \
    X(p_holm)                                                                                      \
    X(detectable)                                                                                  \
    X(family)
enum {
#define X(name) QG_WITHIN_##name,
    QG_WITHIN_LIST(X)
#undef X
        QG_WITHINS
};

/* Which instance of a group: -1 where the group has no such index. */
typedef struct qg_group_ref {
    qg_group group;
    int model, dataset, precision;
    int method; /* of the job; of a pair, a decomposition or a perturbation: which of the job's */
} qg_group_ref;

/** A group that there is once. */
static inline qg_group_ref qg_group_alone(qg_group group)
{
    return (qg_group_ref){group, -1, -1, -1, -1};
}

/* A row of schema.def in words. */
typedef struct qg_schema_field {
    const char *group; /* how the path of an instance is made: "/metrics/M/D/P" */
    const char *name, *type, *doc;
    const char *units;   /* NULL: none */
    const char *axis[3]; /* names of scales; NULL behind the last */
} qg_schema_field;

/** Row i of the schema, whose rows of one group follow each other; false behind the last. Local. */
bool qg_schema_field_get(qg_schema_field *out, int i);

/** SHA-256 over every field and dimension, and so over the lists of metrics and measures. What a
 *  field is in words is no part of it. Returns hex. Local. */
char *qg_schema_hash(char hex[65]);

/** Path of a group, or of a dataset in it (name not NULL); returns out. */
char *qg_group_path(char *out, size_t size, const qg_job *job, qg_group_ref ref, const char *name);

/** Path of a group where the results of a cell of any results file are; returns out. */
struct qg_read_cell;
char *qg_read_cell_path(char *out, size_t size, const struct qg_read_cell *c, qg_group group);

/** The whole layout with the constant data (texts, tokens, names). Arena. */
qg_code qg_layout_make(qg_layout *out, qg_arena *a, const qg_plan *plan);

/** References of every group instance of a plan; arena, *n of them. */
qg_group_ref *qg_layout_groups(qg_arena *a, const qg_plan *p, int *n);

/** References of the groups where the results of a cell are; returns how many: at most
 *  qg_layout_most_cell_groups. */
int qg_layout_cell_groups(qg_group_ref *out, const qg_plan *p, const qg_cell *c);
int qg_layout_most_cell_groups(const qg_plan *p);

/** Path of the group where a cell's results are. */
qg_group_ref qg_cell_group(const qg_plan *p, const qg_cell *c, qg_group group);

#endif
