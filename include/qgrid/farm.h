/*
 * farm.h - runs a schedule over the ranks: coordinator (rank 0) and workers.
 *
 * Workers know nothing of jobs: an assignment carries all that a unit needs as bytes, and the
 * result comes back as bytes. Rank 0 computes too when the run is small, and answers messages
 * between the forward passes of its own unit. Heartbeats tell the coordinator which ranks are
 * alive.
 */
#ifndef QGRID_FARM_H
#define QGRID_FARM_H

#include "qgrid/gang.h"
#include "qgrid/sched.h"
#include "qgrid/str.h"

typedef struct qg_unit_report {
    int unit, rank;
    const char *host;
    int members; /* ranks that computed it */
    double seconds, cpu_seconds;
    int64_t peak_rss; /* of the rank so far, bytes */
} qg_unit_report;

/* Compute side, given on every rank. */
typedef struct qg_farm_worker {
    void *ctx;
    /**
     * Computes one unit, alone or as a member of a gang. qg_gang_poll must be called between
     * forward passes; when it says so the unit is dropped with QG_ELOST.
     */
    qg_code (*execute)(void *ctx, const void *input, size_t size, qg_str *result,
                       const qg_gang *gang);
} qg_farm_worker;

/* Rank 0 only. */
typedef struct qg_farm_owner {
    void *ctx;
    qg_code (*input)(void *ctx, int unit, qg_str *bytes); /* what execute will get */
    /* It came back unfinished, or is given up, and not because ranks died on it or lacked memory
     * for it: that `input` was asked for is as if it had not been. `dropped`: at a second wish to
     * stop. Or NULL. */
    qg_code (*returned)(void *ctx, int unit, bool dropped);
    qg_code (*done)(void *ctx, const qg_unit_report *r, const void *result, size_t size);
    qg_code (*failed)(void *ctx, const qg_unit_report *r, const qg_error *why);
    qg_code (*task_finished)(void *ctx, int task); /* all its units are done, failed or blocked */
    void (*told)(void *ctx, int unit, const qg_gang_news *news); /* by a running unit; or NULL */
    void (*progress)(void *ctx, const qg_sched *s, double now);  /* now and then (0.2 s) */
} qg_farm_owner;

typedef struct qg_farm_options {
    double max_seconds;       /* 0 = no limit: drain when reached */
    double heartbeat;         /* seconds between signs of life (default 1, at most silence / 6) */
    double silence;           /* a rank silent for longer is lost (default 60) */
    bool places_fail;         /* trouble of a place is a failure: there is one unit only */
    int coordinate_only_from; /* rank 0 does not compute from this many ranks on (default 17) */
} qg_farm_options;

typedef struct qg_farm_outcome {
    bool interrupted; /* drained by a signal or the time limit with work left */
    int lost_ranks;
    double seconds;
} qg_farm_outcome;

/**
 * Rank 0: drives the schedule to its end, then tells the workers to leave.
 * A GRID error from a callback stops the run (workers are told to leave) and is returned.
 * SIGTERM, SIGUSR1 (and SIGINT once): drain; a second one: running units are dropped.
 */
qg_code qg_farm_run(qg_farm_outcome *out, qg_par *p, const qg_workload *work,
                    const qg_farm_worker *worker, const qg_farm_owner *owner,
                    const qg_farm_options *options, qg_arena *a) QG_MUST_USE;

/** Ranks 1..: serves until told to leave, or until rank 0 is gone. Returns QG_OK then. */
qg_code qg_farm_serve(qg_par *p, const qg_farm_worker *worker,
                      const qg_farm_options *options) QG_MUST_USE;

/** Rank 0, when nothing is to be run (bad job, --help): tells the workers to leave. */
void qg_farm_dismiss(qg_par *p);

#endif
