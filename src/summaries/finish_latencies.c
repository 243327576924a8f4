/*
 * finish_latencies.c - the times of an experiment's precisions, compared in pairs on the same
 * texts.
 */
#include "finish.h"

#include "qgrid/drift.h"
#include "qgrid/statistics.h"

#include <math.h>
#include <string.h>

/* Tables [batch sizes, P, P]. */
typedef struct tables {
    int64_t *n;
    double *difference, *low, *high, *p, *p_holm, *ratio;
} tables;

static qg_code make_tables(tables *out, qg_arena *a, int64_t n)
{
    QG_NEW(out->n, a, n);
    QG_TRY(qg_undefined_numbers(&out->difference, a, n));
    QG_TRY(qg_undefined_numbers(&out->low, a, n));
    QG_TRY(qg_undefined_numbers(&out->high, a, n));
    QG_TRY(qg_undefined_numbers(&out->p, a, n));
    QG_TRY(qg_undefined_numbers(&out->p_holm, a, n));
    return qg_undefined_numbers(&out->ratio, a, n);
}

/* Means of texts [batch sizes, texts] of the precisions [P]; NULL of what is not measured. */
static qg_code read_times(double **out, qg_results *r, const qg_cell *c, int64_t texts)
{
    const qg_plan *p = r->plan;
    int first, end;
    qg_plan_summed_up(&first, &end, p, c);
    for (int k = first; k < end; k++) {
        const qg_cell *of = &p->cells[k];
        if (!qg_cell_sums_up(p, c, of) || r->cell_state[k] != QG_STATE_DONE)
            continue;
        QG_NEW(out[of->precision], r->scratch, p->job->latency.n_batch_sizes * texts);
        QG_TRY(qg_results_read(r, qg_cell_group(p, of, QG_GROUP_LATENCY), "text_mean_ms",
                               QG_STORE_F64, NULL, NULL, out[of->precision]));
    }
    return QG_OK;
}

/* b against a; texts that are not in a batch of this size have no time. */
static qg_code compare(tables *t, int64_t at, qg_results *r, const double *a, const double *b,
                       int64_t texts)
{
    qg_paired_drift d;
    qg_spread of_a, of_b;
    double *x, *y;
    int64_t n = 0;
    qg_mark mark = qg_arena_mark(r->scratch);
    QG_NEW(x, r->scratch, texts);
    QG_NEW(y, r->scratch, texts);
    for (int64_t i = 0; i < texts; i++)
        if (!isnan(a[i]) && !isnan(b[i])) {
            x[n] = a[i];
            y[n++] = b[i];
        }
    QG_TRY(qg_paired_drift_test(&d, x, y, n, 1, &r->resampler, r->scratch));
    QG_TRY(qg_spread_of(&of_a, x, n, r->scratch));
    QG_TRY(qg_spread_of(&of_b, y, n, r->scratch));
    t->n[at] = n;
    t->difference[at] = d.difference;
    t->low[at] = d.ci_low;
    t->high[at] = d.ci_high;
    t->p[at] = d.p_wilcoxon;
    t->ratio[at] = of_b.median / of_a.median;
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}

static qg_code write_tables(qg_results *r, qg_group_ref g, const tables *t)
{
    QG_TRY(qg_results_write(r, g, "n", QG_STORE_I64, NULL, NULL, t->n));
    QG_TRY(qg_results_write(r, g, "difference", QG_STORE_F64, NULL, NULL, t->difference));
    QG_TRY(qg_results_write(r, g, "ci_low", QG_STORE_F64, NULL, NULL, t->low));
    QG_TRY(qg_results_write(r, g, "ci_high", QG_STORE_F64, NULL, NULL, t->high));
    QG_TRY(qg_results_write(r, g, "p", QG_STORE_F64, NULL, NULL, t->p));
    QG_TRY(qg_results_write(r, g, "p_holm", QG_STORE_F64, NULL, NULL, t->p_holm));
    return qg_results_write(r, g, "median_ratio", QG_STORE_F64, NULL, NULL, t->ratio);
}

qg_code qg_finish_latencies(qg_results *r, const qg_cell *c)
{
    const qg_job *job = r->plan->job;
    int64_t texts = qg_plan_latency_texts(r->plan, c->experiment);
    int P = job->n_precisions, B = job->latency.n_batch_sizes;
    tables t;
    double **times;
    QG_TRY(make_tables(&t, r->scratch, (int64_t)B * P * P));
    QG_NEW(times, r->scratch, P);
    QG_TRY(read_times(times, r, c, texts));
    for (int k = 0; k < B; k++)
        for (int i = 0; i < P; i++)
            for (int j = 0; j < P; j++)
                if (times[i] && times[j])
                    QG_TRY(compare(&t, (k * P + i) * P + j, r, times[i] + k * texts,
                                   times[j] + k * texts, texts));
    QG_TRY(qg_finish_holm(t.p_holm, t.p, B, P, r->scratch));
    return write_tables(r, qg_cell_group(r->plan, c, QG_GROUP_LATENCY_TESTS), &t);
}
