/*
 * announce.h - what a run says before it begins.
 */
#ifndef QGRID_ANNOUNCE_H
#define QGRID_ANNOUNCE_H

#include "qgrid/par.h"
#include "qgrid/results.h"
#include "qgrid/run.h"

/** Says what will be done: the job, how many cells, on how many ranks, into which file, and how
 *  long it may take. @param state  [n_units] of what is run. @errors QG_ENOMEM. */
qg_code qg_announce(qg_arena *a, const qg_results *r, const qg_par *par, const uint8_t *state,
                    const qg_run_summary *s) QG_MUST_USE;

#endif
