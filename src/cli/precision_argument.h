/*
 * precision_argument.h - a precision named on the command line.
 */
#ifndef QGRID_PRECISION_ARGUMENT_H
#define QGRID_PRECISION_ARGUMENT_H

#include "qgrid/model.h"

/** The same reader as for jobs, so that names and messages are the same. @errors QG_EJOB. */
qg_code qg_precision_argument(qg_precision_spec *out, qg_arena *a, const char *precision,
                              const char *embeddings) QG_MUST_USE;

#endif
