/*
 * sums.h - checksums inside of store/.
 */
#ifndef QG_STORE_SUMS_H
#define QG_STORE_SUMS_H

#include "h5.h"

/** Whether the values of a dataset are covered by a checksum. */
bool qg_h5_has_sum(const char *path);

/** Reads the tables of s->sums, once. A file without has empty ones. @errors QG_ESTORE. */
qg_code qg_h5_sums_load(qg_store *s) QG_MUST_USE;

/** Path i of the tables, and the place of a path in them, -1: it is not there. */
const char *qg_h5_sums_path(const qg_store *s, int64_t i);
int64_t qg_h5_sums_find(const qg_store *s, const char *path);

/** Adds the bytes from `from` up to `end` of the file to a hash; `sha` is a qg_sha256. */
qg_code qg_h5_hash_bytes(void *sha, const qg_store *s, uint64_t from, uint64_t end) QG_MUST_USE;

/** Takes back the checksum of a dataset that is about to be written. */
qg_code qg_h5_unseal(qg_store *s, const char *path) QG_MUST_USE;

/** Writes offsets, sizes and checksums of a file that has just been made, and the checksum of all
 *  else in it. */
qg_code qg_h5_seal_new(qg_store *s) QG_MUST_USE;
qg_code qg_h5_seal_structure(qg_store *s) QG_MUST_USE;

/** Refuses a dataset that a reader must not believe. */
qg_code qg_h5_refuse_damaged(qg_store *s, const char *path) QG_MUST_USE;

#endif
