/*
 * layout.h - the plan as a results file: groups, datasets, dimension scales.
 */
#ifndef QGRID_LAYOUT_H
#define QGRID_LAYOUT_H

#include "qgrid/plan.h"
#include "qgrid/store.h"

/* Kinds of groups; the second column is how the path of an instance is made: of the names of model,
 * data set and precision, and B of the entry of the job that stands for models with seeds. */
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
    X(LATENCY, "/timing/latency/M/D/P")                                                            \
    X(TIMING_UNITS, "/timing/units")                                                               \
    X(TIMING_RUN, "/timing/run")

typedef enum qg_group {
#define X(id, path) QG_GROUP_##id,
    QG_GROUP_LIST(X)
#undef X
        QG_GROUP_COUNT
} qg_group;

/* name of the scale */
#define QG_DIM_LIST(X)                                                                             \
    X(NONE, "")                                                                                    \
    X(CELL, "cell")                                                                                \
    X(UNIT, "unit")                                                                                \
    X(ROW, "row")                                                                                  \
    X(ROW_SPLIT, "row_split")                                                                      \
    X(WORD, "word")                                                                                \
    X(TOKEN, "token")                                                                              \
    X(LAYER, "layer")                                                                              \
    X(CLASS, "class")                                                                              \
    X(TRUE_CLASS, "true_class")                                                                    \
    X(PREDICTED_CLASS, "predicted_class")                                                          \
    X(CLASS_METRIC, "class_metric")                                                                \
    X(BIN, "bin")                                                                                  \
    X(PRECISION_A, "precision_a")                                                                  \
    X(PRECISION_B, "precision_b")                                                                  \
    X(BATCH_SIZE, "batch_size")                                                                    \
    X(TEXT_SAMPLE, "text_sample")                                                                  \
    X(RUN, "run")                                                                                  \
    X(STATISTIC, "statistic")                                                                      \
    X(STEP, "step")                                                                                \
    X(EPOCH, "epoch")                                                                              \
    X(SEED, "seed")                                                                                \
    X(SEED_STATISTIC, "statistic")

typedef enum qg_dim {
#define X(id, name) QG_DIM_##id,
    QG_DIM_LIST(X)
#undef X
} qg_dim;

enum { QG_BINS = 10, QG_NAME_SIZE = 136, QG_ERROR_SIZE = 512, QG_LAYER_NAME = 96 };
enum { QG_SEED_STATISTICS = 4 }; /* mean, sd, min, max */

/* Which instance of a group: -1 where the group has no such index. */
typedef struct qg_group_ref {
    qg_group group;
    int model, dataset, precision;
} qg_group_ref;

/** Path of a group, or of a dataset in it (name not NULL); returns out. */
char *qg_group_path(char *out, size_t size, const qg_job *job, qg_group_ref ref, const char *name);

/** Length of a dimension in an instance of a group. */
int64_t qg_dim_size(const qg_plan *p, qg_group_ref ref, qg_dim dim);

/** The whole layout with the constant data (texts, tokens, names). Arena. */
qg_code qg_layout_make(qg_layout *out, qg_arena *a, const qg_plan *plan);

/** References of every group instance of a plan; arena, *n of them. */
qg_group_ref *qg_layout_groups(qg_arena *a, const qg_plan *p, int *n);

/** Path of the group where a cell's results are. */
qg_group_ref qg_cell_group(const qg_plan *p, const qg_cell *c, qg_group group);

#endif
