/*
 * test_sched_play.c - the scheduler in a world of chance: random plans with plain, exclusive and
 * gang tasks on random ranks, of which some come late, die, drop their unit or fail; and runs that
 * are drained. Every unit ends once, no rank is in two units, nothing gets stuck.
 */
#include "sched_plan.h"

#include "qgrid/rng.h"

enum { IDLE = -1, DEAD = -2 };

typedef struct world {
    qg_rng rng;
    sched_plan plan;
    qg_sched *sched;
    int ranks, per_node, alive;
    bool trouble, drained;
    bool late[SCHED_RANKS];     /* has not joined */
    int at[SCHED_RANKS];        /* unit, or IDLE, or DEAD */
    bool reported[SCHED_RANKS]; /* through with its unit */
    bool broken[SCHED_MOST], gives_up[SCHED_MOST], fails[SCHED_MOST];
    int breaks[SCHED_MOST], ended[SCHED_MOST];
} world;

static int below(world *w, int n)
{
    return (int)qg_rng_below(&w->rng, (uint64_t)n);
}

static const qg_task *task_of(const world *w, int unit)
{
    return &w->plan.task[w->plan.unit[unit].task];
}

static int limit_of(const world *w, int unit)
{
    return task_of(w, unit)->gang > 1 ? QG_SCHED_GANG_LOSSES : QG_SCHED_LOSSES;
}

static bool is_last_attempt(const world *w, int unit)
{
    return w->breaks[unit] + 1 >= limit_of(w, unit);
}

static void make_world(world *w, qg_arena *a, uint64_t round)
{
    w->rng = qg_rng_make(5, "test/sched", round);
    w->ranks = w->alive = 1 + below(w, 13);
    w->per_node = 1 + below(w, 5);
    w->trouble = below(w, 2);
    int tasks = 1 + below(w, 8);
    for (int t = 0; t < tasks; t++) {
        int need = t > 0 && below(w, 2) ? below(w, t) : -1, affinity = below(w, 3);
        if (below(w, 3) == 0)
            sched_add_gang(&w->plan, affinity, 1 << below(w, 5), need);
        else
            sched_add_task(&w->plan, affinity, below(w, 4) == 0, need);
        for (int u = below(w, 8); u > 0; u--)
            sched_add_unit(&w->plan, t, below(w, 10));
    }
    for (int u = 0; u < w->plan.n_units && w->trouble; u++) /* in earlier runs */
        w->breaks[u] = w->plan.losses[u] = (uint8_t)(below(w, 3) ? 0 : below(w, limit_of(w, u)));
    for (int r = 0; r < w->ranks; r++) {
        w->at[r] = IDLE;
        w->late[r] = r > 0 && w->trouble && below(w, 3) == 0;
    }
    w->sched = sched_make(a, &w->plan, NULL, w->ranks, w->per_node, w->late);
}

static void begin(world *w, int unit, const int32_t *ranks, int n)
{
    qt_eq("given while open", w->ended[unit], 0);
    qt_eq("running", w->sched->state[unit], QG_UNIT_RUNNING);
    assert_false(w->drained);
    for (int r = 0; r < w->ranks; r++)
        assert_true(w->at[r] != unit &&
                    (w->at[r] < 0 || !(is_last_attempt(w, unit) || is_last_attempt(w, w->at[r]))));
    for (int i = 0; i < n; i++) {
        assert_true(ranks[i] >= 0 && ranks[i] < w->ranks && (i == 0 || ranks[i] > ranks[i - 1]));
        qt_eq("an idle rank", w->at[ranks[i]], IDLE);
        assert_false(w->late[ranks[i]]);
        w->at[ranks[i]] = unit;
        w->reported[ranks[i]] = false;
    }
    w->broken[unit] = w->gives_up[unit] = false;
    w->fails[unit] = w->trouble && below(w, 15) == 0;
}

/* Idle ranks on nodes that run nothing exclusive. */
static int usable(const world *w)
{
    int n = 0;
    for (int r = 0; r < w->ranks; r++) {
        bool quiet = w->at[r] == IDLE && !w->late[r];
        for (int k = 0; k < w->ranks; k++)
            if (k / w->per_node == r / w->per_node && w->at[k] >= 0 &&
                task_of(w, w->at[k])->exclusive)
                quiet = false;
        n += quiet;
    }
    return n;
}

