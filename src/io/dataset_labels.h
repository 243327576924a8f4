/*
 * dataset_labels.h - from the value of a label in a file to an index into the job's labels.
 */
#ifndef QG_IO_DATASET_LABELS_H
#define QG_IO_DATASET_LABELS_H

#include "qgrid/dataset.h"

typedef struct qg_label_value {
    const char *value; /* as it stands in the file */
    const char *means; /* a label's name; NULL: no vote */
} qg_label_value;

typedef struct qg_label_map {
    const char *const *labels;   /* of the job, NULL-terminated */
    const qg_label_value *value; /* [n] */
    int n;
} qg_label_map;

/**
 * The job's label_map, or else the built-in one of the format; names of labels are always known.
 *
 * @errors QG_EJOB when label_map names no label of the job. Local.
 */
qg_code qg_label_map_make(qg_label_map *out, qg_arena *a, const qg_dataset_spec *spec,
                          const qg_format *format, const char *const *labels) QG_MUST_USE;

/* What a label is that says nothing, and a row whose label columns have no majority. */
enum { QG_NO_VOTE = -2 };

/** An index, or QG_NO_VOTE. @errors QG_EFORMAT naming the values allowed; without a place. Local.
 */
qg_code qg_label_map_find(int32_t *out, const qg_label_map *map, const char *value,
                          size_t len) QG_MUST_USE;

/**
 * The label that more than half of a record's label columns name, of those that name one: empty
 * fields, absent keys and values that label_map makes null do not. QG_NO_VOTE: there is none, or
 * fewer than spec->min_votes columns name a label.
 *
 * @param[out] bad  column of the value that is no label, where the error is QG_EFORMAT
 * @errors those of qg_label_map_find. Local.
 */
qg_code qg_label_vote(int32_t *out, int *bad, const qg_label_map *map, const qg_dataset_spec *spec,
                      const qg_record *r) QG_MUST_USE;

/* Distinct values that are no labels, the first QG_MOST_UNKNOWN_LABELS of them. */
enum { QG_MOST_UNKNOWN_LABELS = 12 };

typedef struct qg_unknown_labels {
    const char *value[QG_MOST_UNKNOWN_LABELS]; /* arena */
    int n;
    bool more; /* than those */
} qg_unknown_labels;

/** False when out of memory. Local. */
bool qg_unknown_labels_add(qg_unknown_labels *u, qg_arena *a, const char *value, size_t len);

/**
 * What such values may mean, as a line for the job: "label_map": {"Positif": "positive", ...}.
 * They differ from labels by case, white space or language, or are numbers in the order of the
 * labels. "" when one of them is like no label; arena, NULL when out of memory. Local.
 */
const char *qg_label_hint(qg_arena *a, const qg_unknown_labels *u, const char *const *labels);

#endif
