/*
 * drift.c - figures of whether explanations stay the same under quantization.
 */
#include "read.h"

/* Mean rho of each method and precision as a heat map, an experiment a panel. */
qg_code qg_figure_drift_map(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_datum d = QG_DATUM(0, 0);
        qg_matrix m;
        qg_panel *p;
        if (!qg_is_drawn(c, "explain") || qg_is_reference(c->precision))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, QG_DRIFT_PATH "/summary", "subset", "measure",
                            "summary_statistic"));
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->half = true;
        p->digits = 2;
        p->value_title = "mean rho with " QG_REFERENCE;
        p->value_low = -1;
        p->value_high = 1;
        p->value_middle = 0;
        d.value = qg_matrix_at(&m, "all", "spearman", "mean");
        d.low = qg_matrix_at(&m, "all", "spearman", "ci_low");
        d.high = qg_matrix_at(&m, "all", "spearman", "ci_high");
        d.n = qg_matrix_at(&m, "all", "spearman", "n");
        QG_TRY(qg_axis_place(&d.x, out, &p->x, c->precision));
        QG_TRY(qg_put_row(out, p, "", QG_CELLS, c->method, d));
    }
    return QG_OK;
}

/* The column of Spearman's rho of a dataset [texts, measures], [*n]; NULL where there is none. */
static qg_code spearman_of(double **out, int64_t *n, qg_reading *r, const qg_read_cell *c,
                           const char *pattern)
{
    qg_matrix m;
    *out = NULL;
    *n = 0;
    QG_TRY(qg_matrix_of(&m, r, c, pattern, NULL, "explained", "measure"));
    for (int64_t k = 0; m.x && k < m.columns; k++) {
        if (strcmp(m.column[k], "spearman") != 0)
            continue;
        *n = m.rows;
        QG_NEW(*out, r->arena, m.rows);
        for (int64_t i = 0; i < m.rows; i++)
            (*out)[i] = m.x[i * m.columns + k];
    }
    return QG_OK;
}

/* Whether no cell before it has the same experiment and method under a precision to compare. */
static bool is_first(const qg_reading *r, const qg_read_cell *c)
{
    for (const qg_read_cell *k = r->cell; k < c; k++)
        if (qg_is_drawn(k, "explain") && !qg_is_reference(k->precision) &&
            strcmp(k->experiment, c->experiment) == 0 && strcmp(k->method, c->method) == 0)
            return false;
    return true;
}

/* What chance and drawing again give for a method: they are the same under all precisions. */
static qg_code add_nulls(qg_figure *out, qg_panel *p, qg_reading *r, const qg_read_cell *c)
{
    static const char *const null[][2] = {{QG_DRIFT_PATH "/repeat", "repeat: drawn again"},
                                          {QG_DRIFT_PATH "/floor", "floor: random scores"}};
    for (int k = 0; k < 2; k++) {
        double *x;
        int64_t n;
        QG_TRY(spearman_of(&x, &n, r, c, null[k][0]));
        qg_datum d = qg_box_of(x, n);
        if (!isnan(d.x))
            QG_TRY(qg_put_row(out, p, null[k][1], QG_BOXES, c->method, d));
    }
    return QG_OK;
}

/* Precisions first, so that what they are compared with stands below them. */
qg_code qg_figure_drift(qg_figure *out, qg_reading *r)
{
    out->share_x = true;
    for (int i = 0; i < 2 * r->n; i++) {
        const qg_read_cell *c = &r->cell[i % r->n];
        double *x;
        int64_t n;
        qg_panel *p;
        if (!qg_is_drawn(c, "explain") || qg_is_reference(c->precision))
            continue;
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->x.title = "Spearman's rho with " QG_REFERENCE;
        QG_TRY(qg_numbers_of(&x, &n, r, c, QG_DRIFT_PATH "/spearman"));
        if (i < r->n)
            QG_TRY(qg_put_row(out, p, c->precision, QG_BOXES, c->method, qg_box_of(x, n)));
        else if (is_first(r, c))
            QG_TRY(add_nulls(out, p, r, c));
    }
    return QG_OK;
}

enum { BINS = 20 };

/* Texts by their rho in 20 bins, as a line through the middles of the bins. */
static qg_code add_distribution(qg_figure *out, qg_panel *p, const char *precision, const double *x,
                                int64_t n)
{
    double count[BINS] = {0};
    qg_plot_series *s;
    for (int64_t k = 0; k < n; k++)
        if (x[k] >= -1 && x[k] <= 1)
            count[x[k] == 1 ? BINS - 1 : (int)((x[k] + 1) / 2 * BINS)]++;
    QG_TRY(qg_panel_series(&s, out, p, precision, QG_LINE));
    s->plain = true;
    for (int k = 0; k < BINS; k++)
        QG_TRY(qg_series_add(out, s, QG_DATUM(-1 + (k + 0.5) * 2 / BINS, count[k])));
    return QG_OK;
}

