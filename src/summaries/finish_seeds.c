/*
 * finish_seeds.c - statistics over the seeds of a model.
 */
#include "finish.h"

#include "qgrid/metrics.h"

#include <math.h>
#include <string.h>

/* Over v[0..n): NaN as soon as one of them is; the standard deviation is that of a sample. */
static void statistics(double out[QG_SEED_STATISTICS], const double *v, int n)
{
    double sum = 0, squares = 0, least = (double)INFINITY, most = -(double)INFINITY;
    bool known = n > 0;
    for (int i = 0; i < n; i++) {
        known = known && !isnan(v[i]);
        sum += v[i];
        least = fmin(least, v[i]);
        most = fmax(most, v[i]);
    }
    double mean = sum / n;
    for (int i = 0; i < n; i++)
        squares += (v[i] - mean) * (v[i] - mean);
    out[0] = known ? mean : (double)NAN;
    out[1] = known && n > 1 ? sqrt(squares / (n - 1)) : (double)NAN;
    out[2] = known ? least : (double)NAN;
    out[3] = known ? most : (double)NAN;
}

/* One metric over those cells of the predictions [n] that are done. */
static qg_code write_metric(qg_results *r, qg_group_ref seeds, const char *name, const int *cells,
                            int n)
{
    double v[QG_MAX_SEEDS], out[QG_SEED_STATISTICS];
    for (int i = 0; i < n; i++)
        QG_TRY(qg_results_read(r,
                               qg_cell_group(r->plan, &r->plan->cells[cells[i]], QG_GROUP_METRICS),
                               name, QG_STORE_F64, NULL, NULL, &v[i]));
    statistics(out, v, n);
    return qg_results_write(r, seeds, name, QG_STORE_F64, NULL, NULL, out);
}

static qg_code write_precision(qg_results *r, const qg_cell *c, int precision)
{
    const qg_plan *p = r->plan;
    int first = c->experiment, all = p->job->experiments[first].seed_group.n, done[QG_MAX_SEEDS];
    int64_t n = 0;
    uint8_t counted[QG_MAX_SEEDS];
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_SEEDS);
    g.precision = precision;
    for (int i = 0; i < all; i++) {
        int cell = qg_predict_cell(p, first + i, precision);
        counted[i] = r->cell_state[cell] == QG_STATE_DONE;
        if (counted[i])
            done[n++] = cell;
    }
#define X(name, doc) QG_TRY(write_metric(r, g, #name, done, (int)n));
    QG_METRIC_LIST(X)
#undef X
    QG_TRY(write_metric(r, g, "agreement_with_fp32", done, (int)n));
    QG_TRY(qg_results_write(r, g, "n", QG_STORE_I64, NULL, NULL, &n));
    return qg_results_write(r, g, "counted", QG_STORE_U8, NULL, NULL, counted);
}

qg_code qg_finish_seeds(qg_results *r, const qg_cell *c)
{
    for (int i = 0; i < r->plan->job->n_precisions; i++)
        QG_TRY(write_precision(r, c, i));
    return QG_OK;
}
