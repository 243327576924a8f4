/*
 * checkpoint.h - the parameters of a model in its checkpoint, whatever they are called there.
 */
#ifndef QGRID_CHECKPOINT_H
#define QGRID_CHECKPOINT_H

#include "qgrid/model.h"
#include "qgrid/weights.h"

/* A checkpoint that is being read, parameter by parameter. */
typedef struct qg_checkpoint {
    const char *dir;
    qg_weights *weights; /* NULL with random_weights */
    const qg_config *config;
    const char *prefix; /* what a wrapper put before all names, or "" */
    bool random_head, random_weights;
    bool pooler_may_lack; /* then it is drawn: so with random_head */
    int64_t head_seed;
    const uint8_t *class_order; /* of the source; borrowed */
    bool *used;                 /* [qg_weights_count] */
} qg_checkpoint;

/** Opens the weights of a source whose config was read. `config` is borrowed: of the model that is
 *  wanted. Owned handle.
 *  @errors those of qg_weights_open, QG_ENOMEM. Local. */
qg_code qg_checkpoint_open(qg_checkpoint *out, qg_arena *a, const qg_model_source *src,
                           const qg_config *config) QG_MUST_USE;
void qg_checkpoint_close(qg_checkpoint *c);

/**
 * Values of a parameter as f32.
 *
 * Found with or without the family's base name ("bert.") and wrappers' prefixes (`module.`,
 * `_orig_mod.`, ...), under PEFT's modules_to_save, and with gamma / beta for weight / bias of a
 * norm. What is to be drawn is drawn as transformers initialises a model:
 * N(0, initializer_range), the padding row and biases 0, norms 1 and 0; its numbers depend on the
 * seed and the name only. That is: with random_weights everything; with random_head the classifier,
 * N(0, 0.02), and the head of masked-language modelling; a pooler that may lack where the
 * checkpoint has none (it was pre-trained without).
 *
 * @param[out] out  [rows, columns] caller-owned
 * @errors QG_EMODEL (missing; another shape, both named), QG_ENUMERIC (NaN or infinity). Local.
 */
qg_code qg_checkpoint_read(float *out, qg_checkpoint *c, const qg_parameter *p) QG_MUST_USE;

/** out [rows, columns] as transformers initialises it (see above). Local. */
void qg_parameter_draw(float *out, const qg_config *c, const qg_parameter *p, int64_t seed);

/* Parts of a classifier that a parameter-randomisation check draws anew, from the top down: the
 * classifier, the pooler, the layers from the last to the first, the embeddings. */
static inline int qg_drawn_parts(const qg_config *c)
{
    return c->layers + 3;
}

/** Whether the checkpoint has the head of an objective. */
bool qg_checkpoint_has_head(const qg_checkpoint *c, qg_objective objective);

/** The same of the classifier of a folder. @errors those of qg_config_load and qg_checkpoint_open.
 *  Local. */
qg_code qg_dir_has_classifier(bool *out, const char *dir) QG_MUST_USE;

/** Warns of tensors of the checkpoint that nothing asked for (heads of other tasks are not
 * counted). Local. */
void qg_checkpoint_warn(const qg_checkpoint *c);

#endif
