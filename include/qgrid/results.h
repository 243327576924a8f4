/*
 * results.h - a plan and its results file on rank 0: what is done, what is written when.
 *
 * Order of writes for a unit: data, checksum, row states, unit state. Whatever dies in between, a
 * state that says "done" is true; `checksum` tells damage apart from completion.
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
    uint8_t *unit_state;    /* [n_units] 0 open, 1 done, 2 failed: as in /units/state */
    uint64_t *checksum;     /* [n_units] */
    uint8_t *cell_state;    /* [n_cells] as in /cells/state */
    char **unit_error;      /* [n_units] of this run, or NULL */
    qg_resampler resampler; /* of all bootstraps of means */
    int64_t damaged_units;  /* found and reopened when the file was opened */
} qg_results;

/**
 * Reads states from an open file and checks every finished unit's checksum: damaged ones become
 * open again, and so do the cells they belong to. Local, rank 0.
 */
qg_code qg_results_open(qg_results *out, qg_arena *a, const qg_plan *plan,
                        qg_store *store) QG_MUST_USE;
void qg_results_close(qg_results *r);

/** Marks a unit open again, and its cell. */
qg_code qg_results_reopen(qg_results *r, int unit) QG_MUST_USE;

/** Marks failed units and cells open again (--retry-failed). */
qg_code qg_results_retry_failed(qg_results *r) QG_MUST_USE;

/** Stores the result of a pack or predict unit and marks it done. */
qg_code qg_results_put(qg_results *r, int unit, const void *data, size_t size,
                       const char *host) QG_MUST_USE;

/** Records a failed unit (data stays as it is). */
qg_code qg_results_fail(qg_results *r, int unit, const char *error) QG_MUST_USE;

/** Checksum of a unit's data as they stand in the file; 0 for latency units. */
qg_code qg_results_checksum(uint64_t *out, qg_results *r, int unit) QG_MUST_USE;

/** Checksum of rows first .. first + count - 1 of a predictions group of any results file. */
qg_code qg_rows_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                         int64_t count, int K) QG_MUST_USE;

/** Checksum of a model group ("/models/m/p") of any results file. */
qg_code qg_packed_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group) QG_MUST_USE;

/** Checksum of a training group ("/training/m") of any results file. */
qg_code qg_training_checksum(uint64_t *out, qg_store *s, qg_arena *a,
                             const char *group) QG_MUST_USE;

/** Computes what can be computed now: metrics of finished predictions, comparisons; sets cells'
 *  states. */
qg_code qg_results_finish_cells(qg_results *r) QG_MUST_USE;

/** Cells by state among the selected ones. */
void qg_results_count(const qg_results *r, int *open, int *done, int *failed);

/** Writes a scalar or a block of a group's dataset; start/count as in qg_store_write. */
qg_code qg_results_write(qg_results *r, qg_group_ref ref, const char *name, qg_store_type type,
                         const int64_t *start, const int64_t *count, const void *data) QG_MUST_USE;
qg_code qg_results_read(qg_results *r, qg_group_ref ref, const char *name, qg_store_type type,
                        const int64_t *start, const int64_t *count, void *data) QG_MUST_USE;

/** Computes the statistics over the seeds of a cell of that kind. */
qg_code qg_results_write_seeds(qg_results *r, const qg_cell *c) QG_MUST_USE;

/** Whether all units of a task are done. */
bool qg_results_task_done(const qg_results *r, int task);

/** Numbers [n], NaN until they are known. @errors QG_ENOMEM. */
qg_code qg_undefined_numbers(double **out, qg_arena *a, int64_t n) QG_MUST_USE;

/** The first 8 bytes of a hash, as /units/checksum has them. */
uint64_t qg_checksum_final(qg_sha256 *h);

/** Reference of a group of the plan's task. */
qg_group_ref qg_task_group(const qg_plan *p, const qg_plan_task *t, qg_group group);

#endif
