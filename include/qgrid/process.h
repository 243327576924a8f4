/*
 * process.h - whether another process of this host is still there.
 */
#ifndef QGRID_PROCESS_H
#define QGRID_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/** Start time of a process in clock ticks since boot; 0 when it is gone. Local. */
uint64_t qg_process_start(int64_t pid);

/** Whether no such process runs; one that has died but was not waited for is gone, too. Local. */
bool qg_process_gone(int64_t pid);

#endif
