/*
 * train.h - training: parameters in one block, gradients of one leaf, the sum over leaves, AdamW on
 * a slice, fake quantization.
 *
 * A step of training, on any number of ranks:
 *
 *   qg_qat_reach            what changes at this step (only with QAT)
 *   qg_qat_prepare          weights = fake-quantized parameters (only with QAT)
 *   qg_net_set_weights
 *   for each leaf in order  qg_net_gradient into qg_tree_slot, then qg_tree_push
 *   qg_tree_finish          one gradient block; the tree goes on across ranks with qg_tree_add
 *   qg_qat_weight_gradient  straight-through mask (only with QAT)
 *   qg_square_sums          of each slice; exchanged, then qg_norm and qg_clip
 *   qg_adamw_step           each rank its slice; slices are then exchanged
 *   qg_qat_observe          ranges of activations move on (only with QAT)
 *
 * A leaf is a fixed part of a global batch: what it computes depends on its texts, the step and the
 * weights alone. Leaves are summed in one fixed binary tree, so the bits of a run do not depend on
 * the number of ranks (on one kind of machine: matrix products are OpenBLAS's, on one thread).
 * Letters B, T, C, H, F, L, K as in tensor.h.
 */
#ifndef QGRID_TRAIN_H
#define QGRID_TRAIN_H

#include "qgrid/model.h"
#include "qgrid/rng.h"

/* ------------------------------------------------------------------------------- parameters */

/* A tensor of the block: values[offset .. offset + rows * columns), row-major. */
typedef struct qg_param {
    char name[96];     /* Hugging Face's */
    int rows, columns; /* a vector has one column */
    size_t offset;     /* in elements */
    bool decays;       /* under weight decay */
} qg_param;

/* Linear layers that share their input stand together: y [m, n] = x [m, k] W^T + b. The weights of
 * `parts` layers of n / parts rows each are contiguous, so are their biases. */
typedef struct qg_linear {
    int param; /* of the first layer's weight */
    int n, k, parts;
    size_t weight, bias; /* offsets */
} qg_linear;

enum {
    QG_SITE_QKV,
    QG_SITE_ATTENTION_OUTPUT,
    QG_SITE_INTERMEDIATE,
    QG_SITE_OUTPUT,
    QG_SITES_PER_LAYER
};

typedef struct qg_dropout_rates {
    double hidden, attention, classifier; /* [0, 1) */
} qg_dropout_rates;

/* What is learned: it decides the head of the model. */
typedef enum qg_objective {
    QG_OBJECTIVE_CLASSIFICATION, /* BertForSequenceClassification: pooler, classifier */
    QG_OBJECTIVE_MLM /* BertForMaskedLM: transform, LayerNorm, bias; the decoder's weight is the
                      * word embedding. The pooler comes along as it is, for a later classifier. */
} qg_objective;

/* The layout of parameters, gradients and moments alike: one block of `count` floats. Elements
 * between tensors (each begins on 64 bytes) are 0. */
typedef struct qg_params {
    qg_objective objective;
    qg_bert_config config;
    qg_dropout_rates dropout; /* of config.json; 0.1 where it is silent */
    const char *dir;          /* where they came from */
    qg_param *param;          /* [n], in the order of the block */
    int n;
    int scales;                 /* the last so many of them are learned step sizes, see */
    const qg_precision *scheme; /* qg_params_plan_scales; of this precision */
    qg_linear *site;            /* [sites]: 4 a layer, then pooler and classifier or transform */
    int sites;
    size_t count;
} qg_params;

/**
 * Lays out the parameters of a configuration; `config` is copied, its labels are borrowed.
 * Weight decay excludes every "bias" and "LayerNorm.weight". @errors QG_ENOMEM. Local.
 */
qg_code qg_params_plan(qg_params *out, qg_arena *a, const qg_bert_config *config) QG_MUST_USE;

/** The same with the head of masked-language modelling. */
qg_code qg_params_plan_mlm(qg_params *out, qg_arena *a, const qg_bert_config *config) QG_MUST_USE;

/**
 * Plans and reads a checkpoint. The head (a pooler that is missing, too) is drawn from
 * src->head_seed when src->random_head says so or the checkpoint has none.
 *
 * @param[out] values  [count] in the arena
 * @param      labels  NULL (as the model says) or NULL-terminated names of the classes; another
 *                     number of them than the checkpoint's needs a drawn head
 * @param      scales  NULL, or for whose weights step sizes are laid out and measured
 * @errors those of qg_checkpoint_read, QG_EUNSUPPORTED for a packed folder. Local.
 */
qg_code qg_params_load(qg_params *out, float **values, qg_arena *a, const qg_model_source *src,
                       const char *const *labels, const qg_precision *scales) QG_MUST_USE;

