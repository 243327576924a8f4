/*
 * starting.h - ranks that die while MPI starts: nobody has ended the others yet.
 */
#ifndef QGRID_PAR_STARTING_H
#define QGRID_PAR_STARTING_H

#include <sys/types.h>

/**
 * Until qg_starting_end, a rank of this node that is gone ends this process with status 75 and a
 * line, and so does a start that takes far too long: MPI_Init and what comes right behind it would
 * wait for the dead for ever. The launcher is this process's parent. Uses SIGALRM.
 */
void qg_starting_watch(pid_t launcher);
void qg_starting_end(void);

#endif
