/*
 * test_attribution.c - gradient methods on functions whose answers are known in closed form.
 */
#include "qt.h"

#include "xai/gradient/attribution.h"

#include <math.h>
#include <string.h>

enum { C = 3, K = 2, V = 8, B = 3, T = 9 };

/* f_k = sum over tokens of weight[k] . g(x), g(x) = x, or tanh(4 x) where `bent`; b is ignored but
 * for its splits. The vector of a token is the row of a table. */
typedef struct toy {
    float table[V][C];
    double weight[K][C];
    bool bent;
    int calls, most; /* largest call, in tokens */
} toy;

static double logit(const toy *m, const float *x, int n, int k)
{
    double sum = 0.25 * k;
    for (int i = 0; i < n; i++)
        for (int c = 0; c < C; c++) {
            double v = (double)x[i * C + c];
            sum += m->weight[k][c] * (m->bent ? tanh(4 * v) : v);
        }
    return sum;
}

static double slope(const toy *m, double v)
{
    double t = tanh(4 * v);
    return m->bent ? 4 * (1 - t * t) : 1;
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
    toy *m = ctx;
    (void)layer;
    m->calls++;
    m->most = b->splits[b->B] > m->most ? b->splits[b->B] : m->most;
    for (int t = 0; t < b->B; t++) {
        int at = b->splits[t], n = b->splits[t + 1] - at, k = target[t];
        const float *text = x + at * C;
        double f = logit(m, text, n, k), other = logit(m, text, n, 1 - k);
        double p = 1 / (1 + exp(other - f));
        bool prob = output == QG_EXPLAIN_PROBABILITY;
        value[t] = prob ? p : f;
        for (int i = 0; i < n * C && dx; i++) {
            double own = m->weight[k][i % C], its = m->weight[1 - k][i % C];
            double d = prob ? p * (1 - p) * (own - its) : own;
            dx[at * C + i] = (float)(d * slope(m, (double)text[i]));
        }
    }
    return QG_OK;
}

/* Texts of 4, 1 and 4 tokens; token 5 stands twice in the first. */
static const int32_t ids[T] = {2, 5, 5, 3, 6, 2, 7, 4, 3}, splits[B + 1] = {0, 4, 5, 9};
static const int32_t target[B] = {0, 1, 1};
static const qg_batch batch = {B, ids, splits};

static toy make(bool bent)
{
    toy m = {.bent = bent};
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
    return (qg_explainable){
        .ctx = m, .classes = K, .hidden = C, .max_tokens = T, .embed = embed, .gradient = gradient};
}

typedef struct numbers {
    double score[T], full[T * C], value[B], base[B], delta[B];
    int32_t steps[B];
    bool reached[B];
} numbers;

static qg_ig_result into(numbers *n)
{
    return (qg_ig_result){n->score, n->full, n->value, n->base, n->delta, n->steps, n->reached};
}

static numbers integrate(const qg_question *q, const qg_ig_options *o)
{
    numbers n;
    qg_ig_result out = into(&n);
    qg_arena *a = qg_arena_create(0);
    qt_ok(qg_integrated_gradients(&out, q, o, a));
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

/* -------------------------------------------------------------------------------- quadrature */

static double power_integral(const double *node, const double *weight, int n, int power)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += weight[i] * pow(node[i], power);
    return sum;
}

static void gauss_is_exact_up_to_degree_2n_minus_1(void **state)
{
    (void)state;
    double node[300], weight[300];
    static const int sizes[] = {1, 2, 3, 10, 50, 51, 300};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int n = sizes[s];
        qg_quadrature_rule(node, weight, n, QG_GAUSS_LEGENDRE);
        for (int p = 0; p < 2 * n; p++)
            qt_close("integral of x^p", power_integral(node, weight, n, p), 1.0 / (p + 1), 0,
                     1e-14);
        if (n <= 10)
            assert_true(fabs(power_integral(node, weight, n, 2 * n) - 1.0 / (2 * n + 1)) > 1e-13);
        for (int i = 1; i < n; i++)
            assert_true(node[i] > node[i - 1] && node[0] > 0 && node[n - 1] < 1);
    }
    qg_quadrature_rule(node, weight, 3, QG_GAUSS_LEGENDRE);
    qt_close("node", node[0], 0.5 - 0.5 * sqrt(0.6), 0, 1e-15);
    qt_close("weight", weight[0], 5.0 / 18, 0, 1e-15);
    qt_close("weight", weight[1], 8.0 / 18, 0, 1e-15);
}