/**
 * Lays out a step size for each row, group or matrix of weights, as `scheme` has them, behind the
 * model's parameters (Esser et al., "Learned step size quantization", ICLR 2020, arXiv:1902.08153).
 * The element of the block is scale sqrt(Q), Q the largest code. Not under weight decay.
 * qg_params_save writes the scales to quantizer-PRECISION.safetensors, where packing finds them.
 * @errors QG_ENOMEM, QG_EBUG (a scheme without integer codes; laid out before). Local.
 */
qg_code qg_params_plan_scales(qg_params *p, qg_arena *a, const qg_precision *scheme) QG_MUST_USE;

/** Sets them from the weights in `values`: the smaller of max|w| / levels, which clips nothing, and
 *  2 mean|w| / sqrt(Q), the paper's; 1 where all weights are 0. Local. */
void qg_params_measure_scales(float *values, const qg_params *p);

/** The same with the head of masked-language modelling; labels stay the model's. */
qg_code qg_params_load_mlm(qg_params *out, float **values, qg_arena *a,
                           const qg_model_source *src) QG_MUST_USE;

/** Weight decay for all parameters but those whose name contains one of `parts` (NULL ends). */
void qg_params_exclude(qg_params *p, const char *const *parts);

/** Index by name, -1 if there is none. */
int qg_params_find(const qg_params *p, const char *name);

/**
 * Writes `values` as a Hugging Face folder: model.safetensors, config.json (of the folder they came
 * from, with the labels in use), vocabulary and tokenizer files. Each file atomically; weights
 * last.
 * @errors QG_EIO, QG_ENUMERIC (a value that is not finite, named), QG_ENOMEM. Local.
 */
qg_code qg_params_save(const char *dir, const qg_params *p, const float *values) QG_MUST_USE;

/* --------------------------------------------------------------------- batches and their leaves */

/* Labelled texts end to end; text b is ids[splits[b] .. splits[b+1]). */
typedef struct qg_train_batch {
    int B;
    const int32_t *ids;      /* [T] */
    const int32_t *types;    /* [T] token types, or NULL: all 0 */
    const int32_t *splits;   /* [B + 1], splits[0] = 0 */
    const int32_t *attended; /* [B] leading tokens of a text that attention sees, or NULL: all.
                              * For comparison with padded implementations. */
    const int32_t *label;    /* [B]; not looked at by masked-language modelling */
    const int64_t *sample;   /* [B] number of the text in its data set, < 2^40: keys its dropout */
    int leaves;              /* computed together; 0: all texts are one leaf */
    const int32_t *leaf;     /* [leaves + 1] leaf l is texts leaf[l] .. leaf[l+1] - 1 */
    const int32_t *target; /* [T] masked-language modelling: the token to predict here, -1: none */
} qg_train_batch;

/** Order in which epoch `epoch` visits n texts: a permutation by counter. */
void qg_epoch_order(int64_t *index, int64_t n, uint64_t seed, uint64_t epoch);

/**
 * Cuts a batch of B texts into leaves with nearly equal numbers of tokens: longest text first, each
 * to the leaf with the fewest tokens (the first of them). Inside a leaf texts keep their order.
 *
 * @param[out] order   [B] texts 0..B-1, leaf after leaf
 * @param[out] starts  [leaves + 1] leaf l is order[starts[l] .. starts[l+1]); may be empty
 * @param      tokens  [B]
 * @param      scratch memory is released again. @errors QG_ENOMEM. Local.
 */
qg_code qg_leaves_cut(int *order, int *starts, const int32_t *tokens, int B, int leaves,
                      qg_arena *scratch) QG_MUST_USE;

/* Memory for one leaf's texts. */
typedef struct qg_leaf {
    qg_train_batch batch; /* what was gathered last */
    int tokens, texts;    /* capacity */
    int32_t *ids, *splits, *label;
    int64_t *sample;
    int32_t *target, *spare; /* [tokens] of qg_masking_apply (mlm.h) */
} qg_leaf;

/* Texts of a data set, tokenized. */
typedef struct qg_train_set {
    int64_t n;
    const int32_t *ids;
    const int64_t *splits; /* [n + 1] */
    const int32_t *label;  /* [n] */
} qg_train_set;

qg_code qg_leaf_create(qg_leaf *out, qg_arena *a, int tokens, int texts) QG_MUST_USE;

/** Copies texts index[0..n) of a set. @errors QG_EBUG when they exceed the capacity. Local. */
qg_code qg_leaf_gather(qg_leaf *leaf, const qg_train_set *set, const int64_t *index,
                       int n) QG_MUST_USE;

/* ------------------------------------------------------------------------ gradients of leaves */

