/*
 * finish_seeds.c - statistics over the seeds of a model.
 */
#include "finish.h"

#include "qgrid/metrics.h"
#include "qgrid/statistics.h"

/* One metric over those cells of the predictions [n] that are done. */
static qg_code write_metric(qg_results *r, qg_group_ref seeds, const char *name, const int *cells,
                            int n)
{
    double v[QG_MAX_SEEDS];
    qg_spread spread;
    for (int i = 0; i < n; i++)
        QG_TRY(qg_results_read(r,
                               qg_cell_group(r->plan, &r->plan->cells[cells[i]], QG_GROUP_METRICS),
                               name, QG_STORE_F64, NULL, NULL, &v[i]));
    QG_TRY(qg_spread_of(&spread, v, n, r->scratch));
    const double out[QG_SEED_STATISTICS] = {spread.mean, spread.sd, spread.median, spread.min,
                                            spread.max};
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