static bool hand_out(world *w)
{
    bool moved = false;
    int unit, n;
    int32_t ranks[SCHED_RANKS];
    for (int room = usable(w); (unit = qg_sched_next_gang(w->sched, ranks, &n)) >= 0;
         room = usable(w)) {
        int most = task_of(w, unit)->gang < room ? task_of(w, unit)->gang : room;
        assert_true(task_of(w, unit)->gang > 1);
        assert_true((n & (n - 1)) == 0 && n <= most && 2 * n > most);
        begin(w, unit, ranks, n);
        moved = true;
    }
    for (int32_t r = 0; r < w->ranks; r++)
        if (w->at[r] == IDLE && (unit = qg_sched_next(w->sched, r)) >= 0) {
            assert_true(task_of(w, unit)->gang <= 1);
            begin(w, unit, &r, 1);
            moved = true;
        }
    return moved;
}

/* When all members of a unit have reported or died. */
static void settle_if_over(world *w, int unit)
{
    bool over = true;
    for (int r = 0; r < w->ranks; r++)
        over &= w->at[r] != unit || w->reported[r];
    if (!over)
        return;
    if (w->gives_up[unit]) {
        bool last = w->broken[unit] && is_last_attempt(w, unit);
        w->breaks[unit] += w->broken[unit];
        qt_eq("failed by deaths", qg_sched_dropped(w->sched, unit, w->broken[unit]), last);
        w->ended[unit] += last;
    } else {
        w->ended[unit]++;
        if (w->fails[unit])
            qg_sched_failed(w->sched, unit);
        else
            qg_sched_done(w->sched, unit);
    }
    for (int r = 0; r < w->ranks; r++)
        if (w->at[r] == unit)
            w->at[r] = IDLE;
}

static void die(world *w, int rank)
{
    int unit = w->at[rank];
    qt_eq("its unit", qg_sched_lost(w->sched, rank), unit);
    w->at[rank] = DEAD;
    w->alive--;
    if (unit < 0)
        return;
    w->broken[unit] = w->gives_up[unit] = true;
    settle_if_over(w, unit);
}

/* Something happens to a rank. */
static void happen(world *w)
{
    int r = below(w, w->ranks);
    if (w->late[r] && w->at[r] != DEAD) {
        w->late[r] = false;
        qg_sched_join(w->sched, r);
    } else if (w->at[r] != DEAD && w->trouble && w->alive > 1 && below(w, 30) == 0) {
        die(w, r);
    } else if (w->trouble && !w->drained && below(w, 300) == 0) {
        w->drained = true;
        qg_sched_drain(w->sched);
    } else if (w->at[r] >= 0 && !w->reported[r]) {
        w->gives_up[w->at[r]] |= w->drained && below(w, 2);
        w->reported[r] = true;
        settle_if_over(w, w->at[r]);
    }
}

static void play(uint64_t round)
{
    qg_arena *a = qg_arena_create(0);
    world *w = qg_arena_alloc(a, 1, sizeof *w);
    make_world(w, a, round);
    while (!qg_sched_finished(w->sched)) {
        bool moved = hand_out(w);
        int busy = 0, coming = 0;
        for (int r = 0; r < w->ranks; r++) {
            busy += w->at[r] >= 0;
            coming += w->late[r] && w->at[r] == IDLE;
        }
        assert_true(moved || busy > 0 || coming > 0); /* never stuck with work left */
        happen(w);
    }
    for (int u = 0; u < w->plan.n_units; u++) {
        qg_unit_state e = w->sched->state[u];
        assert_true(e != QG_UNIT_RUNNING && (e != QG_UNIT_OPEN || w->drained));
        qt_eq("ended once, or never begun", w->ended[u], e == QG_UNIT_DONE || e == QG_UNIT_FAILED);
    }
    qg_arena_destroy(a);
}

static void no_unit_is_lost_or_given_twice(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 10000; round++)
        play(round);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(no_unit_is_lost_or_given_twice)};
QT_MAIN("sched_play", tests)
