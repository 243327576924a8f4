/*
 * cost.c - figures of what models cost: bytes and time.
 */
#include "read.h"

#define MIB (1024.0 * 1024.0)

qg_code qg_figure_size(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_datum d = QG_DATUM((double)NAN, 0);
        qg_panel *p;
        char *group;
        double place;
        if (!qg_is_drawn(c, "predict"))
            continue;
        QG_TRY(qg_reading_path(&group, r, "/models/{model}/{precision}", c));
        QG_TRY(qg_figure_panel(&p, out, c->model));
        p->half = true;
        p->x.title = "MiB";
        int known = p->y.n_names;
        QG_TRY(qg_axis_place(&place, out, &p->y, c->precision));
        if (p->y.n_names == known) /* another data set has it already */
            continue;
        d.x = qg_table_count(r, group, "size_bytes") / MIB;
        QG_TRY(qg_put_row(out, p, "", QG_BARS, c->precision, d));
    }
    return QG_OK;
}

/* Times of single runs [batches, texts, runs] in boxes, one for each batch size. */
static qg_code add_latency(qg_figure *out, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix size;
    double *ms;
    int64_t n;
    QG_TRY(qg_matrix_of(&size, r, c, "/timing/latency/{model}/{dataset}/{precision}/summary", NULL,
                        "batch_size", "statistic"));
    QG_TRY(qg_numbers_of(&ms, &n, r, c, "/timing/latency/{model}/{dataset}/{precision}/ms"));
    for (int64_t b = 0; size.x && ms && b < size.rows; b++) {
        int64_t of = n / size.rows;
        qg_panel *p;
        const char *title;
        QG_TRY(qg_name_of(&title, out, c->experiment, size.row[b]));
        QG_TRY(qg_figure_panel(&p, out, title));
        p->half = true;
        p->x.title = "ms";
        p->x.zero = true;
        QG_TRY(qg_put_row(out, p, "", QG_BOXES, c->precision, qg_box_of(ms + b * of, of)));
    }
    return QG_OK;
}

qg_code qg_figure_latency(qg_figure *out, qg_reading *r)
{
    out->of_timing = true;
    for (int i = 0; i < r->n; i++)
        if (qg_is_drawn(&r->cell[i], "latency"))
            QG_TRY(add_latency(out, r, &r->cell[i]));
    return QG_OK;
}

/* Mean over methods, but random scores, of the mean Spearman drift of a variant; fp32 has 1. */
static qg_code mean_drift(double *out, qg_reading *r, const qg_read_cell *c)
{
    double sum = 0;
    int n = 0;
    *out = (double)NAN;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *k = &r->cell[i];
        qg_matrix m;
        if (!qg_is_drawn(k, "explain") || strcmp(k->experiment, c->experiment) != 0 ||
            strcmp(k->precision, c->precision) != 0 || strcmp(k->method, "random") == 0)
            continue;
        QG_TRY(qg_matrix_of(&m, r, k, QG_DRIFT_PATH "/summary", "subset", "measure",
                            "summary_statistic"));
        double rho =
            qg_is_reference(k->precision) ? 1 : qg_matrix_at(&m, "all", "spearman", "mean");
        sum += isnan(rho) ? 0 : rho;
        n += !isnan(rho);
    }
    *out = n > 0 ? sum / n : (double)NAN;
    return QG_OK;
}

/* Median time of the first batch size; NaN where none was measured. */
static qg_code median_time(double *out, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    QG_TRY(qg_matrix_of(&m, r, c, "/timing/latency/{model}/{dataset}/{precision}/summary", NULL,
                        "batch_size", "statistic"));
    *out = m.x && m.rows > 0 ? qg_matrix_at(&m, NULL, m.row[0], "median") : (double)NAN;
    return QG_OK;
}

static qg_code add_variant(qg_figure *out, qg_reading *r, const qg_read_cell *c)
{
    qg_datum d = QG_DATUM((double)NAN, (double)NAN);
    qg_panel *p;
    qg_plot_series *s;
    char *group;
    QG_TRY(qg_reading_path(&group, r, "/models/{model}/{precision}", c));
    QG_TRY(qg_figure_panel(&p, out, c->experiment));
    p->half = true;
    p->x.title = "size, MiB";
    p->y.title = "macro-F1";
    p->x.zero = true;
    p->value_title = "mean rho with " QG_REFERENCE;
    d.x = qg_table_count(r, group, "size_bytes") / MIB;
    QG_TRY(qg_number_of(&d.y, r, c, QG_METRICS_PATH, "macro_f1"));
    QG_TRY(qg_texts_of(&d.n, r, c));
    QG_TRY(mean_drift(&d.value, r, c));
    QG_TRY(median_time(&d.size, r, c));
    if (!isnan(d.size)) {
        p->size_title = "median ms";
        out->of_timing = true;
    }
    QG_TRY(qg_panel_series(&s, out, p, c->precision, QG_POINTS));
    return qg_series_add(out, s, d);
}

qg_code qg_figure_pareto(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++)
        if (qg_is_drawn(&r->cell[i], "predict"))
            QG_TRY(add_variant(out, r, &r->cell[i]));
    return QG_OK;
}
