/*
 * pairs.h - from rows that say which pair they belong to, to the pairs of a data set.
 */
#ifndef QG_IO_PAIRS_H
#define QG_IO_PAIRS_H

#include "io/dataset_rows.h"

/** A copy in the arena of what a record says; NULL for NULL. @errors QG_ENOMEM. Local. */
qg_code qg_pair_record_copy(const qg_pair_record **out, qg_arena *a,
                            const qg_pair_record *of) QG_MUST_USE;

/**
 * The pairs of all rows, in the arena; NULL where the rows belong to none. The two texts of a
 * pair are rows one after the other: neither is there without the other.
 * @errors QG_EFORMAT (more phenomena than QG_MOST_PHENOMENA), QG_ENOMEM. Local.
 */
qg_code qg_pairs_make(const qg_minimal_pairs **out, qg_arena *a, const char *path,
                      const qg_row *row, int64_t n) QG_MUST_USE;

#endif
