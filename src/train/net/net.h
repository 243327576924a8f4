/*
 * net.h - the inside of a qg_net: activations of some leaves, and a pass over them.
 */
#ifndef QGRID_TRAIN_NET_H
#define QGRID_TRAIN_NET_H

#include "linear.h"
#include "layernorm_rows.h"

#include "qgrid/mlm.h"

/* What a layer's backward needs; with recomputation all layers share one. */
typedef struct qg_layer_state {
    float *qkv;                   /* [T, 3C] */
    float *context;               /* [T, C] */
    qg_norm_state attention_norm; /* [T, C], [T] */
    float *middle;                /* [T, C] between attention and feed-forward */
    float *inner, *activated;     /* [T, F] before and after the activation */
    qg_norm_state output_norm;    /* [T, C], [T] */
} qg_layer_state;

typedef struct qg_teacher qg_teacher; /* distill.h */
/* The head of masked-language modelling: M chosen rows, then the decoder in chunks of them. */
typedef struct qg_mlm_state {
    int32_t *row;              /* [M] token of the leaf */
    float *x, *inner;          /* [M, C] its hidden state; after the transform */
    float *activated, *hidden; /* [M, C] after the activation; after LayerNorm */
    qg_norm_state norm;        /* [M, C], [M] */
    float *dhidden;            /* [M, C] */
    float *logits;             /* [chunk, V], then their gradient */
    int chunk;
    int32_t all[2]; /* 0, M: one leaf */
} qg_mlm_state;

struct qg_net {
    qg_arena *arena;
    const qg_params *params;
    qg_net_options options;
    const qg_kernels *kernels;
    const float *weights; /* block that `site` was packed from */
    qg_site *site;        /* [sites] */
    qg_site_workspace workspace;
    qg_layer_state *layer;   /* [L], or all the same */
    float **x;               /* [L + 1] -> [T, C] input of each layer, and the last output */
    qg_norm_state embedding; /* [T, C], [T] */
    float *cls, *unpooled;   /* [B, C] first tokens, the pooler's product */
    float *pooled, *dropped; /* [B, C] its activation, after dropout */
    float *logits, *dlogits; /* [B, K] */
    double *shares;          /* [K] softmax of one text */
    qg_mlm_state mlm;        /* only with masked-language modelling */
    int32_t *one;            /* [B + 1] 0, 1, 2 ...: splits of one row a text */
    float *dx, *d1, *d2;     /* [T, C] */
    float *wide;             /* [T, max(F, 3C)] */
    float *attention;        /* [3, longest, longest] and a head turned */
    float **sum;             /* [leaves] -> [2 * widest] sums over the rows of a leaf */
    int32_t *leaf_rows;      /* [leaves + 1] */
    int32_t all_texts[2];    /* 0, B: one leaf */
    qg_keyed *keyed;         /* [T] */
    float *quantized;        /* [T, max(C, F)] */
    qg_range *seen;          /* [sites] */
    qg_affine *affine;       /* [sites, leaves] */
    qg_teacher *teacher;     /* NULL: none */
};

/* Leaves on their way through the net. */
typedef struct qg_pass {
    qg_net *net;
    float *grad;   /* NULL: none of the weights is wanted */
    double weight; /* of the step */
    const qg_train_batch *batch;
    const float *words; /* [T, C] in place of rows of the word table; NULL: by the batch's ids */
    int T;
    bool relevance; /* back by the rules of AttnLRP in place of derivatives: input_gradient.h */
    qg_parts tokens, texts;   /* rows of the leaves: in [T, .] and in [B, .] */
    qg_dropout_rates dropout; /* 0 in validation */
    qg_rng key;               /* of the step's dropout */
    qg_hook hook;
} qg_pass;

/** Checks a batch with texts and begins a pass over it: no dropout, no gradient of weights, ranges
 *  of inputs as they are. Labels are looked at, ids that are NULL are not. @errors QG_EMODEL. */
qg_code qg_pass_begin(qg_pass *out, qg_net *n, const qg_qat *q,
                      const qg_train_batch *b) QG_MUST_USE;

/** All layers, from net->x[0]; and back, to the gradient of net->x[0] in net->dx.
 *  @errors QG_ELOST. */
qg_code qg_layers_forward(const qg_pass *p) QG_MUST_USE;
qg_code qg_layers_backward(const qg_pass *p) QG_MUST_USE;

/** @param step  for messages; NULL: none. @errors QG_ENUMERIC. */
qg_code qg_check_logits(const qg_net *n, const qg_train_batch *b, const qg_step *step) QG_MUST_USE;

/** net->x[l + 1] and the state of layer l from net->x[l]. */
void qg_layer_forward(const qg_pass *p, int l);

/** net->dx: from the gradient of layer l's output to that of its input; its state is current. */
void qg_layer_backward(const qg_pass *p, int l);

/** net->x[0] from the ids; gradients of the tables, and net->dx itself, from net->dx. */
void qg_embedding_forward(const qg_pass *p);
void qg_embedding_backward(const qg_pass *p);

/** net->logits from net->x[L]; net->dx from net->dlogits. */
void qg_head_forward(const qg_pass *p);
void qg_head_backward(const qg_pass *p);

/** Memory of the head for leaves of T tokens. @errors QG_ENOMEM. */
qg_code qg_mlm_alloc(qg_mlm_state *s, qg_arena *a, const qg_config *c, size_t T) QG_MUST_USE;

/**
 * Adds the score of the batch's targets from net->x[L]. With a gradient (p->grad): all of the
 * head's, the decoder's part of the word embedding's, and net->dx, of nll / weight.
 * @param step  for messages; NULL in validation. @errors QG_ENUMERIC.
 */
qg_code qg_mlm_head(qg_mlm_score *sum, const qg_pass *p, const qg_step *step) QG_MUST_USE;

/** Adds the other part of the word embedding's gradient, from net->dx. */
void qg_mlm_words_backward(const qg_pass *p);

/** Losses of the leaves, divided by `weight`, and dlogits. logits [B, K]. */
void qg_loss(double *loss, float *dlogits, const float *logits, const qg_train_batch *b,
             const qg_parts *texts, int K, const qg_net_options *o, double weight);

/** dx (may be net->dx) of a LayerNorm's input from net->dx, and the gradients of its weight,
 *  parameter `norm`, and bias where they are wanted. */
void qg_back_through_norm(float *dx, const qg_pass *p, const qg_norm_state *s, int norm);

/** d [n] of an activation's input u from that of its output g. */
void qg_back_through_activation(float *d, const qg_pass *p, const float *u, const float *g,
                                size_t n, qg_activation act);

/** Dropout of rows [T, C] text by text. */
void qg_drop_rows(const qg_pass *p, float *x, double rate, int layer, int place);

/** Parameter of a module that stands outside the layers. */
static inline int qg_outside(const qg_pass *p, qg_role role)
{
    return qg_params_at(p->net->params, role, QG_OUTSIDE);
}

/** The values of parameter `index`, and its gradient (NULL: not wanted). */
static inline const float *qg_weight_at(const qg_pass *p, int index)
{
    return p->net->weights + p->net->params->param[index].offset;
}

static inline float *qg_grad_at(const qg_pass *p, int index)
{
    return p->grad ? p->grad + p->net->params->param[index].offset : NULL;
}

/** LayerNorm whose weight is parameter `index`. */
static inline qg_norm_weights qg_norm_at(const qg_pass *p, int index)
{
    return (qg_norm_weights){qg_weight_at(p, index), qg_weight_at(p, index + 1),
                             p->net->params->config.layer_norm_eps};
}

#endif
