/*
 * test_sched.c - the scheduler as a pure state machine: small cases by hand.
 */
#include "sched_plan.h"

#include <errno.h>

static void costliest_units_go_first_and_ranks_keep_their_model(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_task(&p, 1, false, -1);
    sched_add_unit(&p, 0, 1);
    sched_add_unit(&p, 0, 3);
    sched_add_unit(&p, 0, 2);
    sched_add_unit(&p, 1, 5);
    sched_add_unit(&p, 1, 4);
    qg_sched *s = sched_make(a, &p, NULL, 2, 2, NULL);
    qt_eq("most cost waits for model 1", qg_sched_next(s, 0), 3);
    qt_eq("the other rank loads model 0", qg_sched_next(s, 1), 1);
    qg_sched_done(s, 3);
    qt_eq("rank 0 stays", qg_sched_next(s, 0), 4);
    qg_sched_done(s, 1);
    qt_eq("rank 1 stays", qg_sched_next(s, 1), 2);
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
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_task(&p, 0, true, -1);
    sched_add_unit(&p, 0, 1);
    sched_add_unit(&p, 1, 1);
    sched_add_unit(&p, 1, 1);
    qg_sched *s = sched_make(a, &p, NULL, 3, 2, NULL); /* ranks 0 and 1 on one node, 2 on another */
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

static void failure_blocks_what_needs_it_and_three_deaths_are_a_failure(void **state)
{
    (void)state;
    int open, running, done, bad;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_task(&p, 0, false, 0);
    sched_add_task(&p, 1, false, -1);
    sched_add_unit(&p, 0, 1);
    sched_add_unit(&p, 1, 1);
    sched_add_unit(&p, 2, 1);
    qg_sched *s = sched_make(a, &p, NULL, 4, 4, NULL);
    int u = qg_sched_next(s, 0), v = qg_sched_next(s, 1);
    assert_true(u != v && u != 1 && v != 1);
    qt_eq("task 1 waits", qg_sched_next(s, 2), -1);
    qt_eq("lost", qg_sched_lost(s, 0), u);
    assert_false(qg_sched_dropped(s, u, true));
    qt_eq("it goes back", qg_sched_next(s, 2), u);
    qt_eq("the lost rank gets nothing", qg_sched_next(s, 0), -1);
    qt_eq("lost again", qg_sched_lost(s, 2), u);
    assert_false(qg_sched_dropped(s, u, true));
    qt_eq("the last attempt is made alone", qg_sched_next(s, 3), -1);
    assert_false(qg_sched_finished(s));
    qg_sched_failed(s, v);
    qt_eq("and again", qg_sched_next(s, 3), u);
    qt_eq("lost a third time", qg_sched_lost(s, 3), u);
    assert_true(qg_sched_dropped(s, u, true));
    qt_eq("losses", qg_sched_losses(s, u), QG_SCHED_LOSSES);
    qt_eq("blocked", s->state[1], QG_UNIT_BLOCKED);
    qg_sched_count(s, &open, &running, &done, &bad);
    qt_eq("bad", bad, 3);
    assert_true(qg_sched_finished(s) && qg_sched_task_finished(s, 1));
    qg_arena_destroy(a);
}

static void what_is_dropped_unbroken_goes_back_for_ever(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_unit(&p, 0, 1);
    qg_sched *s = sched_make(a, &p, NULL, 1, 1, NULL);
    for (int i = 0; i < 300; i++) {
        qt_eq("given", qg_sched_next(s, 0), 0);
        assert_false(qg_sched_dropped(s, 0, false));
    }
    qt_eq("nobody died", qg_sched_losses(s, 0), 0);
    qg_arena_destroy(a);
}

/* Ranks 0 and 1 on one node, 2 on another. */
static void trouble_of_a_place_goes_to_another_node_first(void **state)
{
    (void)state;
    bool failed;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    for (int i = 0; i < 3; i++)
        sched_add_unit(&p, 0, 3 - i);
    qg_sched *s = sched_make(a, &p, NULL, 3, 2, NULL);
    qt_eq("begun", qg_sched_next(s, 0), 0);
    qt_ok(qg_sched_troubled(&failed, s, 0, 0, &(qg_error){.code = QG_EIO}));
    assert_false(failed || qg_sched_left_out(s, 0));
    qt_eq("not for its node while there is another", qg_sched_next(s, 1), 1);
    qt_eq("never again for the rank", qg_sched_next(s, 0), 2);
    qt_eq("for another node", qg_sched_next(s, 2), 0);
    qt_ok(qg_sched_troubled(&failed, s, 2, 0, &(qg_error){.code = QG_EIO}));
    assert_true(qg_sched_left_out(s, 0));
    qt_eq("another trouble there: not the same", s->state[0], QG_UNIT_RUNNING);
    qg_sched_done(s, 0);
    qt_eq("nothing for who is left out", qg_sched_next(s, 0), -1);
    qt_eq("for the other node", qg_sched_next(s, 2), 2);
    qt_ok(qg_sched_troubled(&failed, s, 2, 2, &(qg_error){.code = QG_EIO}));
    assert_true(failed);
    qt_eq("the same on two nodes", s->state[2], QG_UNIT_FAILED);
    qg_sched_done(s, 1);
    assert_true(qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void what_no_place_is_good_for_stays_open(void **state)
{
    (void)state;
    bool failed;
    int open, running, done, bad;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_gang(&p, 0, 4, -1);
    sched_add_unit(&p, 0, 1);
    sched_add_unit(&p, 1, 2);
    qg_sched *s = sched_make(a, &p, NULL, 2, 2, NULL);
    int32_t ranks[2];
    int n;
    qt_eq("a gang", qg_sched_next_gang(s, ranks, &n), 1);
    qt_eq("of both", n, 2);
    qt_ok(qg_sched_troubled(&failed, s, 1, 0, &(qg_error){.code = QG_ENOMEM}));
    qt_eq("without the rank that had trouble", qg_sched_next_gang(s, ranks, &n), 1);
    assert_true(n == 1 && ranks[0] == 1);
    qt_ok(qg_sched_troubled(&failed, s, 1, 1, &(qg_error){.code = QG_ENOMEM}));
    assert_false(failed);
    qt_eq("nobody else may try", qg_sched_next_gang(s, ranks, &n), -1);
    assert_false(qg_sched_finished(s));
    qt_eq("other work goes on", qg_sched_next(s, 0), 0);
    qg_sched_done(s, 0);
    qt_eq("a success is the end of a row", s->rank[0].troubles, 0);
    assert_true(qg_sched_finished(s) && qg_sched_any_rank(s));
    qg_sched_count(s, &open, &running, &done, &bad);
    assert_true(open == 1 && running == 0 && done == 1 && bad == 0);
    qg_arena_destroy(a);
}

/* Ranks 0 and 1 on one node, 2 and 3 on another. */
static void the_same_trouble_is_the_same_code_and_cause(void **state)
{
    (void)state;
    bool failed;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_unit(&p, 0, 1);
    qg_sched *s = sched_make(a, &p, NULL, 4, 2, NULL);
    qt_eq("begun", qg_sched_next(s, 0), 0);
    qt_ok(qg_sched_troubled(&failed, s, 0, 0, &(qg_error){.code = QG_EIO, .cause = ENOENT}));
    qt_eq("elsewhere", qg_sched_next(s, 2), 0);
    qt_ok(qg_sched_troubled(&failed, s, 0, 2, &(qg_error){.code = QG_EIO, .cause = ENOSPC}));
    assert_false(failed);
    qt_eq("on the first node again", qg_sched_next(s, 1), 0);
    qt_ok(qg_sched_troubled(&failed, s, 0, 1, &(qg_error){.code = QG_EIO, .cause = ENOSPC}));
    assert_true(failed && s->state[0] == QG_UNIT_FAILED && qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void a_lack_of_memory_ends_after_three_attempts_the_last_alone(void **state)
{
    (void)state;
    bool failed;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_unit(&p, 0, 2);
    sched_add_unit(&p, 0, 1);
    qg_sched *s = sched_make(a, &p, NULL, 4, 4, NULL);
    const qg_error why = {.code = QG_ENOMEM};
    qt_eq("begun", qg_sched_next(s, 0), 0);
    qt_ok(qg_sched_troubled(&failed, s, 0, 0, &why));
    qt_eq("on another rank", qg_sched_next(s, 1), 0);
    qt_ok(qg_sched_troubled(&failed, s, 0, 1, &why));
    qt_eq("other work first", qg_sched_next(s, 2), 1);
    qt_eq("not beside it", qg_sched_next(s, 3), -1);
    qg_sched_done(s, 1);
    qt_eq("then alone", qg_sched_next(s, 3), 0);
    qt_ok(qg_sched_troubled(&failed, s, 0, 3, &why));
    assert_true(failed && s->state[0] == QG_UNIT_FAILED && qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void deaths_of_earlier_runs_count(void **state)
{
    (void)state;
    const uint8_t losses[] = {2, 0, 0, 2};
    int32_t node[] = {0, 0}, ranks[2];
    bool computes[] = {true, true};
    int n;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_task(&p, 0, false, 0);
    for (int i = 0; i < 4; i++)
        sched_add_unit(&p, i == 3, 4 - i);
    qg_sched *s;
    qt_ok(qg_sched_create(&s, a, &(qg_workload){p.task, p.unit, 2, 4, NULL, losses}, 2, node,
                          computes));
    qt_eq("innocent units first", qg_sched_next(s, 0), 1);
    qt_eq("all of them", qg_sched_next(s, 1), 2);
    qg_sched_done(s, 1);
    qt_eq("not beside another", qg_sched_next(s, 0), -1);
    qt_eq("nor in a gang", qg_sched_next_gang(s, ranks, &n), -1);
    qg_sched_done(s, 2);
    qt_eq("then the suspect", qg_sched_next(s, 0), 0);
    qt_eq("alone", qg_sched_next(s, 1), -1);
    assert_false(qg_sched_dropped(s, 0, false)); /* given up in good order */
    qt_eq("once more", qg_sched_next(s, 1), 0);
    qg_sched_done(s, 0);
    qt_eq("what needed it", qg_sched_next(s, 1), 3);
    qt_eq("dies", qg_sched_lost(s, 1), 3);
    assert_true(qg_sched_dropped(s, 3, true));
    assert_true(qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void a_rank_that_joins_later_gets_work(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_unit(&p, 0, 1);
    qg_sched *s;
    qt_ok(qg_sched_create(&s, a, &(qg_workload){p.task, p.unit, 1, 1, NULL, NULL}, 1, &(int32_t){0},
                          &(bool){false}));
    qt_eq("not yet", qg_sched_next(s, 0), -1);
    qg_sched_join(s, 0);
    qt_eq("now", qg_sched_next(s, 0), 0);
    qg_arena_destroy(a);
}

static void draining_hands_out_nothing_more(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    sched_add_task(&p, 0, false, -1);
    sched_add_unit(&p, 0, 1);
    sched_add_unit(&p, 0, 1);
    uint8_t start[] = {QG_UNIT_OPEN, QG_UNIT_DONE};
    qg_sched *s = sched_make(a, &p, start, 2, 2, NULL);
    qt_eq("done units stay done", qg_sched_next(s, 0), 0);
    qg_sched_drain(s);
    qt_eq("nothing", qg_sched_next(s, 1), -1);
    assert_false(qg_sched_finished(s));
    qg_sched_done(s, 0);
    assert_true(qg_sched_finished(s));
    qg_arena_destroy(a);
}

static void simulation_agrees_with_arithmetic(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    sched_plan p = {0};
    qg_simulation s;
    sched_add_task(&p, 0, false, -1);
    for (int i = 0; i < 64; i++)
        sched_add_unit(&p, 0, 2);
    qt_ok(qg_sched_simulate(&s, a, &(qg_workload){p.task, p.unit, 1, p.n_units, NULL, NULL}, 4, 4,
                            1));
    qt_close("makespan", s.makespan, 16 * 2 + 1, 1e-12, 0);
    qt_close("efficiency", s.efficiency, 128.0 / (4 * 33), 1e-12, 0);
    qt_eq("loads", s.loads, 4);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(costliest_units_go_first_and_ranks_keep_their_model),
    cmocka_unit_test(exclusive_units_run_alone_on_their_node),
    cmocka_unit_test(failure_blocks_what_needs_it_and_three_deaths_are_a_failure),
    cmocka_unit_test(draining_hands_out_nothing_more),
    cmocka_unit_test(what_is_dropped_unbroken_goes_back_for_ever),
    cmocka_unit_test(trouble_of_a_place_goes_to_another_node_first),
    cmocka_unit_test(what_no_place_is_good_for_stays_open),
    cmocka_unit_test(the_same_trouble_is_the_same_code_and_cause),
    cmocka_unit_test(a_lack_of_memory_ends_after_three_attempts_the_last_alone),
    cmocka_unit_test(deaths_of_earlier_runs_count),
    cmocka_unit_test(a_rank_that_joins_later_gets_work),
    cmocka_unit_test(simulation_agrees_with_arithmetic),
};
QT_MAIN("sched", tests)
