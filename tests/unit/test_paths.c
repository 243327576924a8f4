/*
 * test_paths.c - sequential integrated gradients and expected gradients, on functions whose answers
 * are known in closed form.
 */
#include "qt.h"

#include "xai/gradient/attribution.h"

#include <math.h>
#include <string.h>

enum { C = 3, K = 2, V = 8, B = 3, T = 10, LONG = 6, MASK = 1 };

/* f_k = sum over tokens of w_k . g(x) + joint (sum over tokens of v . x)^2, g(x) = x or, where
 * `bent`, tanh(2 x). */
typedef struct toy {
    float table[V][C];
    double weight[K][C], joint;
    bool bent;
} toy;

static double along(const float *x)
{
    return (double)x[0] - 0.5 * (double)x[1] + 0.25 * (double)x[2];
}

static double value_of(const toy *m, const float *x, int n, int k)
{
    double sum = 0.25 * k, all = 0;
    for (int i = 0; i < n; i++, x += C) {
        all += along(x);
        for (int c = 0; c < C; c++)
            sum += m->weight[k][c] * (m->bent ? tanh(2 * (double)x[c]) : (double)x[c]);
    }
    return sum + m->joint * all * all;
}

static qg_code embed(void *ctx, float *x, const qg_batch *b, qg_explain_layer layer)
{
    const toy *m = ctx;
    (void)layer;
    for (int i = 0; i < b->splits[b->B]; i++)
        memcpy(x + (size_t)i * C, m->table[b->ids[i]], sizeof m->table[0]);
    return QG_OK;
}

static qg_code gradient(void *ctx, double *value, float *dx, const float *x, const qg_batch *b,
                        const int32_t *target, qg_explain_output output, qg_explain_layer layer)
{
    static const double v[C] = {1, -0.5, 0.25};
    const toy *m = ctx;
    (void)output;
    (void)layer;
    for (int t = 0; t < b->B; t++) {
        int at = b->splits[t], n = b->splits[t + 1] - at, k = target[t];
        double all = 0;
        value[t] = value_of(m, x + at * C, n, k);
        for (int i = 0; i < n; i++)
            all += along(x + (at + i) * C);
        for (int i = at * C; i < (at + n) * C && dx; i++) {
            double th = tanh(2 * (double)x[i]);
            double slope = m->weight[k][i % C] * (m->bent ? 2 * (1 - th * th) : 1);
            dx[i] = (float)(slope + 2 * m->joint * all * v[i % C]);
        }
    }
    return QG_OK;
}

/* Texts of 6, 1 and 3 tokens; token 5 stands twice in the first, where two tokens are a word. */
static const int32_t ids[T] = {2, 5, 5, 6, 7, 3, 6, 2, 7, 3}, splits[B + 1] = {0, 6, 7, 10};
static const int32_t unit[T] = {-1, 0, 1, 1, 2, -1, 0, -1, 0, -1};
static const uint8_t keep[T] = {1, 0, 0, 0, 0, 1, 0, 1, 0, 1};
static const int32_t target[B] = {0, 1, 1};
static const qg_batch batch = {B, ids, splits};

static toy make(bool bent, double joint)
{
    toy m = {.bent = bent, .joint = joint};
    for (int v = 0; v < V; v++)
        for (int c = 0; c < C; c++)
            m.table[v][c] = (float)(sin(1.7 * v + c) * 0.5);
    for (int k = 0; k < K; k++)
        for (int c = 0; c < C; c++)
            m.weight[k][c] = cos(2.3 * k + c);
    return m;
}

static qg_explainable functions(toy *m)
{
    return (qg_explainable){.ctx = m,
                            .classes = K,
                            .hidden = C,
                            .vocab = V,
                            .max_tokens = T,
                            .embed = embed,
                            .gradient = gradient};
}

typedef struct numbers {
    double score[T], value[B], base[B], delta[B];
    int32_t steps[B];
} numbers;

static qg_ig_result into(numbers *n)
{
    return (qg_ig_result){n->score, NULL, n->value, n->base, n->delta, n->steps};
}

static numbers sequential(const qg_question *q, const qg_ig_options *o, const int32_t *units)
{
    numbers n;
    qg_ig_result out = into(&n);
    qg_arena *a = qg_arena_create(0);
    qt_ok(qg_sequential_gradients(&out, q, o, units, a));
    qt_eq("memory is released", (long long)qg_arena_used(a), 0);
    qg_arena_destroy(a);
    return n;
}

static numbers expected(const qg_question *q, const qg_expected_options *o)
{
    numbers n;
    qg_ig_result out = into(&n);
    qg_arena *a = qg_arena_create(0);
    qt_ok(qg_expected_gradients(&out, q, o, a));
    qt_eq("memory is released", (long long)qg_arena_used(a), 0);
    qg_arena_destroy(a);
    return n;
}

