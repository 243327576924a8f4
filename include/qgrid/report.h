/*
 * report.h - what a results file says, as tables: of the whole file, of a cell, between two files.
 */
#ifndef QGRID_REPORT_H
#define QGRID_REPORT_H

#include "qgrid/reading.h"
#include "qgrid/str.h"

#include <stdio.h>

/* What a table is for. */
enum qg_report_use {
    QG_SHOW = 1,       /* read by people: the closing table, all of a cell */
    QG_DIFF = 2,       /* compared between two files */
    QG_UNFINISHED = 4, /* which cells failed or are skipped, and why */
    QG_TO_DO = 8,      /* the same, and which are open */
    QG_PAPER = 16      /* a table of a paper, about the whole file: exported, and on the page */
};

/* A cell in a list, and what is said of it. */
typedef struct qg_listed_cell {
    const char *name, *kind, *state, *why;
} qg_listed_cell;

/* Cells of a kind of which the same is said: the pattern has a * where they differ. */
typedef struct qg_listed_group {
    const char *pattern; /* a glob; of one cell its name */
    int n;               /* cells */
    qg_listed_cell like; /* the first of them */
} qg_listed_group;

/** Groups cells [n] in the order of their first ones, *n_groups of them; each alone where people
 *  want to see all (log.h). Arena. @errors QG_ENOMEM. Local. */
qg_code qg_listed_groups(qg_listed_group **out, int *n_groups, qg_arena *a,
                         const qg_listed_cell *cell, int n) QG_MUST_USE;

/** The pattern with how many cells of what kind it stands for, or the name of a single cell. Arena;
 * NULL when out of memory. */
const char *qg_listed_group_text(qg_arena *a, const qg_listed_group *g);

/** Prints the tables of a cell, or with c NULL of the whole file, that have one of the uses and any
 *  rows. @errors QG_ESTORE. Local. */
qg_code qg_report_print(FILE *to, qg_reading *r, const qg_read_cell *c, int use) QG_MUST_USE;

/* ---------------------------------------------------------------------------------------- export
 *
 * Every table of the registry over the whole file, those of cells with the cells' names before
 * their columns. Formats for programs name each column once and give numbers that read back
 * exactly; texts of the file are escaped as the format wants it.
 */

/** Names of the formats, NULL-terminated; what a file of one ends in, NULL where there is none. */
const char *const *qg_export_formats(void);
const char *qg_export_suffix(const char *format);

/** Names of the tables that a glob matches, *n of them, NULL-terminated. Arena. @errors QG_EUSAGE:
 *  none; QG_ENOMEM. Local. */
qg_code qg_export_names(const char *const **out, int *n, qg_arena *a, const char *glob) QG_MUST_USE;

/** Appends a table in a format; *rows that it has. @errors QG_EUSAGE (no such table or format),
 *  QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_export_table(qg_str *out, int64_t *rows, qg_reading *r, const char *table,
                        const char *format) QG_MUST_USE;

/** Appends a list of all tables with their captions, and with how many rows the file has of each
 *  (r NULL: not). @errors as above. Local. */
qg_code qg_export_list(qg_str *out, qg_arena *a, qg_reading *r, const char *format) QG_MUST_USE;

/* Formats of one cell: "thermostat" of an explanation (JSON lines), "predictions" of a variant (CSV
 * with the columns of a checkpoint's predictions.csv). */

/** The kind of cells that a format is of, and what its files end in; NULL: it is none of these. */
const char *qg_export_cell_kind(const char *format);
const char *qg_export_cell_suffix(const char *format);

/** Appends a cell in such a format. @errors QG_EUSAGE (no such format), QG_EUNSUPPORTED (the file
 *  lacks what it needs), QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_export_cell(qg_str *out, qg_reading *r, const qg_read_cell *c,
                       const char *format) QG_MUST_USE;

/** Appends the tables that qg_report_print prints as JSON: an array of objects with the name, the
 *  columns and the rows of each. @errors as there. Local. */
qg_code qg_report_json(qg_str *out, qg_reading *r, const qg_read_cell *c, int use) QG_MUST_USE;

/** What qg_report_differences prints, as a JSON object of a table. @errors as there. Local. */
qg_code qg_report_differences_json(int *cells, qg_str *out, qg_reading *a,
                                   qg_reading *b) QG_MUST_USE;

/** Prints what differs between two files, cell by cell; *cells that do. @errors QG_ESTORE. Local.
 */
qg_code qg_report_differences(int *cells, FILE *to, qg_reading *a, qg_reading *b) QG_MUST_USE;

/* What a report is to have. */
enum { QG_REPORT_TEXTS = 12 };
typedef struct qg_report_wish {
    const char *only;        /* ids of sections with commas between them; NULL: all */
    int texts;               /* most texts that are shown word by word */
    const char *const *text; /* [n_text] ids of texts to show in place of those that rules choose */
    int n_text;
} qg_report_wish;

/** Writes DIR/index.html and what is beside it; folders are made. @errors QG_EUSAGE (no such
 *  section), QG_EIO, QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_report_write(const char *dir, qg_reading *r, const qg_report_wish *wish) QG_MUST_USE;

#endif
