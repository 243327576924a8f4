/*
 * arena.h - memory by lifetime: allocate freely, release all at once.
 *
 * Three lifetimes exist in a run: the job (plan, names, texts), a model (its weights) and a unit of
 * work (reset after each). All memory is zeroed and aligned to 64 bytes. An arena has a budget in
 * bytes, so that too large an input is an error of one cell and not the death of the rank.
 */
#ifndef QGRID_ARENA_H
#define QGRID_ARENA_H

#include "qgrid/err.h"

#include <stddef.h>
#include <stdint.h>

/* Memory that is given out piece by piece and taken back at once. */
typedef struct qg_arena qg_arena;

/* A place in an arena, to go back to. */
typedef struct qg_mark {
    void *block;
    size_t used;
} qg_mark;

/** New arena; `budget` in bytes, 0 = no limit. NULL with the error record set when memory is
 *  out. Destroy frees all. */
qg_arena *qg_arena_create(size_t budget);
void qg_arena_destroy(qg_arena *a);

/**
 * n * size zeroed bytes, aligned to 64. NULL with the error record set (QG_ENOMEM) when the
 * budget is exhausted, the product overflows or memory is out. n * size == 0 gives a valid pointer.
 */
void *qg_arena_alloc(qg_arena *a, size_t n, size_t size)
    __attribute__((malloc, alloc_size(2, 3), warn_unused_result));

/* Typed allocation that returns the error from the calling function. */
#define QG_NEW(ptr, arena, n)                                                                      \
    do {                                                                                           \
        (ptr) = qg_arena_alloc((arena), (size_t)(n), sizeof *(ptr));                               \
        if (!(ptr))                                                                                \
            return QG_ENOMEM;                                                                      \
    } while (0)

/* A larger copy of an array takes its place; returns the error from the calling function. */
#define QG_GROW(ptr, arena, old_n, new_n)                                                          \
    do {                                                                                           \
        (ptr) = qg_arena_grow((arena), (ptr), (size_t)(old_n), (size_t)(new_n), sizeof *(ptr));    \
        if (!(ptr))                                                                                \
            return QG_ENOMEM;                                                                      \
    } while (0)

/** Copy of `len` bytes plus a NUL; NULL when out of memory (error set). */
char *qg_arena_strndup(qg_arena *a, const char *s, size_t len);
char *qg_arena_strdup(qg_arena *a, const char *s);

/** Formatted text; NULL when out of memory (error set). */
char *qg_arena_printf(qg_arena *a, const char *fmt, ...) QG_PRINTF(2, 3);

/**
 * A larger copy of an array: `old_n` elements of `size` are kept, the rest up to `new_n` is zero.
 * The old array stays allocated until release: grow by doubling.
 */
void *qg_arena_grow(qg_arena *a, const void *old, size_t old_n, size_t new_n, size_t size);

/** Everything allocated after the mark is freed by qg_arena_release. */
qg_mark qg_arena_mark(const qg_arena *a);
void qg_arena_release(qg_arena *a, qg_mark m);

/** Bytes handed out now. */
size_t qg_arena_used(const qg_arena *a);

/** Torture tests: the n-th allocation from now fails (n = 0: the next one); negative: never. */
void qg_arena_fail_after(qg_arena *a, long n);

/** *out = a * b, or QG_ENOMEM when that overflows. */
qg_code qg_mul_size(size_t *out, size_t a, size_t b) QG_MUST_USE;

#endif