static void other_rules_have_the_nodes_that_their_names_say(void **state)
{
    (void)state;
    double node[4], weight[4];
    static const struct {
        qg_quadrature rule;
        double first, last, sum, linear;
    } want[] = {{QG_RIEMANN_RIGHT, 0.25, 1, 1, 0.625},
                {QG_RIEMANN_LEFT, 0, 0.75, 1, 0.375},
                {QG_RIEMANN_MIDDLE, 0.125, 0.875, 1, 0.5},
                {QG_TRAPEZOID, 0, 1, 1, 0.5},
                {QG_TRAPEZOID_CAPTUM, 0, 1, 0.75, 0.375}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        qg_quadrature_rule(node, weight, 4, want[i].rule);
        const char *name = qg_quadrature_names[want[i].rule];
        qt_close(name, node[0], want[i].first, 0, 1e-15);
        qt_close(name, node[3], want[i].last, 0, 1e-15);
        qt_close(name, power_integral(node, weight, 4, 0), want[i].sum, 0, 1e-15);
        qt_close(name, power_integral(node, weight, 4, 1), want[i].linear, 0, 1e-15);
    }
}

/* ----------------------------------------------------------------------- integrated gradients */

static void a_linear_function_is_explained_exactly_by_one_node(void **state)
{
    (void)state;
    toy m = make(false);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    for (int kind = 0; kind < 3; kind++) {
        qg_ig_options o = {.rule = QG_GAUSS_LEGENDRE, .steps = 1, .token = kind};
        o.baseline = kind == 2 ? QG_BASELINE_ZERO : QG_BASELINE_TOKEN;
        numbers n = integrate(&q, &o);
        for (int t = 0; t < B; t++) {
            for (int i = splits[t]; i < splits[t + 1]; i++) {
                bool end = i == splits[t] || i == splits[t + 1] - 1;
                double base = kind == 2 ? 0 : dot(&m, target[t], m.table[kind]);
                double want = end ? 0 : dot(&m, target[t], m.table[ids[i]]) - base;
                qt_close("score", n.score[i], want, 0, 1e-6);
            }
            qt_close("delta", n.delta[t], 0, 0, 1e-6);
            qt_eq("steps", n.steps[t], 1);
        }
        qt_same("a repeated token", &n.score[1], &n.score[2], 1, sizeof(double));
    }
}

static void kept_tokens_are_the_callers_choice(void **state)
{
    (void)state;
    toy m = make(false);
    qg_explainable e = functions(&m);
    static const uint8_t keep[T] = {0, 1, 0, 0, 0, 0, 0, 0, 0};
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_ig_options o = {.steps = 1, .baseline = QG_BASELINE_ZERO, .keep = keep};
    numbers n = integrate(&q, &o);
    for (int t = 0; t < B; t++)
        for (int i = splits[t]; i < splits[t + 1]; i++)
            qt_close("score", n.score[i], keep[i] ? 0 : dot(&m, target[t], m.table[ids[i]]), 0,
                     1e-6);
}

/* The logit is a sum over coordinates, so each one's share is known. */
static void a_bent_function_is_integrated(void **state)
{
    (void)state;
    toy m = make(true);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_ig_options o = {.steps = 60, .baseline = QG_BASELINE_ZERO};
    numbers n = integrate(&q, &o);
    for (int t = 0; t < B; t++)
        for (int i = splits[t] + 1; i < splits[t + 1] - 1; i++)
            for (int c = 0; c < C; c++)
                qt_close("share", n.full[i * C + c],
                         m.weight[target[t]][c] * tanh(4 * (double)m.table[ids[i]][c]), 0, 2e-7);
}

