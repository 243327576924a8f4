/*
 * store.h - the results file: a layout created once, raw writes afterwards.
 *
 * HDF5 stops here. A layout lists every group attribute and dataset; creation writes all of them
 * into a temporary file, flushes, syncs and renames. After that only raw data of contiguous,
 * early-allocated datasets is written, so the file opens at any moment and after any crash.
 * Rank 0 only. Every dataset dimension names a dimension scale (a dataset of the same layout in the
 * same group or one above it, as netCDF-4 wants); names of scales end in their dimension's name.
 */
#ifndef QGRID_STORE_H
#define QGRID_STORE_H

#include "qgrid/arena.h"
#include "qgrid/library.h"

#include <stdbool.h>

typedef enum qg_store_type {
    QG_STORE_I8,
    QG_STORE_U8,
    QG_STORE_I32,
    QG_STORE_I64,
    QG_STORE_U64,
    QG_STORE_F32,
    QG_STORE_F64,
    QG_STORE_STRING /* fixed length, UTF-8, NUL-padded */
} qg_store_type;

/** "f64", "string", ... Local. */
const char *qg_store_type_name(qg_store_type type);

/* Most dimensions of a dataset. */
enum { QG_STORE_MAX_DIMS = 4 };

typedef struct qg_field {
    const char *path; /* "/predictions/base/smsa/int8/logits" */
    qg_store_type type;
    size_t string_size; /* bytes of a STRING element (at least 1) */
    int ndim;           /* 0 = scalar */
    int64_t shape[QG_STORE_MAX_DIMS];
    const char *dim[QG_STORE_MAX_DIMS]; /* path of each dimension's scale */
    bool scale;                         /* this is a dimension scale (1-d) */
    const char *units;                  /* attribute "units", or NULL */
    const char *doc;                    /* attribute "long_name", or NULL */
    const void *initial; /* written at creation (whole dataset), or NULL: fill value */
    double fill;         /* numeric fill; floats default to NaN (set fill_set to override) */
    bool fill_set;
} qg_field;

typedef struct qg_attr {
    const char *path; /* group or dataset, "/" = root */
    const char *name;
    const char *text; /* a UTF-8 string attribute, or NULL: `number` */
    double number;
    bool integer; /* store number as int64 */
} qg_attr;

/* All datasets and attributes of a file, before it is made. */
typedef struct qg_layout {
    const qg_field *field;
    int n_fields;
    const qg_attr *attr;
    int n_attrs;
} qg_layout;

/* An open results file. */
typedef struct qg_store qg_store;

/**
 * Creates `path` atomically with the whole layout, then leaves it open for raw writes.
 * Estimates the size first and refuses with QG_ESTORE when the file system has not that much free.
 * Groups are made as paths need them. The result is bit-identical for equal layouts.
 * @errors QG_ESTORE (path, HDF5's own words, errno). Local, rank 0.
 */
qg_code qg_store_create(qg_store **out, const char *path, const qg_layout *layout) QG_MUST_USE;

/** Bytes that a file of this layout takes at most: it will be a little smaller. @errors QG_ESTORE
 * (a layout that cannot be written), QG_ENOMEM. Local. */
qg_code qg_store_forecast(uint64_t *bytes, const qg_layout *layout) QG_MUST_USE;

/* Where a layout keeps the checksums of its file; it may do without. [n] each: paths of all other
 * datasets, sorted; where their values begin in the file and how many bytes they take; the first 8
 * bytes of the SHA-256 of the values, 0 while they are written (a file is made with all of them).
 * And one number: the same of all bytes that are no dataset's values. */
#define QG_STORE_FIELDS    "/checksums/field"     /* strings */
#define QG_STORE_OFFSETS   "/checksums/offset"    /* u64, like the rest */
#define QG_STORE_BYTES     "/checksums/bytes"     /* */
#define QG_STORE_SUMS      "/checksums/checksum"  /* */
#define QG_STORE_STRUCTURE "/checksums/structure" /* */

/* Values below this group have no checksum. */
#define QG_STORE_UNSUMMED "/timing"

/**
 * Opens an existing file: for reading what its checksums bear out, or for writing. A file that is
 * opened for writing stays untouched, its times included, up to the first write.
 * @errors QG_ESTORE: not HDF5, damaged, not writable. Local.
 */
qg_code qg_store_open(qg_store **out, const char *path, bool writable) QG_MUST_USE;

/** Flushes, syncs and closes. The handle is gone in any case; a failed flush before is told again.
 */
qg_code qg_store_close(qg_store *s) QG_MUST_USE;

/** Flush to the kernel; `sync` also to the disk. After a failure nothing is written any more: what
 * did not reach the disk is lost to the system, which tells it once. */
