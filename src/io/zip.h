/*
 * zip.h - the directory of a zip archive in memory, for archives whose entries are stored plainly.
 */
#ifndef QGRID_IO_ZIP_H
#define QGRID_IO_ZIP_H

#include "qgrid/arena.h"

#include <stdbool.h>

typedef struct qg_zip_entry {
    const char *name; /* NUL-terminated, in the arena */
    const void *data; /* borrowed from the archive */
    size_t size;
    uint32_t crc;
    uint64_t begin, end; /* from its local header to the end of its data, in the file */
    bool checked;        /* its CRC-32 was found right */
} qg_zip_entry;

typedef struct qg_zip {
    const char *path;      /* shown in messages */
    qg_zip_entry *entries; /* sorted by name */
    int n;
} qg_zip;

/**
 * Reads the central directory and checks every entry against its local header. Refused: compressed
 * or encrypted entries, several disks, names that leave the archive, entries that overlap or lie
 * outside of the file, a name that occurs twice.
 *
 * @errors QG_EFORMAT with the entry's name, QG_EUNSUPPORTED. Local.
 */
qg_code qg_zip_open(qg_zip *out, qg_arena *a, const char *path, const void *data,
                    size_t size) QG_MUST_USE;

/** By exact name, or NULL. */
qg_zip_entry *qg_zip_find(const qg_zip *z, const char *name);

/** Compares the content with its CRC-32, once (0: the writer left it out). Reads it all. */
qg_code qg_zip_check(const qg_zip *z, qg_zip_entry *e) QG_MUST_USE;

#endif