static double dot(const toy *m, int k, const float *x)
{
    double sum = 0;
    for (int c = 0; c < C; c++)
        sum += m->weight[k][c] * (double)x[c];
    return sum;
}

/* What text t loses when unit u is replaced by the token MASK, or by zero. */
static double loss(const toy *m, int t, int u, bool zero)
{
    float x[LONG * C], y[LONG * C];
    int n = splits[t + 1] - splits[t];
    for (int i = 0; i < n; i++) {
        memcpy(x + i * C, m->table[ids[splits[t] + i]], sizeof m->table[0]);
        memcpy(y + i * C, x + i * C, sizeof m->table[0]);
        if (unit[splits[t] + i] != u)
            continue;
        if (zero)
            memset(y + i * C, 0, sizeof m->table[0]);
        else
            memcpy(y + i * C, m->table[MASK], sizeof m->table[0]);
    }
    return value_of(m, x, n, target[t]) - value_of(m, y, n, target[t]);
}

static double score_of(const numbers *n, int t, int u)
{
    double sum = 0;
    for (int i = splits[t]; i < splits[t + 1]; i++)
        sum += unit[i] == u ? n->score[i] : 0;
    return sum;
}

/* --------------------------------------------------------------------------------- sequential */

static void one_node_explains_a_linear_function(void **state)
{
    (void)state;
    toy m = make(false, 0);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    for (int zero = 0; zero < 2; zero++) {
        qg_ig_options o = {.steps = 1, .token = MASK, .baseline = (qg_baseline)zero};
        numbers n = sequential(&q, &o, unit);
        for (int t = 0; t < B; t++) {
            for (int i = splits[t]; i < splits[t + 1]; i++) {
                double base = zero ? 0 : dot(&m, target[t], m.table[MASK]);
                double want = keep[i] ? 0 : dot(&m, target[t], m.table[ids[i]]) - base;
                qt_close("gradient times (input - baseline)", n.score[i], want, 0, 1e-6);
            }
            qt_close("delta", n.delta[t], 0, 0, 1e-6);
            assert_true(isnan(n.base[t]));
        }
        qt_eq("nodes", n.steps[0], 3);
        qt_eq("nodes", n.steps[1], 1);
    }
}

/* Each unit is complete, whatever the others do to it; on the common path it is not. */
static void each_unit_adds_up_to_what_is_lost_without_it(void **state)
{
    (void)state;
    toy m = make(true, 0.7);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    for (int zero = 0; zero < 2; zero++) {
        qg_ig_options o = {.steps = 30, .token = MASK, .baseline = (qg_baseline)zero, .keep = keep};
        double full[T * C], apart = 0;
        numbers n = sequential(&q, &o, unit), common;
        qg_ig_result out = into(&common);
        qg_arena *a = qg_arena_create(0);
        out.full = full;
        qt_ok(qg_integrated_gradients(&out, &q, &o, a));
        qg_arena_destroy(a);
        for (int t = 0; t < B; t++) {
            int units = t == 0 ? 3 : 1;
            for (int u = 0; u < units; u++) {
                qt_close("unit", score_of(&n, t, u), loss(&m, t, u, zero), 0, 1e-6);
                apart = fmax(apart, fabs(score_of(&n, t, u) - score_of(&common, t, u)));
            }
            qt_close("delta", n.delta[t], 0, 0, 1e-6);
            qt_eq("nodes", n.steps[t], 30 * units);
        }
        assert_true(apart > 0.05);
        for (int i = 0; i < T; i++)
            assert_true(!keep[i] || n.score[i] == 0);
    }
}

/* Without the quadratic term tokens do not meet: both kinds of path say the same, and a token's
 * share is known. */
static void additive_functions_have_known_scores(void **state)
{
    (void)state;
    toy m = make(true, 0);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_ig_options o = {.steps = 30, .token = MASK};
    numbers n = sequential(&q, &o, unit);
    for (int t = 0; t < B; t++)
        for (int i = splits[t]; i < splits[t + 1]; i++) {
            double want = 0;
            for (int c = 0; c < C && !keep[i]; c++)
                want += m.weight[target[t]][c] *
                        (tanh(2 * (double)m.table[ids[i]][c]) - tanh(2 * (double)m.table[MASK][c]));
            qt_close("score", n.score[i], want, 0, 1e-6);
        }
}

