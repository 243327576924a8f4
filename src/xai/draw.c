/*
 * draw.c - random subsets: the first steps of a Fisher-Yates shuffle.
 */
#include "draw.h"

void qg_draw_subset(uint8_t *mask, uint8_t value, int count, int *order, int n, qg_rng *r)
{
    for (int i = 0; i < count; i++) {
        int j = i + (int)qg_rng_below(r, (uint64_t)(n - i)), u = order[j];
        order[j] = order[i];
        order[i] = u;
        mask[u] = value;
    }
}
