/*
 * precision_argument.h - a precision named on the command line.
 */
#ifndef QGRID_PRECISION_ARGUMENT_H
#define QGRID_PRECISION_ARGUMENT_H

#include "qgrid/model.h"

/* What commands say of a precision, and their options for it. */
typedef struct qg_precision_words {
    const char *precision;
    const char *embeddings, *parameters; /* NULL: not said */
} qg_precision_words;

#define QG_EMBEDDINGS_HELP "fp32, fp16, int8 or bf16 (default fp32; with fp16 and bf16 the same)"
#define QG_PARAMETERS_HELP "fp16 and bf16: all (default), or linear: weights of Linear layers alone"

/** The same reader as for jobs, so that names and messages are the same. @errors QG_EJOB. */
qg_code qg_precision_argument(qg_precision_spec *out, qg_arena *a,
                              const qg_precision_words *said) QG_MUST_USE;

#endif
