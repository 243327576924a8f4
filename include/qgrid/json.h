/*
 * json.h - JSON with positions: a tree in which every value knows its line and column.
 *
 * Text is checked strictly before cJSON sees it (RFC 8259, valid UTF-8, no duplicate keys, depth at
 * most QG_JSON_DEPTH, no U+0000 in a string), so hostile input is refused with a place.
 */
#ifndef QGRID_JSON_H
#define QGRID_JSON_H

#include "qgrid/arena.h"

#include <stdbool.h>

/* Deepest nesting that is read. */
enum { QG_JSON_DEPTH = 64 };

/* 2^53 - 1: integers beyond are not exact, 2^53 + 1 reads as 2^53. */
#define QG_JSON_MOST_INTEGER 9007199254740991.0

/* What a value is. */
typedef enum qg_json_type {
    QG_JSON_NULL,
    QG_JSON_BOOL,
    QG_JSON_NUMBER,
    QG_JSON_STRING,
    QG_JSON_ARRAY,
    QG_JSON_OBJECT
} qg_json_type;

typedef struct qg_json {
    qg_json_type type;
    int count; /* members of an array or object */
    bool boolean;
    double number;      /* integers are exact up to 2^53 */
    const char *string; /* NUL-terminated */
    const char *key;    /* name inside the parent object, else NULL */
    size_t offset;      /* of the value (of the key, for members of objects) in the text */
    const struct qg_json *parent, *child, *next;
} qg_json;

typedef struct qg_json_doc {
    const char *path; /* shown in messages */
    const char *text;
    size_t size;
    int64_t first_line; /* line of text[0] in the file: 1, or the row of a JSONL record */
    const qg_json *root;
} qg_json_doc;

/** Parses text (kept, not copied). @errors QG_EFORMAT with line:column. Local. */
qg_code qg_json_parse(qg_json_doc *doc, qg_arena *a, const char *path, const char *text,
                      size_t size) QG_MUST_USE;

/** Reads and parses a file of at most `max` bytes. @errors QG_EIO, QG_EFORMAT. Local. */
qg_code qg_json_load(qg_json_doc *doc, qg_arena *a, const char *path, size_t max) QG_MUST_USE;

/** Member of an object by name, or NULL. */
const qg_json *qg_json_get(const qg_json *object, const char *key);

/** Line and column (1-based, in bytes) of a value. */
void qg_json_place(const qg_json_doc *doc, const qg_json *v, int64_t *line, int64_t *column);

/** JSON pointer ("/models/base/path", RFC 6901) of a value; returns out. */
char *qg_json_pointer(char *out, size_t size, const qg_json *v);

/** "a string", "an object", ... for messages. */
const char *qg_json_kind(const qg_json *v);

/** Canonical text (keys sorted, no spaces, numbers as %.17g): equal for reformatted documents. */
struct qg_str;
void qg_json_canonical(struct qg_str *out, const qg_json *v);

/* Error at a value: sets path, line, column and pointer. */
qg_code qg_json_fail(const qg_json_doc *doc, const qg_json *v, qg_code code, const char *src,
                     const char *fmt, ...) QG_PRINTF(5, 6);
#define QG_JSON_FAIL(doc, v, code, ...)                                                            \
    ((void)qg_json_fail((doc), (v), (code), QG_SRC, __VA_ARGS__), (code))

#endif
