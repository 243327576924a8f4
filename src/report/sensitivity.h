/*
 * sensitivity.h - what a precision does to one part of a model at a time: parts beside precisions.
 */
#ifndef QGRID_REPORT_SENSITIVITY_H
#define QGRID_REPORT_SENSITIVITY_H

#include "table.h"

/* A number of every part, in the cells of a kind. */
typedef struct qg_part_measure {
    const char *kind;    /* of the cells */
    const char *data;    /* pattern of the dataset */
    const char *across;  /* scale beside the parts, NULL: there is none */
    const char *number;  /* ... and the place along it */
    const char *measure; /* of drift: a third side; else NULL */
} qg_part_measure;

extern const qg_part_measure qg_part_kl, qg_part_flips, qg_part_accuracy, qg_part_macro_f1,
    qg_part_drift;

/* One measure of an experiment (and method): [parts, precisions]. */
typedef struct qg_part_matrix {
    const char *of; /* "finetuned_smsa", "finetuned_smsa/occlusion" */
    const qg_read_cell *cell;
    const char **kind, **role; /* [parts] */
    int32_t *layer;            /* [parts] */
    qg_matrix m;               /* rows: parts, columns: precisions */
} qg_part_matrix;

/** All of a measure in the file; arena, *n of them. Cells that are not done are left out.
 *  @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_part_matrices(qg_part_matrix **out, int *n, qg_reading *r,
                         const qg_part_measure *x) QG_MUST_USE;

#endif
