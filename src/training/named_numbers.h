/*
 * named_numbers.h - arrays of numbers and texts with their names, one after another in a string of
 * bytes: what a program of another version does not know it steps over, and what it misses it can
 * name.
 *
 *   NAME TYPE COUNT\n    then COUNT numbers as they are in memory, without padding
 */
#ifndef QGRID_NAMED_NUMBERS_H
#define QGRID_NAMED_NUMBERS_H

#include "qgrid/str.h"

#include <stdbool.h>

typedef enum qg_number_type {
    QG_NUMBER_TEXT, /* bytes */
    QG_NUMBER_FLAG, /* bool */
    QG_NUMBER_I64,
    QG_NUMBER_F32,
    QG_NUMBER_F64,
    QG_NUMBER_TYPES
} qg_number_type;

enum { QG_NUMBER_NAME = 64 }; /* bytes of a name, with its NUL */

typedef struct qg_named {
    char name[QG_NUMBER_NAME];
    qg_number_type type;
    uint64_t count;
    const char *data; /* in the record; not aligned */
} qg_named;

/** Adds `count` numbers, `stride` bytes apart. */
void qg_named_put(qg_str *out, const char *name, qg_number_type type, const void *first,
                  size_t stride, uint64_t count);

/** Takes the numbers at *at, which is then behind them; false at the end, and where the bytes are
 * no named numbers: *at is then before the end. Nothing in them is believed. Local. */
bool qg_named_next(qg_named *out, size_t *at, const char *record, size_t size);

/** The numbers of that name and type; false: there are none. Local. */
bool qg_named_find(qg_named *out, const char *record, size_t size, const char *name,
                   qg_number_type type);

/** Copies all of them, `stride` bytes apart. */
void qg_named_take(const qg_named *n, void *first, size_t stride);

#endif