qg_code qg_figure_rho_distributions(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        double *x;
        const char *title;
        int64_t n;
        qg_panel *p;
        if (!qg_is_drawn(c, "explain") || qg_is_reference(c->precision))
            continue;
        QG_TRY(qg_numbers_of(&x, &n, r, c, QG_DRIFT_PATH "/spearman"));
        if (!x)
            continue;
        QG_TRY(qg_name_of(&title, out, c->experiment, c->method));
        QG_TRY(qg_figure_panel(&p, out, title));
        p->half = true;
        p->x.title = "rho with " QG_REFERENCE;
        p->y.title = "texts";
        p->x.low = -1;
        p->x.high = 1;
        p->y.zero = true;
        QG_TRY(add_distribution(out, p, c->precision, x, n));
        qg_datum box = qg_box_of(x, n);
        const char *median =
            qg_arena_printf(out->arena, "median under %s, n = %.0f", c->precision, box.n);
        if (!median)
            return QG_ENOMEM;
        if (!isnan(box.x))
            qg_panel_add_rule(p, QG_UPRIGHT, box.x, median);
    }
    return QG_OK;
}

/* A symmetric heat map keeps what is below its diagonal: all but the first row and last column. */
static void keep_half(qg_panel *p)
{
    qg_plot_series *s = &p->series[0];
    int n = 0;
    for (int k = 0; k < s->n; k++) {
        if (s->datum[k].x < s->datum[k].y) {
            s->datum[n] = s->datum[k];
            s->datum[n++].y--;
        }
    }
    s->n = n;
    p->x.n_names--;
    p->y.n_names--;
    p->y.name++;
}

/* The block of the reference alone, where there is one: the tables have the others. */
static void keep_reference(qg_matrix *m)
{
    for (int64_t b = 0; m->x && b < m->blocks; b++) {
        if (!qg_is_reference(m->block[b]))
            continue;
        m->x += b * m->rows * m->columns;
        m->block += b;
        m->blocks = 1;
        return;
    }
}

qg_code qg_figure_agreement_of_methods(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_matrix m;
        int first;
        if (!qg_is_drawn(c, "explanations"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, "/comparisons/{model}/{dataset}/explanations/agreement",
                            "precision", "method_a", "method_b"));
        keep_reference(&m);
        QG_TRY(qg_figure_add_heat_map(&first, out, &m, c->experiment, "mean rho of two methods"));
        for (; first < out->n_panels; first++) {
            qg_panel *p = &out->panel[first];
            p->digits = 2;
            p->value_low = -1;
            p->value_high = 1;
            p->value_middle = 0;
            keep_half(p);
        }
    }
    return QG_OK;
}

/* Mean Jaccard index of the top k words for the k that are stored, of a subset. */
static qg_code add_top_words(qg_figure *out, qg_panel *p, const qg_matrix *m, const char *subset,
                             const char *series)
{
    static const char *const measure[] = {"jaccard_3", "jaccard_5", "jaccard_10"};
    static const double k[] = {3, 5, 10};
    qg_plot_series *s;
    QG_TRY(qg_panel_series(&s, out, p, series, QG_LINE));
    s->band = true;
    for (int i = 0; i < 3 && s->n < 3; i++) {
        qg_datum d = QG_DATUM(k[i], qg_matrix_at(m, subset, measure[i], "mean"));
        d.low = qg_matrix_at(m, subset, measure[i], "ci_low");
        d.high = qg_matrix_at(m, subset, measure[i], "ci_high");
        d.n = qg_matrix_at(m, subset, measure[i], "n");
        QG_TRY(qg_series_add(out, s, d));
    }
    return QG_OK;
}

qg_code qg_figure_top_words(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        const char *title;
        qg_matrix m;
        qg_panel *p;
        if (!qg_is_drawn(c, "explain") || qg_is_reference(c->precision))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, QG_DRIFT_PATH "/summary", "subset", "measure",
                            "summary_statistic"));
        QG_TRY(qg_name_of(&title, out, c->experiment, c->method));
        QG_TRY(qg_figure_panel(&p, out, title));
        p->half = true;
        p->x.title = "k words of largest |score|";
        p->y.title = "Jaccard";
        p->y.low = 0;
        p->y.high = 1;
        QG_TRY(add_top_words(out, p, &m, "all", c->precision));
        QG_TRY(add_top_words(out, p, &m, "floor", "chance"));
    }
    return QG_OK;
}
