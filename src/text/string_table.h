/*
 * string_table.h - strings numbered in the order in which they first came.
 */
#ifndef QGRID_TEXT_STRING_TABLE_H
#define QGRID_TEXT_STRING_TABLE_H

#include "qgrid/arena.h"

typedef struct qg_string_table {
    qg_arena *arena;
    const char **text; /* [n] NUL-terminated copies */
    uint64_t *hash;    /* [n] */
    uint32_t *slot;    /* open addressing: number + 1, 0 = free; at most half full */
    size_t slots;
    int n, cap;
} qg_string_table;

/** *out = the number of the string; a new one gets the next. @errors QG_ENOMEM. Local. */
qg_code qg_string_table_put(int *out, qg_string_table *t, const char *text, size_t len) QG_MUST_USE;

/** The number of the string, or -1. Local. */
int qg_string_table_find(const qg_string_table *t, const char *text, size_t len);

#endif
