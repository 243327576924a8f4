/*
 * bad_rows.h - rows of a data set that cannot be read: the first of them, and how many for which
 * reason.
 */
#ifndef QG_IO_BAD_ROWS_H
#define QG_IO_BAD_ROWS_H

#include "qgrid/dataset.h"

typedef struct qg_bad_rows {
    qg_error *row;          /* [listed] at most QG_SKIPPED_MAX; arena */
    qg_skip_reason *reason; /* [n_reasons] the most frequent first; arena */
    int64_t n;              /* all */
    int listed, n_reasons;
} qg_bad_rows;

/** Moves the thread's error record into the list. @errors QG_ENOMEM. Local. */
qg_code qg_bad_rows_take(qg_bad_rows *b, qg_arena *a) QG_MUST_USE;

/** Appends to the message of the thread's error record, as far as it has room. Local. */
void qg_bad_row_add(const char *more);

#endif
