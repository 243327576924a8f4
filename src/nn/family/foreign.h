/*
 * foreign.h - what other programs put into checkpoints: wrappers, adapters, codes of quantizers.
 */
#ifndef QGRID_NN_FOREIGN_H
#define QGRID_NN_FOREIGN_H

#include "qgrid/checkpoint.h"

/** Refuses what changes the numbers and is not honoured here: adapters that are not merged, and
 *  what quantizers store beside their codes. @errors QG_EUNSUPPORTED naming the tensor. Local. */
qg_code qg_foreign_refuse(const qg_weights *w, const char *dir) QG_MUST_USE;

/** What stands before all names ("model.", "_orig_mod."): a copy of it in the arena, "" where
 *  nothing does; NULL when out of memory. Local. */
const char *qg_foreign_prefix(qg_arena *a, const qg_weights *w, const qg_family *f);

/** Whether it is a tensor that a wrapper keeps and nobody computes with. */
bool qg_foreign_is_leftover(const char *name);

#endif
