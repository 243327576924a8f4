/*
 * layout_data.h - what the results file holds from the beginning: names, texts, tokens, provenance.
 */
#ifndef QGRID_LAYOUT_DATA_H
#define QGRID_LAYOUT_DATA_H

#include "qgrid/layout.h"

/** The experiment that a group belongs to, or -1. */
int qg_layout_experiment(const qg_plan *p, qg_group_ref ref);

/** Makes a field an array of strings of that many bytes; `text(ctx, i)` gives element i, which is
 *  cut where it is longer, never inside a character. @errors QG_ENOMEM. */
qg_code qg_layout_strings(qg_field *f, qg_arena *a, size_t size,
                          const char *(*text)(const void *ctx, int64_t i), const void *ctx);

/** The text of element i of an array of texts, for the above. */
const char *qg_layout_listed(const void *ctx, int64_t i);

/** Type and values of a scale. */
qg_code qg_layout_scale_data(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref,
                             qg_dim dim);

/** Values known from the plan, if any; also the size of text strings. */
qg_code qg_layout_field_data(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref,
                             const char *name);

/** Attributes of the root, /environment and the groups of data sets. */
qg_code qg_layout_attributes(qg_layout *out, qg_arena *a, const qg_plan *p,
                             const qg_group_ref *groups, int n);

#endif
