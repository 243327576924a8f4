/*
 * predictions.c - what the predictions of a file come to, and all metrics of one cell.
 */
#include "table.h"

#include "qgrid/metrics.h"
#include "qgrid/pair_scores.h"

#include <math.h>
#include <string.h>

static qg_code size_of(double *out, qg_reading *r, const qg_read_cell *c)
{
    char *group;
    QG_TRY(qg_reading_path(&group, r, "/models/{model}/{precision}", c));
    *out = qg_table_count(r, group, "size_bytes");
    return QG_OK;
}

#define LATENCY "/timing/latency/{model}/{dataset}/{precision}"

/* Of the first batch size; NaN when there are no measurements, or none of this cell yet. */
static qg_code median_latency(double *out, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    char *path, *name = qg_arena_printf(r->arena, "%s/latency", c->name);
    const qg_read_cell *of = name ? qg_reading_cell(r, name) : NULL;
    if (!of || of->state != QG_STATE_DONE)
        return name ? QG_OK : QG_ENOMEM;
    QG_TRY(qg_reading_path(&path, r, LATENCY "/summary", c));
    QG_TRY(qg_matrix_read(&m, r, path, NULL, "batch_size", "statistic"));
    *out = m.x && m.rows > 0 ? qg_matrix_at(&m, NULL, m.row[0], "median") : (double)NAN;
    return QG_OK;
}

/* Texts that a group's metrics are of; NaN where there are none. */
static qg_code count_texts(double *out, qg_reading *r, const char *group)
{
    qg_matrix m;
    const char *path = qg_arena_printf(r->arena, "%s/per_class", group);
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_matrix_read(&m, r, path, NULL, "true_class", "class_metric"));
    *out = m.x ? 0 : (double)NAN;
    for (int64_t k = 0; m.x && k < m.rows; k++)
        *out += qg_matrix_at(&m, NULL, m.row[k], "support");
    return QG_OK;
}

/* Wilson's 95 % interval of a share of texts: "0.32-0.81"; "-" where there is none. */
static qg_code interval(const char **out, qg_reading *r, const char *group, double share)
{
    double n, low, high;
    *out = "-";
    QG_TRY(count_texts(&n, r, group));
    if (!(n > 0) || isnan(share))
        return QG_OK;
    qg_share_interval(&low, &high, llround(share * n), llround(n));
    *out = qg_arena_printf(r->arena, "%.4f-%.4f", low, high);
    return *out ? QG_OK : QG_ENOMEM;
}

qg_code qg_table_predictions(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"cell", NULL, QG_TEXT, 0},
        {"state", NULL, QG_TEXT, 0},
        {"accuracy", NULL, QG_FIXED, 4},
        {"95 %", NULL, QG_TEXT, 0},
        {"macro-F1", NULL, QG_FIXED, 4},
        {"ECE", NULL, QG_FIXED, 4},
        {"as " QG_REFERENCE, NULL, QG_FIXED, 4},
        {"size", NULL, QG_BYTES, 0},
        {"median", "ms", QG_FIXED, 3},
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
            v[k ? 3 + k : 2].number = qg_reading_f64(r, group, metric[k]);
        QG_TRY(interval(&v[3].text, r, group, v[2].number));
        QG_TRY(size_of(&v[7].number, r, c));
        QG_TRY(median_latency(&v[8].number, r, c));
    }
    return QG_OK;
}

qg_code qg_table_measured(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const qg_column columns[] = {
        {"what", NULL, QG_TEXT, 0},
        {"value", NULL, QG_TEXT, 0},
    };
    static const char *const what[] = {"measured_on", "host", "cpu", "kernels"};
    char *group;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    QG_TRY(qg_reading_path(&group, r, LATENCY, c));
    for (int i = 0; i < 4 && c->state == QG_STATE_DONE; i++) {
        qg_value v = {.text = ""};
        const char *path = qg_arena_printf(r->arena, "%s/%s", group, what[i]);
        if (!path)
            return QG_ENOMEM;
        if (!qg_store_has(r->store, path)) /* of another version of the layout */
            continue;
        QG_TRY(qg_table_word(&v.text, r, group, what[i]));
        QG_TRY(qg_table_add_pair(t, what[i], v));
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
