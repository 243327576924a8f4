/*
 * par.h - the ranks: start, messages point to point, end. src/par is the only user of mpi.h.
 *
 * After start-up there are no collectives: a dead rank can then hang nobody. Without mpirun a
 * process is rank 0 of 1 and MPI is started as a singleton (or not at all).
 */
#ifndef QGRID_PAR_H
#define QGRID_PAR_H

#include "qgrid/arena.h"
#include "qgrid/library.h"

#include <stdbool.h>

/* A process as its node knows it. */
typedef struct qg_process {
    int64_t pid;
    uint64_t start; /* 0: cannot be watched from this rank */
} qg_process;

typedef struct qg_par {
    int rank, size;
    int32_t *node;       /* [size] node number of each rank, 0 for rank 0's node */
    bool *lost;          /* [size] which ranks are known to be lost */
    bool lost_ranks;     /* a rank died or fell silent: set by whoever notices */
    qg_process *process; /* [size] the ranks of this rank's node */
    int local_size;      /* ranks on this rank's node */
    char host[64];
    char (*hosts)[64];  /* [size] of every rank */
    int64_t launcher;   /* process that started this rank, 0: none did */
    struct qg_mpi *mpi; /* src/par's own */
} qg_par;

/**
 * Starts MPI and learns who is where. Refuses (QG_EMPI, exit status 2) when the environment says
 * that several processes were started but each believes to be rank 0 of 1 (another MPI's mpirun, or
 * srun without PMIx), naming both. Collective.
 */
qg_code qg_par_start(qg_par **out, qg_arena *a) QG_MUST_USE;

/** The rank that the launcher's environment claims for this process; 0 without a launcher. Local.
 */
long qg_par_claimed_rank(void);

/** Whether a rank of this node has ended, as far as can be seen from here. */
bool qg_par_gone(const qg_par *p, int rank);

/**
 * Normal end: MPI_Finalize, which waits for the dead. Where a rank is known to be lost, silent
 * ranks of this node are killed under mpirun --enable-recovery and the process leaves by
 * _exit(status); where there are others, or without that option, rank 0 (if it is the silent one:
 * any) has the launcher end everybody with `status`. Where a rank turns out to be lost only now,
 * stopped ranks of this node are woken after QG_PAR_WAKE_SECONDS; the process leaves after
 * QG_PAR_STOP_SECONDS, and rank 0 kills those of its node that do not: mpirun has a status of its
 * own then.
 */
void qg_par_stop(qg_par *p, int status);
enum { QG_PAR_WAKE_SECONDS = 5, QG_PAR_STOP_SECONDS = 20 };

/** Open MPI, with the version of the headers; another MPI by its name alone. Local. */
qg_library qg_mpi_library(void);

/** Whether the process that started this rank (mpirun, a node's orted or slurmstepd) is gone:
 * nobody ends the rank, or the others, any more. Local. */
bool qg_par_orphaned(const qg_par *p);

/** Sends bytes (copied; returns when the buffer is free again). Fails when the peer is known dead.
 */
qg_code qg_par_send(qg_par *p, int to, int tag, const void *data, size_t size) QG_MUST_USE;

/** Waits until what was sent has left, for so many seconds at most. */
void qg_par_flush(qg_par *p, double seconds);

/** Looks for a message without waiting: *from = -1 if there is none. */
qg_code qg_par_probe(qg_par *p, int *from, int *tag, size_t *size) QG_MUST_USE;

/** Receives the probed message into `data` (size bytes). */
qg_code qg_par_receive(qg_par *p, int from, int tag, void *data, size_t size) QG_MUST_USE;

#endif
