/*
 * test_metrics.c - all of tests/golden/data/metrics.
 */
#include "qt.h"

#include "qgrid/drift.h"
#include "qgrid/statistics.h"
#include "qgrid/weights.h"

#include <math.h>

/* A fresh one for each call. */
#define RESAMPLER(times, start, in) (&(qg_resampler){times, start, in, -1, 0, NULL})

#include <stdlib.h>
#include <string.h>

static const qg_json *root(qg_arena *a)
{
    return qt_json(a, qt_golden("metrics/metrics.json"));
}

static const qg_json *need(const qg_json *o, const char *key)
{
    const qg_json *v = qg_json_get(o, key);
    if (!v)
        fail_msg("reference data lack '%s'", key);
    return v;
}

/* null in the reference stands for "undefined": NaN here. */
static void same(const char *what, double got, const qg_json *want, double tol)
{
    if (want->type == QG_JSON_NULL) {
        if (!isnan(got))
            fail_msg("%s: got %g, undefined is expected", what, got);
    } else {
        qt_close(what, got, want->number, tol, tol);
    }
}

static int32_t *ints(qg_arena *a, const qg_json *v, size_t *n)
{
    double *d = qt_numbers(a, v, n);
    int32_t *out = qg_arena_alloc(a, *n, sizeof *out);
    for (size_t i = 0; i < *n; i++)
        out[i] = (int32_t)d[i];
    return out;
}

static void check_bins(qg_arena *a, const qg_json *e, const char *key, const char *field,
                       const int32_t *y, const int32_t *p, const double *prob, size_t n, int K)
{
    size_t m;
    qg_bin bin[15];
    double ece, mce;
    const qg_json *want = need(e, key);
    double *rows = qt_numbers(a, need(want, field), &m);
    int bins = (int)m / 3;
    qg_calibration(&ece, &mce, bin, bins, &(qg_predictions){y, p, prob, (int64_t)n, K});
    qt_close("ece", ece, need(want, "ece")->number, 0, 1e-12);
    qt_close("mce", mce, need(want, "mce")->number, 0, 1e-12);
    for (int b = 0; b < bins; b++) {
        qt_eq("bin count", bin[b].count, (long long)rows[3 * b]);
        if (bin[b].count == 0)
            continue;
        qt_close("bin accuracy", bin[b].accuracy, rows[3 * b + 1], 0, 1e-12);
        qt_close("bin confidence", bin[b].confidence, rows[3 * b + 2], 0, 1e-12);
    }
}

static void check_case(qg_arena *a, const qg_json *c)
{
    size_t n, m;
    const qg_json *e = need(c, "expected");
    int K = (int)need(e, "num_classes")->number;
    int32_t *y = ints(a, need(c, "labels"), &n), *p = ints(a, need(c, "predictions"), &n);
    double *prob = qt_numbers(a, need(c, "probabilities"), &m);
    qg_scores s;
    qg_class_scores pc[16];
    int64_t confusion[256];
    qt_eq("probabilities", (long long)m, (long long)n * K);
    const qg_predictions table = {y, p, prob, (int64_t)n, K};
    qt_ok(qg_score(&s, pc, confusion, &table, QG_ABSENT_ZERO, a));
#define SAME(field) same(#field, s.field, need(e, #field), 1e-12)
    SAME(accuracy);
    SAME(macro_precision);
    SAME(macro_recall);
    SAME(macro_f1);
    SAME(weighted_precision);
    SAME(weighted_recall);
    SAME(weighted_f1);
    SAME(mcc);
    SAME(brier);
    SAME(nll);
#undef SAME
    double *precision = qt_numbers(a, need(e, "precision"), &m);
    double *recall = qt_numbers(a, need(e, "recall"), &m);
    double *f1 = qt_numbers(a, need(e, "f1"), &m);
    double *support = qt_numbers(a, need(e, "support"), &m);
    double *counts = qt_numbers(a, need(e, "confusion_matrix_true_rows"), &m);
    for (int k = 0; k < K; k++) {
        qt_close("precision", pc[k].precision, precision[k], 0, 1e-12);
        qt_close("recall", pc[k].recall, recall[k], 0, 1e-12);
        qt_close("f1", pc[k].f1, f1[k], 0, 1e-12);
        qt_eq("support", pc[k].support, (long long)support[k]);
    }
    for (int i = 0; i < K * K; i++)
        qt_eq("confusion", confusion[i], (long long)counts[i]);
    check_bins(a, e, "ece10", "bins_count_acc_conf", y, p, prob, n, K);
    check_bins(a, e, "ece15", "bins_count_acc_conf", y, p, prob, n, K);
}

static void classification_equals_scikit_learn(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    int cases = 0;
    for (const qg_json *c = need(root(a), "classification")->child; c; c = c->next, cases++)
        check_case(a, c);
    assert_true(cases >= 8);
    qg_arena_destroy(a);
}

