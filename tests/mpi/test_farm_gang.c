/*
 * test_farm_gang.c - units that gangs compute, among plain ones; members that fail, die or fall
 * silent; runs that are to end. Run with any number of ranks; only rank 0 prints.
 *
 *   test_farm_gang                    what survives without mpirun --enable-recovery
 *   test_farm_gang SCENARIO FOLDER    broken, hopeless, silent or orphaned: see
 *                                     test_farm_recovery.sh
 */
#include "qt.h"

#include "qgrid/clock.h"
#include "qgrid/farm.h"
#include "qgrid/file.h"
#include "qgrid/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64, LIMIT = 4, HANG = 300 }; /* seconds that no step of these takes */

typedef enum what {
    PLAIN,       /* one rank */
    TOGETHER,    /* members learn of each other */
    LAST_FAILS,  /* the last member has an error, the others wait to be told */
    BOTH_FAIL,   /* the last at once, the first later */
    FIRST_DONE,  /* the first is done, then the last has an error */
    UNTIL_END,   /* until the run is to end */
    UNTIL_DROP,  /* until it is to be dropped, whatever else is wished */
    DIES_TWICE,  /* the last member kills itself, the first two times */
    DIES_ALWAYS, /* ... each time */
    FALLS_SILENT /* the last member stops, the first time; is woken the second time */
} what;

typedef struct assignment {
    int32_t unit, what;
} assignment;

/* A result: who computed it. */
typedef struct answer {
    int32_t unit, size, sum; /* of the members' ranks */
    uint32_t number;
} answer;

static qg_par *par;
static const char *folder; /* for marks of what has happened */

/* True for the first `times` callers. */
static bool mark(const char *name, int times)
{
    char path[512], pid[32];
    for (int i = 0; i < times; i++) {
        snprintf(path, sizeof path, "%s/%s-%d", folder, name, i);
        if (qg_file_exists(path))
            continue;
        snprintf(pid, sizeof pid, "%d", (int)getpid());
        return qg_file_write(path, pid, strlen(pid)) == QG_OK;
    }
    return false;
}

static void wake(const char *name)
{
    char path[512];
    int pid = 0;
    snprintf(path, sizeof path, "%s/%s-0", folder, name);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%d", &pid) == 1 && pid > 0)
        kill(pid, SIGCONT);
    if (f)
        fclose(f);
}

/* Breathes until told to give up, the run is to end (where that counts), or time is over. */
static qg_code wait(const qg_gang *g, double seconds, bool for_end)
{
    double end = qg_clock() + seconds;
    while (qg_clock() < end) {
        if (qg_gang_poll(g))
            return QG_FAIL(QG_ELOST, "dropped");
        if (for_end && qg_gang_ending(g))
            return QG_FAIL(QG_ELOST, "ending");
        qg_sleep(1e-3);
    }
    return QG_OK;
}

/* Breathes until another rank has left its mark. */
static qg_code wait_for(const qg_gang *g, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s-0", folder, name);
    for (double end = qg_clock() + HANG; !qg_file_exists(path);) {
        QG_TRY(wait(g, 0.01, false));
        if (qg_clock() > end)
            return QG_FAIL(QG_ELOST, "there is no %s", path);
    }
    return QG_OK;
}

static void add(void *a, const void *b, void *ctx)
{
    (void)ctx;
    *(int32_t *)a += *(const int32_t *)b;
}

static qg_code check_gang(const qg_gang *g, bool plain)
{
    bool power = g->size > 0 && (g->size & (g->size - 1)) == 0;
    if (!power || g->size > (plain ? 1 : LIMIT) || g->index < 0 || g->index >= g->size ||
        g->number == 0 || g->par != par || g->rank[g->index] != par->rank)
        return QG_FAIL(QG_EBUG, "a gang of %d with member %d is wrong", g->size, g->index);
    for (int i = 0; i < g->size; i++)
        if (g->rank[i] < 0 || g->rank[i] >= par->size || (i && g->rank[i] <= g->rank[i - 1]))
            return QG_FAIL(QG_EBUG, "member %d of a gang is rank %d", i, (int)g->rank[i]);
    return QG_OK;
}

