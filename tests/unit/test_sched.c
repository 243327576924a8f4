/*
 * test_sched.c - the scheduler as a pure state machine: small cases by hand, many by chance.
 */
#include "qt.h"

#include "qgrid/rng.h"
#include "qgrid/sched.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 200 };

typedef struct plan {
    qg_task task[MOST];
    int32_t needs[MOST][2];
    qg_unit unit[MOST];
    int n_tasks, n_units;
} plan;

static void add_task(plan *p, int affinity, bool exclusive, int need)
{
    int t = p->n_tasks++;
    p->needs[t][0] = need;
    p->task[t] = (qg_task){affinity, exclusive, need >= 0, p->needs[t]};
}

static void add_unit(plan *p, int task, double cost)
{
    p->unit[p->n_units++] = (qg_unit){.task = task, .count = 1, .cost = cost};
}

static qg_sched *make(qg_arena *a, const plan *p, const uint8_t *state, int ranks, int per_node)
{
    qg_sched *s;
    static int32_t node[64];
    static bool computes[64];
    for (int r = 0; r < ranks; r++) {
        node[r] = r / per_node;
        computes[r] = true;
    }
    qt_ok(qg_sched_create(&s, a, p->task, p->n_tasks, p->unit, p->n_units, state, ranks, node,
                          computes));
    return s;
}

