/*
 * test_estimate.c - time left of runs that are imagined: the real scheduler hands out units whose
 * true lengths only the test knows.
 *
 * Machines are up to ten times faster or slower than the plan thinks, kinds of work differ among
 * each other, units of a kind scatter; trainings of hours stand among units of seconds.
 */
#include "qt.h"

#include "qgrid/estimate.h"
#include "qgrid/rng.h"

#include <math.h>
#include <string.h>

enum { TASKS = 400, UNITS = 12000, RANKS = 64, KINDS = 5 };
enum { TRAIN, PACK, PREDICT, EXPLAIN, LATENCY };

typedef struct run {
    qg_task task[TASKS];
    int32_t needs[TASKS][2], kind[TASKS], node[RANKS];
    qg_unit unit[UNITS];
    double cost[UNITS], truth[UNITS]; /* seconds on one core: planned, real */
    bool computes[RANKS];
    int n_tasks, n_units, ranks, per_node;
    double until[RANKS], began[RANKS];
    int of[RANKS], members[RANKS]; /* what a rank runs, -1 nothing; with how many */
    double end;                    /* of the run; 0: not known yet */
    double done, planned;          /* cost of finished units, of all */
    qg_rng rng;
} run;

static int add_task(run *r, int kind, int affinity, int gang, int need, int other)
{
    int t = r->n_tasks++, n = 0;
    if (need >= 0)
        r->needs[t][n++] = need;
    if (other >= 0)
        r->needs[t][n++] = other;
    r->kind[t] = kind;
    r->task[t] = (qg_task){affinity, kind == LATENCY, n, r->needs[t], gang};
    return t;
}

static void add_units(run *r, int task, int n, double cost)
{
    for (int i = 0; i < n; i++) {
        r->cost[r->n_units] = cost;
        r->planned += cost;
        r->unit[r->n_units++] = (qg_unit){.task = task, .count = 1, .cost = cost};
    }
}

/* Models trained from one another, each packed, scored, explained, some timed. */
typedef struct study {
    const char *name;
    int models;
    double train; /* cost of each training, 0: none */
    int n;        /* units of a prediction or an explanation */
    double cost;  /* of one */
} study;

static void add_study(run *r, const study *what)
{
    int trained = -1, models = what->models, n = what->n;
    double train_cost = what->train, unit_cost = what->cost;
    for (int m = 0; m < models; m++) {
        int from = m % 4 == 0 ? -1 : trained;
        int t = train_cost > 0 ? add_task(r, TRAIN, 2 * models + m, 8, from, -1) : -1;
        if (t >= 0)
            add_units(r, t, 1, train_cost);
        trained = m % 4 == 0 ? t : trained;
        for (int p = 0; p < 2; p++) {
            int a = 2 * m + p, pack = add_task(r, PACK, a, 0, t, -1);
            add_units(r, pack, 1, 2.5);
            add_units(r, add_task(r, PREDICT, a, 0, pack, -1), n, unit_cost);
            add_units(r, add_task(r, EXPLAIN, a, 0, pack, -1), n, 4 * unit_cost);
            if (m % 4 == 0)
                add_units(r, add_task(r, LATENCY, a, 0, pack, -1), 1, 2 * unit_cost);
        }
    }
}

/* What the plan does not know: the machine, how kinds compare, how units scatter. */
static void make_truth(run *r, double machine, double spread)
{
    double kind[KINDS];
    for (int k = 0; k < KINDS; k++)
        kind[k] = machine * exp(spread * (2 * qg_rng_uniform(&r->rng) - 1));
    for (int u = 0; u < r->n_units; u++)
        r->truth[u] = r->cost[u] * kind[r->kind[r->unit[u].task]] *
                      exp(spread * (2 * qg_rng_uniform(&r->rng) - 1));
}

static void begin(run *r, qg_estimate *e, int unit, const int32_t *ranks, int n, double now)
{
    double seconds = r->truth[unit] / (n > 1 ? 0.9 * n : 1);
    for (int i = 0; i < n; i++) {
        r->of[ranks[i]] = unit;
        r->members[ranks[i]] = n;
        r->began[ranks[i]] = now;
        r->until[ranks[i]] = now + seconds;
    }
    qg_estimate_started(e, unit, now);
}

static void hand_out(run *r, qg_sched *s, qg_estimate *e, double now)
{
    int32_t gang[RANKS];
    int unit, n;
    while ((unit = qg_sched_next_gang(s, gang, &n)) >= 0)
        begin(r, e, unit, gang, n, now);
    for (int32_t k = 0; k < r->ranks; k++)
        if (r->of[k] < 0 && (unit = qg_sched_next(s, k)) >= 0)
            begin(r, e, unit, &k, 1, now);
}