static qg_code act(what w, const qg_gang *g)
{
    bool last = g->index == g->size - 1;
    switch (w) {
    case LAST_FAILS:
        return last ? QG_FAIL_AT(QG_ENUMERIC, "some/file", 42, 0, "loss", "no good")
                    : wait(g, HANG, false);
    case BOTH_FAIL:
        if (g->index == 0) {
            (void)wait(g, 0.03, false);
            return QG_FAIL(QG_ENUMERIC, "the first's");
        }
        return last ? QG_FAIL(QG_EFORMAT, "the last's") : wait(g, HANG, false);
    case FIRST_DONE:
        if (last)
            (void)wait(g, 0.03, false);
        return last ? QG_FAIL(QG_EFORMAT, "after all") : QG_OK;
    case UNTIL_END:
        return wait(g, HANG, true);
    case UNTIL_DROP:
        return wait(g, HANG, false);
    case DIES_TWICE:
    case DIES_ALWAYS:
        if (last && mark("died", w == DIES_TWICE ? 2 : MOST))
            raise(SIGKILL);
        break;
    case FALLS_SILENT:
        if (last && mark("stopped", 1))
            raise(SIGSTOP);
        else if (g->number > 1 && g->index == 0)
            wake("stopped");
        return g->number == 1 ? wait(g, HANG, false) : wait_for(g, "left");
    default:
        break;
    }
    return QG_OK;
}

/* Every member does, the first is heard. */
static void tell(const qg_gang *g, int unit)
{
    qg_gang_news news = {.share = 0.5, .left = unit};
    snprintf(news.text, sizeof news.text, "unit %d, member %d", unit, g->index);
    qg_gang_tell(g, &news);
}

static qg_code execute(void *ctx, const void *input, size_t size, qg_str *result, const qg_gang *g)
{
    assignment a;
    answer out = {.size = g->size, .sum = par->rank, .number = g->number};
    (void)ctx;
    if (size != sizeof a)
        return QG_FAIL(QG_EBUG, "an assignment of %zu bytes", size);
    memcpy(&a, input, sizeof a);
    out.unit = a.unit;
    QG_TRY(check_gang(g, a.what == PLAIN));
    tell(g, a.unit);
    if (folder && a.what == PLAIN && strstr(folder, "orphaned") && par->rank > 0)
        raise(SIGKILL);
    QG_TRY(act((what)a.what, g));
    if (a.what == TOGETHER || a.what == PLAIN || a.what >= DIES_TWICE)
        QG_TRY(qg_gang_reduce(g, &out.sum, sizeof out.sum, add, NULL));
    qg_str_addn(result, &out, sizeof out);
    if (g->index > 0)
        qg_str_add(result, "nobody looks at this");
    return QG_OK;
}

/* ------------------------------------------------------------------------------------ rank 0 */

typedef struct owner {
    what what[MOST]; /* unit */
    int n_units;
    qg_task task[3]; /* plain, gang, plain after gang */
    qg_unit unit[MOST];
    int done[MOST], failed[MOST];
    answer answer[MOST];
    qg_error why[MOST];
    uint32_t numbers[MOST]; /* gangs that had a result */
    int n_numbers;
    int n_told;  /* news that were heard */
    int signals; /* to be sent */
    double last_signal;
} owner;

static void add_unit(owner *o, int task, what w)
{
    o->unit[o->n_units] = (qg_unit){.task = task, .count = 1, .cost = task == 1 ? 100 : 1};
    o->what[o->n_units++] = w;
}

static qg_code input(void *ctx, int unit, qg_str *bytes)
{
    const owner *o = ctx;
    assignment a = {unit, (int32_t)o->what[unit]};
    qg_str_addn(bytes, &a, sizeof a);
    return QG_OK;
}

static qg_code done(void *ctx, const qg_unit_report *r, const void *result, size_t size)
{
    owner *o = ctx;
    answer *a = &o->answer[r->unit];
    if (size != sizeof *a || !r->host[0] || !(r->seconds >= 0) || r->members < 1)
        return QG_FAIL(QG_EMPI, "unit %d came back with %zu bytes", r->unit, size);
    memcpy(a, result, sizeof *a);
    if (r->members != a->size)
        return QG_FAIL(QG_EMPI, "unit %d had %d members, not %d", r->unit, a->size, r->members);
    for (int i = 0; i < o->n_numbers; i++)
        if (o->numbers[i] == a->number)
            return QG_FAIL(QG_EMPI, "two gangs have the number %u", (unsigned)a->number);
    o->numbers[o->n_numbers++] = a->number;
    o->done[r->unit]++;
    return QG_OK;
}

static qg_code failed(void *ctx, const qg_unit_report *r, const qg_error *why)
{
    owner *o = ctx;
    o->failed[r->unit]++;
    o->why[r->unit] = *why;
    return QG_OK;
}

static qg_code task_finished(void *ctx, int task)
{
    (void)ctx, (void)task;
    return QG_OK;
}

static void told(void *ctx, int unit, const qg_gang_news *news)
{
    owner *o = ctx;
    char want[sizeof news->text];
    snprintf(want, sizeof want, "unit %d, member 0", unit);
    assert_string_equal(news->text, want);
    assert_true(news->share == 0.5 && news->left == unit);
    o->n_told++;
}

