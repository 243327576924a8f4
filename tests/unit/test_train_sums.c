/*
 * test_train_sums.c - leaves, the tree over them, and the optimiser on slices.
 */
#include "train_rig.h"

#include "qgrid/metrics.h"

#include <math.h>
#include <string.h>

/* The tree by its definition: neighbours, level by level. */
static float by_definition(const float *x, int n)
{
    float level[64];
    memcpy(level, x, (size_t)n * sizeof *x);
    for (; n > 1; n = (n + 1) / 2)
        for (int i = 0; i < (n + 1) / 2; i++)
            level[i] = 2 * i + 1 < n ? level[2 * i] + level[2 * i + 1] : level[2 * i];
    return level[0];
}

static void the_tree_has_one_shape_however_it_is_summed(void **state)
{
    (void)state;
    enum { N = 9 };
    for (int leaves = 1; leaves <= 33; leaves++) {
        qg_arena *a = qg_arena_create(0);
        qg_rng rng = qg_rng_make((uint64_t)leaves, "tree", 0);
        float *leaf[33], want[N], column[33];
        double one[33];
        for (int l = 0; l < leaves; l++) {
            leaf[l] = qg_arena_alloc(a, N, sizeof(float));
            for (int i = 0; i < N; i++)
                leaf[l][i] = (float)(exp(3 * qg_rng_normal(&rng)) * (i % 2 ? 1 : -1));
            one[l] = (double)leaf[l][0];
        }
        for (int i = 0; i < N; i++) {
            for (int l = 0; l < leaves; l++)
                column[l] = leaf[l][i];
            want[i] = by_definition(column, leaves);
        }
        float untouched = leaf[0][0];
        qt_close("numbers", qg_tree_sum_f64(one, leaves), (double)want[0], 1e-5, 1e-6);
        qg_tree_sum(leaf, leaves, 1, N - 1);
        qt_same("all at once", leaf[0] + 1, want + 1, N - 2, sizeof *want);
        qt_same("outside the slice", leaf[0], &untouched, 1, sizeof untouched);
        qg_arena_destroy(a);
    }
}

/* Ranks that own equal runs of leaves join their sums as the upper levels of the same tree. */
static void ranks_are_the_upper_levels_of_the_tree(void **state)
{
    (void)state;
    enum { LEAVES = 8 };
    float x[LEAVES], whole, *leaf[LEAVES];
    qg_rng rng = qg_rng_make(1, "tree", 0);
    for (int l = 0; l < LEAVES; l++)
        x[l] = (float)exp(4 * qg_rng_normal(&rng));
    whole = by_definition(x, LEAVES);
    for (int ranks = 1; ranks <= LEAVES; ranks *= 2) {
        float y[LEAVES], *top[LEAVES];
        memcpy(y, x, sizeof x);
        for (int l = 0; l < LEAVES; l++)
            leaf[l] = y + l;
        for (int r = 0; r < ranks; r++) {
            top[r] = leaf[r * LEAVES / ranks];
            qg_tree_sum(leaf + r * LEAVES / ranks, LEAVES / ranks, 0, 1);
        }
        qg_tree_sum(top, ranks, 0, 1);
        qt_same("sum", top[0], &whole, 1, sizeof whole);
    }
}

static void leaves_are_balanced_and_hold_every_text_once(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_rng rng = qg_rng_make(1, "cut", 0);
    for (int leaves = 1; leaves <= 16; leaves *= 2) {
        int order[32], again[32], starts[17], seen[32] = {0};
        int32_t tokens[32];
        int64_t least = 1 << 20, most = 0;
        for (int t = 0; t < 32; t++)
            tokens[t] = 3 + (int32_t)qg_rng_below(&rng, 60);
        qt_ok(qg_leaves_cut(order, starts, tokens, 32, leaves, a));
        qt_ok(qg_leaves_cut(again, starts, tokens, 32, leaves, a));
        qt_same("order", again, order, 32, sizeof *order);
        for (int l = 0; l < leaves; l++) {
            int64_t load = 0;
            for (int i = starts[l]; i < starts[l + 1]; i++) {
                load += tokens[order[i]];
                seen[order[i]]++;
                assert_true(i == starts[l] || order[i] > order[i - 1]);
            }
            least = load < least ? load : least;
            most = load > most ? load : most;
        }
        for (int t = 0; t < 32; t++)
            qt_eq("times in a leaf", seen[t], 1);
        assert_true(most - least <= 30);
    }
    int order[3], starts[9];
    int32_t tokens[] = {4, 9, 2};
    qt_ok(qg_leaves_cut(order, starts, tokens, 3, 8, a));
    qt_eq("leaves with texts", starts[3], 3);
    qt_eq("the last leaf", starts[8] - starts[7], 0);
    qg_arena_destroy(a);
}

