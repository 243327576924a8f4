/*
 * work_kind.h - a kind of work: how a task of it is cut into units, what is sent for a unit, how it
 * is computed, stored and checked.
 *
 * Plan and results file know kinds by these rows alone: whatever is asked of a kind is asked of its
 * row. units/kinds.def lists them, units/NAME.c is each.
 */
#ifndef QGRID_WORK_KIND_H
#define QGRID_WORK_KIND_H

#include "qgrid/arena.h"

#include <stdbool.h>

struct qg_plan;
struct qg_plan_task;
struct qg_results;
struct qg_store;
struct qg_str;
struct qg_work_unit;

/* Most tasks that a task needs besides the one that packs its model. */
enum { QG_MOST_NEEDS = 3 };

/* What a rank sent back for a unit. */
typedef struct qg_work_result {
    const void *data;
    size_t size;
    const char *host; /* name of its machine */
} qg_work_result;

typedef struct qg_work_kind {
    const char *name;
    bool trains;    /* comes to a model folder; all other kinds work on a packed model */
    bool exclusive; /* its units run while their node runs nothing else */
    int group;      /* qg_group of its results */
    bool rows;      /* its units are rows of that group, which has a state for each */

    /** Most ranks that compute one of its units together. NULL: one. */
    int (*gang)(const struct qg_plan *p, const struct qg_plan_task *t);

    /** Tasks that must be done first, besides that which packs the model; -1 where there is none.
     *  NULL: no others. */
    void (*needs)(int need[QG_MOST_NEEDS], const struct qg_plan *p, const struct qg_plan_task *t);

    /** Cuts a task into units (qg_plan_add_unit), each with its cost. */
    qg_code (*cut)(struct qg_plan *p, qg_arena *a, int task);

    /** Rank 0: appends what a worker needs for a unit, behind the head. NULL: nothing. */
    qg_code (*put)(struct qg_str *out, struct qg_results *r, int unit);

    /** A worker: computes a unit. */
    qg_code (*execute)(struct qg_work_unit *u);

    /** Rank 0: writes what came back for a unit; *sum is its checksum. */
    qg_code (*store)(uint64_t *sum, struct qg_results *r, int unit, const qg_work_result *in);

    /** Checksum of a unit of `count` rows from `first` on, as it stands in the group (its path) of
     *  any results file. NULL: its units have none. */
    qg_code (*checksum)(uint64_t *sum, struct qg_store *s, qg_arena *a, const char *group,
                        int64_t first, int64_t count);

    /** Says that a task failed, to cells that need it. NULL: no other task needs one of its kind.
     */
    void (*lacking)(char *out, size_t size, const struct qg_plan *p, const struct qg_plan_task *t);
} qg_work_kind;

/* All kinds, NULL behind the last. */
extern const qg_work_kind *const qg_work_kinds[];

/** The kind of that name, or NULL. */
const qg_work_kind *qg_work_kind_find(const char *name);

#endif