static void progress(void *ctx, const qg_sched *s, double now)
{
    owner *o = ctx;
    (void)s;
    if (o->signals > 0 && now - o->last_signal > 0.6) {
        o->signals--;
        o->last_signal = now;
        raise(SIGTERM);
    }
}

static void run(qg_farm_outcome *out, owner *o, const qg_farm_options *options)
{
    static const int32_t need = 1;
    qg_arena *a = qg_arena_create(0);
    qg_farm_worker w = {NULL, execute};
    qg_farm_owner cb = {.ctx = o,
                        .input = input,
                        .done = done,
                        .failed = failed,
                        .task_finished = task_finished,
                        .told = told,
                        .progress = progress};
    o->task[1].gang = LIMIT;
    o->task[2] = (qg_task){.n_needs = 1, .needs = &need};
    qt_ok(qg_farm_run(out, par, &(qg_workload){o->task, o->unit, 3, o->n_units, NULL, NULL}, &w,
                      &cb, options, a));
    qg_arena_destroy(a);
}

static int largest_gang(void)
{
    int n = 1;
    while (2 * n <= par->size && 2 * n <= LIMIT)
        n *= 2;
    return n;
}

/* The units of one kind: all done or all failed, each once. */
static void expect(const owner *o, what w, int n_done, int n_failed)
{
    for (int u = 0; u < o->n_units; u++)
        if (o->what[u] == w) {
            qt_eq("done", o->done[u], n_done);
            qt_eq("failed", o->failed[u], n_failed);
        }
}

static void expect_error(const owner *o, what w, qg_code code, const char *piece)
{
    char text[1024];
    expect(o, w, 0, 1);
    for (int u = 0; u < o->n_units; u++)
        if (o->what[u] == w) {
            qg_error_format(text, sizeof text, &o->why[u]);
            qt_eq(text, o->why[u].code, code);
            assert_non_null(strstr(text, piece));
        }
}

static void gangs_and_plain_units_are_computed_once(void **state)
{
    (void)state;
    owner o = {0};
    qg_farm_outcome out;
    qg_farm_options options = {0};
    for (int i = 0; i < 20; i++)
        add_unit(&o, 0, PLAIN);
    for (int i = 0; i < 6; i++)
        add_unit(&o, 1, TOGETHER);
    for (int i = 0; i < 5; i++)
        add_unit(&o, 2, PLAIN);
    run(&out, &o, &options);
    expect(&o, PLAIN, 1, 0);
    expect(&o, TOGETHER, 1, 0);
    int largest = 0;
    for (int u = 20; u < 26; u++) {
        const answer *a = &o.answer[u];
        qt_eq("its own result", a->unit, u);
        assert_true(a->size == 1 || a->sum >= a->size * (a->size - 1) / 2);
        assert_true(a->sum <= a->size * (2 * par->size - a->size - 1) / 2);
        largest = a->size > largest ? a->size : largest;
    }
    qt_eq("the largest gang", largest, largest_gang());
    assert_true(o.n_told > 0); /* at least the first unit of each rank tells */
    assert_false(out.interrupted);
}

/* Whoever was told to drop a unit of the past goes on with the next. */
static void an_error_of_one_member_fails_the_unit_and_only_that(void **state)
{
    (void)state;
    owner o = {0};
    qg_farm_outcome out;
    qg_farm_options options = {0};
    for (int i = 0; i < 8; i++) {
        add_unit(&o, 1, LAST_FAILS);
        add_unit(&o, 1, TOGETHER);
        add_unit(&o, 1, BOTH_FAIL);
        add_unit(&o, 1, FIRST_DONE);
        add_unit(&o, 0, PLAIN);
    }
    run(&out, &o, &options);
    expect(&o, PLAIN, 1, 0);
    expect(&o, TOGETHER, 1, 0);
    expect_error(&o, LAST_FAILS, QG_ENUMERIC, "some/file:42: loss: no good");
    expect_error(&o, BOTH_FAIL, QG_ENUMERIC, "the first's");
    expect_error(&o, FIRST_DONE, QG_EFORMAT, "after all");
}

static void a_run_that_is_to_end_leaves_its_gangs_open(void **state)
{
    (void)state;
    owner o = {0};
    qg_farm_outcome out;
    qg_farm_options options = {.max_seconds = 0.5};
    add_unit(&o, 1, UNTIL_END);
    add_unit(&o, 1, UNTIL_END);
    add_unit(&o, 2, PLAIN);
    run(&out, &o, &options);
    assert_true(out.interrupted && out.seconds < HANG);
    expect(&o, UNTIL_END, 0, 0);
    expect(&o, PLAIN, 0, 0);
}

