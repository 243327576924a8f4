/*
 * reading.h - a results file as its reader sees it: the cells and where their numbers are.
 */
#ifndef QGRID_READING_H
#define QGRID_READING_H

#include "qgrid/cell.h"
#include "qgrid/store.h"

/* What a digest of results leaves out: what may differ between two runs, what they ran on, and
 * checksums of what is in it anyway. */
#define QG_DIGEST_EXCEPT "/timing /environment /checksums"

typedef struct qg_read_cell {
    const char *name, *kind, *experiment, *model, *dataset, *precision, *method, *key, *error;
    int state;    /* qg_state */
    int64_t seed; /* that its results go back to: its model's if that is trained, else the job's */
} qg_read_cell;

/* A results file that is looked at. */
typedef struct qg_reading {
    const char *path;
    qg_store *store;
    qg_arena *arena;
    int n;
    qg_read_cell *cell;
    const qg_read_cell **by_name; /* [n] cells in the order of their names */
    const char *differences;      /* from this program's schema, in words; NULL: none */
} qg_reading;

/** Opens a results file of this schema version. What is damaged in it cannot be read; the second
 *  one reads whatever there is. @errors QG_ESTORE. Owned: close. Local. */
qg_code qg_reading_open(qg_reading *out, qg_arena *a, const char *path) QG_MUST_USE;
qg_code qg_reading_open_damaged(qg_reading *out, qg_arena *a, const char *path) QG_MUST_USE;
void qg_reading_close(qg_reading *r);

/** Says on standard error how the file's fields differ from this program's, if they do, and
 *  whether its attributes, names and shapes are not as they were written. @errors QG_ESTORE: it
 *  cannot be read. */
qg_code qg_reading_note(const qg_reading *r) QG_MUST_USE;

/** The same file as if it had no other cells than those that a glob matches. Shares the store: is
 *  not closed. Arena of the reading. @errors QG_ENOMEM. Local. */
qg_code qg_reading_only(qg_reading *out, const qg_reading *r, const char *glob) QG_MUST_USE;

/** The cell of that name, or NULL. */
const qg_read_cell *qg_reading_cell(const qg_reading *r, const char *name);

/** A scalar of a group; NaN when it is absent or not computed. */
double qg_reading_f64(qg_reading *r, const char *group, const char *name);
int64_t qg_reading_i64(qg_reading *r, const char *group, const char *name);

/** The path of a pattern such as "/metrics/{model}/{dataset}/{precision}" for a cell: its
 * experiment, model, dataset, precision, method, and `other`, what stands behind the last slash of
 * its name: the second experiment of a pair or a decomposition. Arena.
 *  @errors QG_ENOMEM, QG_EBUG for another word in braces. Local. */
qg_code qg_reading_path(char **out, const qg_reading *r, const char *pattern,
                        const qg_read_cell *c) QG_MUST_USE;

/** Why a cell failed or is skipped, as people are shown it: where in the source only if they want
 * to know. Arena of the reading; NULL when out of memory. Local. */
const char *qg_read_cell_why(const qg_reading *r, const qg_read_cell *c);

/** "open", "done", "failed", "skipped"; "?" for what no version has written. */
const char *qg_read_cell_state(const qg_read_cell *c);

/** Numbers of its cells; skipped ones are in none of them. Local. */
void qg_reading_count(const qg_reading *r, int *open, int *done, int *failed);

/** The schema that the file was made with; NULL: by a program that did not say. Arena.
 *  @errors QG_ESTORE. Local. */
qg_code qg_file_schema_hash(char **out, qg_store *s, qg_arena *a) QG_MUST_USE;

/**
 * What the file has otherwise than this program's schema: "/metrics/m/d/fp32 and 1 more: this
 * program has kappa, the file has not". *out NULL: nothing; a file that does not say which schema
 * it was made with is looked into. Arena. @errors QG_ESTORE. Local.
 */
qg_code qg_schema_differences(const char **out, qg_store *s, qg_arena *a) QG_MUST_USE;

/** Whether the file was made by this version's schema. @errors QG_ESTORE. */
qg_code qg_check_schema(qg_store *s, qg_arena *a, const char *path) QG_MUST_USE;

#endif
