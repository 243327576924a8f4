/*
 * gang.h - ranks that compute one unit of work together: a training.
 *
 * A gang has 2^k members. What they send each other is apart from the farm's messages and tied to
 * the gang's number, so what a broken gang has left behind is never taken for another's.
 */
#ifndef QGRID_GANG_H
#define QGRID_GANG_H

#include "qgrid/par.h"

typedef struct qg_gang {
    qg_par *par;         /* NULL in a gang of one outside the farm */
    int size, index;     /* members, a power of two; this rank's place */
    const int32_t *rank; /* [size] */
    uint32_t number;     /* differs for each gang of a run */
    /* To be called now and then (at least every second or so): keeps the farm's messages going.
     * True: give up, the unit is to be dropped (QG_ELOST). NULL: nobody has to be heard. */
    bool (*breathe)(void *ctx);
    /* To be asked between steps: the run is to end soon. A long unit then saves what it can be
     * taken up from and returns QG_ELOST. Members may learn of it at different steps: they have to
     * agree before they act. NULL: never. */
    bool (*ending)(void *ctx);
    void *ctx;
} qg_gang;

/* One process alone. */
extern const qg_gang qg_gang_alone;

/** Whether the unit is to be given up. */
bool qg_gang_breathe(const qg_gang *g);

/** Whether the run is to end soon. */
bool qg_gang_ending(const qg_gang *g);

#endif
