/*
 * quality.c - figures of how good predictions are.
 */
#include "read.h"

static qg_code add_accuracy(qg_figure *out, qg_panel *p, qg_reading *r, const qg_read_cell *c)
{
    qg_datum d = QG_DATUM((double)NAN, 0);
    QG_TRY(qg_number_of(&d.x, r, c, QG_METRICS_PATH, "accuracy"));
    QG_TRY(qg_texts_of(&d.n, r, c));
    if (d.n > 0 && !isnan(d.x))
        qg_share_interval(&d.low, &d.high, llround(d.x * d.n), llround(d.n));
    return qg_put_row(out, p, "", QG_POINTS, c->precision, d);
}

qg_code qg_figure_accuracy(qg_figure *out, qg_reading *r)
{
    out->share_x = true;
    for (int i = 0; i < r->n; i++) {
        qg_panel *p;
        if (!qg_is_drawn(&r->cell[i], "predict"))
            continue;
        QG_TRY(qg_figure_panel(&p, out, r->cell[i].experiment));
        p->x.title = "accuracy";
        p->half = true;
        QG_TRY(add_accuracy(out, p, r, &r->cell[i]));
    }
    return QG_OK;
}

/* F1 of a class, and what it is minus that of fp32. */
static qg_code add_f1(qg_figure *out, qg_panel *p, const qg_matrix *m, const qg_matrix *reference,
                      const char *precision)
{
    for (int64_t k = 0; m->x && k < m->rows; k++) {
        qg_datum d = QG_DATUM(qg_matrix_at(m, NULL, m->row[k], "f1"), 0);
        double change = d.x - qg_matrix_at(reference, NULL, m->row[k], "f1");
        d.n = qg_matrix_at(m, NULL, m->row[k], "support");
        if (!qg_is_reference(precision) && !isnan(change)) {
            d.detail = qg_arena_printf(out->arena, "%+.4f against " QG_REFERENCE, change);
            if (!d.detail)
                return QG_ENOMEM;
        }
        QG_TRY(qg_put_row(out, p, precision, QG_POINTS, m->row[k], d));
    }
    return QG_OK;
}

qg_code qg_figure_per_class_f1(qg_figure *out, qg_reading *r)
{
    static const char path[] = QG_METRICS_PATH "/per_class";
    out->share_x = true;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_read_cell other = *c;
        qg_matrix m, reference;
        qg_panel *p;
        if (!qg_is_drawn(c, "predict"))
            continue;
        other.precision = QG_REFERENCE;
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->x.title = "F1";
        p->half = true;
        QG_TRY(qg_matrix_of(&m, r, c, path, NULL, "true_class", "class_metric"));
        QG_TRY(qg_matrix_of(&reference, r, &other, path, NULL, "true_class", "class_metric"));
        QG_TRY(add_f1(out, p, &m, &reference, c->precision));
    }
    return QG_OK;
}

/* Counts become shares of their row; hover texts keep the counts. */
static qg_code make_shares(qg_figure *out, qg_panel *p)
{
    if (p->series[0].n % p->x.n_names != 0) /* two classes of one name */
        return QG_OK;
    for (int k = 0; k < p->series[0].n; k++) {
        qg_datum *d = &p->series[0].datum[k], *row = d - k % p->x.n_names;
        d->n = 0;
        for (int j = 0; j < p->x.n_names; j++)
            d->n += row[j].value;
    }
    for (int k = 0; k < p->series[0].n; k++)
        p->series[0].datum[k].size = p->series[0].datum[k].value;
    for (int k = 0; k < p->series[0].n; k++) {
        qg_datum *d = &p->series[0].datum[k];
        d->value = d->n > 0 ? d->size / d->n : (double)NAN;
        d->detail = qg_arena_printf(out->arena, "%.0f of %.0f texts", d->size, d->n);
        if (!d->detail)
            return QG_ENOMEM;
    }
    return QG_OK;
}

/* More classes than a heat map can show: the table has them. */
enum { MOST_CLASSES = 40 };

