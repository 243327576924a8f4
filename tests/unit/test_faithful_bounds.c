/*
 * test_faithful_bounds.c - AOPC between its bounds over all orders, scores beside what each word
 * alone is worth, vectors masked by importance: closed forms on the toy, brute force over orders.
 */
#include "perturb_rig.h"
#include "qt.h"

#include "qgrid/aopc_bounds.h"
#include "qgrid/faithfulness.h"
#include "qgrid/faithfulness_of.h"
#include "xai/measure/soft.h"

#include <math.h>
#include <string.h>

enum { TARGET = 1, MOST = 6 };
static const qg_specials specials = {.pad = 0, .unk = 1, .cls = 2, .sep = 3, .mask = 4};

/* A text of one-letter words, its sample and its explainer. */
typedef struct text_rig {
    perturb_rig r;
    qg_explainer e;
    qg_sample s;
    qg_encoding code;
    qg_explain_text text;
} text_rig;

static void start(text_rig *x, const char *letters)
{
    perturb_rig_start(&x->r, 5, 0);
    x->s = perturb_rig_sample(x->r.a, letters, 7);
    x->code = (qg_encoding){.n = x->s.n, .n_words = x->s.units};
    x->code.ids = qg_arena_alloc(x->r.a, (size_t)x->s.n, sizeof *x->code.ids);
    x->code.word = qg_arena_alloc(x->r.a, (size_t)x->s.n, sizeof *x->code.word);
    memcpy(x->code.ids, x->s.ids, (size_t)x->s.n * sizeof *x->code.ids);
    memcpy(x->code.word, x->s.unit, (size_t)x->s.n * sizeof *x->code.word);
    x->text = (qg_explain_text){7, &x->code, TARGET};
    x->e = (qg_explainer){&x->r.model, x->r.p, specials, x->r.a};
}

/* With AOPC between exact bounds where it is over all lengths. */
static qg_faithful measure(text_rig *x, double *score, const qg_faithful_options *o)
{
    qg_explanation given = {.word_score = score};
    qg_aopc_search how = {.exact = MOST, .beam = 1, .masking = o->masking};
    qg_aopc_bounds bounds;
    int32_t target = TARGET;
    qg_faithful got;
    qt_ok(qg_faithful_measure(&got, &x->e, &x->text, &given, 1, o, NULL, 42));
    qt_nan("not normalised", got.scalar[QG_FAITHFUL_normalised_comprehensiveness]);
    if (o->normalised) {
        qt_ok(qg_aopc_find_bounds(&bounds, x->r.p, &x->s, &target, 1, &how));
        qg_faithful_normalise(&got, &bounds);
    }
    return got;
}

/* ---------------------------------------------------------------------------------- all orders */

static bool next_order(int *order, int n)
{
    int i = n - 2, j = n - 1;
    while (i >= 0 && order[i] > order[i + 1])
        i--;
    if (i < 0)
        return false;
    while (order[j] < order[i])
        j--;
    int keep = order[i];
    order[i] = order[j];
    order[j] = keep;
    for (int a = i + 1, b = n - 1; a < b; a++, b--) {
        keep = order[a];
        order[a] = order[b];
        order[b] = keep;
    }
    return true;
}

/* p of the words in `set`, as the model says it. */
static double p_with(text_rig *x, uint32_t set, qg_masking masking)
{
    uint8_t present[MOST];
    int64_t slot;
    for (int u = 0; u < x->s.units; u++)
        present[u] = set >> u & 1;
    qt_ok(qg_perturb_add(&slot, x->r.p, &x->s, present, masking));
    qt_ok(qg_perturb_run(x->r.p));
    return qg_perturb_value(x->r.p, slot, TARGET, QG_EXPLAIN_PROBABILITY);
}

/* AOPC over all lengths of one order; scores that make it that order. */
static double aopc_of_order(double *score, text_rig *x, const int *order, qg_masking masking)
{
    int W = x->s.units;
    uint32_t left = (1U << W) - 1;
    double full = p_with(x, left, masking), sum = 0;
    for (int k = 0; k < W; k++) {
        left &= ~(1U << order[k]);
        sum += full - p_with(x, left, masking);
        score[order[k]] = W - k;
    }
    return sum / W;
}

