/*
 * test_bench.c - what bench computes from its measurements; children and their memory.
 */
#include "qt.h"

#include "bench/operations.h"
#include "bench/shapes.h"
#include "bench/timing.h"
#include "qgrid/probe.h"
#include "qgrid/bench.h"
#include "qgrid/clock.h"
#include "qgrid/kernel.h"
#include "qgrid/process.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(qg_bench_peaks *p, const char *name, const char *isa, double gflops, bool absent)
{
    qg_bench_row *r = &p->row[p->n++];
    *r = (qg_bench_row){.kind = QG_BENCH_PEAK, .gflops = gflops, .absent = absent};
    snprintf(r->name, sizeof r->name, "%s", name);
    snprintf(r->isa, sizeof r->isa, "%s", isa);
}

static void a_kernel_is_compared_with_the_peak_of_its_type_and_instructions(void **state)
{
    (void)state;
    static const struct {
        const char *op, *isa, *name, *of;
    } cases[] = {
        {"gemm_f32", "avx2", "fma_f32", "avx2"},
        {"gemm_f32", "avx512", "fma_f32", "avx512"},
        {"gemm_f32", "avx512vnni", "fma_f32", "avx512"},
        {"gemm_f32", "ref", "fma_f32", "avx512"},
        {"attention", "avx2", "fma_f32", "avx2"},
        {"gemm_s8", "avx2", "madd_s8", "avx2"},
        {"gemm_s8", "avx512vnni", "vnni_s8", "avx512vnni"},
        {"gemm_s8", "avxvnni", "vnni_s8", "avxvnni"},
        {"gemm_s4s8", "avx512vnni", "vnni_s8", "avx512vnni"},
        {"gemm_s8", "amx", "amx_s8", "amx"},
        {"gemm_s8", "amx_int8", "amx_s8", "amx"},
        {"gemm_bf16", "avx512bf16", "bf16", "avx512bf16"},
        {"layernorm", "avx512", "triad", "avx512"},
        {"embed_s8", "ref", "triad", "avx512"},
    };
    qg_bench_peaks p = {.n = 0};
    add(&p, "fma_f32", "avx2", 100, false);
    add(&p, "fma_f32", "avx512", 200, false);
    add(&p, "madd_s8", "avx2", 150, false);
    add(&p, "vnni_s8", "avxvnni", 400, false);
    add(&p, "vnni_s8", "avx512vnni", 800, false);
    add(&p, "bf16", "avx512bf16", 100, false);
    add(&p, "amx_s8", "amx", 6000, false);
    add(&p, "amx_bf16", "amx", 0, true);
    add(&p, "triad", "avx512", 0, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const qg_bench_row *r = qg_bench_peak_of(&p, cases[i].op, cases[i].isa);
        assert_non_null(r);
        assert_string_equal(r->name, cases[i].name);
        assert_string_equal(r->isa, cases[i].of);
    }
    assert_null(qg_bench_peak_of(&p, "gemm_bf16", "amx")); /* absent here */

    qg_bench_row row = {.gflops = 40};
    snprintf(row.isa, sizeof row.isa, "avx512vnni");
    qg_bench_compare(&row, &p, "gemm_s8");
    qt_close("share", row.peak_share, 0.05, 1e-12, 0);
    assert_string_equal(row.peak, "vnni_s8 avx512vnni");

    qg_bench_row cached = {.gflops = 800.1}; /* faster than its limit: that is none */
    snprintf(cached.isa, sizeof cached.isa, "avx512vnni");
    qg_bench_compare(&cached, &p, "gemm_s8");
    assert_true(cached.peak_share == 0);
    assert_string_equal(cached.peak, "");
}

