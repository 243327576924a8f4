/*
 * test_resample.c - numbers in groups and bootstraps: against closed forms and direct computations.
 */
#include "qt_arena.h"

#include "qgrid/rng.h"
#include "qgrid/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------- numbers in groups */

static void spread_and_direction_by_hand(void **state)
{
    (void)state;
    static const double v[] = {4, 1, 3, 10}, broken[] = {1, NAN};
    qg_spread s;
    qt_ok(qg_spread_of(&s, v, 4, arena));
    qt_close("mean", s.mean, 4.5, 0, 0);
    qt_close("sd", s.sd, sqrt((0.25 + 12.25 + 2.25 + 30.25) / 3), 1e-15, 0);
    qt_close("min", s.min, 1, 0, 0);
    qt_close("max", s.max, 10, 0, 0);
    qt_close("median", s.median, 3.5, 0, 0);
    qt_ok(qg_spread_of(&s, v, 3, arena));
    qt_close("median of three", s.median, 3, 0, 0);
    qt_ok(qg_spread_of(&s, v, 1, arena));
    qt_nan("sd of one", s.sd);
    qt_close("median of one", s.median, 4, 0, 0);
    qt_ok(qg_spread_of(&s, broken, 2, arena));
    qt_nan("mean with an undefined one", s.mean);
    qt_nan("min with an undefined one", s.min);
    qt_ok(qg_spread_of(&s, v, 0, arena));
    qt_nan("median of none", s.median);

    qt_close("three of four", qg_direction_consistency((const double[]){1, 2, -1, 3}, 4), 0.75, 0,
             0);
    qt_close("0 is not above", qg_direction_consistency((const double[]){0, 1}, 2), 0.5, 0, 0);
    qt_nan("with an undefined one", qg_direction_consistency(broken, 2));
    qt_nan("of none", qg_direction_consistency(v, 0));
}

static void groups_are_drawn_then_their_texts(void **state)
{
    (void)state;
    enum { GROUPS = 16, MOST = 24 };
    static double v[GROUPS][MOST];
    const double *value[GROUPS + 1];
    int64_t count[GROUPS + 1];
    double means[GROUPS], mean = 0, between = 0, within = 0;
    qg_rng r = qg_rng_make(9, "test/groups", 0);
    for (int g = 0; g < GROUPS; g++) {
        double shift = qg_rng_normal(&r), square = 0;
        value[g] = v[g];
        count[g] = 3 + g;
        means[g] = 0;
        for (int i = 0; i < count[g]; i++)
            means[g] += (v[g][i] = shift + qg_rng_normal(&r) + 0.5) / (double)count[g];
        for (int i = 0; i < count[g]; i++)
            square += (v[g][i] - means[g]) * (v[g][i] - means[g]);
        within += square / (double)count[g] / (double)count[g] / GROUPS;
        mean += means[g] / GROUPS;
    }
    for (int g = 0; g < GROUPS; g++)
        between += (means[g] - mean) * (means[g] - mean) / GROUPS;
    value[GROUPS] = NULL; /* without texts: left out */
    count[GROUPS] = 0;
    qg_bootstrap b, again, other;
    const qg_draws draws = {6000, 42, NULL};
    qt_ok(qg_bootstrap_groups(&b, value, count, GROUPS + 1, &draws, arena));
    qt_close("mean", b.difference, mean, 1e-13, 0);
    /* The variance of a resample's mean: that of one drawn group's mean, divided by the groups. */
    double error = sqrt((between + within) / GROUPS);
    qt_close("low", b.low, mean - 1.96 * error, 0, 0.2 * error);
    qt_close("high", b.high, mean + 1.96 * error, 0, 0.2 * error);
    qt_ok(qg_bootstrap_groups(&again, value, count, GROUPS, &draws, arena));
    qt_same("again", &again, &b, 1, sizeof b);
    qt_ok(qg_bootstrap_groups(&other, value, count, GROUPS, &(qg_draws){6000, 43, NULL}, arena));
    assert_true(other.low != b.low);
    qt_ok(qg_bootstrap_groups(&b, value + GROUPS, count + GROUPS, 1, &draws, arena));
    qt_nan("of no texts", b.difference);
    qt_nan("p of no texts", b.p_two_sided);
}