static void epochs_are_permutations_by_counter(void **state)
{
    (void)state;
    enum { N = 500 };
    int64_t x[N], y[N];
    int seen[N] = {0}, same = 0;
    qg_epoch_order(x, N, 42, 1);
    qg_epoch_order(y, N, 42, 1);
    qt_same("again", x, y, N, sizeof *x);
    qg_epoch_order(y, N, 42, 2);
    for (int i = 0; i < N; i++) {
        seen[x[i]]++;
        same += x[i] == y[i];
    }
    for (int i = 0; i < N; i++)
        qt_eq("visits", seen[i], 1);
    assert_true(same < 20);
}

static void slices_update_and_measure_as_the_whole_does(void **state)
{
    (void)state;
    qg_config c = rig_config();
    c.vocab = 20000; /* several blocks of the norm */
    c.positions = 100;
    for (int kind = QG_ADAMW_TORCH; kind <= QG_ADAMW_TRANSFORMERS; kind++) {
        rig whole, parts;
        rig_random(&whole, &c, 7, 1);
        rig_random(&parts, &c, 7, 1);
        whole.adamw.kind = parts.adamw.kind = (qg_adamw_kind)kind;
        parts.slices = 3;
        whole.schedule = parts.schedule = (qg_schedule){QG_SCHEDULE_CONSTANT, 1e-2, 0, 0};
        for (uint64_t s = 0; s < 3; s++) {
            qg_train_batch b = rig_batch(whole.arena, &c, 8, 12, s);
            rig_step(&whole, &b, s);
            rig_step(&parts, &b, s);
            double sums[64] = {0};
            for (int i = 0; i < 5; i++)
                qg_square_sums(sums, parts.grad, qg_slice_start(parts.params.count, 5, i),
                               qg_slice_start(parts.params.count, 5, i + 1));
            double norm = qg_norm(sums, qg_norm_blocks(parts.params.count));
            qt_same("norm", &norm, &whole.norm, 1, sizeof norm);
        }
        qt_same("values", parts.values, whole.values, whole.params.count, sizeof(float));
        qt_same("m", parts.m, whole.m, whole.params.count, sizeof(float));
        qt_same("v", parts.v, whole.v, whole.params.count, sizeof(float));
        rig_free(&whole);
        rig_free(&parts);
    }
}

/* A run cut anywhere and slices that end inside tensors. */
static void any_cut_gives_the_same_update(void **state)
{
    (void)state;
    rig x, y;
    qg_config c = rig_config();
    rig_random(&x, &c, 7, 1);
    rig_random(&y, &c, 7, 1);
    qg_train_batch b = rig_batch(x.arena, &c, 8, 12, 1);
    rig_gradient(&x, &b, 0);
    size_t n = x.params.count;
    qg_adamw_step(x.values, x.m, x.v, x.grad, &x.params, 0, n,
                  &(qg_adamw_update){&x.adamw, 1e-2, 4, 0.5f});
    for (size_t from = 0; from < n; from += 37) {
        size_t to = n - from < 37 ? n : from + 37;
        qg_adamw_step(y.values, y.m + from, y.v + from, x.grad, &y.params, from, to,
                      &(qg_adamw_update){&y.adamw, 1e-2, 4, 0.5f});
    }
    qt_same("values", y.values, x.values, n, sizeof(float));
    rig_free(&x);
    rig_free(&y);
}

static void adamw_equals_its_formula(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    rig_random(&r, &c, 7, 1);
    size_t bias = r.params.param[qg_params_find(&r.params, "classifier.bias")].offset;
    size_t weight = r.params.param[qg_params_find(&r.params, "classifier.weight")].offset;
    float grad[3] = {0.25f, -0.5f, 1};
    double m = 0, v = 0, p[2] = {(double)r.values[bias], (double)r.values[weight]};
    for (uint64_t s = 0; s < 3; s++) {
        double g = 0.5 * (double)grad[s], t = (double)s + 1;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        for (int i = 0; i < 2; i++) {
            p[i] -= i ? 1e-2 * 0.01 * p[i] : 0;
            p[i] -= 1e-2 * (m / (1 - pow(0.9, t))) / (sqrt(v / (1 - pow(0.999, t))) + 1e-8);
        }
        r.block[0][bias] = r.block[0][weight] = grad[s];
        qg_adamw_step(r.values, r.m, r.v, r.block[0], &r.params, 0, r.params.count,
                      &(qg_adamw_update){&r.adamw, 1e-2, s, 0.5f});
    }
    qt_close("without decay", (double)r.values[bias], p[0], 1e-6, 0);
    qt_close("with decay", (double)r.values[weight], p[1], 1e-6, 0);
    rig_free(&r);
}

