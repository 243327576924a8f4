/*
 * read.h - what readers of figures share.
 */
#ifndef QGRID_REPORT_FIGURES_READ_H
#define QGRID_REPORT_FIGURES_READ_H

#include "figure.h"

#include "qgrid/pair_scores.h"

#include <math.h>
#include <string.h>

/** Whether a cell of this kind is done. Experiments on perturbed texts are not meant: the figures
 *  of stress draw what they come to. */
bool qg_is_drawn(const qg_read_cell *c, const char *kind);

bool qg_is_reference(const char *precision);

/** A dataset by the pattern of its path, as qg_matrix_read(). */
qg_code qg_matrix_of(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                     const char *blocks, const char *rows, const char *columns) QG_MUST_USE;

/** All numbers of a dataset by the pattern of its path, as qg_numbers_read(). */
qg_code qg_numbers_of(double **out, int64_t *n, qg_reading *r, const qg_read_cell *c,
                      const char *pattern) QG_MUST_USE;

/** A number of a group given by a pattern; NaN where it is not known. */
qg_code qg_number_of(double *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                     const char *name) QG_MUST_USE;

/** "a, b" in the arena of the figure, or a alone where b is NULL. @errors QG_ENOMEM. */
qg_code qg_name_of(const char **out, qg_figure *f, const char *a, const char *b) QG_MUST_USE;

/** Puts a datum at the name `row` of the y axis, into the points (boxes, ...) of a series. */
qg_code qg_put_row(qg_figure *f, qg_panel *p, const char *series, qg_mark_kind mark,
                   const char *row, qg_datum d) QG_MUST_USE;

/** The median, quartiles and 5 % and 95 % of numbers, NaN left out; n 0: all is NaN. The numbers
 *  are put in order. */
qg_datum qg_box_of(double *x, int64_t n);

/** Labelled texts that the metrics of a cell are of; NaN where there are none. */
qg_code qg_texts_of(double *out, qg_reading *r, const qg_read_cell *c) QG_MUST_USE;

#define QG_METRICS_PATH "/metrics/{model}/{dataset}/{precision}"
#define QG_DRIFT_PATH   "/comparisons/{model}/{dataset}/{precision}/{method}"

#endif
