/*
 * layout.h - the plan as a results file: groups, datasets, dimension scales.
 */
#ifndef QGRID_LAYOUT_H
#define QGRID_LAYOUT_H

#include "qgrid/plan.h"
#include "qgrid/store.h"

/* Kinds of groups; the second column is how the path of an instance is made: of the names of model,
 * data set, precision and method (X), of B, the entry of the job that stands for models with seeds,
 * and of the experiments E and F of a pair. */
#define QG_GROUP_LIST(X)                                                                           \
    X(CELLS, "/cells")                                                                             \
    X(UNITS, "/units")                                                                             \
    X(DATASET, "/datasets/D")                                                                      \
    X(TOKENS, "/datasets/D/tokens/M")                                                              \
    X(MODEL, "/models/M/P")                                                                        \
    X(PREDICTIONS, "/predictions/M/D/P")                                                           \
    X(METRICS, "/metrics/M/D/P")                                                                   \
    X(PAIRED, "/comparisons/M/D/paired")                                                           \
    X(TRAINING, "/training/M")                                                                     \
    X(SEEDS, "/seeds/B/D/P")                                                                       \
    X(EXPLAINED, "/explained/M/D")                                                                 \
    X(ATTRIBUTIONS, "/attributions/M/D/P/X")                                                       \
    X(REPEAT, "/attributions/M/D/P/X/repeat")                                                      \
    X(INTERACTIONS, "/attributions/M/D/P/X/interactions")                                          \
    X(FAITHFULNESS, "/faithfulness/M/D/P/X")                                                       \
    X(INTERNALS, "/internals/M/D/P")                                                               \
    X(INTERNALS_DRIFT, "/comparisons/M/D/P/internals")                                             \
    X(DRIFT, "/comparisons/M/D/P/X")                                                               \
    X(EXPLANATIONS, "/comparisons/M/D/explanations")                                               \
    X(PAIR, "/pairs/E/F")                                                                          \
    X(LATENCY, "/timing/latency/M/D/P")                                                            \
    X(TIMING_UNITS, "/timing/units")                                                               \
    X(TIMING_RUN, "/timing/run")

/* A group of the list. */
typedef enum qg_group {
#define X(id, path) QG_GROUP_##id,
    QG_GROUP_LIST(X)
#undef X
        QG_GROUP_NONE
} qg_group;

/* Bins of the reliability diagram; bytes of names of cells, of error texts and of names of layers.
 */
enum { QG_BINS = 10, QG_NAME_SIZE = 136, QG_ERROR_SIZE = 512, QG_LAYER_NAME = 96 };
enum { QG_SEED_STATISTICS = 4 }; /* mean, sd, min, max */

/* Over which texts the drift is summed up, and what stands beside it. */
#define QG_SUBSET_LIST(X) X(all) X(unflipped) X(flipped) X(floor) X(ceiling)
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

/* Numbers of a paired test. */
#define QG_TEST_LIST(X)                                                                            \
    X(n) X(difference) X(ci_low) X(ci_high) X(p) X(p_holm) X(p_bonferroni) X(rank_biserial)
enum {
#define X(name) QG_TEST_##name,
    QG_TEST_LIST(X)
#undef X
        QG_TESTS
};

/* Which instance of a group: -1 where the group has no such index. */
typedef struct qg_group_ref {
    qg_group group;
    int model, dataset, precision;
    int method; /* of the job; of a pair: which of the job's pairs */
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

/** Path of the group where a cell's results are. */
qg_group_ref qg_cell_group(const qg_plan *p, const qg_cell *c, qg_group group);

#endif
