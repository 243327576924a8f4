/*
 * opt.h - option tables: one row a key gives parsing, defaults, ranges, help and provenance.
 *
 * A JSON object is read into a struct by a table of rows. Unknown keys are errors that name the
 * nearest known key; all mistakes of an object are collected, not only the first.
 */
#ifndef QGRID_OPT_H
#define QGRID_OPT_H

#include "qgrid/json.h"

/* A growing list of errors, for commands that report every mistake found. */
typedef struct qg_problems {
    qg_arena *arena;
    qg_error *item;
    int n, cap;
    bool failed; /* there was no memory for one */
} qg_problems;

/** Moves the thread's error record into the list (if `rc` is not QG_OK). Returns rc. Local. */
qg_code qg_problems_take(qg_problems *list, qg_code rc);

/** The same with the place of the value that led to the error; an error about another file keeps
 *  that file's place and gets only the pointer to the value. Local. */
qg_code qg_problems_take_at(qg_problems *list, const qg_json_doc *doc, const qg_json *v,
                            qg_code rc);

/* A mistake at a value `v`, found by a reader `r` with members doc and problems: noted, reading
 * goes on. */
#define QG_WRONG(r, v, ...)                                                                        \
    ((void)qg_problems_take((r)->problems, QG_JSON_FAIL((r)->doc, (v), QG_EJOB, __VA_ARGS__)))

typedef enum qg_opt_type {
    QG_OPT_BOOL,   /* bool */
    QG_OPT_INT,    /* int64_t, range checked */
    QG_OPT_REAL,   /* double, range checked */
    QG_OPT_STRING, /* const char *, arena */
    QG_OPT_ENUM,   /* int: index into `names` */
    QG_OPT_NODE    /* const qg_json *: read by the caller */
} qg_opt_type;

/* Default of an enum that has none: where it is not said, other values decide. */
enum { QG_NOT_SAID = -1 };

typedef struct qg_opt {
    const char *key;
    qg_opt_type type;
    size_t offset;            /* of the field in the struct */
    double def, min, max;     /* numbers: default and closed range (max 0 with min 0: no range) */
    const char *def_text;     /* strings: default, may be NULL */
    const char *const *names; /* enum values, NULL-terminated */
    bool required;
    const char *help;
} qg_opt;

/* A table under the name of what it describes; lists of them end with name NULL. */
typedef struct qg_opt_table {
    const char *name;
    const qg_opt *rows;
} qg_opt_table;

/* The row behind the last one. */
#define QG_OPT_END                                                                                 \
    {                                                                                              \
        .key = NULL                                                                                \
    }

/**
 * Fills the struct at `out` with defaults, then with the members of `object` (NULL: defaults only).
 *
 * @param table  rows, ended by a row with key NULL; borrowed
 * @return QG_OK, or QG_EJOB when at least one problem was added to `problems`. Local.
 */
qg_code qg_opt_read(void *out, const qg_opt *table, const qg_json_doc *doc, const qg_json *object,
                    qg_problems *problems);

struct qg_str;
/** The value of one row as JSON (a node's in canonical form); null when it has none: a string
 *  without default, an absent node. */
void qg_opt_write_value(struct qg_str *out, const qg_opt *row, const void *options);

/** Normalised options as one JSON object in the order of the table (nodes are left out). */
void qg_opt_write(struct qg_str *out, const qg_opt *table, const void *options);

/** NULL-terminated list of the table's keys, in the arena. */
const char *const *qg_opt_keys(qg_arena *a, const qg_opt *table);

#endif