static void every_product_that_can_run_here_has_a_peak(void **state)
{
    (void)state;
    int n;
    qg_bench_peaks *p = calloc(1, sizeof *p);
    assert_non_null(p);
    qt_ok(qg_bench_measure_peaks(p));
    const qg_kernel_info *k = qg_kernel_list(&n);
    for (int i = 0; i < n; i++) {
        if (!k[i].supported || strcmp(k[i].isa, "ref") == 0)
            continue;
        if (!qg_bench_peak_of(p, k[i].op, k[i].isa))
            fail_msg("%s__%s has no peak", k[i].op, k[i].isa);
    }
    for (int i = 0; i < p->n; i++) {
        const qg_bench_row *r = &p->row[i];
        double rate = r->gflops > 0 ? r->gflops : r->gb_per_s;
        if (r->absent ? rate != 0 : !(rate > 0.1 && rate < 1e6))
            fail_msg("%s %s: %g", r->name, r->isa, rate);
    }
    free(p);
}

static void every_operation_can_be_called(void **state)
{
    (void)state;
    int n;
    const qg_kernel_info *k = qg_kernel_list(&n);
    qg_arena *a = qg_arena_create(0);
    for (int i = 0; i < n; i++) {
        const qg_operation *op = qg_operation_find(k[i].op);
        qg_problem p;
        if (!op)
            fail_msg("bench/operations.c does not know %s", k[i].op);
        if (!k[i].supported)
            continue;
        int m = 5, width = op->sizes == QG_SIZES_ATTENTION ? 64 : 40;
        qt_ok(qg_problem_make(&p, a, op, op->variants, m, m, width));
        p.fn = k[i].fn;
        op->call(&p);
        assert_true(qg_problem_bytes(&p, op) > 0);
        assert_true((qg_problem_flops(&p, op) > 0) == (op->sizes != QG_SIZES_ROWS));
    }
    qg_arena_destroy(a);
}

static void a_models_operations_are_counted(void **state)
{
    (void)state;
    qg_config c = {
        .family = qg_family_find("bert"), .layers = 12, .hidden = 768, .ffn = 3072, .classes = 3};
    /* bench/README.md: 171.1 MFLOP a token at 32 tokens, 174.6 at 128 */
    qt_close("32", qg_bench_model_flops(&c, 1, 32) / 32e6, 171.1, 0, 0.06);
    qt_close("128", qg_bench_model_flops(&c, 1, 128) / 128e6, 174.6, 0, 0.06);
    qt_close("batch", qg_bench_model_flops(&c, 7, 9), 7 * qg_bench_model_flops(&c, 1, 9), 1e-12, 0);
}

static void count_call(void *ctx)
{
    ++*(int *)ctx;
    qg_sleep(0.001);
}

static void timing_gives_the_median(void **state)
{
    (void)state;
    double odd[] = {5, 1, 3}, even[] = {4, 1, 2, 9};
    qt_close("odd", qg_median(odd, 3), 3, 0, 0);
    qt_close("even", qg_median(even, 4), 3, 0, 0);
    int calls = 0;
    qg_timed timed = {.call = count_call, .ctx = &calls};
    qg_timing t = qg_time(&timed, 6, 1, 0);
    qt_eq("calls and the warm-up", calls, 7);
    qt_eq("runs", t.runs, 6);
    assert_true(t.min >= 0.001 && t.median >= t.min && t.median < 1);
    calls = 0;
    t = qg_time(&timed, 0, 3, 0.02);
    assert_true(t.runs >= 3 && t.runs <= 20);
    qt_eq("calls", calls, t.runs + 1);
}

