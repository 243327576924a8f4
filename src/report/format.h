/*
 * format.h - formats of tables, and what their writers share.
 *
 * Formats for people (text, markdown, latex) have heads and rounded numbers; formats for programs
 * (csv, json, jsonl) have keys and numbers that read back exactly. Texts of a results file are
 * hostile: a writer escapes whatever its format gives a meaning to.
 */
#ifndef QGRID_REPORT_FORMAT_H
#define QGRID_REPORT_FORMAT_H

#include "table.h"

/** Writers: append the table `t` of the line `e`. @errors QG_ENOMEM. Local. */
#define QG_FORMAT(name, suffix)                                                                    \
    qg_code qg_table_write_##name(qg_str *out, const qg_table *t, const qg_table_entry *e);
#include "formats.def"
#undef QG_FORMAT

/* A line of formats.def. */
typedef struct qg_table_format {
    const char *name, *suffix;
    qg_code (*write)(qg_str *out, const qg_table *t, const qg_table_entry *e);
} qg_table_format;

extern const qg_table_format qg_table_formats[]; /* ended by name NULL */

/** The format of that name, or NULL. */
const qg_table_format *qg_table_format_find(const char *name);

/**
 * Names of the columns for programs, [n_columns], each once: "macro_f1", "latency_ms". A head that
 * several columns have is preceded by the nearest head before it that is the only one of its name:
 * "accuracy_low". Columns of a matrix keep their heads; those with the names of its sides are
 * called as its scales are. Arena of the table. @errors QG_ENOMEM. Local.
 */
qg_code qg_table_keys(const char *const **out, const qg_table *t,
                      const qg_table_entry *e) QG_MUST_USE;

/** A number for people: "-" where it is not known. Returns out. */
char *qg_table_number(char *out, size_t size, const qg_column *c, double v);

/** The shortest text that reads back as v, a finite number. Returns out. */
char *qg_table_exact_number(char *out, size_t size, double v);

/** Appends a text of any bytes for LaTeX, where it means nothing but itself. */
void qg_latex_text(qg_str *out, const char *text);

/** Whether a column stands to the right: it holds numbers. */
bool qg_table_is_numeric(const qg_table *t, int column);

/** Which values are the best of their column (qg_table.best), [n_rows, n_columns]; ties all are.
 *  Arena of the table. @errors QG_ENOMEM. Local. */
qg_code qg_table_best(bool **out, const qg_table *t) QG_MUST_USE;

#endif
