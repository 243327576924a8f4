/*
 * seal.h - checksums of the files of a folder, kept in the folder: packed and trained models.
 */
#ifndef QGRID_SEAL_H
#define QGRID_SEAL_H

#include "qgrid/file.h"

#define QG_SEAL "qgrid.sums" /* the file with the checksums */

/** 64-bit checksum of bytes, at the speed of memory: against damage, not against forgery. Local. */
uint64_t qg_sum_bytes(const void *data, size_t size);

/** The same of a file, and which file that was. @errors QG_EIO. Local. */
qg_code qg_sum_file(uint64_t *sum, qg_file_id *id, const char *path) QG_MUST_USE;

/** Writes the checksums of all plain files in the folder: the last thing done to it.
 *  @errors QG_EIO, QG_ENOMEM. Local. */
qg_code qg_seal_write(const char *dir) QG_MUST_USE;

/**
 * Whether every file is there as it was sealed. A process reads a file once: one that the file
 * system says has not changed since is taken for what it was. @errors QG_EFORMAT naming the file
 * that is missing or damaged; QG_EIO, QG_ENOMEM. Local.
 */
qg_code qg_seal_check(const char *dir) QG_MUST_USE;

#endif
