/*
 * net.h - the inside of a qg_net: activations of one leaf, and a pass over it.
 */
#ifndef QGRID_TRAIN_NET_H
#define QGRID_TRAIN_NET_H

#include "linear.h"
#include "rows.h"

/* Places in the table of parameters; those of a layer count from QG_AT_LAYER + 16 l. */
enum {
    QG_AT_WORD,
    QG_AT_POSITION,
    QG_AT_TYPE,
    QG_AT_EMBEDDING_NORM,
    QG_AT_LAYER = 5,
    QG_PARAMS_PER_LAYER = 16,
    QG_AT_ATTENTION_NORM = 8, /* weight, then bias */
    QG_AT_OUTPUT_NORM = 14
};

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

struct qg_net {
    qg_arena *arena;
    const qg_params *params;
    qg_net_options options;
    const qg_kernels *kernels;
    qg_layer_state *layer;         /* [L], or all the same */
    float **x;                     /* [L + 1] -> [T, C] input of each layer, and the last output */
    qg_norm_state embedding;       /* [T, C], [T] */
    float *cls, *pooled, *dropped; /* [B, C] first tokens, tanh of the pooler, after dropout */
    float *logits, *dlogits;       /* [B, K] */
    int32_t *one;                  /* [B + 1] 0, 1, 2 ...: splits of one row a text */
    float *dx, *d1, *d2;           /* [T, C] */
    float *wide;                   /* [T, max(F, 3C)] */
    float *attention;              /* [3, longest, longest] */
    float *quantized;              /* [T, max(C, F)] */
    qg_range *seen;                /* [sites] */
    qg_affine *grid;               /* [sites] */
    qg_teacher *teacher;           /* NULL: none */
};

/* One leaf on its way through the net. */
typedef struct qg_pass {
    qg_net *net;
    const float *weights;
    float *grad;
    const qg_train_batch *batch;
    int T;
    qg_dropout_rates dropout; /* 0 in validation */
    qg_rng key;               /* of the step's dropout */
    double weight;            /* of the step */
    qg_hook hook;
} qg_pass;

/** net->x[l + 1] and the state of layer l from net->x[l]. */
void qg_layer_forward(const qg_pass *p, int l);

/** net->dx: from the gradient of layer l's output to that of its input; its state is current. */
void qg_layer_backward(const qg_pass *p, int l);

/** net->x[0] from the ids; gradients of the tables from net->dx. */
void qg_embedding_forward(const qg_pass *p);
void qg_embedding_backward(const qg_pass *p);

/** net->logits from net->x[L]; net->dx from net->dlogits. */
void qg_head_forward(const qg_pass *p);
void qg_head_backward(const qg_pass *p);

/** Loss of all texts divided by `weight`, and dlogits. logits [B, K]. */
double qg_loss(float *dlogits, const float *logits, const qg_train_batch *b, int K,
               const qg_net_options *o, double weight);

/** Dropout of rows [T, C] text by text. */
void qg_drop_rows(const qg_pass *p, float *x, double rate, int layer, int place);

/** The vector of parameter `index`, and its gradient. */
static inline const float *qg_weight_at(const qg_pass *p, int index)
{
    return p->weights + p->net->params->param[index].offset;
}

static inline float *qg_grad_at(const qg_pass *p, int index)
{
    return p->grad + p->net->params->param[index].offset;
}

/** LayerNorm whose weight is parameter `index`. */
static inline qg_norm_weights qg_norm_at(const qg_pass *p, int index)
{
    return (qg_norm_weights){qg_weight_at(p, index), qg_weight_at(p, index + 1),
                             p->net->params->config.layer_norm_eps};
}

#endif