static qg_code add_confusions(qg_figure *out, qg_reading *r, bool shares)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        const char *title;
        qg_matrix m;
        int first;
        if (!qg_is_drawn(c, "predict"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, QG_METRICS_PATH "/confusion", NULL, "true_class",
                            "predicted_class"));
        if (m.rows > MOST_CLASSES)
            continue;
        QG_TRY(qg_name_of(&title, out, c->experiment, c->precision));
        QG_TRY(qg_figure_add_heat_map(&first, out, &m, title,
                                      shares ? "share of the texts of a class" : "texts"));
        for (; first < out->n_panels; first++) {
            qg_panel *p = &out->panel[first];
            p->half = true;
            p->x.title = "predicted class; rows: true class";
            p->digits = shares ? 2 : 0;
            p->value_low = 0;
            p->value_high = shares ? 1 : (double)NAN;
            if (shares)
                QG_TRY(make_shares(out, p));
        }
    }
    return QG_OK;
}

qg_code qg_figure_confusion(qg_figure *out, qg_reading *r)
{
    return add_confusions(out, r, false);
}

qg_code qg_figure_confusion_shares(qg_figure *out, qg_reading *r)
{
    return add_confusions(out, r, true);
}

#define PAIRED "/comparisons/{model}/{dataset}/paired"

/* Differences of all precisions from fp32 in a measure, as a row of an experiment each. */
static qg_code add_differences(qg_figure *out, qg_reading *r, const qg_read_cell *c,
                               const char *const path[5], const char *title)
{
    qg_matrix m[5];
    qg_panel *p;
    for (int k = 0; k < 5; k++)
        QG_TRY(qg_matrix_of(&m[k], r, c, path[k], NULL, "precision_a", "precision_b"));
    QG_TRY(qg_figure_panel(&p, out, title));
    p->x.title = "minus that of " QG_REFERENCE;
    if (p->n_rules == 0)
        qg_panel_add_rule(p, QG_UPRIGHT, 0, "no difference");
    for (int64_t k = 0; m[0].x && k < m[0].columns; k++) {
        const char *b = m[0].column[k];
        qg_datum d = QG_DATUM(qg_matrix_at(&m[0], NULL, QG_REFERENCE, b), 0);
        double holm = qg_matrix_at(&m[3], NULL, QG_REFERENCE, b);
        if (qg_is_reference(b) || isnan(d.x))
            continue;
        d.low = qg_matrix_at(&m[1], NULL, QG_REFERENCE, b);
        d.high = qg_matrix_at(&m[2], NULL, QG_REFERENCE, b);
        if (m[4].x)
            QG_TRY(qg_texts_of(&d.n, r,
                               &(qg_read_cell){.model = c->model,
                                               .dataset = c->dataset,
                                               .experiment = c->experiment,
                                               .method = "",
                                               .name = c->name,
                                               .kind = c->kind,
                                               .precision = b}));
        d.detail = isnan(holm) ? NULL : qg_arena_printf(out->arena, "p = %.4f, Holm", holm);
        QG_TRY(qg_put_row(out, p, b, QG_POINTS, c->experiment, d));
    }
    return QG_OK;
}

qg_code qg_figure_differences(qg_figure *out, qg_reading *r)
{
    static const char *const accuracy[] = {PAIRED "/accuracy_difference", PAIRED "/ci_low",
                                           PAIRED "/ci_high", PAIRED "/mcnemar_p_holm",
                                           PAIRED "/agreement"};
    static const char *const macro_f1[] = {PAIRED "/macro_f1_difference", PAIRED "/macro_f1_ci_low",
                                           PAIRED "/macro_f1_ci_high", PAIRED "/macro_f1_p_holm",
                                           PAIRED "/agreement"};
    static const char *const ece[] = {PAIRED "/ece_difference", PAIRED "/ece_ci_low",
                                      PAIRED "/ece_ci_high", PAIRED "/ece_p_holm",
                                      PAIRED "/agreement"};
    for (int i = 0; i < r->n; i++) {
        if (!qg_is_drawn(&r->cell[i], "compare"))
            continue;
        QG_TRY(add_differences(out, r, &r->cell[i], accuracy, "accuracy"));
        QG_TRY(add_differences(out, r, &r->cell[i], macro_f1, "macro-F1"));
        QG_TRY(add_differences(out, r, &r->cell[i], ece, "expected calibration error"));
    }
    return QG_OK;
}