static void schedules_equal_their_closed_forms(void **state)
{
    (void)state;
    const qg_schedule linear = {QG_SCHEDULE_LINEAR, 2e-5, 10, 110};
    const qg_schedule constant = {QG_SCHEDULE_CONSTANT, 2e-5, 10, 110};
    const qg_schedule cosine = {QG_SCHEDULE_COSINE, 2e-5, 10, 110};
    const qg_schedule *all[] = {&linear, &constant, &cosine};
    for (int i = 0; i < 3; i++) {
        qt_close("first", qg_schedule_rate(all[i], 0), 0, 0, 0);
        qt_close("warm-up", qg_schedule_rate(all[i], 5), 1e-5, 1e-12, 0);
        qt_close("top", qg_schedule_rate(all[i], 10), 2e-5, 1e-12, 0);
    }
    qt_close("linear", qg_schedule_rate(&linear, 35), 1.5e-5, 1e-12, 0);
    qt_close("constant", qg_schedule_rate(&constant, 109), 2e-5, 1e-12, 0);
    qt_close("cosine", qg_schedule_rate(&cosine, 60), 1e-5, 1e-12, 0);
    qt_close("cosine", qg_schedule_rate(&cosine, 35), 1e-5 * (1 + sqrt(0.5)), 1e-12, 0);
    qt_close("after the end", qg_schedule_rate(&linear, 500), 0, 0, 0);
    qt_close("after the end", qg_schedule_rate(&cosine, 110), 0, 0, 0);
    qg_schedule none = {QG_SCHEDULE_LINEAR, 1, 0, 4};
    qt_close("without warm-up", qg_schedule_rate(&none, 0), 1, 0, 0);
}

static void norms_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    float c;
    qt_ok(qg_clip(&c, 4, 1, 3));
    qt_close("clipped", (double)c, 1 / (4 + 1e-6), 1e-7, 0);
    qt_ok(qg_clip(&c, 0.5, 1, 3));
    qt_close("not clipped", (double)c, 1, 0, 0);
    qt_ok(qg_clip(&c, 1e9, 0, 3));
    qt_close("no limit", (double)c, 1, 0, 0);
    qt_fails(qg_clip(&c, NAN, 1, 3), QG_ENUMERIC, "step 3", "nan", NULL);
    qt_fails(qg_clip(&c, INFINITY, 0, 4), QG_ENUMERIC, "step 4", "inf", NULL);
}

static void the_best_epoch_is_strictly_better_and_patience_ends(void **state)
{
    (void)state;
    const double f1[] = {0.5, 0.6, 0.6, NAN, 0.7, 0.1, 0.2, 0.3};
    const bool better[] = {true, true, false, false, true, false, false, false};
    qg_selection rising, falling;
    qt_ok(qg_selection_start(&rising, "macro_f1", 3));
    qt_ok(qg_selection_start(&falling, "nll", 0));
    for (int e = 0; e < 8; e++) {
        qg_scores scores = {.macro_f1 = f1[e], .nll = -f1[e]};
        qt_eq("stops", qg_selection_stops(&rising), false);
        qt_eq("better", qg_selection_take(&rising, e, &scores), better[e]);
        qt_eq("better", qg_selection_take(&falling, e, &scores), better[e]);
    }
    qt_eq("stops", qg_selection_stops(&rising), true);
    qt_eq("no patience asked for", qg_selection_stops(&falling), false);
    qt_eq("best", rising.best_epoch, 4);
    qt_close("best", falling.best, -0.7, 0, 0);
    qt_fails(qg_selection_start(&rising, "f1", 1), QG_EJOB, "'f1'", "macro_f1", NULL);
    qt_fails(qg_selection_start(&rising, "mean_confidence", 1), QG_EJOB, "accuracy", NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_tree_has_one_shape_however_it_is_summed),
    cmocka_unit_test(ranks_are_the_upper_levels_of_the_tree),
    cmocka_unit_test(leaves_are_balanced_and_hold_every_text_once),
    cmocka_unit_test(epochs_are_permutations_by_counter),
    cmocka_unit_test(slices_update_and_measure_as_the_whole_does),
    cmocka_unit_test(any_cut_gives_the_same_update),
    cmocka_unit_test(adamw_equals_its_formula),
    cmocka_unit_test(schedules_equal_their_closed_forms),
    cmocka_unit_test(the_best_epoch_is_strictly_better_and_patience_ends),
    cmocka_unit_test(norms_that_are_not_finite_are_refused),
};
QT_MAIN("train_sums", tests)
