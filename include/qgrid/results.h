/*
 * results.h - a plan and its results file on rank 0: what is done, what is written when.
 *
 * Order of writes for a unit: data, checksum, row states, unit state; for a cell: data, checksums
 * of its fields, error, state. Whatever dies in between, a state that says "done" is true;
 * checksums tell damage apart from completion.
 */
#ifndef QGRID_RESULTS_H
#define QGRID_RESULTS_H

#include "qgrid/drift.h"
#include "qgrid/file.h"
#include "qgrid/layout.h"
#include "qgrid/sched.h"

typedef struct qg_results {
    const qg_plan *plan;
    qg_store *store;
    qg_arena *arena;        /* lives as long as the results */
    qg_arena *scratch;      /* of one call */
    uint8_t *unit_state;    /* [n_units] qg_state, as in /units/state */
    uint64_t *checksum;     /* [n_units] */
    uint8_t *attempts;      /* [n_units] as in /timing/units/attempts */
    uint8_t *dropped;       /* [n_units] as in /timing/units/dropped */
    uint8_t *cell_state;    /* [n_cells] qg_state, as in /cells/state */
    char **unit_error;      /* [n_units] of this run, or NULL */
    qg_resampler resampler; /* of all bootstraps of means */
    int64_t damaged_units;  /* found and reopened by qg_results_mend */
    int64_t damaged_fields; /* found and restored by it */
} qg_results;

/** Reads states from an open file, whatever is damaged in it (mend.h). Local, rank 0. */
qg_code qg_results_open(qg_results *out, qg_arena *a, const qg_plan *plan,
                        qg_store *store) QG_MUST_USE;
void qg_results_close(qg_results *r);

/**
 * A unit is about to be handed out. It is written down before: whatever dies, the next run knows
 * which units were in hand (attempts.c).
 */
qg_code qg_results_begun(qg_results *r, int unit) QG_MUST_USE;

/** It came back open and in good order: no attempt. @param dropped  at a second wish to stop. */
qg_code qg_results_returned(qg_results *r, int unit, bool dropped) QG_MUST_USE;

/** Reads the attempts (qg_results_open does); forgets those of a unit (qg_results_reopen does). */
qg_code qg_results_read_attempts(qg_results *r) QG_MUST_USE;
qg_code qg_results_forget_attempts(qg_results *r, int unit) QG_MUST_USE;

/** A unit that was dropped so often is failed: it takes longer than any run is given. */
enum { QG_MOST_DROPPED = 10 };

/**
 * Fails open units of the tasks that are `needed` [n_tasks] and that were tried as often as they
 * may: what ends the process, or takes longer than a run may, is not begun for ever.
 */
qg_code qg_results_fail_hopeless(qg_results *r, const bool *needed) QG_MUST_USE;

/** Marks a unit open again, and its cell; its attempts are forgotten. */
qg_code qg_results_reopen(qg_results *r, int unit) QG_MUST_USE;

/** Marks a cell open again that the plan does not skip, and takes its error text back. */
qg_code qg_results_reopen_cell(qg_results *r, int cell) QG_MUST_USE;

/** Gives the rows of a unit its state, where they have one. */
qg_code qg_results_set_rows(qg_results *r, int unit) QG_MUST_USE;

/** Sets the checksums of what has been written into the groups of a cell, before its state says
 * that it is done. */
qg_code qg_results_seal_cell(qg_results *r, int cell) QG_MUST_USE;

/** The same of one group. */
qg_code qg_results_seal(qg_results *r, qg_group_ref ref) QG_MUST_USE;

/** Marks failed units and cells open again (--retry-failed). */
qg_code qg_results_retry_failed(qg_results *r) QG_MUST_USE;

/** Stores the result of a unit and marks it done. */
qg_code qg_results_put(qg_results *r, int unit, const qg_work_result *result) QG_MUST_USE;

/** Records a failed unit (data stays as it is). */
qg_code qg_results_fail(qg_results *r, int unit, const char *error) QG_MUST_USE;

/** Checksum of a unit's data as they stand in the file; 0 for a kind of work that has none. */
qg_code qg_results_checksum(uint64_t *out, qg_results *r, int unit) QG_MUST_USE;

/** Cells by state among the selected ones. */
void qg_results_count(const qg_results *r, int *open, int *done, int *failed);

/** Writes a scalar or a block of a group's dataset; start/count as in qg_store_write. */
qg_code qg_results_write(qg_results *r, qg_group_ref ref, const char *name, qg_store_type type,
                         const int64_t *start, const int64_t *count, const void *data) QG_MUST_USE;
qg_code qg_results_read(qg_results *r, qg_group_ref ref, const char *name, qg_store_type type,
                        const int64_t *start, const int64_t *count, void *data) QG_MUST_USE;

/** Writes a text as long as a name, cut where it is longer. */
qg_code qg_results_write_text(qg_results *r, qg_group_ref ref, const char *name,
                              const char *text) QG_MUST_USE;

/** Numbers [n], NaN until they are known. @errors QG_ENOMEM. */
qg_code qg_undefined_numbers(double **out, qg_arena *a, int64_t n) QG_MUST_USE;

/** Reference of a group of the plan's task, where its units are stored. */
qg_group_ref qg_task_group(const qg_plan *p, const qg_plan_task *t, qg_group group);

#endif