static void exact_bounds_are_those_of_all_orders(void **state)
{
    (void)state;
    static const qg_masking maskings[] = {QG_MASKING_MASK, QG_MASKING_DELETE};
    text_rig x;
    start(&x, "abcde");
    for (int i = 0; i < 2; i++) {
        int order[] = {0, 1, 2, 3, 4}, orders = 0;
        double least = INFINITY, greatest = -INFINITY, score[5], worst[5], best[5];
        qg_aopc_search how = {.exact = 5, .beam = 1, .masking = maskings[i]};
        qg_aopc_bounds got;
        int32_t target = TARGET;
        do {
            double v = aopc_of_order(score, &x, order, maskings[i]);
            if (v < least)
                memcpy(worst, score, sizeof worst);
            if (v > greatest)
                memcpy(best, score, sizeof best);
            least = fmin(least, v);
            greatest = fmax(greatest, v);
            orders++;
        } while (next_order(order, 5));
        qt_eq("orders", orders, 120);
        assert_true(greatest - least > 0.01);
        qt_ok(qg_aopc_find_bounds(&got, x.r.p, &x.s, &target, 1, &how));
        qt_close("lower", got.lower, least, 0, 1e-15);
        qt_close("upper", got.upper, greatest, 0, 1e-15);
        qg_faithful_options o = {.n_k = 1, .k = {1}, .masking = maskings[i], .normalised = true};
        qg_faithful f = measure(&x, best, &o);
        qt_close("best", f.scalar[QG_FAITHFUL_normalised_comprehensiveness], 1, 0, 0);
        f = measure(&x, worst, &o);
        qt_close("worst", f.scalar[QG_FAITHFUL_normalised_comprehensiveness], 0, 0, 0);
        /* what the last words of the worst order lose alone is least: as sufficiency it is 1 */
        for (int u = 0; u < 5; u++)
            worst[u] = -worst[u], best[u] = -best[u];
        f = measure(&x, worst, &o);
        qt_close("reversed", f.scalar[QG_FAITHFUL_normalised_sufficiency], 0, 0, 1e-12);
        f = measure(&x, best, &o);
        qt_close("reversed", f.scalar[QG_FAITHFUL_normalised_sufficiency], 1, 0, 1e-12);
    }
    perturb_rig_end(&x.r);
}

/* An order in between, by the definitions at each k. */
static void all_lengths_are_means_of_both_measures(void **state)
{
    (void)state;
    text_rig x;
    start(&x, "fghij");
    double score[] = {3, 5, 1, 4, 2}, full = p_with(&x, 31, QG_MASKING_MASK);
    static const uint32_t top[] = {0, 2, 10, 11, 27, 31};
    double comprehensiveness = 0, sufficiency = 0;
    qg_faithful_options o = {.n_k = 5, .k = {1, 2, 3, 4, 5}, .normalised = true};
    qg_aopc_search how = {.exact = 5, .beam = 1};
    qg_aopc_bounds b;
    int32_t target = TARGET;
    qg_faithful f = measure(&x, score, &o);
    qt_ok(qg_aopc_find_bounds(&b, x.r.p, &x.s, &target, 1, &how));
    for (int k = 0; k < 5; k++) {
        comprehensiveness += full - p_with(&x, 31 & ~top[k + 1], QG_MASKING_MASK);
        sufficiency += full - p_with(&x, top[k], QG_MASKING_MASK);
    }
    qt_close("comprehensiveness", f.scalar[QG_FAITHFUL_full_aopc_comprehensiveness],
             comprehensiveness / 5, 0, 1e-15);
    qt_close("of all k", f.scalar[QG_FAITHFUL_aopc_comprehensiveness], comprehensiveness / 5, 0,
             1e-15);
    qt_close("sufficiency", f.scalar[QG_FAITHFUL_full_aopc_sufficiency], sufficiency / 5, 0, 1e-15);
    qt_close("normalised", f.scalar[QG_FAITHFUL_normalised_comprehensiveness],
             (comprehensiveness / 5 - b.lower) / (b.upper - b.lower), 0, 1e-12);
    qt_close("normalised", f.scalar[QG_FAITHFUL_normalised_sufficiency],
             (sufficiency / 5 - b.lower) / (b.upper - b.lower), 0, 1e-12);
    perturb_rig_end(&x.r);
}

