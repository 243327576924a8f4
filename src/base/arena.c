/*
 * arena.c - a chain of blocks, newest first.
 *
 *   arena -> [block n: header | used ....... | free] -> [block n-1: ...] -> NULL
 *
 * Small requests share blocks of BLOCK_SIZE; a large one gets a block of its own, a very large one
 * from the kernel, in large pages where there are any: it is zero without being touched. In ASan
 * builds every request gets its own block, so that an overrun inside an arena is seen; so it does
 * where every request is made to fail once (QG_OWN_BLOCKS, tests/failing).
 */
#include "qgrid/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN      64
#define BLOCK_SIZE ((size_t)256 * 1024)
#define LARGE_PAGE ((size_t)2 << 20)
#define MAP_SIZE   (2 * LARGE_PAGE) /* from here on */

#ifdef QG_OWN_BLOCKS
#define OWN_BLOCK 1
#elif defined(__has_feature) /* clang's way to say it */
#if __has_feature(address_sanitizer)
#define OWN_BLOCK 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define OWN_BLOCK 1
#endif
#ifndef OWN_BLOCK
#define OWN_BLOCK 0
#endif

typedef struct block {
    struct block *below;
    size_t size; /* bytes of data */
    size_t used;
    void *map; /* NULL: of the heap */
    size_t mapped;
    char pad[ALIGN - 5 * sizeof(size_t)];
} block;

struct qg_arena {
    block *top;
    size_t budget, used;
    long fail_after;
};

_Static_assert(sizeof(block) == ALIGN, "a block's data must start aligned");

qg_arena *qg_arena_create(size_t budget)
{
    qg_arena *a = calloc(1, sizeof *a);
    if (!a) {
        (void)QG_FAIL(QG_ENOMEM, "no memory");
        return NULL;
    }
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

/* The data begin on a large page. */
static block *map_block(size_t size)
{
    size_t all = size + 2 * LARGE_PAGE;
    char *map = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    char *data = map + 2 * LARGE_PAGE - (uintptr_t)map % LARGE_PAGE;
    (void)madvise(data, size, MADV_HUGEPAGE); /* only a wish */
    block *b = (block *)(void *)(data - sizeof(block));
    b->map = map;
    b->mapped = all;
    return b;
}

static block *heap_block(size_t size)
{
    block *b = NULL;
    if (posix_memalign((void **)&b, ALIGN, sizeof(block) + size) != 0)
        return NULL;
    b->map = NULL;
    return b;
}

static void free_block(block *b)
{
    if (b->map)
        munmap(b->map, b->mapped);
    else
        free(b);
}

static block *push_block(qg_arena *a, size_t size)
{
    block *b = !OWN_BLOCK && size >= MAP_SIZE ? map_block(size) : heap_block(size);
    if (!b)
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
        (void)QG_FAIL(QG_ENOMEM, "no memory: the system has no %zu bytes left", want);
        return NULL;
    }
    void *p = (char *)block_data(b) + b->used;
    b->used += want;
    a->used += want;
    return b->map ? p : memset(p, 0, want); /* a mapped block serves one request */
}

char *qg_arena_strndup(qg_arena *a, const char *s, size_t len)
{
    if (len == SIZE_MAX) {
        (void)QG_FAIL(QG_ENOMEM, "a text of %zu bytes is too long", len);
        return NULL;
    }
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
        free_block(b);
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

void qg_arena_fail_after(qg_arena *a, long n)
{
    a->fail_after = n;
}
