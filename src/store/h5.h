/*
 * h5.h - what the files of store/ share: the open file, element types, HDF5's errors as ours.
 */
#ifndef QG_STORE_H5_H
#define QG_STORE_H5_H

#include "qgrid/store.h"

#include <hdf5.h>

enum {
    QG_H5_PATH = 1024, /* bytes of a path inside the file, with the NUL */
    QG_H5_CACHE = 256  /* datasets kept open */
};

/* An open dataset. */
typedef struct qg_h5_dataset {
    char path[QG_H5_PATH]; /* "" = empty slot */
    hid_t id, space, memory;
    qg_store_info info;
} qg_h5_dataset;

/* Checksums (store.h), read when they are first needed. */
typedef struct qg_h5_sums {
    bool loaded;
    int64_t n;                      /* 0: the file has none */
    size_t stride;                  /* bytes of a path, with the NUL */
    char *path;                     /* [n] */
    uint64_t *offset, *bytes, *sum; /* [n] */
    uint8_t *known;                 /* [n] qg_store_sum, NONE: not looked at since it was written */
    uint64_t sums_at, structure_at; /* where the last two datasets lie */
} qg_h5_sums;

/* Where the values of a new dataset lie. */
typedef struct qg_h5_place {
    uint64_t offset, bytes;
} qg_h5_place;

struct qg_store {
    qg_arena *arena;
    const char *path;
    hid_t file;
    bool writable;       /* it may be written */
    bool opened;         /* for writing: from the first write on */
    bool trusting;       /* damaged values are read all the same */
    const char *refused; /* the first dataset that was not, or NULL */
    qg_h5_sums sums;
    bool written;           /* raw data was written through this handle */
    hsize_t size;           /* of the file when it was opened: it never changes afterwards */
    int fd;                 /* of HDF5 */
    qg_error failure;       /* the first one of a flush, or of a look at the file */
    qg_h5_dataset *dataset; /* [QG_H5_CACHE], slot = hash of the path */
};

/** Silences HDF5's own printing; call before anything else of HDF5. */
qg_code qg_h5_start(void) QG_MUST_USE;

/** How files are opened; the caller closes it. Negative on failure. */
hid_t qg_h5_access(bool writable);

/** Makes sure that the file may be written: it has its size, no flush has failed, HDF5 has it open
 *  for that. */
qg_code qg_h5_before_write(qg_store *s) QG_MUST_USE;

/** Sets QG_ESTORE, "what: HDF5's innermost words", at file `path` and object `field`. */
qg_code qg_h5_fail(const char *src, const char *path, const char *field, const char *what);

/** The code of an HDF5 call that returns a negative number on failure. */
#define QG_H5(call, path, field, what)                                                             \
    ((call) < 0 ? qg_h5_fail(QG_SRC, (path), (field), (what)) : QG_OK)

/** A failure of a system call: "what: errno's words". */
qg_code qg_h5_fail_errno(const char *src, const char *path, const char *what);

/** A failure of file.h is one of the results file here. */
qg_code qg_h5_file(qg_code rc, const char *path) QG_MUST_USE;

/** Size of an element type; that of strings is their own. */
size_t qg_h5_type_size(qg_store_type type, size_t string_size);

/** A new HDF5 type (the caller closes it), the same in memory and in the file. Negative: failed. */
hid_t qg_h5_type(qg_store_type type, size_t string_size);

/** The reverse. @errors QG_ESTORE: a type that qgrid does not write. */
qg_code qg_h5_type_find(qg_store_type *out, size_t *string_size, hid_t type, const char *path,
                        const char *field) QG_MUST_USE;

/** A text attribute: fixed length, UTF-8, NUL-padded, so that the object's checksum covers it. */
qg_code qg_h5_put_text(hid_t object, const char *path, const char *field, const char *name,
                       const char *text) QG_MUST_USE;

/** Refuses paths that lead over soft or external links: only what lies in this file is read. */
qg_code qg_h5_check_links(const qg_store *s, const char *path) QG_MUST_USE;

/* Whether the file is as long as it was: a cut one would grow again with the next write, and have a
 * hole. */
qg_code qg_h5_check_size(const qg_store *s) QG_MUST_USE;

/** The open dataset of that path; borrowed until the next call. */
qg_code qg_h5_dataset_get(qg_h5_dataset **out, qg_store *s, const char *path) QG_MUST_USE;
void qg_h5_dataset_close(qg_h5_dataset *d);

/** qg_store_read and qg_store_write as far as checksums are none of their business. */
qg_code qg_h5_read(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                   const int64_t *count, void *data) QG_MUST_USE;
qg_code qg_h5_write(qg_store *s, const char *path, qg_store_type type, const int64_t *start,
                    const int64_t *count, const void *data) QG_MUST_USE;

/** What a number of a new dataset is until it is written. */
double qg_h5_fill_value(const qg_field *f);

/* An object of the tree. */
typedef struct qg_h5_node {
    const char *path; /* "/" = root */
    bool dataset;
} qg_h5_node;

/** Everything at and below `path`, sorted by path; arena. */
qg_code qg_h5_walk(qg_h5_node **out, int *n, const qg_store *s, qg_arena *a,
                   const char *path) QG_MUST_USE;

/** Adds the attributes of an object to a digest. `ctx` is a qg_sha256. */
qg_code qg_h5_digest_attrs(void *sha, qg_store *s, const char *path) QG_MUST_USE;

/** Refuses a layout that contradicts itself; *bytes is an upper bound of the file's size. */
qg_code qg_h5_check_layout(uint64_t *bytes, const char *path, const qg_layout *l) QG_MUST_USE;

/** Writes the whole layout into an empty file; place [n_fields] says where values lie then. `path`
 *  is for messages. */
qg_code qg_h5_write_layout(qg_h5_place *place, hid_t file, const char *path,
                           const qg_layout *l) QG_MUST_USE;

#endif