/* Trainings tell how far they are, to a few percent. */
static void tell(run *r, qg_estimate *e, double now)
{
    for (int k = 0; k < r->ranks; k++) {
        int u = r->of[k];
        if (u < 0 || r->kind[r->unit[u].task] != TRAIN || now <= r->began[k])
            continue;
        double share = (now - r->began[k]) / (r->until[k] - r->began[k]);
        qg_estimate_told(e, u, share, (r->until[k] - now) * (0.97 + 0.06 * qg_rng_uniform(&r->rng)),
                         now);
    }
}

/* The next rank that comes free; -1: none runs anything. */
static int next(const run *r)
{
    int first = -1;
    for (int k = 0; k < r->ranks; k++)
        if (r->of[k] >= 0 && (first < 0 || r->until[k] < r->until[first]))
            first = k;
    return first;
}

static void finish(run *r, qg_sched *s, qg_estimate *e, int rank)
{
    int unit = r->of[rank];
    qg_estimate_done(e, unit, r->until[rank] - r->began[rank], r->members[rank]);
    qg_sched_done(s, unit);
    r->done += r->cost[unit];
    for (int k = 0; k < r->ranks; k++)
        if (r->of[k] == unit)
            r->of[k] = -1;
}

/* The worst factor between estimate and truth from a tenth of the run on, where they differ by more
 * than a tenth of it: at the end all that is left may be the scatter of one long unit. */
static void compare(double *worst, const run *r, double left, double now)
{
    double truth = r->end - now;
    if (r->end <= 0)
        return;
    assert_true(isnan(left) || left >= 0);
    if (now < 0.1 * r->end)
        return;
    assert_true(left >= 0 || r->done < 0.01 * r->planned); /* no figure where nothing is known */
    if (isnan(left) || fabs(left - truth) < 0.1 * r->end)
        return;
    *worst = fmax(*worst, fmax(left / truth, truth / left));
}

/* Runs it to its end; between two ends of units the estimate is asked `asks` times. */
static double simulate(run *r, int asks)
{
    qg_arena *a = qg_arena_create(0);
    qg_workload work = {r->task, r->unit, r->n_tasks, r->n_units, NULL, NULL};
    qg_sched *s;
    qg_estimate *e;
    double now = 0, worst = 1, asked = 0;
    r->done = 0;
    for (int k = 0; k < r->ranks; k++) {
        r->node[k] = k / r->per_node;
        r->computes[k] = true;
        r->of[k] = -1;
    }
    qt_ok(qg_sched_create(&s, a, &work, r->ranks, r->node, r->computes));
    qt_ok(qg_estimate_create(&e, a, &work, r->kind, KINDS, r->cost));
    assert_true(isnan(qg_estimate_left(e, s, now))); /* nothing is known */
    for (int rank;;) {
        hand_out(r, s, e, now);
        if ((rank = next(r)) < 0)
            break;
        double until = r->until[rank];
        for (double step = r->end / asks; r->end > 0 && asked + step <= until; asked += step) {
            tell(r, e, asked + step);
            compare(&worst, r, qg_estimate_left(e, s, asked + step), asked + step);
        }
        now = until;
        finish(r, s, e, rank);
    }
    assert_true(qg_sched_finished(s));
    qt_close("at the end", qg_estimate_left(e, s, now), 0, 0, 0);
    r->end = now;
    qg_arena_destroy(a);
    return worst;
}

static run *make(int seed, int ranks, int per_node)
{
    static run r;
    memset(&r, 0, sizeof r);
    r.ranks = ranks;
    r.per_node = per_node;
    r.rng = qg_rng_make((uint64_t)seed, "test/estimate", 0);
    return &r;
}

/* The same run twice: once to know how long it takes. */
static double worst_factor(run *r)
{
    (void)simulate(r, 1);
    return simulate(r, 200);
}

static const study studies[] = {
    {"predictions alone", 3, 0, 200, 2},      {"one training", 1, 60, 40, 0.2},
    {"trainings of hours", 8, 16000, 200, 3}, {"nothing but trainings", 8, 4000, 1, 1e-3},
    {"long units", 2, 100, 60, 900},          {"trainings of seconds", 12, 5, 100, 30}};

static void time_left_is_right_within_a_factor_of_about_two_after_a_tenth(void **state)
{
    static const struct {
        int ranks, per_node;
    } on[] = {{1, 1}, {2, 2}, {7, 4}, {64, 32}};
    (void)state;
    enum { STUDIES = sizeof studies / sizeof studies[0], ON = sizeof on / sizeof on[0] };
    for (int i = 0; i < 4 * STUDIES; i++) /* four times with other truths */
        for (int k = 0; k < ON; k++)
            for (int m = -1; m <= 1; m++) {
                const study *what = &studies[i % STUDIES];
                run *r = make(10 * i + k, on[k].ranks, on[k].per_node);
                add_study(r, what);
                make_truth(r, pow(10, m), 0.2);
                double worst = worst_factor(r);
                if (!(worst <= 2.2))
                    fail_msg("%s on %d ranks, machine %g: wrong by a factor of %g", what->name,
                             on[k].ranks, pow(10, m), worst);
            }
}

