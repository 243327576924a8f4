/*
 * table.h - a table in memory, and the registry of tables that a results file has.
 *
 * A table is a line of tables.def and a function that names its columns and adds its rows from a
 * results file. What is done with it is nothing of its business: text.c prints, differences.c
 * compares any table, and a writer of another format needs no more than this header.
 */
#ifndef QGRID_REPORT_TABLE_H
#define QGRID_REPORT_TABLE_H

#include "qgrid/report.h"
#include "qgrid/str.h"

#include <stdbool.h>

/* The precision that others are compared with. A job gives this name to no other. */
#define QG_REFERENCE "fp32"

typedef enum qg_number_format {
    QG_TEXT,        /* no number */
    QG_FIXED,       /* so many digits behind the point */
    QG_SIGNIFICANT, /* so many digits in all; whole numbers with all of theirs */
    QG_BYTES        /* "7.2 MiB" */
} qg_number_format;

typedef struct qg_column {
    const char *head, *unit; /* unit NULL: none, or that of the format */
    qg_number_format format;
    int digits;
} qg_column;

typedef struct qg_value {
    const char *text; /* NULL: the number, NaN where it is undefined or not known yet */
    double number;
    bool significant; /* it differs from what it is compared with: p < 0.05, adjusted by Holm */
} qg_value;

/* What in a table is one quantity. */
typedef enum qg_shape {
    QG_LIST,    /* a row: each has a kind of its own, so that the column has no head */
    QG_COLUMNS, /* a column */
    QG_MATRIX   /* all of it */
} qg_shape;

typedef struct qg_table {
    const char *name;
    const char *title; /* of the column with the names of the rows; NULL: its head is enough */
    qg_shape shape;
    bool blocks;      /* the first column tells which block a row is in; names are in the second */
    bool keyed;       /* heads are names for programs already, each once */
    const char *best; /* of each column: '+' its largest value is the best, '-' its smallest, ' ' it
                         has none; NULL: none has */
    int within;       /* leading columns: the best is looked for among rows that are equal there */
    qg_arena *arena;
    qg_column *column;
    int n_columns;
    qg_value *value; /* [n_rows, n_columns] */
    int64_t n_rows, room;
} qg_table;

/** Adds columns, before there is a row. Heads are borrowed. @errors QG_ENOMEM. */
qg_code qg_table_add_columns(qg_table *t, const qg_column *column, int n) QG_MUST_USE;

/** A new row of undefined numbers, to be filled before the next is added. Texts are borrowed.
 *  @errors QG_ENOMEM. */
qg_code qg_table_add_row(qg_value **out, qg_table *t) QG_MUST_USE;

/** Adds a row of a text and a number: that of a list. @errors QG_ENOMEM. */
qg_code qg_table_add_pair(qg_table *t, const char *name, qg_value value) QG_MUST_USE;

/** A whole number of a group; NaN where it is absent or not known yet. */
double qg_table_count(qg_reading *r, const char *group, const char *name);

/** A text of a group. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_table_word(const char **out, qg_reading *r, const char *group,
                      const char *name) QG_MUST_USE;

#define QG_ARRAY_AND_SIZE(array) (array), (int)(sizeof(array) / sizeof(array)[0])

typedef qg_code qg_table_rows(qg_table *t, qg_reading *r, const qg_read_cell *c);

/* A line of tables.def. */
typedef struct qg_table_entry {
    const char *name;
    const char *kind; /* of the cells that have it, as in /cells/kind; "": it is of the file */
    int use;          /* of qg_report_use */
    int section;      /* of the report, in which the page shows it: qg_section (section.h) */
    qg_shape shape;
    const char *title;
    const char *caption; /* one sentence: what it shows, what its n is */
    qg_table_rows *rows; /* NULL: a dataset of the file and its scales, by these patterns */
    const char *data, *blocks, *down, *across;
} qg_table_entry;

extern const qg_table_entry qg_table_entries[]; /* ended by name NULL */

/** The line of that name, or NULL. */
const qg_table_entry *qg_table_find(const char *name);

#define QG_TABLE(name, kind, use, SECTION, shape, title, caption) qg_table_rows qg_table_##name;
#define QG_MATRIX_TABLE(name, kind, use, SECTION, title, data, blocks, down, across, caption)
#include "tables.def"
#undef QG_TABLE
#undef QG_MATRIX_TABLE

/** The table of a cell, or with c NULL of the whole file; without rows where there is nothing to
 *  tell. Memory of r->arena. Local. */
qg_code qg_table_read(qg_table *out, const qg_table_entry *e, qg_reading *r,
                      const qg_read_cell *c) QG_MUST_USE;

/** The table over the whole file: that of the file, or those of all cells that have it, one below
 *  the other, with the names of the cells in columns before theirs (long_table.c). Memory of
 *  r->arena. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_table_read_all(qg_table *out, const qg_table_entry *e, qg_reading *r) QG_MUST_USE;

/** Appends a table as lines of text that begin with `indent` spaces. Columns are as wide as what
 *  stands in them. @errors QG_ENOMEM. Local. */
qg_code qg_table_text(qg_str *out, const qg_table *t, int indent) QG_MUST_USE;

/* A dataset with the names along its sides: [blocks, rows, columns]. */
typedef struct qg_matrix {
    int64_t blocks, rows, columns;       /* 1 where the dataset has no such side */
    const char **block, **row, **column; /* NULL there */
    double *x;
} qg_matrix;

/** A list of names, *n of them: texts, or numbers with the list's name before them. Arena.
 *  @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_names_read(const char ***out, int64_t *n, qg_reading *r, const char *path) QG_MUST_USE;

/** Reads the dataset `path` and its scales in the same group; block and column scales may be NULL.
 *  x is NULL where the file has no such dataset. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_matrix_read(qg_matrix *out, qg_reading *r, const char *path, const char *blocks,
                       const char *rows, const char *columns) QG_MUST_USE;

/** All numbers of a dataset, [*n] in its order, whatever their type; NULL where the file has none
 * of that path. Arena of the reading. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_numbers_read(double **out, int64_t *n, qg_reading *r, const char *path) QG_MUST_USE;

/** The name along a side as a value: a number where the scale is one of numbers ("level 0.5"). */
qg_value qg_table_side(const char *scale, const char *name);

/** One number of it by names, NULL for a side that it has not; NaN where there is none. */
double qg_matrix_at(const qg_matrix *m, const char *block, const char *row, const char *column);

/** Fills the table of a matrix; `unit` of all its numbers, or NULL. */
qg_code qg_table_add_matrix(qg_table *t, const qg_matrix *m, const char *unit) QG_MUST_USE;

#endif
