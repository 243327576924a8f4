/*
 * work.h - units of work as the farm sees them: bytes that rank 0 sends, and what a rank makes of
 * them.
 *
 *   assignment   name of the kind | model source | precision | cache folder | what the kind needs
 *                (a training: name of the kind | what it needs)
 */
#ifndef QGRID_WORK_H
#define QGRID_WORK_H

#include "qgrid/farm.h"
#include "qgrid/results.h"

/** Rank 0: the assignment of a unit. @param cache  folder of packed models. Local. */
qg_code qg_work_input(qg_str *out, qg_results *r, int unit, const char *cache) QG_MUST_USE;

/* A rank's memory across units: the model it has loaded. */
typedef struct qg_work qg_work;

/** Local, one per rank. */
qg_code qg_work_create(qg_work **out, qg_arena *a) QG_MUST_USE;
void qg_work_destroy(qg_work *w);

/** The farm's callbacks over it. */
qg_farm_worker qg_work_callbacks(qg_work *w);

#endif
