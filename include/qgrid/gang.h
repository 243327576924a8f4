/*
 * gang.h - ranks that compute one unit of work together: a training.
 *
 * A gang has 2^k members. What they send each other is apart from the farm's messages and tied to
 * the gang's number, so what a broken gang has left behind is never taken for another's. Waiting is
 * polling: qg_gang_poll is asked all the while, so a member whose peer has died is not stuck.
 *
 * Functions marked "by all" return when every member has called them, in the same order. In a gang
 * of one they do nothing and call no MPI. An error of one of them (QG_ELOST) leaves the members
 * apart: the unit is to be given up.
 */
#ifndef QGRID_GANG_H
#define QGRID_GANG_H

#include "qgrid/par.h"

enum { QG_GANG_MOST = 1024 }; /* members */

/* How far a unit is, for whoever waits for the run. */
typedef struct qg_gang_news {
    double share; /* of its work, in (0, 1] */
    double left;  /* seconds until it is done */
    char text[96];
} qg_gang_news;

typedef struct qg_gang {
    qg_par *par;         /* NULL in a gang of one outside the farm */
    int size, index;     /* members, a power of two; this rank's place */
    const int32_t *rank; /* [size] */
    uint32_t number;     /* differs for each gang of a run */
    /* To be called now and then (at least every second or so): keeps the farm's messages going.
     * True: give up, the unit is to be dropped (QG_ELOST). NULL: nobody has to be heard. */
    bool (*poll)(void *ctx);
    /* To be asked between steps: the run is to end soon. A long unit then saves what it can be
     * taken up from and returns QG_ELOST. Members may learn of it at different steps: they have to
     * agree before they act. NULL: never. */
    bool (*ending)(void *ctx);
    /* To be told now and then, as often as one likes, how far the unit is. NULL: nobody listens. */
    void (*tell)(void *ctx, const qg_gang_news *news);
    void *ctx;
} qg_gang;

/* One process alone; it is to end when a signal was caught (stop.h). */
extern const qg_gang qg_gang_alone;

/** Whether the unit is to be given up. */
bool qg_gang_poll(const qg_gang *g);

/** The same as a code, for long computations: QG_OK or QG_ELOST. */
qg_code qg_gang_go_on(const qg_gang *g) QG_MUST_USE;

/** Whether the run is to end soon. */
bool qg_gang_ending(const qg_gang *g);

/** Tells how far the unit is; the first member speaks for all. */
void qg_gang_tell(const qg_gang *g, const qg_gang_news *news);

/**
 * Sends to a member and receives from it at the same time. Any sizes, 0 too; both sides know them.
 * @errors QG_ELOST: given up, or MPI reports the member as unreachable.
 */
qg_code qg_gang_exchange(const qg_gang *g, int member, const void *send, size_t send_bytes,
                         void *receive, size_t receive_bytes) QG_MUST_USE;

/**
 * The slice of a block that a member sums up and updates. Sums begin with the neighbour and go on
 * with members farther and farther away, as the tree over the leaves wants it; each time the upper
 * half of what is left goes to the member with the higher index. So slice = index, bits reversed.
 */
int qg_gang_slice(const qg_gang *g);

/* a[i] += b[i] */
typedef void qg_gang_add(float *a, const float *b, size_t n);

/**
 * Recursive halving: this member's slice of `block` becomes the sum over members, neighbours first:
 * (0+1)+(2+3) ...; the rest of the block is left undefined. By all.
 *
 * @param starts  [size + 1] slice i is block[starts[i] .. starts[i+1])
 */
qg_code qg_gang_reduce_scatter(const qg_gang *g, float *block, const size_t *starts,
                               qg_gang_add *add) QG_MUST_USE;

/* Whose a part is: that of the member with its number, or of the one whose slice it is. */
typedef enum qg_gang_order { QG_BY_MEMBER, QG_BY_SLICE } qg_gang_order;

/**
 * Recursive doubling: each member has a part of `block`, then all have all. By all.
 *
 * @param starts   [size + 1] in elements of `element` bytes; part i is of the member with index i
 *                 (QG_BY_MEMBER) or of the one with slice i (QG_BY_SLICE)
 */
qg_code qg_gang_gather(const qg_gang *g, void *block, const size_t *starts, size_t element,
                       qg_gang_order order) QG_MUST_USE;

/* Most bytes that qg_gang_reduce joins: they stand on the stack. */
enum { QG_GANG_JOIN_BYTES = 16384 };

/* a = a joined with b, which is of members with higher indexes; associative to the bit. */
typedef void qg_gang_join(void *a, const void *b, void *ctx);

/** Joins `bytes` (at most QG_GANG_JOIN_BYTES) over all members; all get the same. By all. */
qg_code qg_gang_reduce(const qg_gang *g, void *data, size_t bytes, qg_gang_join *join,
                       void *ctx) QG_MUST_USE;

/**
 * Members tell each other how they fare. QG_OK when rc is QG_OK at all of them. A member with an
 * error gets it back; the others get the error of the first one that failed, with its rank in it.
 * QG_ELOST is handed back at once: it says that the members are apart already.
 *
 * @param flags  in: what this member wishes; out: what any of them wishes. May be NULL. By all.
 */
qg_code qg_gang_agree(const qg_gang *g, qg_code rc, uint32_t *flags) QG_MUST_USE;

/**
 * block = its sum over members by MPI_Allreduce, for comparison: the order of the sum is MPI's, and
 * while it waits nobody polls. By all.
 */
qg_code qg_gang_sum_mpi(const qg_gang *g, float *block, size_t n) QG_MUST_USE;

#endif
