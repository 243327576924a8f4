/*
 * str.h - growing byte strings, UTF-8 checks, nearest names.
 */
#ifndef QGRID_STR_H
#define QGRID_STR_H

#include "qgrid/arena.h"

#include <stdbool.h>

/* A growing string, always NUL-terminated after the first append. Zero-initialise; fini frees. */
typedef struct qg_str {
    char *data;
    size_t len, cap;
    bool failed; /* memory ran out: content is incomplete, checked once at the end */
} qg_str;

/** Frees it; empties it; appends text, bytes, or formatted text. Local. */
void qg_str_fini(qg_str *s);
void qg_str_clear(qg_str *s);
void qg_str_add(qg_str *s, const char *text);
void qg_str_addn(qg_str *s, const void *bytes, size_t len);
void qg_str_addf(qg_str *s, const char *fmt, ...) QG_PRINTF(2, 3);

/** JSON string with quotes; control characters and invalid UTF-8 (as U+FFFD) are escaped. */
void qg_str_add_json(qg_str *s, const char *text, size_t len);

/** Numbers that read back exactly (%.9g, %.17g); NaN and infinities are written as null. */
void qg_str_add_f32(qg_str *s, float v);
void qg_str_add_f64(qg_str *s, double v);

/** QG_ENOMEM if any append failed. */
qg_code qg_str_status(const qg_str *s) QG_MUST_USE;

/** Offset of the first invalid UTF-8 byte, or `len` if all is well (strict: no surrogates). */
size_t qg_utf8_check(const char *s, size_t len);

/** Code points in valid UTF-8. */
size_t qg_utf8_length(const char *s, size_t len);

/** Bytes of the sequence that starts with this lead byte (1 for stray bytes). */
int qg_utf8_width(unsigned char lead);

/**
 * The name nearest to `got` by edit distance, or NULL when none is near enough to be meant.
 *
 * @param names  NULL-terminated list; borrowed
 */
const char *qg_nearest(const char *got, const char *const *names);

/** "a, b, c" of a NULL-terminated list, cut with "..." where `size` ends. Returns out. */
char *qg_join_names(char *out, size_t size, const char *const *names);

/** Whether `name` matches `pattern` with * and ? (whole name; * also matches '/'). */
bool qg_glob(const char *pattern, const char *name);

/** "1.5 MiB", "3 B"; returns out. */
char *qg_format_bytes(char *out, size_t size, double bytes);

/** "1:02:03", "45 s", "120 ms"; returns out. */
char *qg_format_seconds(char *out, size_t size, double seconds);

#endif
