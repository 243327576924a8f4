/*
 * stop.h - SIGTERM, SIGINT and SIGUSR1 as a wish: long work asks now and then, and ends in good
 * order.
 */
#ifndef QGRID_STOP_H
#define QGRID_STOP_H

/** From here on the signals are counted instead of ending the process. Local. */
void qg_stop_catch(void);

/** They do again what they did before. Local. */
void qg_stop_release(void);

/** How many came since the process began. Local. */
int qg_stop_wanted(void);

#endif
