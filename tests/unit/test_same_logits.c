/*
 * test_same_logits.c - texts with one answer are counted where their tokens differ.
 */
#include "qt.h"

#include "qgrid/metrics.h"

#include <math.h>

enum { K = 2 };

static int64_t count(const float *logits, const int32_t *ids, const int64_t *splits, int64_t n)
{
    int64_t out = -1;
    qg_arena *a = qg_arena_create(0);
    qt_ok(qg_same_logits(&out, logits, K, ids, splits, n, a));
    qg_arena_destroy(a);
    return out;
}

/* Tokens: 2 7 3 | 2 8 3 | 2 7 3 | 2 3 | 2 7 9 3 */
static const int32_t ids[] = {2, 7, 3, 2, 8, 3, 2, 7, 3, 2, 3, 2, 7, 9, 3};
static const int64_t splits[] = {0, 3, 6, 9, 11, 15};

static void equal_texts_may_have_equal_logits(void **state)
{
    (void)state;
    const float logits[] = {1, 2, 3, 4, 1, 2, 5, 6, 7, 8};
    qt_eq("texts", count(logits, ids, splits, 5), 0);
    qt_eq("no texts", count(logits, ids, splits, 0), 0);
    qt_eq("one text", count(logits, ids, splits, 1), 0);
}

static void different_texts_with_equal_logits_are_counted(void **state)
{
    (void)state;
    const float two[] = {1, 2, 3, 4, 1, 2, 3, 4, 7, 8}; /* 8 and nothing */
    const float all[] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
    const float pairs[] = {1, 2, 1, 2, 5, 6, 7, 8, 7, 8};
    qt_eq("two", count(two, ids, splits, 5), 2);
    qt_eq("all", count(all, ids, splits, 5), 5);
    qt_eq("two pairs", count(pairs, ids, splits, 5), 4);
}

/* Neighbours in the last bit, and both zeros, are other answers. */
static void bits_count(void **state)
{
    (void)state;
    const float near[] = {1, 2, 1, nextafterf(2, 3), 5, 0.0F, 5, -0.0F, 7, 8};
    qt_eq("texts", count(near, ids, splits, 5), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(equal_texts_may_have_equal_logits),
    cmocka_unit_test(different_texts_with_equal_logits_are_counted),
    cmocka_unit_test(bits_count),
};
QT_MAIN("same_logits", tests)
