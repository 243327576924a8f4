/*
 * stop.h - SIGTERM, SIGUSR1 and SIGINT as a wish: long work asks now and then, and ends in good
 * order.
 */
#ifndef QGRID_STOP_H
#define QGRID_STOP_H

/** From now on SIGTERM and SIGUSR1 are counted instead of ending the process. Local. */
void qg_stop_catch(void);

/** SIGINT, too. Local. */
void qg_stop_catch_interrupt(void);

/** How many came since they are caught. Local. */
int qg_stop_wanted(void);

#endif
