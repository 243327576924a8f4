/*
 * draw.h - random subsets of units, as LIME and KernelSHAP draw them.
 */
#ifndef QGRID_DRAW_H
#define QGRID_DRAW_H

#include "qgrid/arena.h"
#include "qgrid/rng.h"

/**
 * Sets mask[u] = value for `count` of `n` units, each subset as likely as any other; `order` [n] is
 * scratch that holds a permutation of 0 .. n - 1 before and after. Local.
 */
void qg_draw_subset(uint8_t *mask, uint8_t value, int count, int *order, int n, qg_rng *r);

/**
 * masks [rows, units], 1 = kept: row 0 keeps all; each other row drops 1 .. units units, how many
 * and which drawn uniformly. units >= 1. @errors QG_ENOMEM. Local.
 */
qg_code qg_draw_lime(uint8_t *masks, int rows, int units, qg_rng *r, qg_arena *a) QG_MUST_USE;

/**
 * masks [rows, units], 1 = present, in pairs of a coalition and what it leaves out: of s units with
 * probability proportional to the Shapley kernel's (units - 1) / (s (units - s)), each set of that
 * size as likely as any other. rows even, units >= 2. @errors QG_ENOMEM. Local.
 */
qg_code qg_draw_shapley(uint8_t *masks, int rows, int units, qg_rng *r, qg_arena *a) QG_MUST_USE;

#endif
