/*
 * gang_rig.h - gangs of all sizes over the first ranks of the world, in tests.
 */
#ifndef GANG_RIG_H
#define GANG_RIG_H

#include "qt.h"

#include "qgrid/gang.h"

extern qg_par *gang_par; /* of this process */

/** Starts MPI, runs the table on every rank (rank 0 prints, the others only what failed), stops. */
int gang_main(const char *group, const struct CMUnitTest *tests, size_t n);

/** A gang of the first `size` ranks with a number of its own; false where this rank is not in it,
 *  or the world is too small. It gives up after some minutes, so that a failure hangs nobody. */
bool gang_form(qg_gang *out, int size);

#endif