static void a_beam_wide_enough_is_exact(void **state)
{
    (void)state;
    text_rig x;
    start(&x, "abcdef");
    qg_sample s[] = {perturb_rig_sample(x.r.a, "gh", 1), x.s, perturb_rig_sample(x.r.a, "", 2),
                     perturb_rig_sample(x.r.a, "k", 3)};
    int32_t target[] = {0, TARGET, 1, 2};
    qg_aopc_bounds exact[4], wide[4], narrow[4], alone;
    qg_aopc_search all = {.exact = 6, .beam = 1}, full = {.exact = 0, .beam = 20},
                   one = {.exact = 0, .beam = 1};
    qt_ok(qg_aopc_find_bounds(exact, x.r.p, s, target, 4, &all));
    qt_ok(qg_aopc_find_bounds(wide, x.r.p, s, target, 4, &full));
    qt_ok(qg_aopc_find_bounds(narrow, x.r.p, s, target, 4, &one));
    for (int t = 0; t < 4; t++) {
        if (t == 2) {
            qt_nan("no words", exact[t].lower);
            qt_nan("no words", wide[t].upper);
            continue;
        }
        qt_same("all sets of a size", &wide[t], &exact[t], 1, sizeof exact[t]);
        assert_true(exact[t].lower <= narrow[t].lower && narrow[t].lower <= narrow[t].upper &&
                    narrow[t].upper <= exact[t].upper);
    }
    qt_close("one word has one order", exact[3].upper, exact[3].lower, 0, 0);
    qt_ok(qg_aopc_find_bounds(&alone, x.r.p, &s[1], &target[1], 1, &one));
    qt_same("alone", &alone, &narrow[1], 1, sizeof alone);
    perturb_rig_end(&x.r);
}

/* Greedily the word of the largest drop goes first; it is not where the path of the most is. */
static void a_narrow_beam_may_miss(void **state)
{
    (void)state;
    text_rig x;
    bool missed = false;
    for (uint64_t seed = 1; seed <= 40 && !missed; seed++) {
        perturb_rig_start(&x.r, seed, 0);
        for (int k = 0; k < TOY_CLASSES; k++) /* far from additive */
            for (int c = 0; c < TOY_HIDDEN; c++)
                x.r.toy.u[k][c] *= 64;
        x.s = perturb_rig_sample(x.r.a, "abcdef", 7);
        qg_aopc_search all = {.exact = 6, .beam = 1}, one = {.exact = 5, .beam = 1};
        qg_aopc_bounds exact, narrow;
        int32_t target = TARGET;
        qt_ok(qg_aopc_find_bounds(&exact, x.r.p, &x.s, &target, 1, &all));
        qt_ok(qg_aopc_find_bounds(&narrow, x.r.p, &x.s, &target, 1, &one));
        missed = narrow.upper < exact.upper || narrow.lower > exact.lower;
        perturb_rig_end(&x.r);
    }
    assert_true(missed);
}

static void the_cost_is_what_runs(void **state)
{
    (void)state;
    text_rig x;
    start(&x, "abcdef");
    qg_aopc_search all = {.exact = 6, .beam = 1}, some = {.exact = 0, .beam = 2};
    qg_aopc_bounds got;
    int32_t target = TARGET;
    qt_ok(qg_aopc_find_bounds(&got, x.r.p, &x.s, &target, 1, &all));
    qt_eq("exact", x.r.toy.texts, 64);
    qt_eq("exact", (long long)qg_aopc_bounds_cost(&all, 6), 64);
    perturb_rig_end(&x.r);
    start(&x, "abcdef");
    qt_ok(qg_aopc_find_bounds(&got, x.r.p, &x.s, &target, 1, &some));
    /* for each bound 6, then two sets of 5, 4, 3, 2 and 1 more words, each set once */
    qt_close("beam", qg_aopc_bounds_cost(&some, 6), 2 * (6 + 10 + 8 + 6 + 4 + 1), 0, 0);
    assert_true(x.r.toy.texts > 7 && (double)x.r.toy.texts <= qg_aopc_bounds_cost(&some, 6));
    perturb_rig_end(&x.r);
}

static qg_code search(qg_arena *a, void *ctx)
{
    text_rig *x = ctx;
    qg_perturber *p;
    qg_sample s[] = {perturb_rig_sample(x->r.a, "gh", 1), x->s};
    int32_t target[] = {0, TARGET};
    qg_aopc_bounds got[2];
    qg_aopc_search how = {.exact = 2, .beam = 2};
    QG_TRY(qg_perturber_make(&p, a, &x->r.model, specials, 0));
    return qg_aopc_find_bounds(got, p, s, target, 2, &how);
}