/* One node too few is seen in delta. */
static void delta_is_the_error_of_all_units(void **state)
{
    (void)state;
    toy m = make(true, 0.7);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_ig_options o = {.rule = QG_RIEMANN_LEFT, .steps = 2, .token = MASK};
    numbers n = sequential(&q, &o, unit);
    double want = 0;
    for (int u = 0; u < 3; u++)
        want += score_of(&n, 0, u) - loss(&m, 0, u, false);
    qt_close("delta", n.delta[0], want, 0, 1e-6);
    assert_true(fabs(want) > 0.01);
}

/* ----------------------------------------------------------------------------------- expected */

/* A score is the token's term over the mean of those that it was replaced by. */
static void expectations_of_a_linear_function(void **state)
{
    (void)state;
    enum { DRAWS = 4000 };
    static const int32_t pool[] = {4, 5, 6};
    toy m = make(false, 0);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_expected_options o = {.draws = DRAWS, .pool = pool, .pool_n = 3, .keep = keep, .seed = 3};
    numbers n = expected(&q, &o);
    for (int t = 0; t < B; t++) {
        double mean = 0, square = 0;
        for (int j = 0; j < 3; j++) {
            mean += dot(&m, target[t], m.table[pool[j]]) / 3;
            square += pow(dot(&m, target[t], m.table[pool[j]]), 2) / 3;
        }
        double error = sqrt((square - mean * mean) / DRAWS);
        for (int i = splits[t]; i < splits[t + 1]; i++) {
            double want = keep[i] ? 0 : dot(&m, target[t], m.table[ids[i]]) - mean;
            qt_close("score", n.score[i], want, 0, 5 * error);
        }
        qt_close("complete in every sample", n.delta[t], 0, 0, 1e-6);
        qt_eq("draws", n.steps[t], DRAWS);
    }
    assert_true(n.score[1] != n.score[2]); /* places draw each for itself */
}

/* With one reference they are integrated gradients by stratified points. */
static void one_reference_gives_the_integral(void **state)
{
    (void)state;
    static const int32_t pool[] = {MASK};
    toy m = make(true, 0.7);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_expected_options o = {.draws = 2000, .pool = pool, .pool_n = 1, .keep = keep, .seed = 3};
    qg_ig_options integral = {.steps = 60, .token = MASK, .keep = keep};
    numbers n = expected(&q, &o), want;
    qg_ig_result out = into(&want);
    qg_arena *a = qg_arena_create(0);
    qt_ok(qg_integrated_gradients(&out, &q, &integral, a));
    qg_arena_destroy(a);
    qt_close_f64("score", n.score, want.score, T, 0, 1e-4);
    qt_close_f64("base", n.base, want.base, B, 0, 1e-9);
    qt_close_f64("value", n.value, want.value, B, 0, 1e-12);
    qt_close_f64("delta", n.delta, (double[B]){0}, B, 0, 1e-4);
    assert_true(fabs(n.score[1]) > 0.01);
}

/* The error of completeness is that of a mean: within 5 standard errors over seeds, and less with
 * more draws. */
static void completeness_holds_on_average(void **state)
{
    (void)state;
    enum { SEEDS = 200 };
    toy m = make(true, 0.7);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    static const int32_t pool[] = {0, 1, 4, 5, 6, 7};
    double spread[2];
    for (int many = 0; many < 2; many++) {
        double sum = 0, square = 0;
        qg_expected_options o = {.draws = many ? 64 : 4, .pool = pool, .pool_n = 6, .keep = keep};
        for (o.seed = 0; o.seed < SEEDS; o.seed++) {
            numbers n = expected(&q, &o);
            sum += n.delta[0];
            square += n.delta[0] * n.delta[0];
        }
        spread[many] = sqrt(square / SEEDS);
        qt_close("mean", sum / SEEDS, 0, 0, 5 * spread[many] / sqrt(SEEDS));
    }
    assert_true(spread[0] > 2.5 * spread[1] && spread[1] > 1e-3);
}

static void a_text_may_be_its_own_reference(void **state)
{
    (void)state;
    static const int32_t same[] = {2, 5, 5, 5, 3}, ends[] = {0, 5};
    static const uint8_t kept[] = {1, 0, 0, 0, 1};
    toy m = make(true, 0.7);
    qg_explainable e = functions(&m);
    qg_batch one = {1, same, ends};
    qg_question q = {.model = &e, .batch = &one, .target = target};
    qg_expected_options o = {.draws = 3, .keep = kept};
    numbers n = expected(&q, &o);
    for (int i = 0; i < 5; i++)
        assert_true(n.score[i] == 0);
    qt_close("base", n.base[0], n.value[0], 0, 1e-12);
    q.batch = &batch;
    o.keep = keep;
    n = expected(&q, &o);
    assert_true(n.score[1] != 0);
    qt_close("a token alone stands for itself", n.score[6], 0, 0, 0);
}