static void lines_hold_what_applies(void **state)
{
    (void)state;
    qg_str s = {0};
    qg_bench_row row = {.kind = QG_BENCH_PEAK, .absent = true};
    snprintf(row.name, sizeof row.name, "amx_s8");
    snprintf(row.isa, sizeof row.isa, "amx");
    qg_bench_json(&s, &row);
    assert_string_equal(
        s.data, "{\"kind\": \"peak\", \"name\": \"amx_s8\", \"isa\": \"amx\", \"absent\": true}\n");
    qg_str_clear(&s);
    row = (qg_bench_row){.kind = QG_BENCH_KERNEL,
                         .m = 1,
                         .k = 2,
                         .ms = 0.5,
                         .gflops = (double)INFINITY,
                         .gb_per_s = (double)NAN};
    snprintf(row.name, sizeof row.name, "a\"b");
    qg_bench_json(&s, &row);
    assert_string_equal(
        s.data, "{\"kind\": \"kernel\", \"name\": \"a\\\"b\", \"m\": 1, \"k\": 2, \"ms\": 0.5}\n");
    qg_str_clear(&s);
    qg_bench_text(&s, &row, NULL);
    assert_true(strncmp(s.data, "kernels\n", 8) == 0);
    qg_str_clear(&s);
    qg_bench_text(&s, &row, &row);
    assert_null(strstr(s.data, "kernels\n"));
    qg_str_fini(&s);
}

static void shapes_are_named_and_hashed(void **state)
{
    (void)state;
    char a[65], b[65];
    assert_null(qg_bench_shape_find("none"));
    qg_bench_shape_hash(a, qg_bench_shape_find("indobert"));
    qg_bench_shape_hash(b, qg_bench_shape_find("mini"));
    qt_eq("digits", (long long)strlen(a), 64);
    assert_string_not_equal(a, b);
}

/* ------------------------------------------------------------------ children */

static qg_code grow(void *ctx, void *result)
{
    size_t bytes = *(size_t *)ctx;
    char *p = malloc(bytes);
    if (!p)
        return QG_FAIL(QG_ENOMEM, "no memory");
    memset(p, 1, bytes);
    *(qg_memory *)result = qg_process_memory();
    result = p[bytes / 2] == 1 ? p : NULL;
    free(result);
    return QG_OK;
}

static qg_code refuse(void *ctx, void *result)
{
    (void)ctx;
    (void)result;
    return QG_FAIL_AT(QG_EFORMAT, "some/file", 7, 0, NULL, "the child says no");
}

static qg_code die(void *ctx, void *result)
{
    (void)result;
    kill(getpid(), *(int *)ctx);
    return QG_OK;
}

static void a_childs_memory_is_its_own(void **state)
{
    (void)state;
    size_t bytes = (size_t)64 << 20, little = 4096;
    qg_memory large, small, mine = qg_process_memory();
    qt_ok(qg_process_child(grow, &bytes, &large, sizeof large));
    qt_ok(qg_process_child(grow, &little, &small, sizeof small));
    assert_true(large.peak_rss >= (int64_t)bytes && large.anon >= (int64_t)bytes);
    assert_true(large.peak_rss - small.peak_rss > (int64_t)bytes * 3 / 4);
    assert_true(small.pss > 0 && small.pss <= small.rss && small.anon <= small.rss);
    assert_true(qg_process_memory().peak_rss - mine.peak_rss < (int64_t)bytes / 2);
}

static void a_childs_error_and_death_are_told(void **state)
{
    (void)state;
    int signal_number = SIGKILL;
    qt_fails(qg_process_child(refuse, NULL, NULL, 0), QG_EFORMAT,
             "some/file:7: ", "the child says no", NULL);
    qt_fails(qg_process_child(die, &signal_number, NULL, 0), QG_EBUG, "died (signal 9)", NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_kernel_is_compared_with_the_peak_of_its_type_and_instructions),
    cmocka_unit_test(every_product_that_can_run_here_has_a_peak),
    cmocka_unit_test(every_operation_can_be_called),
    cmocka_unit_test(a_models_operations_are_counted),
    cmocka_unit_test(timing_gives_the_median),
    cmocka_unit_test(lines_hold_what_applies),
    cmocka_unit_test(shapes_are_named_and_hashed),
    cmocka_unit_test(a_childs_memory_is_its_own),
    cmocka_unit_test(a_childs_error_and_death_are_told),
};
QT_MAIN("bench", tests)
