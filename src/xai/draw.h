/*
 * draw.h - random subsets of units.
 */
#ifndef QGRID_DRAW_H
#define QGRID_DRAW_H

#include "qgrid/rng.h"

/**
 * Sets mask[u] = value for `count` of `n` units, each subset as likely as any other; `order` [n] is
 * scratch that holds a permutation of 0 .. n - 1 before and after. Local.
 */
void qg_draw_subset(uint8_t *mask, uint8_t value, int count, int *order, int n, qg_rng *r);

#endif