/* Two trainings, one from the other, and a prediction of the second. */
typedef struct small {
    qg_arena *arena;
    qg_sched *sched;
    qg_estimate *estimate;
    int32_t rank[2];
    int n;
} small;

static void make_small(small *m)
{
    run *r = make(0, 2, 2);
    int first = add_task(r, TRAIN, 0, 2, -1, -1), second = add_task(r, TRAIN, 1, 2, first, -1);
    add_units(r, first, 1, 100);
    add_units(r, second, 1, 100);
    add_units(r, add_task(r, PREDICT, 2, 0, second, -1), 4, 10);
    m->arena = qg_arena_create(0);
    qg_workload work = {r->task, r->unit, r->n_tasks, r->n_units, NULL, NULL};
    for (int k = 0; k < 2; k++)
        r->computes[k] = true;
    qt_ok(qg_sched_create(&m->sched, m->arena, &work, 2, r->node, r->computes));
    qt_ok(qg_estimate_create(&m->estimate, m->arena, &work, r->kind, KINDS, r->cost));
    qt_eq("a training", qg_sched_next_gang(m->sched, m->rank, &m->n), 0);
    qt_eq("its ranks", m->n, 2);
    qg_estimate_started(m->estimate, 0, 1000);
}

static void a_training_that_tells_is_believed_and_speaks_for_the_rest(void **state)
{
    (void)state;
    small m;
    make_small(&m);
    assert_true(isnan(qg_estimate_left(m.estimate, m.sched, 1010)));
    qg_estimate_told(m.estimate, 0, (double)NAN, 5, 1010);
    qg_estimate_told(m.estimate, 0, 0.5, -5, 1010);
    assert_true(isnan(qg_estimate_left(m.estimate, m.sched, 1010))); /* that tells nothing */
    /* Taken up: in ten seconds it came to 0.9. All of it takes 500 s, so a unit of cost takes
     * 500 * 1.8 / 100 = 9 s on one core. */
    qg_estimate_told(m.estimate, 0, 0.9, 50, 1010);
    double after = 9 * 100 / 1.8 + 9 * 4 * 10 / 2.0;
    qt_close("told", qg_estimate_left(m.estimate, m.sched, 1010), 50 + after, 1e-9, 0);
    qt_close("later", qg_estimate_left(m.estimate, m.sched, 1040), 20 + after, 1e-9, 0);
    qt_close("late", qg_estimate_left(m.estimate, m.sched, 2000), after, 1e-9, 0);
    qg_arena_destroy(m.arena);
}

static void what_a_failure_blocks_is_not_waited_for(void **state)
{
    (void)state;
    small m;
    make_small(&m);
    qg_estimate_told(m.estimate, 0, 0.5, 50, 1050);
    qg_sched_failed(m.sched, 0);
    qg_estimate_done(m.estimate, 0, 60, 2);
    qt_close("nothing is left", qg_estimate_left(m.estimate, m.sched, 1060), 0, 0, 0);
    qg_arena_destroy(m.arena);
}

static void a_unit_that_goes_back_is_work_again(void **state)
{
    (void)state;
    small m;
    make_small(&m);
    qg_estimate_told(m.estimate, 0, 0.5, 50, 1050);
    double before = qg_estimate_left(m.estimate, m.sched, 1050);
    (void)qg_sched_lost(m.sched, 1);
    assert_false(qg_sched_dropped(m.sched, 0, true));
    assert_true(isnan(qg_estimate_left(m.estimate, m.sched, 1060))); /* nothing is known of it */
    qt_eq("again", qg_sched_next_gang(m.sched, m.rank, &m.n), 0);
    qt_eq("alone", m.n, 1);
    qg_estimate_started(m.estimate, 0, 1060);
    qg_estimate_told(m.estimate, 0, 0.5, 90, 1061);
    double left = qg_estimate_left(m.estimate, m.sched, 1061);
    assert_true(left > before);
    qt_close("on one rank", left, 90 + 180 + 1.8 * 40, 1e-9, 0);
    qg_arena_destroy(m.arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_training_that_tells_is_believed_and_speaks_for_the_rest),
    cmocka_unit_test(what_a_failure_blocks_is_not_waited_for),
    cmocka_unit_test(a_unit_that_goes_back_is_work_again),
    cmocka_unit_test(time_left_is_right_within_a_factor_of_about_two_after_a_tenth),
};
QT_MAIN("estimate", tests)