static void steps_are_doubled_until_the_scores_are_complete(void **state)
{
    (void)state;
    toy m = make(true);
    qg_explainable e = functions(&m);
    qg_question q = {
        .model = &e, .batch = &batch, .target = target, .output = QG_EXPLAIN_PROBABILITY};
    qg_ig_options o = {.rule = QG_RIEMANN_RIGHT,
                       .steps = 4,
                       .tolerance = 1e-2,
                       .most_steps = 4096,
                       .baseline = QG_BASELINE_ZERO};
    numbers n = integrate(&q, &o);
    for (int t = 0; t < B; t++) {
        double allowed = fmax(1e-2 * fabs(n.value[t] - n.base[t]), QG_IG_RESOLVED);
        assert_true(fabs(n.delta[t]) <= allowed);
        if (n.steps[t] > o.steps) { /* half as many were not enough */
            qg_ig_options half = {
                .rule = o.rule, .steps = n.steps[t] / 2, .baseline = QG_BASELINE_ZERO};
            numbers h = integrate(&q, &half);
            assert_true(fabs(h.delta[t]) > allowed);
        }
    }
    for (int t = 0; t < B; t++)
        assert_true(n.reached[t]);
    qt_eq("nothing to integrate", n.steps[1], 4);
    assert_true(n.steps[0] > 4 && n.steps[2] > 4);
    o.most_steps = 20;
    o.tolerance = 1e-9;
    n = integrate(&q, &o);
    qt_eq("at most", n.steps[0], 16);
    assert_true(!n.reached[0] && n.reached[1] && !n.reached[2]);
}

static void calls_are_filled_up_to_the_budget_and_change_no_bits(void **state)
{
    (void)state;
    toy m = make(true);
    qg_explainable e = functions(&m);
    qg_ig_options o = {.steps = 10, .token = 1};
    qg_question q = {.model = &e, .batch = &batch, .target = target, .tokens = 100};
    numbers all = integrate(&q, &o);
    qt_eq("one call for the ends, one for the nodes", m.calls, 2);
    qt_eq("tokens", m.most, 90);
    m.calls = m.most = 0;
    q.tokens = 2; /* less than a text */
    numbers each = integrate(&q, &o);
    qt_eq("largest call", m.most, 4);
    qt_same("scores", all.score, each.score, T, sizeof(double));
    for (int t = 0; t < B; t++) {
        int n = splits[t + 1] - splits[t];
        int32_t ends[] = {0, n};
        qg_batch one = {1, ids + splits[t], ends};
        q = (qg_question){.model = &e, .batch = &one, .target = target + t};
        numbers alone = integrate(&q, &o);
        qt_same("alone", alone.score, all.score + splits[t], (size_t)n, sizeof(double));
        qt_same("alone", alone.delta, all.delta + t, 1, sizeof(double));
    }
}

static qg_code broken(void *ctx, double *value, float *dx, const float *x, const qg_batch *b,
                      const int32_t *k, qg_explain_output output, qg_explain_layer layer)
{
    QG_TRY(gradient(ctx, value, dx, x, b, k, output, layer));
    if (dx)
        dx[0] = NAN;
    else
        value[0] = INFINITY;
    return QG_OK;
}

static void numbers_that_are_not_finite_are_errors(void **state)
{
    (void)state;
    toy m = make(false);
    qg_explainable e = functions(&m);
    numbers n;
    qg_ig_result out = into(&n);
    qg_arena *a = qg_arena_create(0);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_ig_options o = {.steps = 1, .baseline = QG_BASELINE_ZERO};
    e.gradient = broken;
    qt_fails(qg_integrated_gradients(&out, &q, &o, a), QG_ENUMERIC, "text 0", "inf", NULL);
    qt_fails(qg_gradient_scores(n.score, NULL, &q, QG_SCORE_L2, a), QG_ENUMERIC, "text 0", NULL);
    qg_arena_destroy(a);
}

typedef struct job {
    const qg_question *q;
    numbers n;
} job;

static qg_code on_arena(qg_arena *a, void *ctx)
{
    job *j = ctx;
    qg_ig_result out = into(&j->n);
    qg_ig_options o = {.steps = 3, .token = 1};
    qg_smoothgrad_options s = {.draws = 2, .sigma = 0.1};
    QG_TRY(qg_integrated_gradients(&out, j->q, &o, a));
    return qg_smoothgrad(j->n.score, j->q, &s, a);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    toy m = make(true);
    qg_explainable e = functions(&m);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    job j = {.q = &q};
    qt_torture(on_arena, &j);
}

/* --------------------------------------------------------------------------------- gradients */

