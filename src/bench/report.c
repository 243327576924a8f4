/*
 * report.c - rows as JSON lines and as tables.
 */
#include "qgrid/bench.h"

#include <math.h>
#include <string.h>

static const char *const kinds[] = {"peak", "kernel", "model"};

static void add_text(qg_str *s, const char *key, const char *value)
{
    if (!value[0])
        return;
    qg_str_addf(s, ", \"%s\": ", key);
    qg_str_add_json(s, value, strlen(value));
}

static void add_count(qg_str *s, const char *key, int64_t value)
{
    if (value > 0)
        qg_str_addf(s, ", \"%s\": %lld", key, (long long)value);
}

static void add_real(qg_str *s, const char *key, double value)
{
    if (!(value > 0) || isinf(value))
        return;
    qg_str_addf(s, ", \"%s\": %.6g", key, value);
}

void qg_bench_json(qg_str *out, const qg_bench_row *row)
{
    qg_str_addf(out, "{\"kind\": \"%s\"", kinds[row->kind]);
    add_text(out, "name", row->name);
    add_text(out, "isa", row->isa);
    add_text(out, "precision", row->precision);
    if (row->absent)
        qg_str_add(out, ", \"absent\": true");
    add_count(out, "m", row->m);
    add_count(out, "n", row->n);
    add_count(out, "k", row->k);
    add_count(out, "batch", row->batch);
    add_count(out, "tokens", row->tokens);
    add_count(out, "runs", row->runs);
    add_real(out, "ms", row->ms);
    add_real(out, "ms_min", row->ms_min);
    add_real(out, "gflops", row->gflops);
    add_real(out, "gb_per_s", row->gb_per_s);
    add_real(out, "peak_share", row->peak_share);
    add_text(out, "peak", row->peak);
    add_real(out, "tokens_per_s", row->tokens_per_s);
    add_real(out, "texts_per_s", row->texts_per_s);
    add_count(out, "size_bytes", row->size_bytes);
    add_count(out, "rss_bytes", row->rss_bytes);
    add_count(out, "pss_bytes", row->pss_bytes);
    add_count(out, "anon_bytes", row->anon_bytes);
    qg_str_add(out, "}\n");
}

/* A figure in a column, "-" where it does not apply. */
static const char *figure(char *out, size_t size, int digits, double v)
{
    if (v > 0)
        snprintf(out, size, "%.*f", digits, v);
    else
        snprintf(out, size, "-");
    return out;
}

static const char *share(char *out, size_t size, double v)
{
    if (v > 0)
        snprintf(out, size, "%.0f %%", v * 100);
    else
        snprintf(out, size, "-");
    return out;
}

static void peak_text(qg_str *s, const qg_bench_row *r)
{
    if (r->absent)
        qg_str_addf(s, "  %-10s %-11s %10s\n", r->name, r->isa, "absent");
    else if (r->gflops > 0)
        qg_str_addf(s, "  %-10s %-11s %10.1f GFLOP/s\n", r->name, r->isa, r->gflops);
    else
        qg_str_addf(s, "  %-10s %-11s %10.1f GB/s\n", r->name, r->isa, r->gb_per_s);
}

static void kernel_text(qg_str *s, const qg_bench_row *r)
{
    char sizes[40], gflops[24], gb[24], part[16];
    if (r->n > 0)
        snprintf(sizes, sizeof sizes, "%d x %d x %d", r->m, r->n, r->k);
    else
        snprintf(sizes, sizeof sizes, "%d x %d", r->m, r->k);
    qg_str_addf(s, "  %-15s %-11s %-12s %-18s %10.4f %9s %8s %7s  %s\n", r->name, r->isa,
                r->precision, sizes, r->ms, figure(gflops, sizeof gflops, 1, r->gflops),
                figure(gb, sizeof gb, 1, r->gb_per_s), share(part, sizeof part, r->peak_share),
                r->peak);
}

static void model_text(qg_str *s, const qg_bench_row *r)
{
    char batch[24], part[16], size[24], rss[24], anon[24];
    snprintf(batch, sizeof batch, "%dx%d", r->batch, r->tokens);
    qg_str_addf(s, "  %-13s %-9s %9.3f %9.0f %8.1f %8.1f %6s  %-19s %10s %10s %10s\n", r->precision,
                batch, r->ms, r->tokens_per_s, r->texts_per_s, r->gflops,
                share(part, sizeof part, r->peak_share), r->peak,
                qg_format_bytes(size, sizeof size, (double)r->size_bytes),
                qg_format_bytes(rss, sizeof rss, (double)r->rss_bytes),
                qg_format_bytes(anon, sizeof anon, (double)r->anon_bytes));
}

static void heading(qg_str *s, const qg_bench_row *r)
{
    if (r->kind == QG_BENCH_PEAK)
        qg_str_add(s, "peaks of one core\n");
    else if (r->kind == QG_BENCH_KERNEL)
        qg_str_addf(s, "kernels\n  %-15s %-11s %-12s %-18s %10s %9s %8s %7s  %s\n", "operation",
                    "isa", "weights", "m x n x k", "ms", "GFLOP/s", "GB/s", "share", "of peak");
    else
        qg_str_addf(s, "model %s\n  %-13s %-9s %9s %9s %8s %8s %6s  %-19s %10s %10s %10s\n",
                    r->name, "precision", "batch", "ms", "tokens/s", "texts/s", "GFLOP/s", "share",
                    "of peak", "packed", "peak RSS", "own");
}

void qg_bench_text(qg_str *out, const qg_bench_row *row, const qg_bench_row *before)
{
    static void (*const text[])(qg_str *, const qg_bench_row *) = {peak_text, kernel_text,
                                                                   model_text};
    if (!before || before->kind != row->kind)
        heading(out, row);
    text[row->kind](out, row);
}