static void costliest_units_go_first_and_ranks_keep_their_model(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    plan p = {0};
    add_task(&p, 0, false, -1);
    add_task(&p, 1, false, -1);
    add_unit(&p, 0, 1);
    add_unit(&p, 0, 3);
    add_unit(&p, 0, 2);
    add_unit(&p, 1, 5);
    add_unit(&p, 1, 4);
    qg_sched *s = make(a, &p, NULL, 2, 2);
    qt_eq("most cost waits for model 1", qg_sched_next(s, 0), 3);
    qt_eq("the other rank loads model 0", qg_sched_next(s, 1), 1);
    qg_sched_done(s, 3);
    qt_eq("rank 0 stays", qg_sched_next(s, 0), 4);
    qg_sched_done(s, 1);
    qt_eq("rank 1 stays", qg_sched_next(s, 1), 2);
    qt_close("cost left", qg_sched_cost_left(s), 1 + 2 + 4, 0, 1e-12);
    qg_sched_done(s, 4);
    qt_eq("rank 0 helps", qg_sched_next(s, 0), 0);
    qg_sched_done(s, 0);
    qg_sched_done(s, 2);
    assert_true(qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void exclusive_units_run_alone_on_their_node(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    plan p = {0};
    add_task(&p, 0, false, -1);
    add_task(&p, 0, true, -1);
    add_unit(&p, 0, 1);
    add_unit(&p, 1, 1);
    add_unit(&p, 1, 1);
    qg_sched *s = make(a, &p, NULL, 3, 2); /* ranks 0 and 1 on one node, 2 on another */
    qt_eq("plain first", qg_sched_next(s, 0), 0);
    qt_eq("the node is busy", qg_sched_next(s, 1), -1);
    qt_eq("the other node is quiet", qg_sched_next(s, 2), 1);
    qg_sched_done(s, 0);
    qt_eq("now it is quiet", qg_sched_next(s, 1), 2);
    qt_eq("and stays so", qg_sched_next(s, 0), -1);
    assert_false(qg_sched_finished(s));
    qg_sched_done(s, 1);
    qg_sched_done(s, 2);
    assert_true(qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void failure_blocks_what_needs_it_and_two_deaths_are_a_failure(void **state)
{
    (void)state;
    bool failed;
    int open, running, done, bad;
    qg_arena *a = qg_arena_create(0);
    plan p = {0};
    add_task(&p, 0, false, -1);
    add_task(&p, 0, false, 0);
    add_task(&p, 1, false, -1);
    add_unit(&p, 0, 1);
    add_unit(&p, 1, 1);
    add_unit(&p, 2, 1);
    qg_sched *s = make(a, &p, NULL, 4, 4);
    int u = qg_sched_next(s, 0), v = qg_sched_next(s, 1);
    assert_true(u != v && u != 1 && v != 1);
    qt_eq("task 1 waits", qg_sched_next(s, 2), -1);
    qt_eq("lost", qg_sched_lost(s, 0, &failed), u);
    assert_false(failed);
    qt_eq("it goes back", qg_sched_next(s, 2), u);
    qt_eq("the lost rank gets nothing", qg_sched_next(s, 0), -1);
    qt_eq("lost again", qg_sched_lost(s, 2, &failed), u);
    assert_true(failed);
    qg_sched_failed(s, v);
    qt_eq("blocked", qg_sched_state(s, 1), QG_UNIT_BLOCKED);
    qg_sched_count(s, &open, &running, &done, &bad);
    qt_eq("bad", bad, 3);
    assert_true(qg_sched_finished(s) && qg_sched_task_finished(s, 1));
    qg_arena_destroy(a);
}

static void draining_hands_out_nothing_more(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    plan p = {0};
    add_task(&p, 0, false, -1);
    add_unit(&p, 0, 1);
    add_unit(&p, 0, 1);
    uint8_t start[] = {QG_UNIT_OPEN, QG_UNIT_DONE};
    qg_sched *s = make(a, &p, start, 2, 2);
    qt_eq("done units stay done", qg_sched_next(s, 0), 0);
    qg_sched_drain(s);
    qt_eq("nothing", qg_sched_next(s, 1), -1);
    assert_false(qg_sched_finished(s));
    qg_sched_done(s, 0);
    assert_true(qg_sched_finished(s));
    qg_arena_destroy(a);
}

/* A random plan, random ranks, random events: every unit ends exactly once. */
static void play(uint64_t round)
{
    qg_rng r = qg_rng_make(5, "test/sched", round);
    qg_arena *a = qg_arena_create(0);
    plan *p = qg_arena_alloc(a, 1, sizeof *p);
    int ranks = 1 + (int)qg_rng_below(&r, 9), ended[MOST] = {0}, at[64];
    int tasks = 1 + (int)qg_rng_below(&r, 8);
    for (int t = 0; t < tasks; t++) {
        int need = t > 0 && qg_rng_below(&r, 2) ? (int)qg_rng_below(&r, (uint64_t)t) : -1;
        add_task(p, (int)qg_rng_below(&r, 3), qg_rng_below(&r, 4) == 0, need);
        for (uint64_t u = qg_rng_below(&r, 8); u > 0; u--)
            add_unit(p, t, (double)qg_rng_below(&r, 10));
    }
    qg_sched *s = make(a, p, NULL, ranks, 1 + (int)qg_rng_below(&r, 4));
    int alive = ranks, trouble = qg_rng_below(&r, 2) ? 1 : 0;
    for (int k = 0; k < ranks; k++)
        at[k] = -1;
    while (!qg_sched_finished(s) && alive > 0) {
        bool moved = false, failed;
        for (int k = 0; k < ranks; k++)
            if (at[k] == -1 && (at[k] = qg_sched_next(s, k)) >= 0) {
                moved = true;
                qt_eq("given once", ended[at[k]], 0);
                qt_eq("running", qg_sched_state(s, at[k]), QG_UNIT_RUNNING);
            }
        int k = (int)qg_rng_below(&r, (uint64_t)ranks);
        if (at[k] < 0) {
            int busy = 0;
            for (int i = 0; i < ranks; i++)
                busy += at[i] >= 0;
            assert_true(moved || busy > 0); /* never stuck with work left */
            continue;
        }
        uint64_t what = qg_rng_below(&r, 20);
        int u = at[k];
        at[k] = -1;
        if (trouble && what == 0 && alive > 1) {
            qg_sched_lost(s, k, &failed);
            at[k] = -2;
            alive--;
            ended[u] += failed;
        } else if (trouble && what == 1) {
            qg_sched_failed(s, u);
            ended[u]++;
        } else {
            qg_sched_done(s, u);
            ended[u]++;
        }
    }
    for (int u = 0; u < p->n_units; u++) {
        qg_unit_state e = qg_sched_state(s, u);
        if (e == QG_UNIT_BLOCKED)
            qt_eq("a blocked unit never ran", ended[u], 0);
        else
            qt_eq("ended once", ended[u], 1);
        assert_true(e != QG_UNIT_OPEN && e != QG_UNIT_RUNNING);
    }
    qg_arena_destroy(a);
}

static void no_unit_is_lost_or_given_twice(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 5000; round++)
        play(round);
}

static void simulation_agrees_with_arithmetic(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    plan p = {0};
    qg_simulation s;
    add_task(&p, 0, false, -1);
    for (int i = 0; i < 64; i++)
        add_unit(&p, 0, 2);
    qt_ok(qg_sched_simulate(&s, a, p.task, 1, p.unit, p.n_units, NULL, 4, 4, 1));
    qt_close("makespan", s.makespan, 16 * 2 + 1, 1e-12, 0);
    qt_close("efficiency", s.efficiency, 128.0 / (4 * 33), 1e-12, 0);
    qt_eq("loads", s.loads, 4);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(costliest_units_go_first_and_ranks_keep_their_model),
    cmocka_unit_test(exclusive_units_run_alone_on_their_node),
    cmocka_unit_test(failure_blocks_what_needs_it_and_two_deaths_are_a_failure),
    cmocka_unit_test(draining_hands_out_nothing_more),
    cmocka_unit_test(no_unit_is_lost_or_given_twice),
    cmocka_unit_test(simulation_agrees_with_arithmetic),
};
QT_MAIN("sched", tests)
