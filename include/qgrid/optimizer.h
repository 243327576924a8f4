/*
 * optimizer.h - sums over leaves in one tree, clipping, AdamW on a slice, learning rates, the
 * choice of the best epoch.
 */
#ifndef QGRID_OPTIMIZER_H
#define QGRID_OPTIMIZER_H

#include "qgrid/train.h"

/* ---------------------------------------------------------------------------- sum over leaves */

/**
 * leaf[0][from..to) = the sum of n leaves, neighbours first: (0+1)+(2+3) ..., one without neighbour
 * goes up as it is. Overwrites the other leaves. Local.
 */
void qg_tree_sum(float *const *leaf, int n, size_t from, size_t to);

/** Leaves of the left subtree of n: the largest power of two below n. */
int qg_tree_left(int n);

/** The same for one number a leaf (losses). */
double qg_tree_sum_f64(const double *leaf, int n);

/** a[i] += b[i]: one node of the tree, e.g. between two ranks. */
void qg_tree_add(float *a, const float *b, size_t n);

/* --------------------------------------------------------------------------------- optimiser */

enum { QG_NORM_BLOCK = 1 << 15 }; /* slices are whole blocks of so many elements */

/** First element of slice `i` of `slices`: a multiple of QG_NORM_BLOCK (or `count`). */
size_t qg_slice_start(size_t count, int slices, int i);

/** Blocks of a gradient of `count` elements. */
size_t qg_norm_blocks(size_t count);

/** sums[b] = sum of squares of block b, for all blocks that begin in [from, to). Local. */
void qg_square_sums(double *sums, const float *grad, size_t from, size_t to);

/** sqrt of the sum of all blocks in order. */
double qg_norm(const double *sums, size_t blocks);

/**
 * min(1, most / (norm + 1e-6)) as torch.nn.utils.clip_grad_norm_; most <= 0: 1.
 * @errors QG_ENUMERIC for a norm that is not finite, step named. Local.
 */
qg_code qg_clip(float *coefficient, double norm, double most, uint64_t step) QG_MUST_USE;

typedef enum qg_adamw_kind {
    QG_ADAMW_TORCH,       /* torch.optim.AdamW: decay first, eps after the bias correction */
    QG_ADAMW_TRANSFORMERS /* transformers.AdamW 4.5.1: decay last, eps before it */
} qg_adamw_kind;

typedef struct qg_adamw {
    qg_adamw_kind kind;
    double beta1, beta2, eps, weight_decay;
} qg_adamw;

/* beta 0.9, 0.999, eps 1e-8, weight decay 0.01, as PyTorch. */
extern const qg_adamw qg_adamw_default;

/* What one update is made with. */
typedef struct qg_adamw_update {
    const qg_adamw *rule;
    double learning_rate;
    uint64_t step; /* 0-based */
    float clip;    /* factor of every gradient */
} qg_adamw_update;

/**
 * One update of elements [from, to) (Loshchilov, Hutter, "Decoupled weight decay regularization",
 * ICLR 2019, arXiv:1711.05101). Any cut of the block into slices gives the same bits.
 *
 * @param      values, grad  [count] whole blocks, of which only the slice is touched
 * @param      m, v   moments of the slice alone: m[0] belongs to element `from`
 */
void qg_adamw_step(float *values, float *m, float *v, const float *grad, const qg_params *params,
                   size_t from, size_t to, const qg_adamw_update *how);

typedef enum qg_schedule_kind {
    QG_SCHEDULE_LINEAR,
    QG_SCHEDULE_CONSTANT,
    QG_SCHEDULE_COSINE
} qg_schedule_kind;

/* Learning rate of a 0-based step: base * s / warmup before `warmup`, then down to 0 at `steps`
 * (linear, half a cosine) or constant. */
typedef struct qg_schedule {
    qg_schedule_kind kind;
    double base;
    uint64_t warmup, steps;
} qg_schedule;
double qg_schedule_rate(const qg_schedule *s, uint64_t step);

/* ----------------------------------------------------------------------------- the best epoch */

/* Which epoch's weights are kept, and when to stop early. Plain data: part of a checkpoint. */
typedef struct qg_selection {
    int metric;   /* row of QG_METRIC_LIST (metrics.h) */
    int patience; /* epochs without a better one before training stops; 0: never */
    int best_epoch, waited;
    double best; /* NaN before the first epoch */
} qg_selection;

struct qg_scores;

/** By the name of a metric; its direction is known (nll falls, macro_f1 rises).
 *  @errors QG_EJOB for a name that is no metric or has no direction, known ones named. Local. */
qg_code qg_selection_start(qg_selection *out, const char *metric, int patience) QG_MUST_USE;

/** Takes an epoch's validation scores; true when it is strictly better than all before. */
bool qg_selection_take(qg_selection *s, int epoch, const struct qg_scores *scores);

bool qg_selection_stops(const qg_selection *s);

#endif