static void gradients_of_a_linear_function(void **state)
{
    (void)state;
    toy m = make(false);
    qg_explainable e = functions(&m);
    double score[T], value[B];
    qg_arena *a = qg_arena_create(0);
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_smoothgrad_options o = {.draws = 5, .sigma = 0.2, .seed = 1};
    for (int smooth = 0; smooth < 2; smooth++)
        for (int l2 = 0; l2 < 2; l2++) {
            qg_gradient_score kind = l2 ? QG_SCORE_L2 : QG_SCORE_TIMES_INPUT;
            o.score = kind;
            qt_ok(smooth ? qg_smoothgrad(score, &q, &o, a)
                         : qg_gradient_scores(score, value, &q, kind, a));
            for (int t = 0; t < B; t++)
                for (int i = splits[t]; i < splits[t + 1]; i++) {
                    const double *w = m.weight[target[t]];
                    double norm = sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]);
                    qt_close("score", score[i], l2 ? norm : dot(&m, target[t], m.table[ids[i]]), 0,
                             1e-6);
                }
        }
    for (int t = 0; t < B; t++)
        qt_close("value", value[t],
                 logit(&m, m.table[0], 0, target[t]) +
                     (t == 1 ? dot(&m, 1, m.table[6])
                             : dot(&m, target[t], m.table[ids[splits[t]]]) +
                                   dot(&m, target[t], m.table[ids[splits[t] + 1]]) +
                                   dot(&m, target[t], m.table[ids[splits[t] + 2]]) +
                                   dot(&m, target[t], m.table[ids[splits[t] + 3]])),
                 0, 1e-12);
    qg_arena_destroy(a);
}

/* E[f'(x + e)] of tanh by its own numerical integral over the normal density. */
static void smoothgrad_is_the_mean_over_noise_of_the_stated_size(void **state)
{
    (void)state;
    enum { DRAWS = 20000, GRID = 4000 };
    toy m = make(true);
    qg_explainable e = functions(&m);
    double score[T];
    qg_arena *a = qg_arena_create(0);
    int32_t ends[] = {0, 1}, id[] = {5}, k[] = {0};
    qg_batch one = {1, id, ends};
    qg_question q = {.model = &e, .batch = &one, .target = k};
    qg_smoothgrad_options o = {.draws = DRAWS, .sigma = 0.3, .seed = 7};
    const float *x = m.table[5];
    double lo = fmin(fmin((double)x[0], (double)x[1]), (double)x[2]);
    double hi = fmax(fmax((double)x[0], (double)x[1]), (double)x[2]);
    double sigma = 0.3 * (hi - lo), want = 0;
    for (int c = 0; c < C; c++)
        for (int i = 0; i < GRID; i++) {
            double z = -8 + 16 * (i + 0.5) / GRID;
            double density = exp(-z * z / 2) / sqrt(2 * acos(-1)) * 16 / GRID;
            want += density * m.weight[0][c] * slope(&m, (double)x[c] + sigma * z) * (double)x[c];
        }
    qt_ok(qg_smoothgrad(score, &q, &o, a));
    qt_close("mean", score[0], want, 0, 0.02);
    o.sigma = 0;
    qt_ok(qg_smoothgrad(score, &q, &o, a));
    assert_true(fabs(score[0] - want) > 0.3);
    qg_arena_destroy(a);
}

static void noise_is_keyed_by_sample_and_seed(void **state)
{
    (void)state;
    toy m = make(true);
    qg_explainable e = functions(&m);
    double all[T], alone[T], other[T];
    qg_arena *a = qg_arena_create(0);
    static const int64_t sample[B] = {30, 40, 50};
    qg_question q = {.model = &e, .batch = &batch, .target = target};
    qg_smoothgrad_options o = {.draws = 4, .sigma = 0.2, .seed = 3, .sample = sample};
    qt_ok(qg_smoothgrad(all, &q, &o, a));
    int32_t ends[] = {0, 4};
    qg_batch one = {1, ids + 5, ends};
    q = (qg_question){.model = &e, .batch = &one, .target = target + 2, .tokens = 1};
    o.sample = sample + 2;
    qt_ok(qg_smoothgrad(alone, &q, &o, a));
    qt_same("the same sample elsewhere", alone, all + 5, 4, sizeof(double));
    o.seed = 4;
    qt_ok(qg_smoothgrad(other, &q, &o, a));
    for (int i = 0; i < 4; i++)
        assert_true(other[i] != alone[i]);
    qg_arena_destroy(a);
}

/* --------------------------------------------------------------------------------- attention */