qg_code qg_store_flush(qg_store *s, bool sync) QG_MUST_USE;

/**
 * Writes / reads a block: `start` and `count` have ndim entries (NULL: the whole dataset).
 * Strings are arrays of `string_size` bytes. Types are memory types equal to the stored ones.
 * @errors QG_ESTORE (no such dataset, wrong type, out of range, disk full). Local.
 */
qg_code qg_store_write(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                       const int64_t *count, const void *data) QG_MUST_USE;
qg_code qg_store_read(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                      const int64_t *count, void *data) QG_MUST_USE;

/* What is known of a dataset's values. */
typedef enum qg_store_sum {
    QG_SUM_NONE,   /* they have no checksum */
    QG_SUM_OPEN,   /* they are being written, or were when a run died */
    QG_SUM_SOUND,  /* the checksum holds */
    QG_SUM_DAMAGED /* it does not */
} qg_store_sum;

/** Checks a dataset's values against their checksum: they are read once, unless they are written.
 *  @errors QG_ESTORE: the file cannot be read. Local. */
qg_code qg_store_check(qg_store_sum *out, qg_store *s, const char *path) QG_MUST_USE;

/** Whether one of the datasets below a group is damaged. @errors as above. Local. */
qg_code qg_store_check_below(bool *damaged, qg_store *s, const char *group) QG_MUST_USE;

/** Checks all of them, *n: how many there are; `each` gets those that are open or damaged, sorted
 * by path. @errors QG_ESTORE: the file cannot be read; those of `each`. Local. */
typedef qg_code qg_store_checked(void *ctx, const char *path, qg_store_sum sum);
qg_code qg_store_check_all(int64_t *n, qg_store *s, qg_store_checked *each, void *ctx) QG_MUST_USE;

/** Whether all bytes that are no dataset's values are as they were made: groups, attributes, types,
 *  shapes, dimension scales. @errors QG_ESTORE: the file cannot be read. Local. */
qg_code qg_store_check_structure(bool *sound, qg_store *s) QG_MUST_USE;

/** A file that is open for reading does not give out values whose checksum does not hold. This says
 *  which it refused first: QG_OK, or QG_ESTORE with the dataset. Local. */
qg_code qg_store_damage(qg_store *s) QG_MUST_USE;

/** From now on a file gives out whatever it holds. Local. */
void qg_store_trust(qg_store *s);

/** A write takes a dataset's checksum back; these set it: of the datasets that lie directly in a
 *  group, of all. @errors as of writing. Local. */
qg_code qg_store_seal_group(qg_store *s, const char *group) QG_MUST_USE;
qg_code qg_store_seal_all(qg_store *s) QG_MUST_USE;

/** Writes what a dataset held when its file was made. @errors as of writing. Local. */
qg_code qg_store_restore(qg_store *s, const qg_field *f) QG_MUST_USE;

/* What a dataset is; `path` as it was given, or in the arena of a list. */
typedef struct qg_store_info {
    const char *path;
    qg_store_type type;
    size_t string_size;
    int ndim;
    int64_t shape[QG_STORE_MAX_DIMS];
} qg_store_info;
qg_code qg_store_describe(qg_store_info *out, qg_store *s, const char *path) QG_MUST_USE;

/** Whether an object of that path exists. */
bool qg_store_has(qg_store *s, const char *path);

/** Every dataset below `path`, sorted by path; arena. */
qg_code qg_store_list(qg_store_info **out, int *n, qg_store *s, qg_arena *a,
                      const char *path) QG_MUST_USE;

/** A text attribute, or an integer one in decimal, in the arena (*out NULL if it is absent). */
qg_code qg_store_attr_text(char **out, qg_store *s, qg_arena *a, const char *path,
                           const char *name) QG_MUST_USE;

/** SHA-256 over names, types, shapes, values and attributes of everything outside the paths in
 *  `except` ("/timing /environment"), in sorted order. Independent of HDF5's internal placement.
 *  @errors QG_ESTORE, also where a file that is open for reading is not as it was written. */
qg_code qg_store_digest(char hex[65], qg_store *s, const char *except) QG_MUST_USE;

/**
 * A path is usable on disk as given by the user: its folder is there or is made now, and is
 * writable; what is already there under this name is a file that may be written.
 * @errors QG_ESTORE. Local.
 */
qg_code qg_store_check_path(const char *path) QG_MUST_USE;

/** Whether a file begins as HDF5 does, or is empty: nothing else is lost by replacing it. Local. */
bool qg_store_is_hdf5(const char *path);

/** HDF5. Local. */
qg_library qg_hdf5_library(void);

#endif
