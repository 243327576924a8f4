/*
 * test_shap.c - KernelSHAP and partition SHAP: closed form on a linear toy, and plain enumeration
 * of orders on its probabilities, which are not linear.
 */
#include "qt.h"

#include "perturb_rig.h"

#include <math.h>
#include <string.h>

static const int32_t first_class[] = {0, 0, 0, 0}, second_class[] = {1, 1, 1, 1};

static void check_linear(const perturb_rig *r, const qg_sample *s, const qg_attribution *got)
{
    qt_eq("units", got->n, s->units);
    for (int u = 0; u < s->units; u++)
        qt_close("score", got->score[u], perturb_rig_term(r, s, u, got->target, true), 0, 1e-12);
    qt_close("delta", got->delta, 0, 0, 1e-12 * s->units);
}

/* Mean over all orders of the players that `allowed` admits of what each adds when it comes. */
typedef struct orders {
    const double *v;
    int n, count;
    double phi[8];
    bool (*allowed)(const int *order, int n);
} orders;

static void walk(orders *w, int *order, int at)
{
    if (at < w->n) {
        for (int i = at; i < w->n; i++) {
            int t = order[at];
            order[at] = order[i], order[i] = t;
            walk(w, order, at + 1);
            t = order[at];
            order[at] = order[i], order[i] = t;
        }
        return;
    }
    if (w->allowed && !w->allowed(order, w->n))
        return;
    uint32_t set = 0;
    w->count++;
    for (int i = 0; i < w->n; i++) {
        w->phi[order[i]] += w->v[set | 1U << order[i]] - w->v[set];
        set |= 1U << order[i];
    }
}

static void mean_over_orders(orders *w, const perturb_rig *r, const qg_sample *s, int k)
{
    int order[8];
    static double v[1 << 8];
    for (uint32_t set = 0; set < 1U << s->units; set++)
        v[set] = perturb_rig_value(r, s, set, k, QG_EXPLAIN_PROBABILITY);
    for (int i = 0; i < s->units; i++)
        order[i] = i;
    w->v = v;
    w->n = s->units;
    walk(w, order, 0);
    for (int i = 0; i < w->n; i++)
        w->phi[i] /= w->count;
}

static void kernel_shap_is_the_mean_over_all_orders(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 4, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdea", 1);
    qg_attribution out;
    orders w = {0};
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qt_ok(qg_kernel_shap(&out, r.p, &s, second_class, 1, &o));
    mean_over_orders(&w, &r, &s, 1);
    qt_eq("orders", w.count, 720);
    qt_close_f64("phi", out.score, w.phi, 6, 0, 1e-13);
    qt_eq("evaluations", out.evaluations, 2 + 64);
    /* the two ends are coalitions too, and count once */
    qt_eq("forwards", qg_perturb_count(r.p).distinct, 64);
    perturb_rig_end(&r);
}

static void shap_efficiency_symmetry_dummy(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 5, 0);
    /* a at both ends are symmetric; the third is [MASK] itself and changes nothing */
    qg_sample s = perturb_rig_sample(r.a, "ab#ca", 1);
    qg_attribution out[2];
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qg_partition_shap_options po = qg_partition_shap_defaults();
    qt_ok(qg_kernel_shap(&out[0], r.p, &s, first_class, 1, &o));
    qt_ok(qg_partition_shap(&out[1], r.p, &s, first_class, 1, &po));
    qt_close("symmetry", out[0].score[0], out[0].score[4], 0, 1e-14);
    assert_true(fabs(out[0].score[0]) > 1e-3);
    for (int i = 0; i < 2; i++) {
        qt_close("efficiency", out[i].delta, 0, 0, 1e-14);
        qt_close("dummy", out[i].score[2], 0, 0, 1e-15);
    }
    perturb_rig_end(&r);
}

