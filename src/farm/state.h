/*
 * state.h - what rank 0 knows of a running farm.
 */
#ifndef QGRID_FARM_STATE_H
#define QGRID_FARM_STATE_H

#include "messages.h"

typedef struct qg_peer {
    double heard;
    int leader; /* first member of the crew that it works in, -1 idle */
    int index;  /* its place there */
    bool there, lost;
} qg_peer;

/* The ranks that compute a unit, as rank 0 sees them. A rank is in one crew at a time, so a crew
 * lies at the number of its first member. */
typedef struct qg_crew {
    int unit;
    uint32_t number; /* of the gang */
    int size;        /* members */
    int left;        /* ... that have neither reported nor died */
    bool counted;    /* it is an attempt: if members die, that is laid to the unit's charge */
    bool dropped;    /* they were told to give up */
    bool broken;     /* a member died or left */
    bool died;       /* ... died, as far as can be told because of the unit */
    bool finished;   /* the first member has reported a result */
    bool failed;     /* a member has reported an error */
    qg_report_head head;
    qg_str result;   /* kept while others are still to report */
    int blamed;      /* index of the member whose error `why` is */
    int blamed_rank; /* where it arose: a gang's members tell each other */
    qg_error why;
} qg_crew;

typedef struct qg_farm {
    qg_par *par;
    qg_arena *arena;
    qg_sched *sched;
    const qg_farm_worker *worker;
    const qg_farm_owner *owner;
    qg_farm_options options;
    qg_farm_outcome *out;
    int n_tasks;
    bool *told; /* [n_tasks] task_finished was called */
    qg_peer *peer;
    qg_crew *crew;      /* [size] */
    int32_t *ranks;     /* [size] members of the gang in hand */
    uint32_t n_gangs;   /* so far */
    bool computes;      /* rank 0 takes work too */
    bool own;           /* rank 0 has an assignment: */
    qg_str own_input;   /* ... what it needs, */
    int own_size;       /* ... and who is with it */
    int32_t *own_ranks; /* [size] */
    char *message;
    size_t cap;
    double start, last_ping, last_check, last_progress, last_step;
    int signals_told; /* most that a worker got */
    bool draining, dropping;
    bool orphaned; /* the launcher is gone: nothing that is reported from then on is a failure */
    int troubled_rank; /* where the last trouble of a place was, */
    qg_error trouble;  /* ... and what; its code is QG_OK when there was none */
    qg_code fatal;     /* a GRID error from inside poll() */
    qg_error why;
} qg_farm;

/* crew.c: units on their way to ranks and back. */

/** Gives idle ranks work: messages to workers; own* for rank 0. */
qg_code qg_crew_hand_out(qg_farm *f, double now) QG_MUST_USE;

/** A member has reported a result or (ok false) a qg_error. */
qg_code qg_crew_report(qg_farm *f, int rank, bool ok, const qg_report_head *h, const void *data,
                       size_t size) QG_MUST_USE;

/** The unit of a crew is no attempt any more: see qg_farm_owner.returned. */
qg_code qg_crew_uncount(qg_farm *f, qg_crew *c) QG_MUST_USE;
/** ... of all crews: whoever dies from now on dies of something else. */
qg_code qg_crew_uncount_all(qg_farm *f) QG_MUST_USE;

/** A unit came back because the place of a rank was no good for it: it goes to another rank, or is
 *  failed. crew_place.c. */
qg_code qg_crew_trouble(qg_farm *f, const qg_unit_report *r, const qg_error *why,
                        int rank) QG_MUST_USE;

/** At the end: which place has to be put right when units are open because of one. */
void qg_crew_say_why_open(const qg_farm *f, int open);

/** A rank is no more; `how` says what was seen, `died` whether its unit may be the reason. */
qg_code qg_crew_lose(qg_farm *f, int rank, const char *how, bool died) QG_MUST_USE;

/** Tells the owner of tasks that have come to their end. */
qg_code qg_crew_tell_finished(qg_farm *f) QG_MUST_USE;

#endif
