/*
 * train.h - training: parameters in one block, batches and their leaves, gradients of leaves. Sums
 * over leaves and AdamW are in optimizer.h, fake quantization in qat.h.
 *
 * A step of training, on any number of ranks:
 *
 *   qg_qat_reach            what changes at this step (only with QAT)
 *   qg_qat_prepare          weights = fake-quantized parameters (only with QAT)
 *   qg_net_set_weights
 *   qg_net_gradient         of as many leaves at a time as there is memory for
 *   qg_tree_add             joins them, and then those of other ranks, in the tree
 *   qg_qat_weight_gradient  straight-through mask (only with QAT)
 *   qg_square_sums          of each slice; exchanged, then qg_norm and qg_clip
 *   qg_adamw_step           each rank its slice; slices are then exchanged
 *   qg_qat_observe          ranges of activations move on (only with QAT)
 *
 * A leaf is a fixed part of a global batch: what it computes depends on its texts, the step and the
 * weights alone. Leaves are summed in one fixed binary tree, so the bits of a run do not depend on
 * the number of ranks, nor on the processor (but for the decoder of masked-language modelling,
 * whose products are OpenBLAS's, on one thread). Letters B, T, C, H, F, L, K as in tensor.h.
 */
#ifndef QGRID_TRAIN_H
#define QGRID_TRAIN_H

#include "qgrid/model.h"
#include "qgrid/rng.h"

/* ------------------------------------------------------------------------------- parameters */

/* A tensor of the block: values[offset .. offset + rows * columns), row-major. */
typedef struct qg_param {
    char name[QG_MODULE_NAME + 8]; /* Hugging Face's */
    qg_module_kind kind;           /* of the module it belongs to */
    int rows, columns;             /* a vector has one column */
    size_t offset;                 /* in elements */
    bool decays;                   /* under weight decay */
} qg_param;

/* Linear layers that share their input stand together: y [m, n] = x [m, k] W^T + b. The weights of
 * `parts` layers of n / parts rows each are contiguous, so are their biases. */
typedef struct qg_linear {
    int param; /* of the first layer's weight */
    int n, k, parts;
    size_t weight, bias; /* offsets */
} qg_linear;

/* The layout of parameters, gradients and moments alike: one block of `count` floats. Elements
 * between tensors (each begins on 64 bytes) are 0. */
typedef struct qg_params {
    qg_objective objective;
    qg_config config;
    qg_dropout_rates dropout; /* those of config.json, unless the training says otherwise */
    const char *dir;          /* where they came from */
    qg_param *param;          /* [n], in the order of the block */
    int n;
    int head;                   /* the first of them behind the layers */
    int scales;                 /* the last so many of them are learned step sizes, see */
    const qg_precision *scheme; /* qg_params_plan_scales; of this precision */
    qg_linear *site;            /* [sites] Linear layers, those of one input together */
    int sites;
    int *param_of, *site_of; /* by layer and role: qg_params_at, qg_params_site */
    size_t count;
} qg_params;

/** Parameter of a module by its role, in a layer or QG_OUTSIDE: of its weight, or of its bias if it
 *  has no weight; a norm's bias is the next one. The model must have the module. */
int qg_params_at(const qg_params *p, qg_role role, int layer);

/** The site that its product belongs to. */
int qg_params_site(const qg_params *p, qg_role role, int layer);

/**
 * Lays out the parameters of a configuration; `config` is copied, its labels are borrowed.
 * Weight decay is for embedding tables and weights of Linear layers. @errors QG_ENOMEM. Local.
 */
qg_code qg_params_plan(qg_params *out, qg_arena *a, const qg_config *config) QG_MUST_USE;

/** The same with the head of masked-language modelling. */
qg_code qg_params_plan_mlm(qg_params *out, qg_arena *a, const qg_config *config) QG_MUST_USE;

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

/**
 * Draws a part (qg_drawn_parts of checkpoint.h) of the parameters as a new model's
 * (qg_parameter_draw): its numbers depend on the seed and the parameters' names alone.
 * @param scratch memory is released again. @errors QG_ENOMEM. Local.
 */
qg_code qg_params_draw_part(float *values, const qg_params *p, int part, uint64_t seed,
                            qg_arena *scratch) QG_MUST_USE;

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
    const int32_t *positions; /* [T] place of each token in its text; NULL: 0, 1, 2, ... */
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
    int32_t *target, *spare; /* [tokens] of qg_mlm_masking_apply (mlm.h) */
} qg_leaf;

/* Texts of a data set, tokenized. */
typedef struct qg_train_set {
    int64_t n;
    const int32_t *ids;
    const int64_t *splits; /* [n + 1] */
    const int32_t *label;  /* [n] */
} qg_train_set;

/** Memory for so many tokens and texts, in the arena. @errors QG_ENOMEM. Local. */
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
    bool (*poll)(void *ctx);     /* between layers; true: give up with QG_ELOST. May be NULL */
    void *poll_ctx;
} qg_net_options;

/* What differentiates a leaf; and fake quantization of its weights and inputs. */
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

/** Packs the weights of one site anew, which have changed in the block that is in use. Local. */
void qg_net_pack_site(qg_net *net, int site);

/** What the mean of a batch's losses divides by: the sum of its texts' class weights. */
double qg_loss_weight(const int32_t *label, int B, const double *class_weights);

/* What leaves need to know of their step. */
typedef struct qg_step {
    uint64_t number; /* keys the dropout */
    double weight;   /* qg_loss_weight or qg_mlm_masking_weight of the GLOBAL batch */
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

#endif
