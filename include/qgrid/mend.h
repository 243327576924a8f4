/*
 * mend.h - a results file that a run goes on with: what is damaged in it is computed again.
 */
#ifndef QGRID_MEND_H
#define QGRID_MEND_H

#include "qgrid/results.h"

/**
 * Checks every field against its checksum. What the plan knows is put back; a cell of which a field
 * is damaged becomes open again with all its units, one of which a field was being written when a
 * run died is summed up again, and its units' own checksums are looked at. r->damaged_fields and
 * r->damaged_units count what was found. A sound file is not written to.
 * @errors QG_ESTORE, QG_ENOMEM. Local, rank 0.
 */
qg_code qg_results_mend(qg_results *r, const qg_layout *layout) QG_MUST_USE;

#endif
