/*
 * key.h - what the course of a training depends on.
 */
#ifndef QGRID_TRAINING_KEY_H
#define QGRID_TRAINING_KEY_H

#include "qgrid/str.h"
#include "qgrid/training.h"

enum {
    QG_KEY_CONFIG,     /* but for output, checkpoint, recompute, and the names of files */
    QG_KEY_MODEL,      /* what it starts from */
    QG_KEY_TRAINING,   /* tokens and labels */
    QG_KEY_VALIDATION, /* the same */
    QG_KEY_ARITHMETIC, /* libraries and processor, as far as they change bits */
    QG_KEY_PARTS
};

typedef struct qg_training_key {
    char part[QG_KEY_PARTS][64]; /* SHA-256, 64 digits without a NUL */
    qg_str config;               /* a line for each key: "epochs: 3\n" */
    qg_str defaults;             /* the same of a config that says nothing */
} qg_training_key;

/** @errors QG_ENOMEM, QG_EUNSUPPORTED (kernels). fini also after an error. Local. */
qg_code qg_training_key_make(qg_training_key *out, const qg_training_config *c,
                             const qg_training_inputs *in) QG_MUST_USE;
void qg_training_key_fini(qg_training_key *k);

/**
 * Compares with the key of a checkpoint. A config whose program had fewer keys is the same one
 * where the keys that are new have their defaults.
 *
 * @param part, config, config_size  the other's
 * @errors QG_ECHANGED naming the parts, and the keys of the config, that differ. Local.
 */
qg_code qg_training_key_match(const qg_training_key *k, char part[QG_KEY_PARTS][64],
                              const char *config, size_t config_size, const char *path) QG_MUST_USE;

#endif
