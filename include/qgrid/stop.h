/*
 * stop.h - SIGTERM, SIGUSR1, SIGINT and SIGHUP as a wish: long work asks now and then, and ends in
 * good order.
 */
#ifndef QGRID_STOP_H
#define QGRID_STOP_H

/* This many wishes end the process there and then (status 75), whatever it is doing; its locks are
 * released. */
enum { QG_STOP_END = 3 };

/** From now on the signals are counted instead of ending the process; SIGHUP and SIGINT stay
 *  ignored where they were. Local. */
void qg_stop_catch(void);

/** How many came since they are caught; those within half a second count once,
 *  SIGTERM from mpirun, which kills its ranks a second later, counts twice. Local. */
int qg_stop_wanted(void);

#endif