static void few_groups_by_enumeration(void **state)
{
    (void)state;
    /* Seeds with one text each, of 0 and 1: the mean is 0, 1/2, 1 with chances 1/4, 1/2, 1/4. */
    static const double zero = 0, one = 1;
    const double *value[] = {&zero, &one};
    const int64_t count[] = {1, 1};
    qg_bootstrap b;
    qt_ok(qg_bootstrap_groups(&b, value, count, 2, &(qg_draws){4000, 42, NULL}, arena));
    qt_close("mean", b.difference, 0.5, 0, 0);
    qt_close("low", b.low, 0, 0, 0);
    qt_close("high", b.high, 1, 0, 0);
    qt_close("p", b.p_one_sided, 0.25, 0, 0.02); /* 3 standard errors of 4000 draws */
    qt_close("two-sided", b.p_two_sided, 2 * b.p_one_sided, 1e-14, 0);
}

/* --------------------------------------------------------------------------- metrics, resampled */

enum { TEXTS = 60, CLASSES = 3, RESAMPLES = 199 };

typedef struct made {
    int32_t label[TEXTS], predicted[2][TEXTS];
    double probabilities[2][TEXTS * CLASSES];
} made;

/* Two models of `classes` classes, the second one better; every tenth text has no label. */
static void make(made *m, int classes)
{
    qg_rng r = qg_rng_make(11, "test/metrics", 0);
    for (int i = 0; i < TEXTS; i++) {
        m->label[i] = i % 10 == 9 ? -1 : (int32_t)qg_rng_below(&r, (uint64_t)classes);
        for (int side = 0; side < 2; side++) {
            double *p = m->probabilities[side] + i * CLASSES, sum = 0;
            int32_t best = 0;
            for (int k = 0; k < CLASSES; k++) {
                p[k] = k < classes ? exp(qg_rng_normal(&r) + (k == m->label[i]) * (1 + side)) : 0;
                sum += p[k];
                best = p[k] > p[best] ? k : best;
            }
            for (int k = 0; k < CLASSES; k++)
                p[k] /= sum;
            m->predicted[side][i] = best;
        }
    }
}

static qg_predictions side_of(const made *m, int side)
{
    return (qg_predictions){m->label, m->predicted[side], m->probabilities[side], TEXTS, CLASSES};
}

