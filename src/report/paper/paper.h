/*
 * paper.h - what the tables of a paper share: one row is one observation, the variant that it is of
 * stands in columns of its own.
 */
#ifndef QGRID_REPORT_PAPER_H
#define QGRID_REPORT_PAPER_H

#include "report/table.h"

#include <math.h>
#include <string.h>

/* The columns that every variant has, and their values. */
#define QG_VARIANT_COLUMNS                                                                         \
    {"experiment", NULL, QG_TEXT, 0}, {"model", NULL, QG_TEXT, 0}, {"dataset", NULL, QG_TEXT, 0},  \
        {"precision", NULL, QG_TEXT, 0},                                                           \
    {                                                                                              \
        "seed", NULL, QG_SIGNIFICANT, 17                                                           \
    }
enum { QG_VARIANT = 5 };

/** Experiment, model, data set, precision (NULL: the cell's) and seed of a cell. */
void qg_paper_variant(qg_value *v, const qg_read_cell *c, const char *precision);

/* Resamples of what these tables resample themselves; the seed is that of the file. */
enum { QG_PAPER_RESAMPLES = 2000 };

/** Whether a cell is of that kind and done. */
bool qg_paper_is(const qg_read_cell *c, const char *kind);

/** qg_matrix_read of a pattern of paths (qg_reading_path). @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_paper_matrix(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                        const char *blocks, const char *rows, const char *columns) QG_MUST_USE;

/** The cell of a kind and of these names; NULL: there is none, or it is not done. Empty method: it
 *  has none. */
const qg_read_cell *qg_paper_find(const qg_reading *r, const char *kind, const char *experiment,
                                  const char *precision, const char *method);

/** The experiment that a cell's experiment is compared with; NULL: it has no reference. Arena.
 *  @errors QG_ESTORE. Local. */
qg_code qg_paper_reference(const char **out, qg_reading *r, const qg_read_cell *c) QG_MUST_USE;

/** A metric of a cell's predictions; NaN where it is not known. */
double qg_paper_metric(qg_reading *r, const qg_read_cell *c, const char *name);

/** Bytes of a variant's weights, and the median time of its first batch size in ms; NaN where they
 *  are not known. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_paper_cost(double *bytes, double *ms, qg_reading *r, const qg_read_cell *c) QG_MUST_USE;

/** Adds the rows of every done cell of a kind. @errors those of `add`. */
typedef qg_code qg_paper_add(qg_table *t, qg_reading *r, const qg_read_cell *c);
qg_code qg_paper_each(qg_table *t, qg_reading *r, const char *kind, qg_paper_add *add) QG_MUST_USE;

/* The rows of a data set. */
typedef struct qg_paper_rows {
    int64_t n;
    const char **text, **id; /* [n] */
    double *label;           /* [n] class, -1: none */
} qg_paper_rows;

/* Those of the data set that was read last; zero-initialise. */
typedef struct qg_paper_dataset {
    const char *name;
    qg_paper_rows rows;
} qg_paper_dataset;

/** The rows of a cell's data set, read again only where it is another one than before. Arena.
 *  @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_paper_dataset_of(const qg_paper_rows **out, qg_paper_dataset *kept, qg_reading *r,
                            const qg_read_cell *c) QG_MUST_USE;

/** qg_matrix_read of a list along a scale. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_paper_list(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                      const char *scale) QG_MUST_USE;

/** Rows of the data set that a cell's experiment explains, [n]: -1 where a slot has none; NULL
 * where it explains none. Arena. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_paper_explained(const double **out, int64_t *n, qg_reading *r, const qg_read_cell *c,
                           const qg_paper_rows *rows) QG_MUST_USE;

#endif
