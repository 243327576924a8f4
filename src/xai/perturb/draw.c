/*
 * draw.c - random subsets: the first steps of a Fisher-Yates shuffle.
 */
#include "draw.h"

#include <string.h>

void qg_draw_subset(uint8_t *mask, uint8_t value, int count, int *order, int n, qg_rng *r)
{
    for (int i = 0; i < count; i++) {
        int j = i + (int)qg_rng_below(r, (uint64_t)(n - i)), u = order[j];
        order[j] = order[i];
        order[i] = u;
        mask[u] = value;
    }
}

static qg_code first_order(int **order, int n, qg_arena *a)
{
    QG_NEW(*order, a, n);
    for (int i = 0; i < n; i++)
        (*order)[i] = i;
    return QG_OK;
}

qg_code qg_draw_lime(uint8_t *masks, int rows, int units, qg_rng *r, qg_arena *a)
{
    int *order;
    size_t U = (size_t)units;
    QG_TRY(first_order(&order, units, a));
    memset(masks, 1, (size_t)rows * U);
    for (int row = 1; row < rows; row++) {
        int drop = 1 + (int)qg_rng_below(r, (uint64_t)units);
        qg_draw_subset(masks + (size_t)row * U, 0, drop, order, units, r);
    }
    return QG_OK;
}

/* A size 1 .. units - 1; cumulative[s] adds up the shares of sizes up to s. */
static int draw_size(const double *cumulative, int units, qg_rng *r)
{
    double at = qg_rng_uniform(r) * cumulative[units - 1];
    int s = 1;
    while (s < units - 1 && at >= cumulative[s])
        s++;
    return s;
}

qg_code qg_draw_shapley(uint8_t *masks, int rows, int units, qg_rng *r, qg_arena *a)
{
    int *order;
    double *cumulative;
    size_t U = (size_t)units;
    QG_TRY(first_order(&order, units, a));
    QG_NEW(cumulative, a, units);
    for (int s = 1; s < units; s++)
        cumulative[s] = cumulative[s - 1] + 1.0 / ((double)s * (units - s));
    memset(masks, 0, (size_t)rows * U);
    for (int row = 0; row + 1 < rows; row += 2) {
        uint8_t *z = masks + (size_t)row * U;
        qg_draw_subset(z, 1, draw_size(cumulative, units, r), order, units, r);
        for (size_t u = 0; u < U; u++)
            z[U + u] = !z[u];
    }
    return QG_OK;
}
