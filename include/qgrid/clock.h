/*
 * clock.h - the only source of time. Used for /timing, progress and heartbeats, never for results.
 */
#ifndef QGRID_CLOCK_H
#define QGRID_CLOCK_H

#include <stdint.h>

/** Seconds on the monotonic clock. */
double qg_clock(void);

/** Sleeps that many seconds (returns early on a signal). */
void qg_sleep(double seconds);

/** Seconds of CPU time of this process. */
double qg_clock_cpu(void);

/** Highest resident memory of this process so far, in bytes. */
int64_t qg_peak_rss(void);

#endif
