/*
 * calibration.c - figures of how far confidences can be trusted.
 */
#include "read.h"

/* The bins of a cell; all NULL where it has none. */
typedef struct bins {
    double *count, *accuracy, *confidence;
    int64_t n;
} bins;

static qg_code read_bins(bins *out, qg_reading *r, const qg_read_cell *c)
{
    int64_t n[2];
    QG_TRY(qg_numbers_of(&out->count, &out->n, r, c, QG_METRICS_PATH "/bin_count"));
    QG_TRY(qg_numbers_of(&out->accuracy, &n[0], r, c, QG_METRICS_PATH "/bin_accuracy"));
    QG_TRY(qg_numbers_of(&out->confidence, &n[1], r, c, QG_METRICS_PATH "/bin_confidence"));
    if (!out->count || n[0] != out->n || n[1] != out->n)
        out->n = 0;
    return QG_OK;
}

static double middle(const bins *b, int64_t k)
{
    return ((double)k + 0.5) / (double)b->n;
}

/* An upright bar of a bin. */
static qg_datum bar(const bins *b, int64_t k, double height)
{
    qg_datum d = QG_DATUM(middle(b, k), height);
    d.n = b->count[k];
    d.size = 1 / (double)b->n;
    return d;
}

static qg_code add_reliability(qg_figure *out, const bins *b, const char *title, const char *note)
{
    qg_panel *p;
    qg_plot_series *s;
    QG_TRY(qg_figure_panel(&p, out, title));
    p->note = note;
    p->half = true;
    p->x.title = "confidence";
    p->y.title = "share right";
    p->x.low = p->y.low = 0;
    p->x.high = p->y.high = 1;
    qg_panel_add_rule(p, QG_DIAGONAL, 0, "as sure as right");
    QG_TRY(qg_panel_series(&s, out, p, "accuracy", QG_BARS));
    for (int64_t k = 0; k < b->n; k++) {
        qg_datum d = bar(b, k, b->accuracy[k]);
        if (!(d.n > 0) || isnan(d.y))
            continue;
        qg_share_interval(&d.low, &d.high, llround(d.y * d.n), llround(d.n));
        QG_TRY(qg_series_add(out, s, d));
    }
    QG_TRY(qg_panel_series(&s, out, p, "mean confidence", QG_STEPS));
    for (int64_t k = 0; k < b->n; k++)
        if (b->count[k] > 0)
            QG_TRY(qg_series_add(out, s, bar(b, k, b->confidence[k])));
    return QG_OK;
}

static qg_code add_counts(qg_figure *out, const bins *b, const char *title)
{
    const char *name;
    qg_panel *p;
    qg_plot_series *s;
    QG_TRY(qg_name_of(&name, out, title, "texts"));
    QG_TRY(qg_figure_panel(&p, out, name));
    p->half = true;
    p->x.title = "confidence";
    p->y.title = "texts";
    p->x.low = 0;
    p->x.high = 1;
    QG_TRY(qg_panel_series(&s, out, p, "texts", QG_BARS));
    for (int64_t k = 0; k < b->n; k++)
        QG_TRY(qg_series_add(out, s, bar(b, k, b->count[k])));
    return QG_OK;
}

/* "ECE 0.0412, MCE 0.1903". */
static qg_code errors_of(const char **out, qg_figure *f, qg_reading *r, const qg_read_cell *c)
{
    double ece, mce;
    QG_TRY(qg_number_of(&ece, r, c, QG_METRICS_PATH, "ece"));
    QG_TRY(qg_number_of(&mce, r, c, QG_METRICS_PATH, "mce"));
    *out = isnan(ece) ? "" : qg_arena_printf(f->arena, "ECE %.4f, MCE %.4f", ece, mce);
    return *out ? QG_OK : QG_ENOMEM;
}

qg_code qg_figure_reliability(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        const char *title, *note;
        bins b;
        if (!qg_is_drawn(c, "predict"))
            continue;
        QG_TRY(read_bins(&b, r, c));
        if (b.n == 0)
            continue;
        QG_TRY(qg_name_of(&title, out, c->experiment, c->precision));
        QG_TRY(errors_of(&note, out, r, c));
        QG_TRY(add_reliability(out, &b, title, note));
        QG_TRY(add_counts(out, &b, title));
    }
    return QG_OK;
}

qg_code qg_figure_reliability_lines(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_panel *p;
        qg_plot_series *s;
        const char *note;
        bins b;
        if (!qg_is_drawn(c, "predict"))
            continue;
        QG_TRY(read_bins(&b, r, c));
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->half = true;
        p->x.title = "mean confidence";
        p->y.title = "share right";
        p->x.low = p->y.low = 0;
        p->x.high = p->y.high = 1;
        if (p->n_rules == 0)
            qg_panel_add_rule(p, QG_DIAGONAL, 0, "as sure as right");
        QG_TRY(errors_of(&note, out, r, c));
        QG_TRY(qg_panel_series(&s, out, p, c->precision, QG_LINE));
        for (int64_t k = 0; k < b.n; k++) {
            qg_datum d = QG_DATUM(b.confidence[k], b.accuracy[k]);
            d.n = b.count[k];
            d.detail = note;
            if (d.n > 0)
                QG_TRY(qg_series_add(out, s, d));
        }
    }
    return QG_OK;
}

qg_code qg_figure_calibration(qg_figure *out, qg_reading *r)
{
    static const char *const metric[][2] = {
        {"ece", "ECE"},     {"ece_quantile", "ECE, equal bins"},
        {"mce", "MCE"},     {"overconfidence", "sure and wrong"},
        {"brier", "Brier"}, {"confidence_gap", "confidence gap"}};
    out->share_x = true;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_panel *p;
        double n;
        if (!qg_is_drawn(c, "predict"))
            continue;
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->half = true;
        p->x.zero = true;
        QG_TRY(qg_texts_of(&n, r, c));
        for (size_t k = 0; k < sizeof metric / sizeof *metric; k++) {
            qg_datum d = QG_DATUM((double)NAN, 0);
            QG_TRY(qg_number_of(&d.x, r, c, QG_METRICS_PATH, metric[k][0]));
            d.n = n;
            QG_TRY(qg_put_row(out, p, c->precision, QG_POINTS, metric[k][1], d));
        }
    }
    return QG_OK;
}
