/*
 * test_farm.c - units of all sizes over the ranks: every one computed once, results intact,
 * failures reported. Run with 1, 2, 3 and 7 ranks; only rank 0 prints.
 */
#include "qt.h"

#include "qgrid/farm.h"
#include "qgrid/file.h"
#include "qgrid/rng.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { UNITS = 60, TASKS = 3 };

static qg_par *par;
static int executed;

/* Size of a unit's result; a few are megabytes. */
static size_t size_of(int unit)
{
    return unit % 20 == 7 ? 5000000 : (size_t)unit * 13;
}

static bool fails_here(int unit)
{
    return unit == 11 || unit == 42;
}

static qg_code execute(void *ctx, const void *input, size_t size, qg_str *result,
                       const qg_gang *gang)
{
    int unit;
    (void)ctx;
    if (size < sizeof unit)
        return QG_FAIL(QG_EBUG, "a short assignment");
    memcpy(&unit, input, sizeof unit);
    executed++;
    if (qg_gang_poll(gang))
        return QG_FAIL(QG_ELOST, "dropped");
    if (fails_here(unit))
        return QG_FAIL_AT(QG_ENUMERIC, "some/file", 42, 0, "logits", "unit %d is bad", unit);
    for (size_t i = 0; i < size_of(unit); i++)
        qg_str_addn(result, &(char){(char)(unit + (int)(i % 251))}, 1);
    return QG_OK;
}

typedef struct owner {
    int done[UNITS], failed[UNITS], finished[TASKS];
} owner;

static qg_code input(void *ctx, int unit, qg_str *bytes)
{
    (void)ctx;
    qg_str_addn(bytes, &unit, sizeof unit);
    for (int i = 0; i < unit * 1000; i++)
        qg_str_addn(bytes, "x", 1);
    return QG_OK;
}

static qg_code done(void *ctx, const qg_unit_report *r, const void *result, size_t size)
{
    owner *o = ctx;
    const char *c = result;
    if (size != size_of(r->unit) || r->rank >= par->size || !r->host[0])
        return QG_FAIL(QG_EMPI, "unit %d came back with %zu bytes", r->unit, size);
    for (size_t i = 0; i < size; i++)
        if (c[i] != (char)(r->unit + (int)(i % 251)))
            return QG_FAIL(QG_EMPI, "unit %d: byte %zu is wrong", r->unit, i);
    o->done[r->unit]++;
    return QG_OK;
}

static qg_code failed(void *ctx, const qg_unit_report *r, const qg_error *why)
{
    owner *o = ctx;
    char text[1024];
    qg_error_format(text, sizeof text, why);
    if (!strstr(text, "some/file:42: logits: unit"))
        return QG_FAIL(QG_EMPI, "the error lost its place: %s", text);
    o->failed[r->unit]++;
    return QG_OK;
}

static qg_code task_finished(void *ctx, int task)
{
    ((owner *)ctx)->finished[task]++;
    return QG_OK;
}

static void progress(void *ctx, const qg_sched *s, double now)
{
    (void)ctx, (void)s, (void)now;
}

static void every_unit_is_computed_once(void **state)
{
    (void)state;
    static const int32_t need0 = 0;
    qg_task task[TASKS] = {{0, false, 0, NULL}, {1, false, 1, &need0}, {1, true, 0, NULL}};
    qg_unit unit[UNITS];
    owner o = {0};
    qg_farm_outcome out;
    qg_arena *a = qg_arena_create(0);
    /* Task 1 needs task 0, in which nothing fails; both bad units are in task 2. */
    for (int u = 0; u < UNITS; u++)
        unit[u] = (qg_unit){.task = fails_here(u) ? 2 : u % 3 == 2 ? 2 : u % 2, .cost = u};
    qg_farm_worker w = {NULL, execute};
    qg_farm_owner cb = {.ctx = &o,
                        .input = input,
                        .done = done,
                        .failed = failed,
                        .task_finished = task_finished,
                        .progress = progress};
    qg_farm_options options = {0};
    qt_ok(qg_farm_run(&out, par, &(qg_workload){task, unit, TASKS, UNITS, NULL, NULL}, &w, &cb,
                      &options, a));
    for (int u = 0; u < UNITS; u++) {
        qt_eq("done", o.done[u], !fails_here(u));
        qt_eq("failed", o.failed[u], fails_here(u));
    }
    for (int t = 0; t < TASKS; t++)
        qt_eq("task finished once", o.finished[t], 1);
    assert_false(out.interrupted);
    qt_eq("lost ranks", out.lost_ranks, 0);
    if (par->size == 1)
        qt_eq("executed here", executed, UNITS);
    qg_arena_destroy(a);
}

static void nodes_are_numbered(void **state)
{
    (void)state;
    for (int r = 0; r < par->size; r++)
        qt_eq("one host, one node", par->node[r], 0);
    qt_eq("ranks on it", par->local_size, par->size);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_numbered),
        cmocka_unit_test(every_unit_is_computed_once),
    };
    qg_arena *a = qg_arena_create(0);
    if (!a || qg_par_start(&par, a) != QG_OK)
        return 1;
    int bad = 0;
    if (par->rank == 0) {
        bad = qt_run("farm", tests, sizeof tests / sizeof tests[0]);
    } else {
        qg_farm_worker w = {NULL, execute};
        qg_farm_options options = {0};
        bad = qg_farm_serve(par, &w, &options) != QG_OK;
    }
    qg_par_stop(par, bad);
    qg_arena_destroy(a);
    return bad;
}
