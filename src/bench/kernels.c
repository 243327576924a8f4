/*
 * kernels.c - every implementation of every operation at the shapes of BERT base.
 */
#include "qgrid/bench.h"

#include "operations.h"
#include "qgrid/log.h"
#include "timing.h"

#include <string.h>

enum { ROWS = 1024, HEAD = 64, LEAST = 5, NAMES = 32 };
#define MOMENT 0.1
#define GIGA   1e9

typedef struct size {
    int m, n, k; /* 0 ends a list */
} size;

/* IndoBERT's Linear layers: attention, up, down. */
static const size layers[] = {{1, 768, 768}, {1, 3072, 768}, {1, 768, 3072}, {0, 0, 0}};
static const int tokens[] = {1, 32, 128, 4096, 0};
static const size rows[] = {{ROWS, 0, 768}, {ROWS, 0, 3072}, {0, 0, 0}};
static const size texts[] = {{32, 32, HEAD}, {128, 128, HEAD}, {512, 512, HEAD}, {0, 0, 0}};

/* What is being measured. */
typedef struct run {
    const qg_bench_kernels *what;
    const qg_bench_peaks *peaks;
    qg_bench_sink sink;
    qg_arena *arena;
    const qg_kernel_info *kernel;
    const qg_operation *op;
} run;

static bool matches(const char *glob, const qg_kernel_info *k)
{
    char full[96];
    snprintf(full, sizeof full, "%s__%s", k->op, k->isa);
    return !glob || qg_glob(glob, k->op) || qg_glob(glob, full);
}

qg_code qg_bench_check_kernels(const qg_bench_kernels *what)
{
    int n, ops = 0, found = 0;
    const char *name[NAMES + 1] = {NULL};
    char text[320];
    const qg_kernel_info *list = qg_kernel_list(&n);
    for (int i = 0; i < n; i++) {
        if (matches(what->glob, &list[i])) {
            found++;
            if (list[i].supported)
                return QG_OK;
        }
        if (ops < NAMES && (ops == 0 || strcmp(name[ops - 1], list[i].op) != 0))
            name[ops++] = list[i].op;
    }
    if (found)
        return QG_FAIL(QG_EUSAGE, "this processor supports no kernel that matches '%s'",
                       what->glob);
    return QG_FAIL(QG_EUSAGE, "no kernel matches '%s'; operations are %s, see qgrid list kernels",
                   what->glob, qg_join_names(text, sizeof text, name));
}

static qg_code measure(run *r, const qg_variant *v, size s)
{
    qg_problem p;
    qg_bench_row row = {.kind = QG_BENCH_KERNEL, .m = s.m, .n = s.n, .k = s.k};
    qg_mark mark = qg_arena_mark(r->arena);
    QG_TRY(qg_problem_make(&p, r->arena, r->op, v, s.m, s.n, s.k));
    p.fn = r->kernel->fn;
    qg_timed timed = {r->op->in_place ? qg_problem_reset : NULL, r->op->call, &p};
    qg_timing t = qg_time(&timed, r->what->runs, LEAST, MOMENT);
    snprintf(row.name, sizeof row.name, "%s", r->kernel->op);
    snprintf(row.isa, sizeof row.isa, "%s", r->kernel->isa);
    snprintf(row.precision, sizeof row.precision, "%s", v ? v->precision : "");
    row.runs = t.runs;
    row.ms = t.median * 1e3;
    row.ms_min = t.min * 1e3;
    row.gflops = qg_problem_flops(&p, r->op) / t.median / GIGA;
    row.gb_per_s = qg_problem_bytes(&p, r->op) / t.median / GIGA;
    qg_bench_compare(&row, r->peaks, r->kernel->op);
    qg_arena_release(r->arena, mark);
    return r->sink.put(r->sink.ctx, &row);
}

static qg_code measure_products(run *r, const qg_variant *v)
{
    const qg_bench_kernels *w = r->what;
    if (w->m)
        return measure(r, v, (size){w->m, w->n, w->k});
    for (const size *s = layers; s->m; s++)
        for (const int *m = tokens; *m; m++)
            if (*m < ROWS || strcmp(r->kernel->isa, "ref") != 0) /* it would take minutes */
                QG_TRY(measure(r, v, (size){*m, s->n, s->k}));
    return QG_OK;
}

static qg_code measure_kernel(run *r)
{
    const size *s = r->op->sizes == QG_SIZES_ROWS ? rows : texts;
    if (r->op->sizes == QG_SIZES_PRODUCT) {
        for (const qg_variant *v = r->op->variants; v->precision; v++)
            QG_TRY(measure_products(r, v));
        return QG_OK;
    }
    for (; s->m; s++)
        QG_TRY(measure(r, NULL, *s));
    return QG_OK;
}

static qg_code measure_all(run *r)
{
    int n;
    const char *unknown = "";
    const qg_kernel_info *list = qg_kernel_list(&n);
    for (int i = 0; i < n; i++) {
        if (!list[i].supported || !matches(r->what->glob, &list[i]))
            continue;
        r->kernel = &list[i];
        r->op = qg_operation_find(list[i].op);
        if (r->op)
            QG_TRY(measure_kernel(r));
        else if (strcmp(unknown, list[i].op) != 0)
            qg_note("%s is not timed: bench/operations.c has no call of it", unknown = list[i].op);
    }
    return QG_OK;
}

qg_code qg_bench_run_kernels(const qg_bench_kernels *what, const qg_bench_peaks *peaks,
                             qg_bench_sink sink)
{
    run r = {.what = what, .peaks = peaks, .sink = sink};
    QG_TRY(qg_bench_check_kernels(what));
    r.arena = qg_arena_create(0);
    if (!r.arena)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = measure_all(&r);
    qg_error kept = *qg_error_last();
    qg_arena_destroy(r.arena);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}