static void a_second_signal_drops_a_gang(void **state)
{
    (void)state;
    owner o = {.signals = 2};
    qg_farm_outcome out;
    qg_farm_options options = {0};
    add_unit(&o, 1, UNTIL_DROP);
    run(&out, &o, &options);
    assert_true(out.interrupted && out.seconds < HANG);
    expect(&o, UNTIL_DROP, 0, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gangs_and_plain_units_are_computed_once),
    cmocka_unit_test(an_error_of_one_member_fails_the_unit_and_only_that),
    cmocka_unit_test(a_run_that_is_to_end_leaves_its_gangs_open),
    cmocka_unit_test(a_second_signal_drops_a_gang), /* the last: signals count on */
};
enum { TESTS = sizeof tests / sizeof tests[0] };

/* ------------------------------------------------------------------- with --enable-recovery */

static void a_gang_that_lost_members_is_formed_again(void **state)
{
    (void)state;
    owner o = {0};
    qg_farm_outcome out;
    qg_farm_options options = {0};
    add_unit(&o, 1, DIES_TWICE);
    add_unit(&o, 2, PLAIN);
    for (int i = 0; i < 20; i++)
        add_unit(&o, 0, PLAIN);
    run(&out, &o, &options);
    expect(&o, DIES_TWICE, 1, 0);
    expect(&o, PLAIN, 1, 0);
    qt_eq("lost", out.lost_ranks, 2);
    qt_eq("of what is left", o.answer[0].size, par->size >= 6 ? 4 : 2);
}

static void a_unit_that_breaks_four_gangs_is_failed(void **state)
{
    (void)state;
    owner o = {0};
    qg_farm_outcome out;
    qg_farm_options options = {0};
    add_unit(&o, 1, DIES_ALWAYS);
    add_unit(&o, 1, TOGETHER);
    for (int i = 0; i < 20; i++)
        add_unit(&o, 0, PLAIN);
    run(&out, &o, &options);
    expect_error(&o, DIES_ALWAYS, QG_ELOST, "ranks died while computing this unit, 4 times");
    expect(&o, TOGETHER, 1, 0);
    expect(&o, PLAIN, 1, 0);
    qt_eq("lost", out.lost_ranks, 4);
}

static void a_silent_member_is_lost_and_leaves_when_it_wakes(void **state)
{
    (void)state;
    owner o = {0};
    qg_farm_outcome out;
    qg_farm_options options = {.heartbeat = 0.2, .silence = 5};
    add_unit(&o, 1, FALLS_SILENT);
    run(&out, &o, &options);
    expect(&o, FALLS_SILENT, 1, 0);
    qt_eq("lost", out.lost_ranks, 1);
    assert_true(o.answer[0].number > 1);
}

static void rank_0_computes_when_nobody_else_is_left(void **state)
{
    (void)state;
    owner o = {0};
    qg_farm_outcome out;
    qg_farm_options options = {.coordinate_only_from = 2};
    for (int i = 0; i < 10; i++)
        add_unit(&o, 0, PLAIN);
    add_unit(&o, 1, TOGETHER);
    o.unit[10].cost = 0; /* nobody waits for it, so all workers take plain units */
    run(&out, &o, &options);
    expect(&o, PLAIN, 1, 0);
    expect(&o, TOGETHER, 1, 0);
    qt_eq("lost", out.lost_ranks, par->size - 1);
}

static const struct {
    const char *name;
    struct CMUnitTest test;
} scenarios[] = {
    {"broken", cmocka_unit_test(a_gang_that_lost_members_is_formed_again)},
    {"hopeless", cmocka_unit_test(a_unit_that_breaks_four_gangs_is_failed)},
    {"silent", cmocka_unit_test(a_silent_member_is_lost_and_leaves_when_it_wakes)},
    {"orphaned", cmocka_unit_test(rank_0_computes_when_nobody_else_is_left)},
};

static int lead(const char *scenario)
{
    if (!scenario)
        return qt_run("farm_gang", tests, TESTS);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        if (strcmp(scenarios[i].name, scenario) == 0)
            return qt_run(scenario, &scenarios[i].test, 1);
    return 1;
}

static int serve(int times)
{
    qg_farm_worker w = {NULL, execute};
    qg_farm_options options = {.heartbeat = 0.2};
    for (int i = 0; i < times; i++)
        if (qg_farm_serve(par, &w, &options) != QG_OK)
            return 1;
    if (folder)
        (void)mark("left", 1);
    return 0;
}

int main(int argc, char **argv)
{
    const char *scenario = argc == 3 ? argv[1] : NULL;
    folder = argc == 3 ? argv[2] : NULL;
    qg_arena *a = qg_arena_create(0);
    if (!a || qg_par_start(&par, a) != QG_OK)
        return 1;
    int bad = par->rank == 0 ? lead(scenario) : serve(scenario ? 1 : TESTS);
    qg_par_stop(par, bad);
    qg_arena_destroy(a);
    return bad;
}
