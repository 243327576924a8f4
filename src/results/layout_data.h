/*
 * layout_data.h - what the results file holds from the beginning: names, texts, tokens, provenance.
 */
#ifndef QGRID_LAYOUT_DATA_H
#define QGRID_LAYOUT_DATA_H

#include "qgrid/file.h"
#include "qgrid/layout.h"

typedef enum qg_dim {
#define QG_DIM(id, name, length, scale) QG_DIM_##id,
#include "dimensions.def"
#undef QG_DIM
} qg_dim;

/* How the path of an instance of each group is made: "/metrics/M/D/P". */
extern const char *const qg_group_patterns[];

/** The experiment that a group belongs to, or -1. */
int qg_layout_experiment(const qg_plan *p, qg_group_ref ref);

/** Length of a dimension in an instance of a group. */
int64_t qg_dim_size(const qg_plan *p, qg_group_ref ref, qg_dim dim);

/** Length of the list of cues in the rows of a data set of pairs: at least 1. */
int64_t qg_layout_cues(const qg_minimal_pairs *x, int64_t rows);

/** Cells that "recommend" judges. */
int64_t qg_layout_members(const qg_plan *p);

/** The methods whose explanations it judges, a space between them; arena, NULL when out of memory.
 */
const char *qg_layout_judged_methods(qg_arena *a, const qg_job *job);

/** Text of element i of an array of strings. */
typedef const char *qg_layout_text(const void *ctx, int64_t i);

/** The text of element i of an array of texts. */
qg_layout_text qg_layout_listed;

/** Makes a field an array of strings of that many bytes, each with a NUL.
 *  @errors QG_ENOMEM; QG_EJOB naming a text that is longer. */
qg_code qg_layout_strings(qg_field *f, qg_arena *a, size_t size, qg_layout_text *text,
                          const void *ctx);

/** The same, of as many bytes as the longest text needs, at least `least`. */
qg_code qg_layout_names(qg_field *f, qg_arena *a, size_t least, qg_layout_text *text,
                        const void *ctx);

/** Type and values of a scale. */
qg_code qg_layout_scale_data(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref,
                             qg_dim dim);

/** Adds the names of all dimensions, and the names that the program puts on their scales. */
void qg_dims_hash(qg_sha256 *h);

/** Fills a field with what the plan knows: its values, and the size of its strings. A row of
 *  schema.def names its filler, without qg_fill_. */
typedef qg_code qg_filler(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref);
#define qg_fill_LATER NULL /* written by units, summaries and the end of a run */
qg_filler qg_fill_cell_name, qg_fill_cell_kind, qg_fill_cell_experiment, qg_fill_cell_model,
    qg_fill_cell_dataset, qg_fill_cell_precision, qg_fill_cell_method, qg_fill_cell_seed,
    qg_fill_cell_key, qg_fill_cell_state, qg_fill_cell_error;
qg_filler qg_fill_unit_cell, qg_fill_unit_first, qg_fill_unit_count;
qg_filler qg_fill_row_text, qg_fill_row_group, qg_fill_group_texts, qg_fill_row_label,
    qg_fill_row_id, qg_fill_word_splits, qg_fill_word_start, qg_fill_word_end;
qg_filler qg_fill_pair_phenomenon, qg_fill_pair_first, qg_fill_pair_second, qg_fill_pair_changes,
    qg_fill_cue_splits, qg_fill_cue_first, qg_fill_cue_last;
qg_filler qg_fill_token_splits, qg_fill_token_id, qg_fill_token_start, qg_fill_token_end,
    qg_fill_token_word;
qg_filler qg_fill_fragmentation, qg_fill_fragmentation_summary;
qg_filler qg_fill_judged_k, qg_fill_judged_batch_size;
qg_filler qg_fill_threshold, qg_fill_member_cell, qg_fill_member_variant,
    qg_fill_member_reference_cell, qg_fill_member_reference;
qg_filler qg_fill_sample_row, qg_fill_sample_tokens;
qg_filler qg_fill_part_kind, qg_fill_part_role, qg_fill_part_layer, qg_fill_part_parameters,
    qg_fill_sensitive_row, qg_fill_sensitive_slot;

/** Attributes of the root, /environment and the groups of data sets. */
qg_code qg_layout_attributes(qg_layout *out, qg_arena *a, const qg_plan *p,
                             const qg_group_ref *groups, int n);

#endif