static void errors_come_through(void **state)
{
    (void)state;
    text_rig x;
    start(&x, "abcd");
    qt_torture(search, &x);
    x.r.toy.fail_at = (int)x.r.toy.calls + 2; /* in the second step of the beam */
    qt_fails(search(x.r.a, &x), QG_ELOST, "told to fail", NULL);
    perturb_rig_end(&x.r);
}

static void a_constant_output_has_no_normalised_aopc(void **state)
{
    (void)state;
    text_rig x;
    start(&x, "abcd");
    memset(x.r.toy.u, 0, sizeof x.r.toy.u);
    double score[] = {4, 3, 2, 1};
    qg_faithful_options o = {
        .n_k = 1, .k = {1}, .normalised = true, .leave_one_out = true, .soft = 2};
    qg_faithful f = measure(&x, score, &o);
    qt_close("all lengths", f.scalar[QG_FAITHFUL_full_aopc_comprehensiveness], 0, 0, 0);
    qt_nan("normalised", f.scalar[QG_FAITHFUL_normalised_comprehensiveness]);
    qt_nan("normalised", f.scalar[QG_FAITHFUL_normalised_sufficiency]);
    qt_nan("tau", f.scalar[QG_FAITHFUL_tau_loo]);
    qt_nan("soft", f.scalar[QG_FAITHFUL_soft_sufficiency]);
    qt_nan("soft", f.scalar[QG_FAITHFUL_soft_comprehensiveness]);
    perturb_rig_end(&x.r);
}

/* --------------------------------------------------------------------------------- leave one out
 */

static void tau_of_occlusion_is_one(void **state)
{
    (void)state;
    text_rig x;
    start(&x, "abcde");
    qg_faithful_options o = {.n_k = 1, .k = {1}, .leave_one_out = true};
    qg_method_spec occlusion;
    qg_explanation got;
    double score[5];
    int at[5];
    qt_ok(qg_method_spec_parse(&occlusion, x.r.a, "\"occlusion\""));
    qt_ok(qg_explain(&got, &x.e, &x.text, 1, &occlusion, 42));
    qt_close("itself", measure(&x, got.word_score, &o).scalar[QG_FAITHFUL_tau_loo], 1, 0, 1e-12);
    for (int u = 0; u < 5; u++) {
        score[u] = -got.word_score[u];
        at[u] = 0;
        for (int v = 0; v < 5; v++)
            at[u] += got.word_score[v] < got.word_score[u];
    }
    qt_close("reversed", measure(&x, score, &o).scalar[QG_FAITHFUL_tau_loo], -1, 0, 1e-12);
    for (int u = 0; u < 5; u++) /* two neighbours change places: one of ten pairs is discordant */
        score[u] = at[u] == 2 ? 3 : at[u] == 3 ? 2 : at[u];
    qt_close("one pair", measure(&x, score, &o).scalar[QG_FAITHFUL_tau_loo], 0.8, 0, 1e-12);
    for (int u = 0; u < 5; u++)
        score[u] = u % 2 ? fabs(got.word_score[u]) : -fabs(got.word_score[u]);
    o.by_magnitude = true;
    qt_close("magnitude", measure(&x, score, &o).scalar[QG_FAITHFUL_tau_loo], 1, 0, 1e-12);
    o.leave_one_out = false;
    qt_nan("not asked for", measure(&x, score, &o).scalar[QG_FAITHFUL_tau_loo]);
    perturb_rig_end(&x.r);
}

/* ------------------------------------------------------------------------------------------ soft
 */

static void soft_measures_by_hand(void **state)
{
    (void)state;
    qt_close("sufficiency", qg_soft_faithfulness(0.9, 0.7, 0.4, true), 0.6, 0, 1e-15);
    qt_close("comprehensiveness", qg_soft_faithfulness(0.9, 0.7, 0.4, false), 0.4, 0, 1e-15);
    qt_close("more than all", qg_soft_faithfulness(0.9, 0.2, 0.4, true), -0.4, 0, 1e-15);
    qt_close("a gain is no loss", qg_soft_faithfulness(0.5, 0.7, 0.4, false), 0, 0, 0);
    qt_close("a gain is no loss", qg_soft_faithfulness(0.5, 0.7, 0.4, true), 1, 0, 0);
    qt_nan("nothing to lose", qg_soft_faithfulness(0.5, 0.4, 0.6, true));
    double a[3];
    static const double score[] = {-1, 3, 1}, equal[] = {2, -2, 2};
    assert_true(qg_soft_importance(a, score, 3, false));
    qt_close_f64("importance", a, (const double[]){0, 1, 0.5}, 3, 0, 1e-15);
    assert_true(qg_soft_importance(a, equal, 3, false));
    assert_false(qg_soft_importance(a, equal, 3, true));
}

