/*
 * exit_status.h - what the program says to a script when it ends.
 */
#ifndef QGRID_EXIT_STATUS_H
#define QGRID_EXIT_STATUS_H

/* 0: all done; 1: an error stopped it; 2: nothing ran; 3: cells failed; 75: run it again. */
enum {
    QG_EXIT_OK = 0,
    QG_EXIT_STOPPED = 1,
    QG_EXIT_USAGE = 2,
    QG_EXIT_CELLS_FAILED = 3,
    QG_EXIT_INTERRUPTED = 75
};

/** Exit status of a results file of which so many cells are open, done, failed. */
static inline int qg_exit_status(int open, int failed)
{
    return open ? QG_EXIT_INTERRUPTED : failed ? QG_EXIT_CELLS_FAILED : QG_EXIT_OK;
}

#endif
