/*
 * seeds.c - figures over training seeds, and of what training and quantization each change.
 */
#include "read.h"

#define SEEDS "/seeds/{model}/{dataset}"

/* A statistic of a metric over seeds of one precision: mean, from the least to the largest. */
static qg_code add_metric(qg_figure *out, qg_reading *r, const qg_read_cell *c,
                          const char *precision, const char *metric)
{
    qg_datum d = QG_DATUM((double)NAN, 0);
    qg_matrix m;
    qg_panel *p;
    char *group, *path;
    QG_TRY(qg_reading_path(&group, r, SEEDS, c));
    group = qg_arena_printf(r->arena, "%s/%s", group, precision);
    path = group ? qg_arena_printf(r->arena, "%s/%s", group, metric) : NULL;
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_matrix_read(&m, r, path, NULL, "statistic", NULL));
    if (!m.x)
        return QG_OK;
    d.x = qg_matrix_at(&m, NULL, "mean", NULL);
    d.low = qg_matrix_at(&m, NULL, "min", NULL);
    d.high = qg_matrix_at(&m, NULL, "max", NULL);
    d.n = qg_table_count(r, group, "n");
    d.detail = qg_arena_printf(out->arena, "sd %.4f", qg_matrix_at(&m, NULL, "sd", NULL));
    if (!d.detail)
        return QG_ENOMEM;
    QG_TRY(qg_figure_panel(&p, out, metric));
    return qg_put_row(out, p, precision, QG_POINTS, c->experiment, d);
}

qg_code qg_figure_seeds(qg_figure *out, qg_reading *r)
{
    static const char *const metric[] = {"accuracy", "macro_f1", "ece"};
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_axis precisions = {0};
        double place;
        if (!qg_is_drawn(c, "seeds"))
            continue;
        for (int k = 0; k < r->n; k++)
            if (strcmp(r->cell[k].kind, "predict") == 0)
                QG_TRY(qg_axis_place(&place, out, &precisions, r->cell[k].precision));
        for (int k = 0; k < precisions.n_names * 3; k++)
            QG_TRY(add_metric(out, r, c, precisions.name[k / 3], metric[k % 3]));
    }
    return QG_OK;
}

/* Mean and interval of every row of a matrix [method, precision, statistic] as points. */
static qg_code add_means(qg_figure *out, qg_panel *p, const qg_matrix *m, const char *series)
{
    for (int64_t b = 0; m->x && b < m->blocks; b++) {
        for (int64_t i = 0; i < m->rows; i++) {
            const char *method = m->block[b], *precision = m->row[i];
            qg_datum d = QG_DATUM(qg_matrix_at(m, method, precision, "mean"), 0);
            if (isnan(d.x))
                continue;
            d.low = qg_matrix_at(m, method, precision, "ci_low");
            d.high = qg_matrix_at(m, method, precision, "ci_high");
            d.n = qg_matrix_at(m, method, precision, "n");
            QG_TRY(qg_put_row(out, p, series ? series : precision, QG_POINTS, method, d));
        }
    }
    return QG_OK;
}

/* What two seeds have in common under fp32: the null. */
static qg_code add_null(qg_figure *out, qg_panel *p, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    QG_TRY(qg_matrix_of(&m, r, c, SEEDS "/explanations/between_seeds", NULL, "method",
                        "summary_statistic"));
    for (int64_t i = 0; m.x && i < m.rows; i++) {
        qg_datum d = QG_DATUM(qg_matrix_at(&m, NULL, m.row[i], "mean"), 0);
        d.low = qg_matrix_at(&m, NULL, m.row[i], "ci_low");
        d.high = qg_matrix_at(&m, NULL, m.row[i], "ci_high");
        d.n = qg_matrix_at(&m, NULL, m.row[i], "n");
        QG_TRY(qg_put_row(out, p, "two seeds, " QG_REFERENCE, QG_POINTS, m.row[i], d));
    }
    return QG_OK;
}

qg_code qg_figure_drift_and_seeds(qg_figure *out, qg_reading *r)
{
    static const char *const what[][2] = {{"/explanations/drift", "with own " QG_REFERENCE},
                                          {"/explanations/reference_drift", "with the reference"}};
    out->share_x = true;
    for (int i = 0; i < r->n * 2; i++) {
        const qg_read_cell *c = &r->cell[i / 2];
        const char *title;
        char *path;
        qg_matrix m;
        qg_panel *p;
        if (!qg_is_drawn(c, "explained_seeds"))
            continue;
        path = qg_arena_printf(r->arena, SEEDS "%s", what[i % 2][0]);
        if (!path)
            return QG_ENOMEM;
        QG_TRY(qg_matrix_of(&m, r, c, path, "method", "precision", "pooled_statistic"));
        if (!m.x)
            continue;
        QG_TRY(qg_name_of(&title, out, c->experiment, what[i % 2][1]));
        QG_TRY(qg_figure_panel(&p, out, title));
        p->x.title = "mean rho over seeds";
        QG_TRY(add_means(out, p, &m, NULL));
        if (p->n_series > 0)
            QG_TRY(add_null(out, p, r, c));
    }
    return QG_OK;
}

qg_code qg_figure_reference_drift(qg_figure *out, qg_reading *r)
{
    out->share_x = true;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_matrix m;
        qg_panel *p;
        if (!qg_is_drawn(c, "reference"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, "/comparisons/{model}/{dataset}/reference/explanations/drift",
                            "method", "precision", "summary_statistic"));
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->x.title = "mean rho with the reference";
        QG_TRY(add_means(out, p, &m, NULL));
    }
    return QG_OK;
}

qg_code qg_figure_decomposition(qg_figure *out, qg_reading *r)
{
    static const char *const part[] = {"training", "quantization"};
    out->share_x = true;
    for (int i = 0; i < r->n * 2; i++) {
        const qg_read_cell *c = &r->cell[i / 2];
        char *path;
        qg_matrix m;
        if (!qg_is_drawn(c, "decomposition"))
            continue;
        path = qg_arena_printf(r->arena, "/decompositions/{experiment}/{other}/%s", part[i % 2]);
        if (!path)
            return QG_ENOMEM;
        QG_TRY(qg_matrix_of(&m, r, c, path, "method", "precision", "pooled_statistic"));
        for (int64_t k = 0; m.x && k < m.rows; k++) {
            qg_matrix one = m;
            const char *title;
            qg_panel *p;
            QG_TRY(qg_name_of(&title, out, c->name, m.row[k]));
            QG_TRY(qg_figure_panel(&p, out, title));
            p->x.title = "part of 1 - rho with the reference";
            p->x.zero = true;
            QG_NEW(one.x, r->arena, m.blocks * m.columns);
            QG_NEW(one.row, r->arena, 1);
            one.rows = 1;
            one.row[0] = m.row[k];
            for (int64_t b = 0; b < m.blocks; b++)
                memcpy(one.x + b * m.columns, m.x + (b * m.rows + k) * m.columns,
                       (size_t)m.columns * sizeof *m.x);
            QG_TRY(add_means(out, p, &one, part[i % 2]));
        }
    }
    return QG_OK;
}
