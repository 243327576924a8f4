/*
 * stress.c - figures of perturbed texts and of groups of texts.
 */
#include "read.h"

#include <stdlib.h>

#define STRESS "/stress/{model}/{dataset}/{other}"

/* The number in the name of a level, "level 0.2". */
static double level_of(const char *name)
{
    const char *number = strrchr(name, ' ');
    return number ? strtod(number + 1, NULL) : (double)NAN;
}

static const char *perturbation_of(const qg_read_cell *c)
{
    const char *slash = strrchr(c->name, '/');
    return slash ? slash + 1 : c->name;
}

static qg_code add_level(qg_figure *out, qg_plot_series *s, const qg_matrix *m, const char *block,
                         const char *level, double n)
{
    bool share = qg_matrix_at(m, block, level, "share") == qg_matrix_at(m, block, level, "share");
    qg_datum d = QG_DATUM(level_of(level), qg_matrix_at(m, block, level, share ? "share" : "mean"));
    d.low = qg_matrix_at(m, block, level, "ci_low");
    d.high = qg_matrix_at(m, block, level, "ci_high");
    d.n = isnan(n) ? qg_matrix_at(m, block, level, "n") : n;
    return qg_series_add(out, s, d);
}

/* A measure [precision, level, share] over the level, a line a precision. */
static qg_code add_curves(qg_figure *out, qg_reading *r, const qg_read_cell *c, const char *path,
                          const char *measure)
{
    const char *title;
    double *texts;
    int64_t n;
    qg_matrix m;
    qg_panel *p;
    QG_TRY(qg_matrix_of(&m, r, c, path, "precision", "level", "share_statistic"));
    QG_TRY(qg_numbers_of(&texts, &n, r, c, STRESS "/texts"));
    if (!m.x)
        return QG_OK;
    QG_TRY(qg_name_of(&title, out, c->experiment, perturbation_of(c)));
    QG_TRY(qg_name_of(&title, out, title, measure));
    QG_TRY(qg_figure_panel(&p, out, title));
    p->half = true;
    p->x.title = "level";
    for (int64_t b = 0; b < m.blocks; b++) {
        qg_plot_series *s;
        QG_TRY(qg_panel_series(&s, out, p, m.block[b], QG_LINE));
        s->band = true;
        for (int64_t k = 0; k < m.rows; k++)
            QG_TRY(add_level(out, s, &m, m.block[b], m.row[k],
                             texts && n == m.rows ? texts[k] : (double)NAN));
    }
    return QG_OK;
}

qg_code qg_figure_noise_curves(qg_figure *out, qg_reading *r)
{
    out->share_y = true;
    for (int i = 0; i < r->n; i++)
        if (qg_is_drawn(&r->cell[i], "stress"))
            QG_TRY(add_curves(out, r, &r->cell[i], STRESS "/accuracy", "accuracy"));
    return QG_OK;
}

qg_code qg_figure_noise_flips(qg_figure *out, qg_reading *r)
{
    out->share_y = true;
    for (int i = 0; i < r->n; i++)
        if (qg_is_drawn(&r->cell[i], "stress"))
            QG_TRY(add_curves(out, r, &r->cell[i], STRESS "/flips", "flips"));
    return QG_OK;
}

/* rho with the text as it is, over the level: a line a precision, a panel a method. */
static qg_code add_drifts(qg_figure *out, qg_reading *r, const qg_read_cell *c,
                          const char *precision)
{
    char *path;
    qg_matrix m;
    path = qg_arena_printf(r->arena, STRESS "/%s/spearman", precision);
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_matrix_of(&m, r, c, path, "method", "level", "summary_statistic"));
    for (int64_t b = 0; m.x && b < m.blocks; b++) {
        const char *title;
        qg_panel *p;
        qg_plot_series *s;
        QG_TRY(qg_name_of(&title, out, c->experiment, perturbation_of(c)));
        QG_TRY(qg_name_of(&title, out, title, m.block[b]));
        QG_TRY(qg_figure_panel(&p, out, title));
        p->half = true;
        p->x.title = "level";
        p->y.title = "mean rho";
        QG_TRY(qg_panel_series(&s, out, p, precision, QG_LINE));
        s->band = true;
        for (int64_t k = 0; k < m.rows; k++)
            QG_TRY(add_level(out, s, &m, m.block[b], m.row[k], (double)NAN));
    }
    return QG_OK;
}

qg_code qg_figure_noise_drift(qg_figure *out, qg_reading *r)
{
    out->share_y = true;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_matrix m;
        if (!qg_is_drawn(c, "stress"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, STRESS "/accuracy", "precision", "level", "share_statistic"));
        for (int64_t b = 0; m.x && b < m.blocks; b++)
            QG_TRY(add_drifts(out, r, c, m.block[b]));
    }
    return QG_OK;
}

/* Accuracy of every variant in every group. */
qg_code qg_figure_groups(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        double *n;
        int64_t groups;
        qg_matrix m;
        qg_panel *p;
        if (!qg_is_drawn(c, "predict"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, QG_METRICS_PATH "/groups/accuracy_interval", NULL, "group",
                            "share_statistic"));
        QG_TRY(qg_numbers_of(&n, &groups, r, c, QG_METRICS_PATH "/groups/labelled"));
        if (!m.x)
            continue;
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->value_title = "accuracy";
        p->value_low = 0;
        p->value_high = 1;
        p->digits = 2;
        for (int64_t k = 0; k < m.rows; k++) {
            qg_datum d = QG_DATUM(0, 0);
            d.value = qg_matrix_at(&m, NULL, m.row[k], "share");
            d.low = qg_matrix_at(&m, NULL, m.row[k], "ci_low");
            d.high = qg_matrix_at(&m, NULL, m.row[k], "ci_high");
            d.n = n && groups == m.rows ? n[k] : (double)NAN;
            QG_TRY(qg_axis_place(&d.x, out, &p->x, c->precision));
            QG_TRY(qg_put_row(out, p, "", QG_CELLS, m.row[k], d));
        }
    }
    return QG_OK;
}
