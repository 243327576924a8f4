/*
 * arena.c - a chain of blocks, newest first.
 *
 *   arena -> [block n: header | used ....... | free] -> [block n-1: ...] -> NULL
 *
 * Small requests share blocks of BLOCK_SIZE; a large one gets a block of its own. In ASan builds
 * every request gets its own block, so that an overrun inside an arena is seen.
 */
#include "qgrid/arena.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN      64
#define BLOCK_SIZE ((size_t)256 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define OWN_BLOCK 1
#else
#define OWN_BLOCK 0
#endif

typedef struct block {
    struct block *below;
    size_t size; /* bytes of data */
    size_t used;
    char pad[ALIGN - 3 * sizeof(size_t)];
} block;

struct qg_arena {
    block *top;
    size_t budget, used, peak;
    long fail_after;
};

_Static_assert(sizeof(block) == ALIGN, "a block's data must start aligned");

qg_arena *qg_arena_create(size_t budget)
{
    qg_arena *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->budget = budget;
    a->fail_after = -1;
    return a;
}

void qg_arena_destroy(qg_arena *a)
{
    if (!a)
        return;
    qg_arena_release(a, (qg_mark){NULL, 0});
    free(a);
}

static void *block_data(block *b)
{
    return (char *)b + sizeof(block);
}

static block *push_block(qg_arena *a, size_t size)
{
    block *b = NULL;
    if (posix_memalign((void **)&b, ALIGN, sizeof(block) + size) != 0)
        return NULL;
    b->below = a->top;
    b->size = size;
    b->used = 0;
    a->top = b;
    return b;
}

qg_code qg_mul_size(size_t *out, size_t a, size_t b)
{
    if (__builtin_mul_overflow(a, b, out))
        return QG_FAIL(QG_ENOMEM, "%zu elements of %zu bytes overflow", a, b);
    return QG_OK;
}

void *qg_arena_alloc(qg_arena *a, size_t n, size_t size)
{
    size_t want;
    if (qg_mul_size(&want, n, size) != QG_OK)
        return NULL;
    if (want > SIZE_MAX / 2) {
        (void)QG_FAIL(QG_ENOMEM, "a request of %zu bytes is too large", want);
        return NULL;
    }
    want = (want + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (want == 0)
        want = ALIGN;
    if (a->fail_after == 0) {
        (void)QG_FAIL(QG_ENOMEM, "allocation failed on request of a test");
        return NULL;
    }
    if (a->fail_after > 0)
        a->fail_after--;
    if (a->budget && want > a->budget - a->used) {
        (void)QG_FAIL(QG_ENOMEM, "%zu bytes wanted, %zu of a budget of %zu are in use", want,
                      a->used, a->budget);
        return NULL;
    }
    block *b = a->top;
    if (OWN_BLOCK || !b || b->size - b->used < want)
        b = push_block(a, OWN_BLOCK || want > BLOCK_SIZE ? want : BLOCK_SIZE);
    if (!b) {
        (void)QG_FAIL(QG_ENOMEM, "the system has no %zu bytes left", want);
        return NULL;
    }
    void *p = (char *)block_data(b) + b->used;
    b->used += want;
    a->used += want;
    if (a->used > a->peak)
        a->peak = a->used;
    return memset(p, 0, want);
}

char *qg_arena_strndup(qg_arena *a, const char *s, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *p = qg_arena_alloc(a, len + 1, 1);
    if (p && len)
        memcpy(p, s, len);
    return p;
}

char *qg_arena_strdup(qg_arena *a, const char *s)
{
    return qg_arena_strndup(a, s, strlen(s));
}

char *qg_arena_printf(qg_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = len < 0 ? NULL : qg_arena_alloc(a, (size_t)len + 1, 1);
    if (p)
        vsnprintf(p, (size_t)len + 1, fmt, again);
    va_end(again);
    return p;
}

void *qg_arena_grow(qg_arena *a, const void *old, size_t old_n, size_t new_n, size_t size)
{
    void *p = qg_arena_alloc(a, new_n, size);
    if (p && old_n)
        memcpy(p, old, old_n * size);
    return p;
}

qg_mark qg_arena_mark(const qg_arena *a)
{
    return (qg_mark){a->top, a->top ? a->top->used : 0};
}

void qg_arena_release(qg_arena *a, qg_mark m)
{
    while (a->top && a->top != m.block) {
        block *b = a->top;
        a->top = b->below;
        a->used -= b->used;
        free(b);
    }
    if (a->top) {
        a->used -= a->top->used - m.used;
        a->top->used = m.used;
    }
}

size_t qg_arena_used(const qg_arena *a)
{
    return a->used;
}

size_t qg_arena_peak(const qg_arena *a)
{
    return a->peak;
}

void qg_arena_fail_after(qg_arena *a, long n)
{
    a->fail_after = n;
}
