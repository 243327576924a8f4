/*
 * cell_state.h - how far a cell is, as /cells/state of a results file says it.
 */
#ifndef QGRID_CELL_STATE_H
#define QGRID_CELL_STATE_H

/* Skipped: the plan knew that it cannot be computed. */
typedef enum qg_cell_state {
    QG_CELL_OPEN,
    QG_CELL_DONE,
    QG_CELL_FAILED,
    QG_CELL_SKIPPED
} qg_cell_state;

#endif
