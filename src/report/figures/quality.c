/*
 * quality.c - figures of how good predictions are.
 */
#include "figure.h"

#include "qgrid/pair_scores.h"

#include <math.h>
#include <string.h>

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

static qg_code add_accuracy(qg_figure *out, qg_panel *p, qg_reading *r, const qg_read_cell *c)
{
    qg_datum d = QG_DATUM((double)NAN, 0);
    qg_plot_series *s;
    char *group;
    QG_TRY(qg_reading_path(&group, r, "/metrics/{model}/{dataset}/{precision}", c));
    d.x = qg_reading_f64(r, group, "accuracy");
    QG_TRY(count_texts(&d.n, r, group));
    if (d.n > 0 && !isnan(d.x))
        qg_share_interval(&d.low, &d.high, llround(d.x * d.n), llround(d.n));
    QG_TRY(qg_axis_place(&d.y, out, &p->y, c->precision));
    QG_TRY(qg_panel_series(&s, out, p, c->experiment, QG_POINTS));
    return qg_series_add(out, s, d);
}

qg_code qg_figure_accuracy(qg_figure *out, qg_reading *r)
{
    qg_panel *p;
    out->share_x = true;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (strcmp(c->kind, "predict") != 0 || c->state != QG_STATE_DONE)
            continue;
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->x.title = "accuracy";
        QG_TRY(add_accuracy(out, p, r, c));
    }
    return QG_OK;
}
