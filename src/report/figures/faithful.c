/*
 * faithful.c - figures of whether explanations say what the model uses.
 */
#include "read.h"

#include <stdlib.h>

#define FAITHFUL "/faithfulness/{model}/{dataset}/{precision}/{method}"

/* A measure over k, a line a method, a panel an experiment. */
static qg_code add_curve(qg_figure *out, qg_reading *r, const qg_read_cell *c, const char *measure)
{
    const char *title;
    double *k;
    int64_t n;
    qg_matrix m;
    qg_panel *p;
    qg_plot_series *s;
    QG_TRY(qg_numbers_of(&k, &n, r, c, FAITHFUL "/k"));
    QG_TRY(qg_matrix_of(&m, r, c, FAITHFUL "/summary_at_k", "faithful_measure_at_k", "k",
                        "summary_statistic"));
    if (!m.x || !k || n != m.rows)
        return QG_OK;
    QG_TRY(qg_name_of(&title, out, c->experiment, measure));
    QG_TRY(qg_figure_panel(&p, out, title));
    p->half = true;
    p->x.title = n > 0 && k[n - 1] < 1 ? "share of the words" : "words";
    p->y.title = "change of probability";
    QG_TRY(qg_panel_series(&s, out, p, c->method, QG_LINE));
    for (int64_t i = 0; i < m.rows; i++) {
        qg_datum d = QG_DATUM(k[i], qg_matrix_at(&m, measure, m.row[i], "mean"));
        d.low = qg_matrix_at(&m, measure, m.row[i], "ci_low");
        d.high = qg_matrix_at(&m, measure, m.row[i], "ci_high");
        d.n = qg_matrix_at(&m, measure, m.row[i], "n");
        QG_TRY(qg_series_add(out, s, d));
    }
    return QG_OK;
}

qg_code qg_figure_perturbation_curves(qg_figure *out, qg_reading *r)
{
    static const char *const measure[] = {"comprehensiveness", "sufficiency"};
    out->share_y = true;
    for (int i = 0; i < r->n * 2; i++) {
        const qg_read_cell *c = &r->cell[i / 2];
        if (qg_is_drawn(c, "explain") && qg_is_reference(c->precision))
            QG_TRY(add_curve(out, r, c, measure[i % 2]));
    }
    return QG_OK;
}

/* The mean of a measure over texts, with its interval. */
static qg_datum mean_of(const qg_matrix *m, const char *measure)
{
    qg_datum d = QG_DATUM(qg_matrix_at(m, NULL, measure, "mean"), 0);
    d.low = qg_matrix_at(m, NULL, measure, "ci_low");
    d.high = qg_matrix_at(m, NULL, measure, "ci_high");
    d.n = qg_matrix_at(m, NULL, measure, "n");
    return d;
}

qg_code qg_figure_faithfulness(qg_figure *out, qg_reading *r)
{
    static const char *const measure[] = {"aopc_comprehensiveness", "aopc_sufficiency",
                                          "deletion_auc", "insertion_auc"};
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_matrix m;
        if (!qg_is_drawn(c, "explain"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, FAITHFUL "/summary", NULL, "faithful_measure",
                            "summary_statistic"));
        for (int k = 0; k < 4 && m.x; k++) {
            const char *title;
            qg_panel *p;
            qg_datum d = mean_of(&m, measure[k]);
            QG_TRY(qg_name_of(&title, out, c->experiment, measure[k]));
            QG_TRY(qg_figure_panel(&p, out, title));
            p->half = true;
            if (!isnan(d.x))
                QG_TRY(qg_put_row(out, p, c->precision, QG_POINTS, c->method, d));
        }
    }
    return QG_OK;
}

/* rho with the explanation of a model whose parameters were drawn anew down to a part. */
qg_code qg_figure_randomisation(qg_figure *out, qg_reading *r)
{
    out->share_x = true;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        const char *title;
        qg_matrix m;
        qg_panel *p;
        if (!qg_is_drawn(c, "randomise"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c,
                            "/randomisation/{model}/{dataset}/{precision}/{method}/summary", NULL,
                            "drawn_part", "summary_statistic"));
        QG_TRY(qg_name_of(&title, out, c->experiment, c->precision));
        QG_TRY(qg_figure_panel(&p, out, title));
        p->x.title = "mean rho with the model as it is";
        for (int64_t k = 0; m.x && k < m.rows; k++) {
            qg_datum d = mean_of(&m, m.row[k]);
            QG_TRY(qg_put_row(out, p, c->method, QG_POINTS, m.row[k], d));
        }
    }
    return QG_OK;
}

/* A statistic of every layer as a line with its band, a series a precision. */
static qg_code add_layers(qg_figure *out, qg_reading *r, const qg_read_cell *c, const char *path,
                          const char *scale, const char *what)
{
    const char *title;
    qg_matrix m;
    qg_panel *p;
    qg_plot_series *s;
    QG_TRY(qg_matrix_of(&m, r, c, path, NULL, scale, "summary_statistic"));
    if (!m.x)
        return QG_OK;
    QG_TRY(qg_name_of(&title, out, c->experiment, what));
    QG_TRY(qg_figure_panel(&p, out, title));
    p->half = true;
    p->x.title = "layer";
    QG_TRY(qg_panel_series(&s, out, p, c->precision, QG_LINE));
    s->band = true;
    for (int64_t k = 0; k < m.rows; k++) {
        const char *number = strrchr(m.row[k], ' ');
        qg_datum d = mean_of(&m, m.row[k]);
        d.y = d.x;
        d.x = number ? strtod(number, NULL) : (double)k;
        QG_TRY(qg_series_add(out, s, d));
    }
    return QG_OK;
}

qg_code qg_figure_layers(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (!qg_is_drawn(c, "internals"))
            continue;
        QG_TRY(add_layers(out, r, c,
                          "/comparisons/{model}/{dataset}/{precision}/internals/cosine_by_layer",
                          "hidden_layer", "cosine of states with " QG_REFERENCE));
        QG_TRY(add_layers(out, r, c, "/internals/{model}/{dataset}/{precision}/entropy_by_layer",
                          "encoder_layer", "entropy of attention"));
    }
    return QG_OK;
}
