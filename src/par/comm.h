/*
 * comm.h - what the files of this folder share about MPI.
 */
#ifndef QGRID_PAR_COMM_H
#define QGRID_PAR_COMM_H

#include "qgrid/err.h"

#include <mpi.h>

/** QG_OK, or QG_EMPI with MPI's text behind `what`. */
qg_code qg_mpi_check(int rc, const char *what) QG_MUST_USE;
#define QG_MPI(call) QG_TRY(qg_mpi_check((call), #call))

/** Makes the communicator of gangs, a copy of the world. Collective. */
qg_code qg_gang_start(void) QG_MUST_USE;

#endif