static double *certain(qg_arena *a, const int32_t *predicted, size_t n, int K)
{
    double *p = qg_arena_alloc(a, n * (size_t)K, sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i * (size_t)K + (size_t)predicted[i]] = 1;
    return p;
}

/* The reference has shares; what is observed counts as one resample more. */
static void check_bootstrap(qg_arena *a, const qg_bootstrap *b, const qg_json *want, int resamples)
{
    size_t m;
    double *ci = qt_numbers(a, need(want, "ci95"), &m), share, R = resamples;
    qt_close("difference", b->difference, need(want, "observed")->number, 0, 1e-12);
    qt_close("low", b->low, ci[0], 0, 1e-12);
    qt_close("high", b->high, ci[1], 0, 1e-12);
    qt_close("one-sided", b->p_one_sided, need(want, "p_one_sided_plus_one")->number, 0, 1e-12);
    share = need(want, "p_two_sided")->number / 2;
    qt_close("two-sided", b->p_two_sided, 2 * (share * R + 1) / (R + 1), 0, 1e-12);
}

static void paired_tests_equal_statsmodels(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const qg_json *p = need(root(a), "paired");
    size_t n, m;
    int32_t *y = ints(a, need(p, "labels"), &n);
    int32_t *x = ints(a, need(p, "pred_a"), &n), *z = ints(a, need(p, "pred_b"), &n);
    const qg_json *want = need(p, "mcnemar");
    double *table = qt_numbers(
        a, need(want, "table_correct_correct__correct_wrong__wrong_correct__wrong_wrong"), &m);
    qg_mcnemar t;
    qg_mcnemar_test(&t, y, x, z, (int64_t)n, QG_ANY_CLASS);
    qt_eq("both right", t.both_right, (long long)table[0]);
    qt_eq("only a", t.only_a, (long long)table[1]);
    qt_eq("only b", t.only_b, (long long)table[2]);
    qt_eq("both wrong", t.both_wrong, (long long)table[3]);
    qt_close("exact", t.p_exact, need(need(want, "exact"), "p")->number, 1e-9, 0);
    qt_close("chi2", t.chi2, need(need(want, "chi2_plain"), "statistic")->number, 1e-12, 0);
    qt_close("p chi2", t.p_chi2, need(need(want, "chi2_plain"), "p")->number, 1e-9, 0);
    qt_close("chi2 cc", t.chi2_cc, need(need(want, "chi2_continuity"), "statistic")->number, 1e-12,
             0);
    qt_close("p chi2 cc", t.p_chi2_cc, need(need(want, "chi2_continuity"), "p")->number, 1e-9, 0);

    qg_weights *w;
    qt_ok(qg_weights_open(&w, qt_golden("metrics/arrays.safetensors")));
    const qg_tensor *index = qg_weights_find(w, "bootstrap.indices");
    assert_non_null(index);
    int32_t *rows = qg_arena_alloc(a, index->bytes, 1);
    memcpy(rows, index->data, index->bytes);
    const qg_json *boot = need(p, "bootstrap");
    int R = (int)index->shape[0], K = 3;
    /* Predictions without probabilities: certain ones. The reference subtracts the other way. */
    qg_predictions of_x = {y, x, certain(a, x, n, K), (int64_t)n, K};
    qg_predictions of_z = {y, z, certain(a, z, n, K), (int64_t)n, K};
    qg_bootstrap b[QG_COMPARED];
    qt_ok(qg_bootstrap_metrics(b, &of_z, &of_x, QG_ABSENT_ZERO, &(qg_draws){R, 0, rows}, a));
    check_bootstrap(a, &b[QG_COMPARED_accuracy], need(boot, "accuracy_difference"), R);
    check_bootstrap(a, &b[QG_COMPARED_macro_f1], need(boot, "macro_f1_difference"), R);
    qg_weights_close(w);

    /* Drawn by counter: near the reference's interval, and the same each time. */
    qg_bootstrap d[QG_COMPARED], again[QG_COMPARED];
    double *ci = qt_numbers(a, need(need(boot, "accuracy_difference"), "ci95"), &m);
    const qg_draws draws = {5000, 42, NULL};
    qt_ok(qg_bootstrap_metrics(d, &of_z, &of_x, QG_ABSENT_ZERO, &draws, a));
    qt_ok(qg_bootstrap_metrics(again, &of_z, &of_x, QG_ABSENT_ZERO, &draws, a));
    qt_close("low by counter", d[QG_COMPARED_accuracy].low, ci[0], 0, 0.012);
    qt_close("high by counter", d[QG_COMPARED_accuracy].high, ci[1], 0, 0.012);
    qt_same("again", again, d, QG_COMPARED, sizeof *d);
    qg_arena_destroy(a);
}