/* Every number of a vector adds to the class, so little that p is linear: a word of importance a
 * keeps (loses) the share a of its term in the mean. */
static void soft_measures_of_a_linear_model(void **state)
{
    (void)state;
    enum { DRAWS = 2000 };
    text_rig x;
    start(&x, "abcd");
    memset(x.r.toy.bias, 0, sizeof x.r.toy.bias);
    memset(x.r.toy.u, 0, sizeof x.r.toy.u);
    for (int c = 0; c < TOY_HIDDEN; c++)
        x.r.toy.u[TARGET][c] = 1.0F / 65536;
    for (int id = 0; id < TOY_VOCAB; id++)
        for (int c = 0; c < TOY_HIDDEN; c++)
            x.r.toy.e[id][c] = 0.25F + fabsf(x.r.toy.e[id][c]);
    double score[] = {0, 2, 8, 1}, kept = 0, all = 0, variance = 0;
    for (int u = 0; u < 4; u++) {
        const float *e = x.r.toy.e[x.s.ids[u + 1]];
        double a = score[u] / 8;
        for (int c = 0; c < TOY_HIDDEN; c++) {
            kept += a * (double)e[c];
            all += (double)e[c];
            variance += a * (1 - a) * (double)e[c] * (double)e[c];
        }
    }
    double five_sigma = 5 * sqrt(variance / DRAWS) / all;
    qg_faithful_options o = {.n_k = 1, .k = {1}, .soft = DRAWS};
    qg_faithful f = measure(&x, score, &o);
    assert_true(five_sigma < 0.02);
    qt_close("kept", f.scalar[QG_FAITHFUL_soft_sufficiency], kept / all, 0, five_sigma);
    /* the numbers that stay for one are those that go for the other */
    qt_close("lost", f.scalar[QG_FAITHFUL_soft_comprehensiveness],
             f.scalar[QG_FAITHFUL_soft_sufficiency], 0, 1e-3);
    double sure[] = {1, 1, 0, 1};
    o.soft = 3;
    f = measure(&x, sure, &o);
    double term = 0;
    for (int c = 0; c < TOY_HIDDEN; c++)
        term += (double)x.r.toy.e[x.s.ids[3]][c];
    qt_close("all or nothing", f.scalar[QG_FAITHFUL_soft_sufficiency], 1 - term / all, 0, 1e-3);
    perturb_rig_end(&x.r);
}

static void soft_measures_need_vectors_and_scores_that_differ(void **state)
{
    (void)state;
    text_rig x;
    start(&x, "abcd");
    double score[] = {1, 2, 3, 4}, equal[] = {1, 1, 1, 1};
    qg_faithful_options o = {.n_k = 1, .k = {1}, .soft = 5};
    qg_faithful f = measure(&x, score, &o), again = measure(&x, score, &o);
    assert_true(isfinite(f.scalar[QG_FAITHFUL_soft_sufficiency]));
    qt_same("again", &f, &again, 1, sizeof f);
    qt_nan("equal", measure(&x, equal, &o).scalar[QG_FAITHFUL_soft_sufficiency]);
    x.r.model.gradient = NULL;
    qt_nan("no vectors", measure(&x, score, &o).scalar[QG_FAITHFUL_soft_comprehensiveness]);
    perturb_rig_end(&x.r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(exact_bounds_are_those_of_all_orders),
    cmocka_unit_test(all_lengths_are_means_of_both_measures),
    cmocka_unit_test(a_beam_wide_enough_is_exact),
    cmocka_unit_test(a_narrow_beam_may_miss),
    cmocka_unit_test(the_cost_is_what_runs),
    cmocka_unit_test(errors_come_through),
    cmocka_unit_test(a_constant_output_has_no_normalised_aopc),
    cmocka_unit_test(tau_of_occlusion_is_one),
    cmocka_unit_test(soft_measures_by_hand),
    cmocka_unit_test(soft_measures_of_a_linear_model),
    cmocka_unit_test(soft_measures_need_vectors_and_scores_that_differ),
};
QT_MAIN("faithful_bounds", tests)
