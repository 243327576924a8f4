/*
 * attention.h - what attention probabilities say by themselves. L layers, H heads, n tokens of one
 * text. Pure functions over arrays; local.
 */
#ifndef QGRID_ATTENTION_H
#define QGRID_ATTENTION_H

#include "qgrid/arena.h"

/**
 * Rollout: product over layers of (mean over heads + identity) / 2, rows made to add up to 1.
 * Abnar, Zuidema, "Quantifying attention flow in transformers", ACL 2020, arXiv:2005.00928.
 *
 * @param[out] rollout   [n, n] of the last layer; row 0 scores tokens for [CLS]
 * @param[out] by_layer  [L, n, n] of every layer, or NULL
 * @param      attention [L, H, n, n] probabilities (qg_capture of model.h)
 */
qg_code qg_attention_rollout(double *rollout, double *by_layer, const float *attention, int L,
                             int H, int n, qg_arena *scratch) QG_MUST_USE;

/**
 * Entropy [L, H] of row `query` (0: [CLS]) in units of that of n equal shares; NaN for one token.
 */
void qg_attention_entropy(double *entropy, const float *attention, int L, int H, int n, int query);

#endif
