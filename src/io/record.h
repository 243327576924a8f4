/*
 * record.h - what the line-oriented formats share: lines, checks of bytes, one JSON object a line.
 */
#ifndef QG_IO_RECORD_H
#define QG_IO_RECORD_H

#include "qgrid/json.h"

/* A line of a file without its end: LF or CR LF, in a file without LF also CR. */
typedef struct qg_text_line {
    const char *text;
    size_t len;
    int64_t number; /* 1-based; 0 before the first */
    size_t next;    /* offset of the line after it */
    char end;       /* the byte that ends lines of this file */
} qg_text_line;

/** Steps to the next line; start from a zeroed struct. False at the end of the data. */
bool qg_next_line(qg_text_line *line, const char *data, size_t size);

/**
 * Refuses NUL bytes and invalid UTF-8 with the line and column of the byte.
 *
 * @param line, column  place of data[0]
 */
qg_code qg_check_bytes(const char *path, const char *data, size_t size, int64_t line,
                       int64_t column) QG_MUST_USE;

/** Refuses lines of more than QG_LINE_MAX bytes, and what qg_check_bytes refuses. */
qg_code qg_check_line(const char *path, const qg_text_line *line) QG_MUST_USE;

/** Parses a line that holds one JSON object; places in messages are those of the file. */
qg_code qg_json_line(qg_json_doc *doc, qg_arena *a, const char *path,
                     const qg_text_line *line) QG_MUST_USE;

/** The text of a member's value as it is typed, quotes included; the document is known to be valid.
 *  Arena, NULL when out of memory. */
char *qg_json_typed(qg_arena *a, const qg_json_doc *doc, const qg_json *v);

/** Whether a line holds nothing but white space of JSON. */
bool qg_blank_line(const qg_text_line *line);

enum { QG_SHOWN = 64 };

/** A value for a message: cut between characters where it is long. Returns out. */
char *qg_shown(char out[QG_SHOWN], const char *text, size_t len);

#endif
