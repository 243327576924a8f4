/*
 * lines.h - texts from a stream, one a line, or from a table: what tokenize, predict and explain
 * read.
 *
 * Plain text: every line is a text, an empty line an empty text. JSONL: every line is an object
 * with "text" (a string) or "ids" (token ids as they stand, specials included) and, if it likes,
 * "id" (a string or number that is handed through); other keys are ignored, blank lines skipped.
 * Tables are read as a job reads its datasets, without their labels.
 */
#ifndef QGRID_LINES_H
#define QGRID_LINES_H

#include "qgrid/dataset.h"
#include "qgrid/str.h"

enum { QG_LINE_MAX = 16 << 20 }; /* bytes of one line; longer ones are refused */

typedef enum qg_lines_form {
    QG_LINES_BY_NAME, /* JSONL if the path ends so (the format's extensions), else plain text */
    QG_LINES_TEXT,
    QG_LINES_JSONL
} qg_lines_form;

typedef struct qg_lines {
    FILE *file;
    const char *name; /* shown in messages; borrowed */
    bool jsonl, owned;
    int64_t line; /* number of the last line read */
    qg_str buffer;
    const qg_dataset *table; /* its rows in place of lines; borrowed */
    int64_t row;             /* number of rows of it that were handed out */
} qg_lines;

typedef struct qg_line {
    int64_t number;   /* 1-based line in the stream */
    const char *text; /* valid UTF-8 without NUL bytes; NULL when the record has ids */
    size_t text_len;
    const int32_t *ids; /* [n_ids] each in [0, 2^31 - 1]; NULL when the record has a text */
    int n_ids;
    const char *id; /* the JSON text of "id", verbatim, or NULL */
} qg_line;

/** Opens a file, or standard input for "-". @errors QG_EIO. Close with qg_lines_close. Local. */
qg_code qg_lines_open(qg_lines *r, const char *path, qg_lines_form form) QG_MUST_USE;

/** Reads from an open stream, which stays the caller's. Local. */
void qg_lines_init(qg_lines *r, FILE *file, const char *name, bool jsonl);

/** Hands out the rows of a dataset; their ids are its sample ids. Local. */
void qg_lines_of_table(qg_lines *r, const qg_dataset *table, const char *name);

/**
 * Reads the next record into the arena; *more is false (and nothing read) at the end.
 *
 * @errors QG_EFORMAT with path, line and column (the next call goes on at the next line); QG_EIO.
 *         Local.
 */
qg_code qg_lines_next(qg_line *out, bool *more, qg_lines *r, qg_arena *a) QG_MUST_USE;

/** Frees the buffer, and closes the file if qg_lines_open opened one. Local. */
void qg_lines_close(qg_lines *r);

#endif
