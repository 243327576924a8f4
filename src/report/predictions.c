/*
 * predictions.c - what the predictions of a file come to, and all metrics of one cell.
 */
#include "table.h"

#include "qgrid/metrics.h"

#include <math.h>
#include <string.h>

static qg_code size_of(double *out, qg_reading *r, const qg_read_cell *c)
{
    char *group;
    QG_TRY(qg_reading_path(&group, r, "/models/{model}/{precision}", c));
    *out = qg_table_count(r, group, "size_bytes");
    return QG_OK;
}

/* Of the first batch size; NaN when there are no measurements. */
static qg_code median_latency(double *out, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    char *path;
    QG_TRY(qg_reading_path(&path, r, "/timing/latency/{model}/{dataset}/{precision}/summary", c));
    QG_TRY(qg_matrix_read(&m, r, path, NULL, "batch_size", "statistic"));
    *out = m.x && m.rows > 0 ? qg_matrix_at(&m, NULL, m.row[0], "median") : (double)NAN;
    return QG_OK;
}

qg_code qg_table_predictions(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"cell", NULL, QG_TEXT, 0},      {"state", NULL, QG_TEXT, 0},
        {"accuracy", NULL, QG_FIXED, 4}, {"macro-F1", NULL, QG_FIXED, 4},
        {"ECE", NULL, QG_FIXED, 4},      {"as " QG_REFERENCE, NULL, QG_FIXED, 4},
        {"size", NULL, QG_BYTES, 0},     {"median", "ms", QG_FIXED, 3},
    };
    static const char *const metric[] = {"accuracy", "macro_f1", "ece", "agreement_with_fp32"};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_value *v;
        char *group;
        if (strcmp(c->kind, "predict") != 0 || c->state == QG_STATE_SKIPPED)
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = c->name;
        v[1].text = qg_read_cell_state(c);
        QG_TRY(qg_reading_path(&group, r, "/metrics/{model}/{dataset}/{precision}", c));
        for (int k = 0; k < 4; k++)
            v[2 + k].number = qg_reading_f64(r, group, metric[k]);
        QG_TRY(size_of(&v[6].number, r, c));
        QG_TRY(median_latency(&v[7].number, r, c));
    }
    return QG_OK;
}

qg_code qg_table_metrics(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const qg_column columns[] = {
        {"metric", NULL, QG_TEXT, 0},
        {"value", NULL, QG_SIGNIFICANT, 6},
    };
    char *group;
    double size;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    QG_TRY(qg_reading_path(&group, r, "/metrics/{model}/{dataset}/{precision}", c));
    for (int i = 0; i <= QG_METRICS; i++) {
        const char *name = i < QG_METRICS ? qg_metric_names[i] : "agreement_with_fp32";
        qg_value v = {.number = qg_reading_f64(r, group, name)};
        QG_TRY(qg_table_add_pair(t, name, v));
    }
    QG_TRY(size_of(&size, r, c));
    return qg_table_add_pair(t, "size_bytes", (qg_value){.number = size});
}
