/*
 * process.h - whether another process of this host is still there; this one's memory; children.
 */
#ifndef QGRID_PROCESS_H
#define QGRID_PROCESS_H

#include "qgrid/err.h"

#include <stdbool.h>

/** Start time of a process in clock ticks since boot; 0 when it is gone. Local, also in a handler
 * of signals. */
uint64_t qg_process_start(int64_t pid);

/** Whether no such process runs; one that has died but was not waited for is gone, too. Local. */
bool qg_process_gone(int64_t pid);

/* Memory of this process in bytes, 0 where Linux does not say. */
typedef struct qg_memory {
    int64_t peak_rss; /* VmHWM: most pages that were ever resident, shared ones included */
    int64_t rss;      /* VmRSS: resident now */
    int64_t anon;     /* RssAnon: of these its own, not of any file */
    int64_t pss;      /* Pss: resident now, each shared page divided by the processes that map it */
} qg_memory;

/** From /proc/self/status and smaps_rollup. Local. */
qg_memory qg_process_memory(void);

/**
 * Runs `fn` in a child process and waits: its memory is its own from the start, and gone at the
 * end. The child's error record is handed through; not to be called after MPI was started.
 *
 * @param result  `size` bytes at most 4096 that fn fills in the child; copied to the caller
 * @errors fn's; QG_EBUG (the child died, with the signal), QG_EIO. Local.
 */
qg_code qg_process_child(qg_code (*fn)(void *ctx, void *result), void *ctx, void *result,
                         size_t size) QG_MUST_USE;

#endif
