/*
 * test_sched_gang.c - units that several ranks compute together: how large gangs are, where they
 * lie, what happens when members die.
 */
#include "sched_plan.h"

static int32_t ranks[SCHED_RANKS];

/* The next gang computes `unit` and its members are these. */
static void expect_gang(qg_sched *s, int unit, int n, const int32_t *members)
{
    int got = 0;
    qt_eq("unit", qg_sched_next_gang(s, ranks, &got), unit);
    qt_eq("members", got, n);
    for (int i = 0; i < n; i++)
        qt_eq("member", ranks[i], members[i]);
}
#define EXPECT_GANG(s, unit, ...)                                                                  \
    expect_gang((s), (unit), (int)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)),            \
                (int32_t[]){__VA_ARGS__})

static void expect_no_gang(qg_sched *s)
{
    int n;
    qt_eq("no gang", qg_sched_next_gang(s, ranks, &n), -1);
}

static void a_gang_takes_a_power_of_two_of_ranks_within_its_limit(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_gang(&p, 0, 4, -1);
    sched_add_task(&p, 1, false, -1);
    sched_add_unit(&p, 0, 5);
    sched_add_unit(&p, 0, 9);
    sched_add_unit(&p, 0, 7);
    sched_add_unit(&p, 1, 100);
    qg_sched *s = sched_make(a, &p, NULL, 7, 7, NULL);
    EXPECT_GANG(s, 1, 3, 4, 5, 6); /* the costliest first; rank 0 last */
    EXPECT_GANG(s, 2, 1, 2);
    EXPECT_GANG(s, 0, 0);
    expect_no_gang(s);
    qg_sched_done(s, 2);
    qt_eq("a plain unit", qg_sched_next(s, 2), 3);
    qg_sched_drain(s);
    qg_sched_done(s, 0);
    qg_sched_done(s, 1);
    assert_false(qg_sched_finished(s));
    qg_sched_done(s, 3);
    assert_true(qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void a_gang_lies_on_few_nodes_and_on_neighbours(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_gang(&p, 0, 4, -1);
    sched_add_gang(&p, 0, 1, -1); /* plain */
    sched_add_unit(&p, 0, 9);
    sched_add_unit(&p, 0, 8);
    sched_add_unit(&p, 0, 7);
    sched_add_unit(&p, 1, 20);
    sched_add_unit(&p, 1, 20);
    sched_add_unit(&p, 1, 20);
    /* Nodes: 0 1 2 3 4 | 5 6 7 8 9 | 10 11. Three plain units that are costlier than the gang's. */
    qg_sched *s = sched_make(a, &p, NULL, 12, 5, NULL);
    qg_sched *t = sched_make(a, &p, NULL, 6, 2, NULL);
    EXPECT_GANG(s, 0, 6, 7, 8, 9); /* one node, the later of the two that have room */
    qg_sched_done(s, 0);
    qt_eq("plain", qg_sched_next(s, 1), 3);
    qt_eq("plain", qg_sched_next(s, 2), 4);
    qt_eq("plain", qg_sched_next(s, 7), 5);
    EXPECT_GANG(s, 1, 5, 6, 8, 9);   /* around rank 7 */
    EXPECT_GANG(s, 2, 3, 4, 10, 11); /* no node has four: two nodes, not three */
    EXPECT_GANG(t, 0, 2, 3, 4, 5);
    EXPECT_GANG(t, 1, 0, 1);
    qg_arena_destroy(a);
}

static void a_gang_waits_for_short_units_but_not_for_long_ones(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_gang(&p, 0, 8, -1);
    sched_add_task(&p, 1, false, -1);
    sched_add_unit(&p, 0, 10);
    sched_add_unit(&p, 1, 30);
    for (int i = 0; i < 9; i++)
        sched_add_unit(&p, 1, 2);
    qg_sched *s = sched_make(a, &p, NULL, 4, 4, NULL);
    qt_eq("long", qg_sched_next(s, 0), 1);
    qt_eq("short", qg_sched_next(s, 1), 2);
    qt_eq("short", qg_sched_next(s, 2), 3);
    expect_no_gang(s); /* rank 3 alone: 1, 2 and 3 make two */
    qt_eq("nothing else is handed out", qg_sched_next(s, 3), -1);
    assert_false(qg_sched_finished(s));
    qg_sched_done(s, 3);
    EXPECT_GANG(s, 0, 2, 3);
    qg_sched_done(s, 2);
    expect_no_gang(s);
    qt_eq("now the short ones", qg_sched_next(s, 1), 4);
    qg_arena_destroy(a);
}

static void an_exclusive_node_is_left_alone(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_gang(&p, 0, 8, 1);
    sched_add_task(&p, 1, false, -1);
    sched_add_task(&p, 1, true, -1);
    sched_add_unit(&p, 0, 1);
    sched_add_unit(&p, 1, 1);
    sched_add_unit(&p, 2, 1);
    qg_sched *s = sched_make(a, &p, NULL, 4, 2, NULL);
    expect_no_gang(s); /* it needs task 1 */
    qt_eq("what it needs", qg_sched_next(s, 0), 1);
    qt_eq("exclusive", qg_sched_next(s, 2), 2);
    qg_sched_done(s, 1);
    EXPECT_GANG(s, 0, 0, 1);
    qg_sched_done(s, 2);
    expect_no_gang(s);
    qg_arena_destroy(a);
}

static void a_broken_gang_is_formed_again_and_given_up_the_fourth_time(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_gang(&p, 0, 8, -1);
    sched_add_unit(&p, 0, 1);
    qg_sched *s = sched_make(a, &p, NULL, 8, 8, NULL);
    EXPECT_GANG(s, 0, 0, 1, 2, 3, 4, 5, 6, 7);
    for (int r = 0; r < 3; r++) /* a node goes: one loss */
        qt_eq("unit", qg_sched_lost(s, r), 0);
    qt_eq("others have it", s->state[0], QG_UNIT_RUNNING);
    expect_no_gang(s);
    assert_false(qg_sched_dropped(s, 0, true));
    EXPECT_GANG(s, 0, 4, 5, 6, 7);
    qg_sched_lost(s, 4);
    assert_false(qg_sched_dropped(s, 0, true));
    EXPECT_GANG(s, 0, 3, 5, 6, 7);
    assert_false(qg_sched_dropped(s, 0, false)); /* nobody died: not counted */
    EXPECT_GANG(s, 0, 3, 5, 6, 7);
    qg_sched_lost(s, 3);
    qg_sched_lost(s, 7);
    assert_false(qg_sched_dropped(s, 0, true));
    qt_eq("losses", qg_sched_losses(s, 0), 3);
    EXPECT_GANG(s, 0, 5, 6);
    qg_sched_lost(s, 6);
    assert_true(qg_sched_dropped(s, 0, true));
    qt_eq("failed", s->state[0], QG_UNIT_FAILED);
    qg_arena_destroy(a);
}

static void a_gang_may_finish_though_a_member_died(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_gang(&p, 0, 2, -1);
    sched_add_unit(&p, 0, 1);
    qg_sched *s = sched_make(a, &p, NULL, 2, 2, NULL);
    EXPECT_GANG(s, 0, 0, 1);
    qg_sched_lost(s, 1);
    qg_sched_done(s, 0);
    qt_eq("done", s->state[0], QG_UNIT_DONE);
    assert_true(qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void impossible_gangs_are_refused(void **state)
{
    (void)state;
#ifdef NDEBUG /* QG_ASSERT aborts elsewhere */
    qg_arena *a = qg_arena_create(0);
    qg_sched *s;
    qg_task odd = {.gang = 6}, alone = {.gang = 2, .exclusive = true};
    qt_fails(qg_sched_create(&s, a, &(qg_workload){&odd, NULL, 1, 0, NULL, NULL}, 1, &(int32_t){0},
                             &(bool){true}),
             QG_EBUG, NULL);
    qt_fails(qg_sched_create(&s, a, &(qg_workload){&alone, NULL, 1, 0, NULL, NULL}, 1,
                             &(int32_t){0}, &(bool){true}),
             QG_EBUG, NULL);
    qg_arena_destroy(a);
#else
    skip();
#endif
}

static void simulated_gangs_take_their_share_of_time(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    qg_simulation s;
    sched_add_gang(&p, 0, 4, -1);
    sched_add_task(&p, 0, false, 0);
    sched_add_unit(&p, 0, 72);
    for (int i = 0; i < 12; i++)
        sched_add_unit(&p, 1, 2);
    qt_ok(qg_sched_simulate(&s, a, &(qg_workload){p.task, p.unit, 2, p.n_units, NULL, NULL}, 6, 6,
                            1));
    /* Load, four ranks train, then six predict; two of those load then. */
    qt_close("makespan", s.makespan, 1 + 72 / (4 * 0.9) + 2 * 2 + 1, 1e-12, 0);
    qt_close("busy", s.busy, 72 + 24, 1e-12, 0);
    qt_eq("loads", s.loads, 6);
    qt_ok(qg_sched_simulate(&s, a, &(qg_workload){p.task, p.unit, 2, p.n_units, NULL, NULL}, 1, 1,
                            1));
    qt_close("alone", s.makespan, 1 + 72 + 24, 1e-12, 0);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_gang_takes_a_power_of_two_of_ranks_within_its_limit),
    cmocka_unit_test(a_gang_lies_on_few_nodes_and_on_neighbours),
    cmocka_unit_test(a_gang_waits_for_short_units_but_not_for_long_ones),
    cmocka_unit_test(an_exclusive_node_is_left_alone),
    cmocka_unit_test(a_broken_gang_is_formed_again_and_given_up_the_fourth_time),
    cmocka_unit_test(a_gang_may_finish_though_a_member_died),
    cmocka_unit_test(impossible_gangs_are_refused),
    cmocka_unit_test(simulated_gangs_take_their_share_of_time),
};
QT_MAIN("sched_gang", tests)
