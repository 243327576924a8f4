/*
 * relevance_ref.h - AttnLRP of one text the slow way: relevances themselves, in double, handed from
 * layer to layer with the divisions of the paper's rules (Achtibat et al., ICML 2024,
 * arXiv:2402.05602, section 3).
 */
#ifndef RELEVANCE_REF_H
#define RELEVANCE_REF_H

#include "qgrid/train.h"

/* Letters as in tensor.h; n tokens. Arrays are in the arena. */
typedef struct relevance_ref {
    double value;              /* of the explained output */
    double start;              /* all relevance: sum over the logits of z d value / d z */
    double *x, *word;          /* [n, C] of what the first layer reads, of the word vectors */
    double kept, kept_outside; /* by biases and softmax behind x; between x and word as well */
} relevance_ref;

/** Of class `label`, from parameters and their values. */
relevance_ref relevance_ref_of(qg_arena *a, const qg_params *p, const float *values,
                               const int32_t *ids, int n, int label, bool probability);

#endif
