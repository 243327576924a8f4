/*
 * training.c - figures of trainings.
 */
#include "read.h"

enum { POINTS = 200 };

/* What is said of a training in a line of its own: means of so many numbers each that a line has at
 * most POINTS of them. */
static qg_code add_line(qg_figure *out, const char *title, const char *series, const double *y,
                        int64_t n)
{
    int64_t each = (n + POINTS - 1) / POINTS;
    qg_panel *p;
    qg_plot_series *s;
    if (n <= 0)
        return QG_OK;
    QG_TRY(qg_figure_panel(&p, out, title));
    QG_TRY(qg_panel_series(&s, out, p, series, QG_LINE));
    s->plain = n > 40;
    for (int64_t k = 0; k < n; k += each) {
        int64_t end = k + each < n ? k + each : n;
        qg_datum d = QG_DATUM((double)(k + end + 1) / 2, 0);
        for (int64_t i = k; i < end; i++)
            d.y += y[i] / (double)(end - k);
        d.n = (double)(end - k);
        QG_TRY(qg_series_add(out, s, d));
    }
    return QG_OK;
}

/* Numbers of the training of a cell's model; those behind `done` were never made. */
static qg_code add_numbers(qg_figure *out, qg_reading *r, const qg_read_cell *c, const char *name,
                           const char *done, const char *title)
{
    char *path;
    double *y;
    int64_t n;
    char *group;
    QG_TRY(qg_reading_path(&group, r, "/training/{model}", c));
    path = qg_arena_printf(r->arena, "%s/%s", group, name);
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_numbers_read(&y, &n, r, path));
    int64_t made = qg_reading_i64(r, group, done);
    return add_line(out, title, c->model, y, !y ? 0 : made < n ? made : n);
}

qg_code qg_figure_training(qg_figure *out, qg_reading *r)
{
    static const char *const what[][3] = {
        {"loss", "steps_done", "mean loss of the texts of a step"},
        {"validation_nll", "epochs_done", "negative log likelihood of the validation texts"},
        {"validation_macro_f1", "epochs_done", "macro-F1 of the validation texts"}};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < r->n; i++)
            if (qg_is_drawn(&r->cell[i], "train"))
                QG_TRY(add_numbers(out, r, &r->cell[i], what[k][0], what[k][1], what[k][2]));
    for (int i = 0; i < out->n_panels; i++)
        out->panel[i].x.title = i == 0 ? "step" : "epoch";
    return QG_OK;
}
