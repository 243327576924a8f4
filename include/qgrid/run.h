/*
 * run.h - a job from start to results, on rank 0.
 */
#ifndef QGRID_RUN_H
#define QGRID_RUN_H

#include "qgrid/exit_status.h"
#include "qgrid/farm.h"
#include "qgrid/log.h"
#include "qgrid/plan.h"

typedef struct qg_run_options {
    const char *output; /* results file; NULL: the job's */
    bool fresh, retry_failed, accept_changes;
    double max_seconds;
    double silence; /* seconds after which a silent rank is lost; 0: the default */
    qg_progress_style progress;
} qg_run_options;

typedef struct qg_run_summary {
    int status; /* exit status */
    int open, done, failed;
    int lost_ranks;
    double seconds;
    const char *output;
} qg_run_summary;

/**
 * Locks, creates or resumes the results file, computes, closes. Ranks 1.. must be in
 * qg_farm_serve; they are dismissed in any case before this returns.
 *
 * @errors QG_ELOCKED, QG_ECHANGED, QG_ESTORE, QG_EMPI, ... (the run stopped). Rank 0.
 */
qg_code qg_run(qg_run_summary *out, qg_par *par, qg_arena *a, const qg_plan *plan,
               const qg_run_options *options) QG_MUST_USE;

/* Why a cell of the plan would run, or not, given an existing results file. */
typedef struct qg_cell_reason {
    bool runs;
    char why[200];
} qg_cell_reason;

/** For every cell of the plan; `output` may not exist yet. Local. */
qg_code qg_run_reasons(qg_cell_reason *reason, qg_arena *a, const qg_plan *plan, const char *output,
                       bool retry_failed) QG_MUST_USE;

#endif
