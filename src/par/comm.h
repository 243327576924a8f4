/*
 * comm.h - what the files of this folder share about MPI.
 */
#ifndef QGRID_PAR_COMM_H
#define QGRID_PAR_COMM_H

#include "qgrid/par.h"

#include <mpi.h>

/** QG_OK, or QG_EMPI with MPI's text behind `what`. */
qg_code qg_mpi_check(int rc, const char *what) QG_MUST_USE;
#define QG_MPI(call) QG_TRY(qg_mpi_check((call), #call))

/* A message on its way. */
typedef struct qg_sent {
    struct qg_sent *next;
    MPI_Request request;
    char data[];
} qg_sent;

/* What a rank keeps of MPI. */
struct qg_mpi {
    bool started;
    qg_sent *outbox;     /* not yet known to have left */
    MPI_Comm gangs;      /* a copy of the world */
    int last_tag;        /* the largest that MPI takes */
    char *pieces;        /* buffers of transfers: see transfer.c */
    MPI_Comm members;    /* of gang members_of, for comparison */
    uint32_t members_of; /* number of the gang */
};

/** Makes the communicator of gangs. Collective. */
qg_code qg_gang_start(struct qg_mpi *m) QG_MUST_USE;

#endif