static void paired_samples_equal_scipy(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    for (const qg_json *c = need(root(a), "paired_samples")->child; c; c = c->next) {
        size_t n;
        double *x = qt_numbers(a, need(c, "x"), &n), *y = qt_numbers(a, need(c, "y"), &n);
        double *d = qg_arena_alloc(a, n, sizeof *d), mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += (d[i] = x[i] - y[i]) / (double)n;
        qg_signed_ranks ranks;
        qt_ok(qg_wilcoxon(&ranks, d, (int64_t)n, a));
        const qg_json *want = need(c, "wilcoxon");
        qt_close("w", fmin(ranks.plus, ranks.minus), need(want, "w")->number, 1e-12, 0);
        qt_close("p", ranks.p, need(want, "p_two_sided")->number, 1e-9, 0);
        qg_paired_drift drift;
        qt_ok(qg_paired_drift_test(&drift, y, x, (int64_t)n, 1, RESAMPLER(100, 42, a), a));
        qt_close("difference", drift.difference, mean, 1e-12, 0);
        qt_close("drift p", drift.p_wilcoxon, ranks.p, 0, 0);
    }
    qg_arena_destroy(a);
}

/* Drift is made of the same measures. */
static void check_drift(qg_arena *a, const double *x, const double *y, int n, const qg_json *c)
{
    static const struct {
        const char *k;
        int row;
    } tops[] = {{"1", QG_DRIFT_top_1}, {"3", QG_DRIFT_jaccard_3}, {"5", QG_DRIFT_jaccard_5}};
    double drift[QG_DRIFTS];
    qt_ok(qg_drift_of(drift, x, y, n, a));
    same("drift spearman", drift[QG_DRIFT_spearman], need(c, "spearman"), 1e-12);
    same("drift kendall", drift[QG_DRIFT_kendall], need(c, "kendall_tau_b"), 1e-12);
    same("drift cosine", drift[QG_DRIFT_cosine], need(c, "cosine"), 1e-12);
    for (int i = 0; i < 3; i++) {
        const qg_json *want = qg_json_get(need(c, "jaccard_abs"), tops[i].k);
        if (want) /* short vectors have no larger k */
            same("drift jaccard", drift[tops[i].row], want, 1e-12);
    }
}

static void agreement_of_vectors_equals_scipy(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    int cases = 0;
    for (const qg_json *c = need(root(a), "agreement")->child; c; c = c->next, cases++) {
        size_t n;
        double *x = qt_numbers(a, need(c, "a"), &n), *y = qt_numbers(a, need(c, "b"), &n);
        same("spearman", qg_spearman(x, y, (int64_t)n, a), need(c, "spearman"), 1e-12);
        same("kendall", qg_kendall_tau_b(x, y, (int64_t)n), need(c, "kendall_tau_b"), 1e-12);
        same("pearson", qg_pearson(x, y, (int64_t)n), need(c, "pearson"), 1e-12);
        same("cosine", qg_cosine(x, y, (int64_t)n), need(c, "cosine"), 1e-12);
        check_drift(a, x, y, (int)n, c);
    }
    assert_true(cases >= 7);
    qg_arena_destroy(a);
}

static void latency_and_divergence_equal_numpy(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const qg_json *l = need(root(a), "latency"), *d = need(root(a), "divergence");
    size_t n, m;
    double *x = qt_numbers(a, need(l, "x"), &n);
    const qg_json *q = need(l, "percentiles_linear");
    qg_latency_stats s;
    qt_ok(qg_latency_summary(&s, x, (int64_t)n, a));
    qt_close("mean", s.mean, need(l, "mean")->number, 1e-12, 0);
    qt_close("sd", s.sd, need(l, "std_ddof1")->number, 1e-12, 0);
    qt_close("median", s.median, need(l, "median")->number, 1e-12, 0);
    qt_close("p95", s.p95, need(q, "95")->number, 1e-12, 0);
    qt_close("p99", s.p99, need(q, "99")->number, 1e-12, 0);

    double *kl = qt_numbers(a, need(d, "kl_nats"), &n), *js = qt_numbers(a, need(d, "js_nats"), &n);
    double *tv = qt_numbers(a, need(d, "total_variation"), &n);
    double *p = qt_numbers(a, need(d, "p"), &m), *r = qt_numbers(a, need(d, "q"), &m);
    int K = (int)(m / n);
    for (size_t i = 0; i < n; i++) {
        qg_divergence v;
        qg_divergence_mean(&v, p + i * (size_t)K, r + i * (size_t)K, 1, K);
        qt_close("kl", v.kl, kl[i], 0, 1e-12);
        qt_close("js", v.js, js[i], 0, 1e-12);
        qt_close("tv", v.tv, tv[i], 0, 1e-12);
    }
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(classification_equals_scikit_learn),
    cmocka_unit_test(paired_tests_equal_statsmodels),
    cmocka_unit_test(paired_samples_equal_scipy),
    cmocka_unit_test(agreement_of_vectors_equals_scipy),
    cmocka_unit_test(latency_and_divergence_equal_numpy),
};
QT_GOLDEN_MAIN("metrics", tests)