/* Metrics of the rows rows[0..n), by qg_score of a table made of them. */
static void score__ref(double out[QG_COMPARED], const made *m, int side, const int *rows, int n,
                       qg_absent absent)
{
    static int32_t label[TEXTS], predicted[TEXTS];
    static double prob[TEXTS * CLASSES];
    qg_scores s;
    qg_class_scores per_class[CLASSES];
    int64_t confusion[CLASSES * CLASSES];
    for (int i = 0; i < n; i++) {
        label[i] = m->label[rows[i]];
        predicted[i] = m->predicted[side][rows[i]];
        memcpy(prob + i * CLASSES, m->probabilities[side] + rows[i] * CLASSES,
               CLASSES * sizeof *prob);
    }
    const qg_predictions p = {label, predicted, prob, n, CLASSES};
    qt_ok(qg_score(&s, per_class, confusion, &p, absent, arena));
#define X(name, doc) out[QG_COMPARED_##name] = s.name;
    QG_COMPARED_LIST(X)
#undef X
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The bootstrap, each resample as a table of its own; draws: [RESAMPLES, TEXTS] of the labelled. */
static void bootstrap__ref(qg_bootstrap *out, const made *m, const int32_t *draws, qg_absent absent)
{
    static double d[QG_COMPARED][RESAMPLES];
    double of[2][QG_COMPARED];
    int used[TEXTS], rows[TEXTS], n = 0;
    for (int i = 0; i < TEXTS; i++)
        if (m->label[i] >= 0)
            used[n++] = i;
    for (int r = -1; r < RESAMPLES; r++) {
        for (int i = 0; i < n; i++)
            rows[i] = used[r < 0 ? i : draws[r * TEXTS + i]];
        for (int side = 0; side < 2; side++)
            score__ref(of[side], m, side, rows, n, absent);
        for (int k = 0; k < QG_COMPARED; k++)
            *(r < 0 ? &out[k].difference : &d[k][r]) = of[1][k] - of[0][k];
    }
    for (int k = 0; k < QG_COMPARED; k++) {
        double below = 1, above = 1;
        for (int r = 0; r < RESAMPLES; r++) {
            below += d[k][r] <= 0;
            above += d[k][r] >= 0;
        }
        qsort(d[k], RESAMPLES, sizeof(double), rising);
        out[k].low = qg_percentile_sorted(d[k], RESAMPLES, 2.5);
        out[k].high = qg_percentile_sorted(d[k], RESAMPLES, 97.5);
        out[k].p_one_sided = below / (RESAMPLES + 1);
        out[k].p_two_sided = fmin(1, 2 * fmin(below, above) / (RESAMPLES + 1));
    }
}

static void compare(const qg_bootstrap *got, const qg_bootstrap *want)
{
    for (int k = 0; k < QG_COMPARED; k++) {
        qt_close(qg_compared_names[k], got[k].difference, want[k].difference, 0, 1e-13);
        qt_close(qg_compared_names[k], got[k].low, want[k].low, 0, 1e-13);
        qt_close(qg_compared_names[k], got[k].high, want[k].high, 0, 1e-13);
        qt_close(qg_compared_names[k], got[k].p_one_sided, want[k].p_one_sided, 0, 1e-13);
        qt_close(qg_compared_names[k], got[k].p_two_sided, want[k].p_two_sided, 0, 1e-13);
    }
}

static void resampled_metrics_are_those_of_resampled_tables(void **state)
{
    (void)state;
    static made m;
    static int32_t draws[RESAMPLES * TEXTS];
    qg_bootstrap got[QG_COMPARED], want[QG_COMPARED];
    qg_rng base = qg_rng_make(42, "bootstrap/accuracy", 0);
    for (int r = 0; r < RESAMPLES; r++) {
        qg_rng rng = qg_rng_stream(&base, (uint64_t)r);
        for (int i = 0; i < TEXTS / 10 * 9; i++)
            draws[r * TEXTS + i] = (int32_t)qg_rng_below(&rng, TEXTS / 10 * 9);
    }
    for (int classes = 2; classes <= CLASSES; classes++) /* with 2, one is nowhere */
        for (int absent = QG_ABSENT_ZERO; absent <= QG_ABSENT_SKIP; absent++) {
            make(&m, classes);
            const qg_predictions a = side_of(&m, 0), b = side_of(&m, 1);
            bootstrap__ref(want, &m, draws, (qg_absent)absent);
            qt_ok(qg_bootstrap_metrics(got, &a, &b, (qg_absent)absent,
                                       &(qg_draws){RESAMPLES, 42, NULL}, arena));
            compare(got, want);
            qt_ok(qg_bootstrap_metrics(got, &a, &b, (qg_absent)absent,
                                       &(qg_draws){RESAMPLES, 0, draws}, arena));
            compare(got, want);
        }
    assert_true(want[QG_COMPARED_nll].difference < 0 && want[QG_COMPARED_accuracy].difference > 0);
}

static void a_bootstrap_p_is_never_0(void **state)
{
    (void)state;
    static made m;
    qg_bootstrap b[QG_COMPARED];
    make(&m, CLASSES);
    for (int i = 0; i < TEXTS; i++) { /* always wrong, always right */
        int32_t label = m.label[i] < 0 ? 0 : m.label[i];
        m.predicted[0][i] = (label + 1) % CLASSES;
        m.predicted[1][i] = label;
    }
    const qg_predictions wrong = side_of(&m, 0), right = side_of(&m, 1);
    const qg_draws draws = {RESAMPLES, 42, NULL};
    qt_ok(qg_bootstrap_metrics(b, &wrong, &right, QG_ABSENT_ZERO, &draws, arena));
    qt_close("one-sided", b[QG_COMPARED_accuracy].p_one_sided, 1.0 / (RESAMPLES + 1), 0, 1e-15);
    qt_close("two-sided", b[QG_COMPARED_accuracy].p_two_sided, 2.0 / (RESAMPLES + 1), 0, 1e-15);
    qt_ok(qg_bootstrap_metrics(b, &right, &wrong, QG_ABSENT_ZERO, &draws, arena));
    qt_close("the other way", b[QG_COMPARED_accuracy].p_one_sided, 1, 0, 0);
    qt_close("two-sided", b[QG_COMPARED_accuracy].p_two_sided, 2.0 / (RESAMPLES + 1), 0, 1e-15);
    qt_ok(qg_bootstrap_metrics(b, &right, &right, QG_ABSENT_ZERO, &draws, arena));
    for (int k = 0; k < QG_COMPARED; k++)
        qt_close("of equals", b[k].p_two_sided, 1, 0, 0);
    for (int i = 0; i < TEXTS; i++)
        m.label[i] = -1;
    qt_fails(qg_bootstrap_metrics(b, &right, &right, QG_ABSENT_ZERO, &draws, arena), QG_EFORMAT,
             "no row has a label", NULL);
}

static qg_code everything(qg_arena *a, void *ctx)
{
    static made m;
    static const double v[] = {1, 2, 0, -4}, *value[] = {v, v};
    const int64_t count[] = {4, 2};
    qg_spread s;
    qg_bootstrap b, all[QG_COMPARED];
    (void)ctx;
    make(&m, CLASSES);
    const qg_predictions x = side_of(&m, 0), y = side_of(&m, 1);
    const qg_draws draws = {5, 1, NULL};
    QG_TRY(qg_spread_of(&s, v, 4, a));
    QG_TRY(qg_bootstrap_groups(&b, value, count, 2, &draws, a));
    return qg_bootstrap_metrics(all, &x, &y, QG_ABSENT_SKIP, &draws, a);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    qt_torture(everything, NULL);
    size_t before = qg_arena_used(arena);
    qt_ok(everything(arena, NULL));
    qt_eq("scratch that is left", (long long)(qg_arena_used(arena) - before), 0);
}

/* ------------------------------------------------------------------------------------- of one,
 * shares
 */

/* The resampled metrics of one model are what it has more than one that is always right and sure.
 */
static void metrics_of_one_model(void **state)
{
    static made m;
    static double sure[TEXTS * CLASSES];
    static int32_t right[TEXTS];
    qg_bootstrap one[QG_COMPARED], more[QG_COMPARED];
    const qg_draws draws = {RESAMPLES, 42, NULL};
    (void)state;
    make(&m, CLASSES);
    for (int i = 0; i < TEXTS; i++) {
        right[i] = m.label[i] < 0 ? 0 : m.label[i];
        sure[i * CLASSES + right[i]] = 1;
    }
    const qg_predictions p = side_of(&m, 0), best = {m.label, right, sure, TEXTS, CLASSES};
    qt_ok(qg_bootstrap_metrics_of(one, &p, QG_ABSENT_ZERO, &draws, arena));
    qt_ok(qg_bootstrap_metrics(more, &best, &p, QG_ABSENT_ZERO, &draws, arena));
    for (int i = 0; i < QG_COMPARED; i++) {
        double base = i == QG_COMPARED_accuracy || i == QG_COMPARED_macro_f1;
        qt_close("value", one[i].difference, base + more[i].difference, 1e-12, 1e-14);
        qt_close("low", one[i].low, base + more[i].low, 1e-12, 1e-14);
        qt_close("high", one[i].high, base + more[i].high, 1e-12, 1e-14);
        qt_nan("p", one[i].p_two_sided);
    }
}

static const struct CMUnitTest tests[] = {
    CASE(spread_and_direction_by_hand), CASE(groups_are_drawn_then_their_texts),
    CASE(few_groups_by_enumeration),    CASE(resampled_metrics_are_those_of_resampled_tables),
    CASE(a_bootstrap_p_is_never_0),     CASE(memory_may_run_out_anywhere),
    CASE(metrics_of_one_model),
};
QT_MAIN("resample", tests)
