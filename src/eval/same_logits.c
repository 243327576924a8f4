/*
 * same_logits.c - different texts with one answer.
 */
#include "qgrid/metrics.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct answer {
    const float *logits;
    size_t size; /* bytes of them */
    const int32_t *ids;
    size_t length; /* bytes of them */
} answer;

static int by_logits(const void *a, const void *b)
{
    const answer *x = a, *y = b;
    return memcmp(x->logits, y->logits, x->size);
}

static bool same_text(const answer *a, const answer *b)
{
    return a->length == b->length && memcmp(a->ids, b->ids, a->length) == 0;
}

qg_code qg_same_logits(int64_t *out, const float *logits, int K, const int32_t *ids,
                       const int64_t *splits, int64_t n, qg_arena *arena)
{
    answer *x;
    *out = 0;
    QG_NEW(x, arena, n);
    for (int64_t i = 0; i < n; i++)
        x[i] = (answer){logits + i * K, (size_t)K * sizeof *logits, ids + splits[i],
                        (size_t)(splits[i + 1] - splits[i]) * sizeof *ids};
    if (n > 0)
        qsort(x, (size_t)n, sizeof *x, by_logits);
    for (int64_t first = 0, end; first < n; first = end) {
        bool differ = false;
        for (end = first + 1; end < n && by_logits(&x[first], &x[end]) == 0; end++)
            differ |= !same_text(&x[first], &x[end]);
        *out += differ ? end - first : 0;
    }
    return QG_OK;
}