static void draws_are_keyed_by_sample_and_seed(void **state)
{
    (void)state;
    static const int64_t sample[B] = {30, 40, 50};
    static const int32_t pool[] = {0, 4, 5, 6, 7};
    toy m = make(true, 0.7);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_expected_options o = {
        .draws = 6, .pool = pool, .pool_n = 5, .keep = keep, .seed = 3, .sample = sample};
    numbers all = expected(&q, &o);
    int32_t ends[] = {0, 3};
    qg_batch one = {1, ids + 7, ends};
    q = (qg_question){.model = &e, .batch = &one, .target = target + 2, .tokens = 1};
    o.sample = sample + 2;
    o.keep = keep + 7;
    numbers alone = expected(&q, &o);
    qt_same("the same sample elsewhere", alone.score, all.score + 7, 3, sizeof(double));
    qt_same("base", alone.base, all.base + 2, 1, sizeof(double));
    qt_same("delta", alone.delta, all.delta + 2, 1, sizeof(double));
    o.seed = 4;
    assert_true(expected(&q, &o).score[1] != alone.score[1]);
    o.seed = 3;
    o.sample = sample;
    assert_true(expected(&q, &o).score[1] != alone.score[1]);
}

/* --------------------------------------------------------------------------------------- both */

static void calls_change_no_bits(void **state)
{
    (void)state;
    toy m = make(true, 0.7);
    qg_explainable e = functions(&m);
    qg_ig_options o = {.steps = 7, .token = MASK};
    qg_question q = {.model = &e, .batch = &batch, .target = target, .tokens = 100};
    numbers all = sequential(&q, &o, unit);
    q.tokens = 2; /* less than a text */
    numbers each = sequential(&q, &o, unit);
    qt_same("scores", all.score, each.score, T, sizeof(double));
    qt_same("delta", all.delta, each.delta, B, sizeof(double));
    for (int t = 0; t < B; t++) {
        int n = splits[t + 1] - splits[t];
        int32_t ends[] = {0, n};
        qg_batch one = {1, ids + splits[t], ends};
        q = (qg_question){.model = &e, .batch = &one, .target = target + t};
        numbers alone = sequential(&q, &o, unit + splits[t]);
        qt_same("alone", alone.score, all.score + splits[t], (size_t)n, sizeof(double));
        qt_same("alone", alone.delta, all.delta + t, 1, sizeof(double));
    }
}

static qg_code broken(void *ctx, double *value, float *dx, const float *x, const qg_batch *b,
                      const int32_t *k, qg_explain_output output, qg_explain_layer layer)
{
    QG_TRY(gradient(ctx, value, dx, x, b, k, output, layer));
    for (int i = 0; i < b->splits[b->B] * C && dx; i++)
        dx[i] = NAN;
    return QG_OK;
}

static void numbers_that_are_not_finite_are_errors(void **state)
{
    (void)state;
    toy m = make(false, 0);
    qg_explainable e = functions(&m);
    numbers n;
    qg_ig_result out = into(&n);
    qg_arena *a = qg_arena_create(0);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_ig_options o = {.steps = 1, .token = MASK};
    qg_expected_options x = {.draws = 2, .keep = keep};
    e.gradient = broken;
    qt_fails(qg_sequential_gradients(&out, &q, &o, unit, a), QG_ENUMERIC, "text 0", NULL);
    qt_fails(qg_expected_gradients(&out, &q, &x, a), QG_ENUMERIC, "text 0", NULL);
    qg_arena_destroy(a);
}

static qg_code on_arena(qg_arena *a, void *ctx)
{
    numbers n;
    qg_ig_result out = into(&n);
    qg_ig_options o = {.steps = 3, .token = MASK};
    qg_expected_options x = {.draws = 2, .keep = keep};
    QG_TRY(qg_sequential_gradients(&out, ctx, &o, unit, a));
    return qg_expected_gradients(&out, ctx, &x, a);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    toy m = make(true, 0);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qt_torture(on_arena, &q);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_node_explains_a_linear_function),
    cmocka_unit_test(each_unit_adds_up_to_what_is_lost_without_it),
    cmocka_unit_test(additive_functions_have_known_scores),
    cmocka_unit_test(delta_is_the_error_of_all_units),
    cmocka_unit_test(expectations_of_a_linear_function),
    cmocka_unit_test(one_reference_gives_the_integral),
    cmocka_unit_test(completeness_holds_on_average),
    cmocka_unit_test(a_text_may_be_its_own_reference),
    cmocka_unit_test(draws_are_keyed_by_sample_and_seed),
    cmocka_unit_test(calls_change_no_bits),
    cmocka_unit_test(numbers_that_are_not_finite_are_errors),
    cmocka_unit_test(memory_that_runs_out_is_an_error),
};
QT_MAIN("paths", tests)