static void rollout_of_known_attention(void **state)
{
    (void)state;
    enum { N = 3, L = 2, H = 2 };
    double r[N * N], layer[L * N * N];
    float p[L * H * N * N];
    qg_arena *a = qg_arena_create(0);
    for (size_t i = 0; i < sizeof p / sizeof *p; i++) /* every row to token 1, or to itself */
        p[i] = (i / (N * N)) % H == 0 ? (i % N == 1) : (i % N == i / N % N);
    qt_ok(qg_attention_rollout(r, layer, p, L, H, N, a));
    /* M = 3/4 I + 1/4 [every row to 1]; M^2 = 9/16 I + 7/16 [...] */
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            qt_close("layer 1", layer[i * N + j], (i == j) * 0.75 + (j == 1) * 0.25, 0, 1e-15);
            qt_close("layer 2", r[i * N + j], (i == j) * 0.5625 + (j == 1) * 0.4375, 0, 1e-15);
        }
    qt_same("the last layer", layer + N * N, r, N * N, sizeof(double));
    qg_arena_destroy(a);
}

static void entropy_is_one_for_equal_shares_and_none_for_one(void **state)
{
    (void)state;
    static const float p[2 * 9] = {1 / 3.0F, 1 / 3.0F, 1 / 3.0F, 0, 1, 0, 0, 0.5F, 0.5F,
                                   0,        1,        0,        0, 1, 0, 0, 1,    0};
    double e[2];
    qg_attention_entropy(e, p, 2, 1, 3, 0);
    qt_close("equal", e[0], 1, 0, 1e-7);
    qt_close("one", e[1], 0, 0, 0);
    qg_attention_entropy(e, p, 1, 2, 3, 2);
    qt_close("half", e[0], log(2) / log(3), 0, 1e-12);
    qg_attention_entropy(e, p + 9 + 1, 1, 1, 1, 0);
    assert_true(isnan(e[0]));
}

/* ------------------------------------------------------------------------------------- words */

static void words_have_the_sum_mean_or_largest_of_their_tokens(void **state)
{
    (void)state;
    static const int32_t word_of[] = {-1, 0, 0, 1, 2, 2, 2, -1};
    static const double token[] = {9, 1, -3, 0.5, 2, -2, 1, 9};
    static const double want[3][3] = {{-2, 0.5, 1}, {-1, 0.5, 1.0 / 3}, {-3, 0.5, 2}};
    for (int how = 0; how < 3; how++) {
        double word[4];
        qg_word_scores(word, 4, token, word_of, NULL, 8, (qg_aggregation)how);
        qt_close_f64(qg_aggregation_names[how], word, want[how], 3, 0, 1e-15);
        assert_true(isnan(word[3]));
    }
}

/* A word of two units around a token of none, one of none alone, and the same unit in the next
 * word, whose token is of it as well. */
static void units_count_once_at_each_place(void **state)
{
    (void)state;
    static const int32_t word_of[] = {-1, 0, 0, 0, 0, 1, 2, 3, 4, -1};
    static const int32_t unit[] = {-1, 0, 0, -1, 1, -1, 1, 1, 1, -1};
    static const double token[] = {9, 2, 2, 0, -3, 0, -3, -3, -3, 9};
    static const double want[3][5] = {
        {-1, 0, -3, -3, -3}, {-0.5, 0, -3, -3, -3}, {-3, 0, -3, -3, -3}};
    for (int how = 0; how < 3; how++) {
        double word[6];
        qg_word_scores(word, 6, token, word_of, unit, 10, (qg_aggregation)how);
        qt_close_f64(qg_aggregation_names[how], word, want[how], 5, 0, 1e-15);
        assert_true(isnan(word[5]));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gauss_is_exact_up_to_degree_2n_minus_1),
    cmocka_unit_test(other_rules_have_the_nodes_that_their_names_say),
    cmocka_unit_test(a_linear_function_is_explained_exactly_by_one_node),
    cmocka_unit_test(kept_tokens_are_the_callers_choice),
    cmocka_unit_test(a_bent_function_is_integrated),
    cmocka_unit_test(steps_are_doubled_until_the_scores_are_complete),
    cmocka_unit_test(calls_are_filled_up_to_the_budget_and_change_no_bits),
    cmocka_unit_test(numbers_that_are_not_finite_are_errors),
    cmocka_unit_test(memory_that_runs_out_is_an_error),
    cmocka_unit_test(gradients_of_a_linear_function),
    cmocka_unit_test(smoothgrad_is_the_mean_over_noise_of_the_stated_size),
    cmocka_unit_test(noise_is_keyed_by_sample_and_seed),
    cmocka_unit_test(rollout_of_known_attention),
    cmocka_unit_test(entropy_is_one_for_equal_shares_and_none_for_one),
    cmocka_unit_test(words_have_the_sum_mean_or_largest_of_their_tokens),
    cmocka_unit_test(units_count_once_at_each_place),
};
QT_MAIN("attribution", tests)