/*
 * Knowledge distillation. A text's loss becomes
 *   (1 - weight) L + weight T^2 KL(softmax(teacher / T), softmax(student / T)) + hidden M
 * with L its loss by the label, M the mean squared difference of all hidden states (embeddings and
 * outputs of layers); class weights apply to all of it (Hinton, Vinyals, Dean, 2015,
 * arXiv:1503.02531).
 */
typedef struct qg_distill {
    const qg_params *teacher; /* borrowed; the student's vocabulary and classes */
    const float *values;      /* [teacher->count] borrowed; run in f32 without dropout */
    double temperature;       /* T > 0 */
    double weight;            /* [0, 1] */
    double hidden;            /* >= 0; above 0 the teacher has the student's layers and width */
} qg_distill;

typedef struct qg_net_options {
    qg_dropout_rates dropout;
    bool recompute; /* keep only the input of each layer and compute its inside again in backward */
    uint64_t seed;  /* of the dropout */
    double label_smoothing;      /* [0, 1) */
    const double *class_weights; /* [K], borrowed; NULL: all 1 */
    const qg_distill *distill;   /* NULL: no teacher; only create looks at it */
    int tokens, texts, longest;  /* capacity: what a pass holds at most */
    int leaves;                  /* ... 0: one */
    bool (*breathe)(void *ctx);  /* between layers; true: give up with QG_ELOST. May be NULL */
    void *breathe_ctx;
} qg_net_options;

typedef struct qg_net qg_net;
typedef struct qg_qat qg_qat;

/**
 * Memory and functions to differentiate the leaves of a pass. `params` is borrowed. Sets OpenBLAS
 * to one thread for the whole process. Owned handle. @errors QG_ENOMEM, QG_EUNSUPPORTED (kernels).
 * Local.
 */
qg_code qg_net_create(qg_net **out, const qg_params *params,
                      const qg_net_options *options) QG_MUST_USE;
void qg_net_destroy(qg_net *net);

/** What the bits of matrix products depend on: OpenBLAS's version, and the processor it takes this
 *  one for. Returns out. */
const char *qg_train_library(char *out, size_t size);

/** Bytes of the net: activations and scratch. */
size_t qg_net_bytes(const qg_net *net);

/** Takes weights [count] for the passes to come: the parameters, or qg_qat_weights. They are
 *  borrowed; to be called again when they have changed. Local. */
void qg_net_set_weights(qg_net *net, const float *weights);

/** What the mean of a batch's losses divides by: the sum of its texts' class weights. */
double qg_loss_weight(const int32_t *label, int B, const double *class_weights);

/* What leaves need to know of their step. */
typedef struct qg_step {
    uint64_t number; /* keys the dropout */
    double weight;   /* qg_loss_weight or qg_masking_weight of the GLOBAL batch */
} qg_step;

/**
 * Losses of leaves and the sum of their gradients with respect to the weights, in the tree: the
 * bits do not depend on which leaves are computed together, as long as they are a subtree.
 *
 * loss = sum over texts of w_y ((1 - e) nll_y) + e / K sum over c of w_c nll_c, divided by
 * step->weight; nll_c = -log softmax(logits)_c: CrossEntropyLoss(weight, label_smoothing) of
 * PyTorch. Sums over the leaves of a batch give the batch's loss and gradient.
 * With masked-language modelling: the sum over the batch's targets of nll, divided by step->weight;
 * one leaf at a time, since the word embedding has two gradients, which are added leaf by leaf.
 *
 * @param[out] loss    one of each leaf
 *
 * @param[out] grad    [count] every element is written; a leaf without texts gives 0
 * @param[out] logits  [B, K] or NULL; NULL with masked-language modelling, which takes one leaf
 * @param      qat     NULL or how inputs of Linear layers are fake-quantized; not changed
 * @errors QG_EMODEL (token id, type, label, length outside the model), QG_ENUMERIC (a loss that is
 *         not finite: step and sample named), QG_EBUG (leaf larger than the capacity). Local.
 */
qg_code qg_net_gradient(float *grad, double *loss, float *logits, qg_net *net, const qg_qat *qat,
                        const qg_train_batch *batch, const qg_step *step) QG_MUST_USE;

/** Logits [B, K] without dropout, ranges of `qat` as they are (validation). Errors as above. Local.
 */
qg_code qg_net_forward(float *logits, qg_net *net, const qg_qat *qat,
                       const qg_train_batch *batch) QG_MUST_USE;

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

/* The same tree, leaf after leaf, in floor(log2 n) + 1 blocks instead of n. */
typedef struct qg_tree {
    float **block; /* [depth] */
    int depth, held, pushed;
    size_t count;
} qg_tree;

qg_code qg_tree_create(qg_tree *out, qg_arena *a, int leaves, size_t count) QG_MUST_USE;
void qg_tree_reset(qg_tree *t);
float *qg_tree_slot(const qg_tree *t); /* where the next leaf's gradient goes */
void qg_tree_push(qg_tree *t);         /* takes what the slot holds */
float *qg_tree_finish(qg_tree *t);     /* the sum; valid until reset */

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