static void shap_is_exact_on_a_linear_model(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 6, 0);
    qg_sample s[] = {perturb_rig_sample(r.a, "abcdefghijkl", 1), perturb_rig_sample(r.a, "abc", 2)};
    qg_attribution out[2];
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qg_partition_shap_options po = qg_partition_shap_defaults();
    o.output = po.output = QG_EXPLAIN_LOGIT;
    qt_ok(qg_kernel_shap(out, r.p, s, first_class, 2, &o));
    qt_eq("drawn", out[0].evaluations, 1002);
    qt_eq("all", out[1].evaluations, 10);
    for (int i = 0; i < 2; i++)
        check_linear(&r, &s[i], &out[i]);
    qt_ok(qg_partition_shap(out, r.p, s, first_class, 2, &po));
    for (int i = 0; i < 2; i++)
        check_linear(&r, &s[i], &out[i]);
    perturb_rig_end(&r);
}

static void too_few_coalitions_still_add_up(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 6, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdefghijkl", 1);
    qg_attribution out;
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    o.coalitions = 3;
    qt_ok(qg_kernel_shap(&out, r.p, &s, first_class, 1, &o));
    qt_eq("pairs", out.evaluations, 2 + 4);
    qt_close("efficiency", out.delta, 0, 0, 1e-12);
    perturb_rig_end(&r);
}

static void drawn_coalitions_come_close_to_shapley(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 7, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdefgh", 1);
    qg_attribution exact, drawn;
    qg_kernel_shap_options o = qg_kernel_shap_defaults();
    qt_ok(qg_kernel_shap(&exact, r.p, &s, first_class, 1, &o));
    o.exact_units = 0;
    o.coalitions = 4000;
    qt_ok(qg_kernel_shap(&drawn, r.p, &s, first_class, 1, &o));
    double largest = 0;
    for (int u = 0; u < 8; u++)
        largest = fmax(largest, fabs(exact.score[u]));
    qt_close_f64("phi", drawn.score, exact.score, 8, 0, 0.03 * largest);
    perturb_rig_end(&r);
}

/* Orders in which every group of ((0,1),(2,(3,4))) comes in one piece. */
static bool in_one_piece(const int *order, int n, uint32_t members)
{
    int first = n, last = -1, count = 0;
    for (int i = 0; i < n; i++) {
        if (!(members >> order[i] & 1))
            continue;
        first = i < first ? i : first;
        last = i;
        count++;
    }
    return last - first + 1 == count;
}

static bool keeps_groups(const int *order, int n)
{
    return in_one_piece(order, n, 3) && in_one_piece(order, n, 28) && in_one_piece(order, n, 24);
}

static void partition_shap_is_the_mean_over_orders_that_keep_groups(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 8, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcde", 1);
    qg_attribution out;
    orders w = {.allowed = keeps_groups};
    qg_partition_shap_options o = qg_partition_shap_defaults();
    qt_ok(qg_partition_shap(&out, r.p, &s, second_class, 1, &o));
    mean_over_orders(&w, &r, &s, 1);
    qt_eq("orders", w.count, 16);
    qt_close_f64("phi", out.score, w.phi, 5, 0, 1e-13);
    perturb_rig_end(&r);
}

static void partition_shap_keeps_to_its_evaluations(void **state)
{
    (void)state;
    perturb_rig r;
    perturb_rig_start(&r, 8, 0);
    qg_sample s = perturb_rig_sample(r.a, "abcdefghijkl", 1);
    qg_attribution out;
    qg_partition_shap_options o = qg_partition_shap_defaults();
    for (o.evaluations = 2; o.evaluations < 60; o.evaluations += 3) {
        qt_ok(qg_partition_shap(&out, r.p, &s, first_class, 1, &o));
        qt_close("efficiency", out.delta, 0, 0, 1e-13);
        assert_true(out.evaluations <= o.evaluations && out.evaluations > o.evaluations - 2);
        if (o.evaluations == 2)
            for (int u = 0; u < 12; u++)
                qt_close("equal shares", out.score[u], (out.full - out.base) / 12, 0, 1e-15);
    }
    perturb_rig_end(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(kernel_shap_is_the_mean_over_all_orders),
    cmocka_unit_test(shap_efficiency_symmetry_dummy),
    cmocka_unit_test(shap_is_exact_on_a_linear_model),
    cmocka_unit_test(too_few_coalitions_still_add_up),
    cmocka_unit_test(drawn_coalitions_come_close_to_shapley),
    cmocka_unit_test(partition_shap_is_the_mean_over_orders_that_keep_groups),
    cmocka_unit_test(partition_shap_keeps_to_its_evaluations),
};

QT_MAIN("shap", tests)
