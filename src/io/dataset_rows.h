/*
 * dataset_rows.h - good rows of a dataset before sampling, and what is done with them.
 */
#ifndef QG_IO_DATASET_ROWS_H
#define QG_IO_DATASET_ROWS_H

#include "qgrid/dataset.h"

typedef struct qg_row {
    const char *text; /* normalised */
    size_t len;
    const char *id;    /* NULL: the record number */
    const char *group; /* NULL: of none */
    int64_t line, record;
    int32_t label;
    const qg_pair_record *pair; /* NULL: it belongs to none */
} qg_row;

/** Counts duplicates and conflicting texts; scratch memory of the arena is given back. Local. */
qg_code qg_rows_compare(qg_dataset *out, qg_arena *a, const qg_row *row, int64_t n) QG_MUST_USE;

/** Numbers the groups of the rows that are kept (NULL: all), n of them, as they occur.
 *  @errors QG_EFORMAT: there are too many, or a name is too long. Local. */
qg_code qg_rows_group(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec, const qg_row *row,
                      int64_t rows, const uint8_t *keep, int64_t n) QG_MUST_USE;

/**
 * Marks the rows of the sample that the spec asks for; returns their number in *chosen.
 *
 * @param[out] keep  [n] 1 = in the sample; arena
 * @errors QG_EJOB when the sample is larger than the dataset or a class. Local.
 */
qg_code qg_rows_sample(uint8_t **keep, int64_t *chosen, qg_arena *a, const qg_dataset_spec *spec,
                       const char *const *labels, const qg_row *row, int64_t n) QG_MUST_USE;

/** The form in which two texts count as the same: case of ASCII letters and runs of white space do
 *  not matter. Arena, NULL when out of memory. Local. */
char *qg_text_folded(qg_arena *a, const char *text, size_t len, size_t *out_len);

/** Jaccard similarity of two sorted sets without repetition, not both empty. */
double qg_near_jaccard(const uint64_t *a, size_t n, const uint64_t *b, size_t m);

#endif
