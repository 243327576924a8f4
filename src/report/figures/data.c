/*
 * data.c - figures of the data sets.
 */
#include "read.h"

/* Data sets of the cells, each once, but perturbed ones. */
static qg_code datasets_of(qg_axis *names, qg_figure *out, const qg_reading *r)
{
    double place;
    for (int i = 0; i < r->n; i++)
        if (qg_is_drawn(&r->cell[i], "predict"))
            QG_TRY(qg_axis_place(&place, out, names, r->cell[i].dataset));
    return QG_OK;
}

/* Names of the classes: a side of the confusion of any cell of the data set. */
static qg_code classes_of(qg_matrix *out, qg_reading *r, const char *dataset)
{
    *out = (qg_matrix){0};
    for (int i = 0; i < r->n && !out->x; i++)
        if (qg_is_drawn(&r->cell[i], "predict") && strcmp(r->cell[i].dataset, dataset) == 0)
            QG_TRY(qg_matrix_of(out, r, &r->cell[i], QG_METRICS_PATH "/confusion", NULL,
                                "true_class", "predicted_class"));
    return QG_OK;
}

qg_code qg_figure_classes(qg_figure *out, qg_reading *r)
{
    qg_axis names = {0};
    QG_TRY(datasets_of(&names, out, r));
    for (int i = 0; i < names.n_names; i++) {
        qg_matrix m;
        qg_panel *p;
        double *label;
        int64_t n;
        char *path = qg_arena_printf(r->arena, "/datasets/%s/label", names.name[i]);
        if (!path)
            return QG_ENOMEM;
        QG_TRY(qg_numbers_read(&label, &n, r, path));
        QG_TRY(classes_of(&m, r, names.name[i]));
        QG_TRY(qg_figure_panel(&p, out, names.name[i]));
        p->half = true;
        p->x.title = "texts";
        for (int64_t k = -1; label && m.x && k < m.rows; k++) {
            qg_datum d = QG_DATUM(0, 0);
            for (int64_t j = 0; j < n; j++)
                d.x += label[j] == (double)k;
            if (k >= 0 || d.x > 0)
                QG_TRY(qg_put_row(out, p, "", QG_BARS, k < 0 ? "no label" : m.row[k], d));
        }
    }
    return QG_OK;
}

/* Lengths from the places where the items of each row begin, [n + 1], in upright bars. */
static qg_code add_lengths(qg_figure *out, qg_reading *r, const char *path, const char *title,
                           const char *unit)
{
    enum { BINS = 30 };
    double *split, count[BINS] = {0}, most = 0;
    int64_t n;
    qg_panel *p;
    qg_plot_series *s;
    QG_TRY(qg_numbers_read(&split, &n, r, path));
    for (int64_t k = 0; split && k + 1 < n; k++)
        most = fmax(most, split[k + 1] - split[k]);
    double width = ceil((most + 1) / BINS);
    for (int64_t k = 0; split && k + 1 < n; k++) {
        double at = floor((split[k + 1] - split[k]) / width);
        if (at >= 0 && at < BINS)
            count[(int)at]++;
    }
    if (!split || n < 2)
        return QG_OK;
    QG_TRY(qg_figure_panel(&p, out, title));
    p->half = true;
    p->x.title = unit;
    p->y.title = "texts";
    QG_TRY(qg_panel_series(&s, out, p, "", QG_BARS));
    for (int k = 0; k < BINS; k++) {
        qg_datum d = QG_DATUM((k + 0.5) * width - 0.5, count[k]);
        d.size = width;
        if (count[k] > 0)
            QG_TRY(qg_series_add(out, s, d));
    }
    return QG_OK;
}

qg_code qg_figure_lengths(qg_figure *out, qg_reading *r)
{
    qg_axis names = {0}, done = {0};
    double place;
    QG_TRY(datasets_of(&names, out, r));
    for (int i = 0; i < names.n_names; i++) {
        const char *title;
        char *path = qg_arena_printf(r->arena, "/datasets/%s/word_row_splits", names.name[i]);
        if (!path)
            return QG_ENOMEM;
        QG_TRY(qg_name_of(&title, out, names.name[i], "words"));
        QG_TRY(add_lengths(out, r, path, title, "words of a text"));
    }
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        const char *title;
        char *path;
        int known = done.n_names;
        if (!qg_is_drawn(c, "predict"))
            continue;
        QG_TRY(qg_name_of(&title, out, c->dataset, c->model));
        QG_TRY(qg_name_of(&title, out, title, "tokens"));
        QG_TRY(qg_axis_place(&place, out, &done, title));
        if (done.n_names == known)
            continue;
        QG_TRY(qg_reading_path(&path, r, "/datasets/{dataset}/tokens/{model}/token_row_splits", c));
        QG_TRY(add_lengths(out, r, path, title, "tokens of a text"));
    }
    return QG_OK;
}
