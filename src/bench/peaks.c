/*
 * peaks.c - the machine's limits, and which of them bounds what.
 */
#include "qgrid/bench.h"

#include "qgrid/probe.h"
#include "timing.h"

#include <string.h>

enum {
    SLICES = 21,
    PARTS = 16,
    PART = 1 << 20 /* floats of a part of an array: 4 MiB, 64 MiB together */
};
#define SLICE_SECONDS 1e-3
#define GIGA          1e9

/* A probe in slices of about a millisecond. */
typedef struct compute {
    const qg_probe *probe;
    int64_t rounds;
    double operations;
} compute;

static void run_probe(void *ctx)
{
    compute *c = ctx;
    c->operations = c->probe->run(c->rounds);
}

static void measure_compute(qg_bench_row *row, const qg_probe *probe)
{
    compute c = {.probe = probe, .rounds = 256};
    qg_timed timed = {.call = run_probe, .ctx = &c};
    qg_timing t = qg_time(&timed, 3, 3, 0);
    while (t.min < SLICE_SECONDS && c.rounds < INT64_C(1) << 40) {
        c.rounds *= 2;
        t = qg_time(&timed, 3, 3, 0);
    }
    t = qg_time(&timed, SLICES, SLICES, 0);
    row->runs = t.runs;
    row->ms = t.median * 1e3;
    row->ms_min = t.min * 1e3;
    row->gflops = c.operations / t.min / GIGA; /* a limit is what the best run comes to */
}

/* A pass over one part of the arrays after another, so that none is in a cache for it. */
typedef struct memory {
    const qg_memory_probe *probe;
    float *a, *b, *c;
    int part;
    float sum;
} memory;

static size_t next_part(memory *m)
{
    return (size_t)(m->part++ % PARTS) * PART;
}

static void run_triad(void *ctx)
{
    memory *m = ctx;
    size_t at = next_part(m);
    m->probe->triad(m->a + at, m->b + at, m->c + at, PART);
}

static void run_read(void *ctx)
{
    memory *m = ctx;
    m->sum += m->probe->read(m->b + next_part(m), PART);
}

static void measure_memory(qg_bench_row *row, memory *m, void (*call)(void *), double bytes)
{
    qg_timed timed = {.call = call, .ctx = m};
    (void)qg_time(&timed, PARTS, PARTS, 0); /* warm-up: every page once */
    qg_timing t = qg_time(&timed, 2 * PARTS, PARTS, 0);
    row->runs = t.runs;
    row->ms = t.median * 1e3;
    row->ms_min = t.min * 1e3;
    row->gb_per_s = bytes / t.min / GIGA;
}

static qg_bench_row *add(qg_bench_peaks *p, const char *name, const char *isa)
{
    qg_bench_row *row = &p->row[p->n++];
    *row = (qg_bench_row){.kind = QG_BENCH_PEAK};
    snprintf(row->name, sizeof row->name, "%s", name);
    snprintf(row->isa, sizeof row->isa, "%s", isa);
    return row;
}

static qg_code measure_all_memory(qg_bench_peaks *p, qg_arena *a)
{
    memory m = {.probe = qg_memory_probe_best()};
    QG_NEW(m.a, a, (size_t)PARTS * PART);
    QG_NEW(m.b, a, (size_t)PARTS * PART);
    QG_NEW(m.c, a, (size_t)PARTS * PART);
    for (size_t i = 0; i < (size_t)PARTS * PART; i++)
        m.b[i] = m.c[i] = 1.0f; /* pages of zeros may all be the same one */
    measure_memory(add(p, "triad", m.probe->isa), &m, run_triad, 12.0 * PART);
    measure_memory(add(p, "read", m.probe->isa), &m, run_read, 4.0 * PART);
    return QG_OK;
}

qg_code qg_bench_measure_peaks(qg_bench_peaks *out)
{
    int n;
    const qg_probe *probe = qg_probe_list(&n);
    out->n = 0;
    for (int i = 0; i < n && i < QG_BENCH_PEAKS_MAX - 2; i++) {
        qg_bench_row *row = add(out, probe[i].name, probe[i].isa);
        row->absent = !probe[i].supported();
        if (!row->absent)
            measure_compute(row, &probe[i]);
    }
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = measure_all_memory(out, a);
    qg_arena_destroy(a);
    return rc;
}

/* The first row that fits says which peak bounds an operation. */
static const struct {
    const char *op, *isa, *peak;
} bounds[] = {
    {"gemm_s*", "*amx*", "amx_s8"},   {"gemm_s*", "*vnni*", "vnni_s8"},
    {"gemm_s*", "*", "madd_s8"},      {"gemm_bf16*", "*amx*", "amx_bf16"},
    {"gemm_bf16*", "*bf16*", "bf16"}, {"gemm_*", "*", "fma_f32"},
    {"attention*", "*", "fma_f32"},   {"*", "*", "triad"},
};

static double rate(const qg_bench_row *r)
{
    return r->gflops > 0 ? r->gflops : r->gb_per_s;
}

/* How well a peak's instruction set fits an implementation's: the same, its base, any. */
static int fitness(const qg_bench_row *peak, const char *isa)
{
    size_t n = strlen(peak->isa);
    return strcmp(peak->isa, isa) == 0 ? 2 : strncmp(peak->isa, isa, n) == 0;
}

const qg_bench_row *qg_bench_peak_of(const qg_bench_peaks *p, const char *op, const char *isa)
{
    const qg_bench_row *best = NULL;
    size_t b = 0;
    while (!qg_glob(bounds[b].op, op) || !qg_glob(bounds[b].isa, isa))
        b++;
    for (int i = 0; i < p->n; i++) {
        const qg_bench_row *r = &p->row[i];
        if (r->absent || strcmp(r->name, bounds[b].peak) != 0)
            continue;
        int better = best ? fitness(r, isa) - fitness(best, isa) : 1;
        if (better > 0 || (better == 0 && rate(r) > rate(best)))
            best = r;
    }
    return best;
}

void qg_bench_compare(qg_bench_row *row, const qg_bench_peaks *p, const char *op)
{
    const qg_bench_row *peak = qg_bench_peak_of(p, op, row->isa);
    if (!peak)
        return;
    double share = peak->gflops > 0 ? row->gflops / peak->gflops : row->gb_per_s / peak->gb_per_s;
    if (share > 1) /* it is no limit of this: what is read lies in a cache, say */
        return;
    snprintf(row->peak, sizeof row->peak, "%.20s %.16s", peak->name, peak->isa);
    row->peak_share = share;
}
