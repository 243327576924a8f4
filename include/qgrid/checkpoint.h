/*
 * checkpoint.h - the parameters of a BERT classifier in a checkpoint, whatever they are called.
 */
#ifndef QGRID_CHECKPOINT_H
#define QGRID_CHECKPOINT_H

#include "qgrid/model.h"
#include "qgrid/weights.h"

/* A checkpoint that is being read, parameter by parameter. */
typedef struct qg_checkpoint {
    const char *dir;
    qg_weights *weights; /* NULL with random_weights */
    const qg_bert_config *config;
    bool random_head, random_weights;
    bool pooler_may_lack; /* then it is drawn: so with random_head */
    int64_t head_seed;
    bool *used; /* [qg_weights_count] */
} qg_checkpoint;

/** Opens the weights of a source whose config was read; source and config are borrowed. Owned.
 * @errors those of qg_weights_open, QG_ENOMEM. Local. */
qg_code qg_checkpoint_open(qg_checkpoint *out, qg_arena *a, const qg_model_source *src,
                           const qg_bert_config *config) QG_MUST_USE;
void qg_checkpoint_close(qg_checkpoint *c);

/**
 * Values of a parameter by its full name ("bert.encoder.layer.0.output.dense.weight") as f32.
 *
 * Found with or without `bert.` and `module.`, and with gamma / beta for LayerNorm weight / bias.
 * What is to be drawn is drawn as BERT is initialised: N(0, initializer_range), the padding row and
 * biases 0, LayerNorm 1 and 0; its numbers depend on the seed and the name only. That is: with
 * random_weights everything; with random_head the head ("classifier.", "cls."); a pooler that
 * may lack where the checkpoint has none (BertForMaskedLM).
 * Only the first `rows` of a table's `file_rows` are read; 0 for what is not a table.
 *
 * @param[out] out  [rows or count] caller-owned
 * @errors QG_EMODEL (missing; another shape, both named), QG_ENUMERIC (NaN or infinity). Local.
 */
qg_code qg_checkpoint_read(float *out, qg_checkpoint *c, const char *name, int rows, int columns,
                           int file_rows) QG_MUST_USE;

/** Parameters of the checkpoint that nothing asked for (heads of other tasks are not counted). */
int qg_checkpoint_unused(const qg_checkpoint *c, const char **first);

#endif
