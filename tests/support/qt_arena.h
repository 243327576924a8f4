/*
 * qt_arena.h - tests of functions over arrays: each case has an arena of its own, `arena`.
 */
#ifndef QGRID_QT_ARENA_H
#define QGRID_QT_ARENA_H

#include "qt.h"

static qg_arena *arena;

static inline int qt_arena_start(void **state)
{
    (void)state;
    arena = qg_arena_create(0);
    return arena ? 0 : -1;
}

static inline int qt_arena_end(void **state)
{
    (void)state;
    qg_arena_destroy(arena);
    return 0;
}

/* A row of the table of tests. */
#define CASE(f) cmocka_unit_test_setup_teardown(f, qt_arena_start, qt_arena_end)

#endif
