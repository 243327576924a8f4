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

#endif
