/*
 * file.h - whole files: map, read, write atomically; paths; SHA-256.
 */
#ifndef QGRID_FILE_H
#define QGRID_FILE_H

#include "qgrid/arena.h"

#include <stdbool.h>

/* Which file it is, and as of when: what a file system changes when a file is written to. */
typedef struct qg_file_id {
    uint64_t device, inode, size;
    int64_t modified[2], changed[2]; /* seconds, nanoseconds */
} qg_file_id;

/** Of the file at a path, links followed. Returns whether there is one. Local. */
bool qg_file_id_of(qg_file_id *out, const char *path);
bool qg_file_id_same(const qg_file_id *a, const qg_file_id *b);

/* A file mapped read-only and shared: ranks of a node share its pages. */
typedef struct qg_map {
    const void *data; /* NULL for an empty file */
    size_t size;
    qg_file_id id; /* as it was mapped */
} qg_map;

/** Maps a regular file. @errors QG_EIO (missing, not a file, no permission), path placed. Local. */
qg_code qg_file_map(qg_map *out, const char *path) QG_MUST_USE;
void qg_file_unmap(qg_map *m);

/** Reads a whole file of at most `max` bytes into the arena, with a NUL after it. Local. */
qg_code qg_file_read(char **out, size_t *size, qg_arena *a, const char *path,
                     size_t max) QG_MUST_USE;

/** PATH.tmp-HOST-PID-RANDOM: no two processes on any hosts make the same. @errors QG_EIO. Local. */
qg_code qg_file_temporary_name(char *out, size_t size, const char *path) QG_MUST_USE;

/** The same as a new file, open to be read and written; nothing that lies there already is opened
 *  or followed. @errors QG_EIO. Local. */
qg_code qg_file_temporary(int *fd, char *out, size_t size, const char *path) QG_MUST_USE;

/**
 * Removes files and folders with such names in a folder: those of the file `of`, whoever made them
 * (the caller keeps others from writing it); of NULL, those that are old and whose process, of this
 * host, is gone. Local.
 */
void qg_remove_leftovers(const char *dir, const char *of);

/** Where a path leads when links are followed; that may not exist. @errors QG_EIO (links without
 *  end). Local. */
qg_code qg_file_target(char *out, size_t size, const char *path) QG_MUST_USE;

/** Refuses to replace what is there and is no regular file. @errors QG_EIO saying what it is. */
qg_code qg_file_check_output(const char *path) QG_MUST_USE;

/** Writes a temporary file in the same folder, fsync, rename, fsync of the folder: all or nothing.
 * A link stays one: what it leads to is written. Local. */
qg_code qg_file_write(const char *path, const void *data, size_t size) QG_MUST_USE;

/** fsync(2) that a signal does not end: 0, or -1 and errno. Local. */
int qg_fsync(int fd);

/** fsync of an existing file or folder. Local. */
qg_code qg_file_sync(const char *path) QG_MUST_USE;

/** Copies a file (atomically at the destination). Local. */
qg_code qg_file_copy(const char *to, const char *from) QG_MUST_USE;

/** Creates a folder and its parents; fine if it exists. Local. */
qg_code qg_mkdirs(const char *path) QG_MUST_USE;

/** Removes a file, or a folder with the plain files in it (one level). Missing is fine. Local. */
qg_code qg_remove(const char *path) QG_MUST_USE;

/** Whether a plain file, a folder, or an empty folder is there, links followed. Local. */
bool qg_file_exists(const char *path);
bool qg_dir_exists(const char *path);
bool qg_dir_is_empty(const char *path); /* false also for what cannot be listed */

/** Size in bytes of a file, or of all plain files in a folder (one level); -1 if it is missing. */
int64_t qg_path_bytes(const char *path);

/** dir/name in the arena; NULL when out of memory (error set). */
char *qg_path_join(qg_arena *a, const char *dir, const char *name);

/** Folder part of a path ("." if there is none), in the arena. */
char *qg_path_dir(qg_arena *a, const char *path);

enum { QG_SHA256_HEX = 65 }; /* 64 digits and the NUL */

/* A hash that is being taken. */
typedef struct qg_sha256 {
    uint64_t state[16];
} qg_sha256;

/** Streaming SHA-256; final writes 64 hex digits. Nothing is allocated: a hash that could fail
 *  would be a wrong identity. Local. */
void qg_sha256_init(qg_sha256 *h);
void qg_sha256_add(qg_sha256 *h, const void *data, size_t size);
void qg_sha256_add_text(qg_sha256 *h,
                        const char *text); /* with its length, so "ab","c" != "a","bc" */
void qg_sha256_final(qg_sha256 *h, char hex[QG_SHA256_HEX]);

/** Ends a hash, too: its first 8 bytes as a number, the checksums of the results file. */
uint64_t qg_checksum_final(qg_sha256 *h);

/** Of one buffer. Local. */
void qg_sha256_bytes(char hex[QG_SHA256_HEX], const void *data, size_t size);

/** Of one file. @errors QG_EIO. Local. */
qg_code qg_sha256_file(char hex[QG_SHA256_HEX], const char *path) QG_MUST_USE;

#endif