/**
 * One update of elements [from, to) (Loshchilov, Hutter, "Decoupled weight decay regularization",
 * ICLR 2019, arXiv:1711.05101). Any cut of the block into slices gives the same bits.
 *
 * @param      values, grad  [count] whole blocks, of which only the slice is touched
 * @param      m, v   moments of the slice alone: m[0] belongs to element `from`
 * @param      step   0-based; the first is 0
 * @param      clip   factor of every gradient
 */
void qg_adamw_step(float *values, float *m, float *v, const float *grad, const qg_params *params,
                   size_t from, size_t to, const qg_adamw *o, double learning_rate, uint64_t step,
                   float clip);

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

/* -------------------------------------------------------------------------- fake quantization */

/* Smallest and largest value seen; set: at least once. */
typedef struct qg_range {
    float lo, hi;
    bool set;
} qg_range;

typedef enum qg_qat_inputs {
    QG_QAT_DEPLOYED, /* as the precision treats them: floats, bfloat16, per token, per text */
    QG_QAT_MOVING    /* per tensor, affine 0..255, moving average of the range (PyTorch's) */
} qg_qat_inputs;

typedef struct qg_qat_options {
    qg_precision_spec precision; /* the grid of the weights and embeddings is the deployed one */
    qg_qat_inputs inputs;
    bool learned;    /* step sizes of the weights are parameters: qg_params_plan_scales */
    uint64_t start;  /* first step with fake quantization; the weights train without it before */
    uint64_t freeze; /* first step with ranges of inputs that stay as they are; 0: never */
} qg_qat_options;

/* PyTorch's eager int8 grid for weights: max|W_row|/127, at least 2^-23, times the reciprocal. For
 * comparison; not in the registry. */
extern const qg_precision qg_precision_torch_int8;

/**
 * Fake quantization as a property of training: weights are a second block, inputs of Linear layers
 * are replaced by their quantized values, gradients pass straight through where nothing was clipped
 * (Jacob et al., CVPR 2018, arXiv:1712.05877; Bengio et al., 2013, arXiv:1308.3432).
 * `params` is borrowed. Owned handle. @errors QG_ENOMEM. Local.
 */
qg_code qg_qat_create(qg_qat **out, const qg_params *params,
                      const qg_qat_options *options) QG_MUST_USE;
void qg_qat_destroy(qg_qat *q);

/** Bytes of it: the fake-quantized weights, their scales, scratch. */
size_t qg_qat_bytes(const qg_qat *q);

/** Call before step `step` is prepared: fake quantization begins, with step sizes measured on the
 *  weights of this moment; ranges freeze. Local. */
void qg_qat_reach(qg_qat *q, uint64_t step, float *values);

/** Fake-quantizes all weights; call when the parameters changed. `values` is borrowed until the
 *  next call. Local. */
void qg_qat_prepare(qg_qat *q, const float *values);
const float *qg_qat_weights(const qg_qat *q); /* [count]; the values themselves before the start */

/** grad[i] = 0 for elements of [from, to) whose weight was clipped in the last prepare. Linear in
 *  grad, so it is applied once, to the sum of the leaves. The gradients of learned step sizes are
 *  part of each leaf's. Local. */
void qg_qat_weight_gradient(float *grad, const qg_qat *q, const float *values, size_t from,
                            size_t to);

/*
 * Ranges of the inputs, [sites]. In a leaf a site quantizes with the state moved by what the leaf
 * itself sees; the state moves after the step, by the union of what the leaves saw. With one leaf
 * a step this is PyTorch's observer; with several it does not depend on who computes them.
 */
qg_range *qg_qat_ranges(qg_qat *q);
const qg_range *qg_net_seen(const qg_net *net); /* of the last qg_net_gradient */
void qg_range_join(qg_range *into, const qg_range *seen, int sites);
void qg_qat_observe(qg_qat *q, const qg_range *seen); /* no effect when frozen */
void qg_qat_freeze(qg_qat *q, bool frozen);           /* the last epoch */

/** state moved by `seen`: itself at first, then state + 0.01 (seen - state), in binary32. */
qg_range qg_range_moved(qg_range state, qg_range seen);

/* Scale and zero point of an affine 0..255 grid. */
typedef struct qg_affine {
    float scale;
    int zero;
} qg_affine;
qg_affine qg_affine_of(qg_range r); /* PyTorch's rule, scale at least 2^-23 */

/** y = x on the grid; dx = dy where x was not clipped, else 0 (in place allowed for both). */
void qg_affine_forward(float *y, const float *x, size_t n, qg_affine grid);
void qg_affine_backward(float *dx, const float *dy, const float *x, size_t n, qg_affine grid);

#endif
