/*
 * prepare.c - what is done to every figure before it is written: empty panels go, crowded ones are
 * split, styles and common limits are set.
 */
#include "prepare.h"

#include "scale.h"

#include <math.h>
#include <string.h>

/* Series that can be told apart in one panel: colours and markers do not repeat together. */
enum { SERIES = 7, COLUMNS = 24, NAMES = 32 };

static bool has_number(const qg_plot_series *s)
{
    for (int k = 0; k < s->n; k++) {
        const qg_datum *d = &s->datum[k];
        if (s->mark == QG_CELLS   ? isfinite(d->value)
            : s->mark == QG_SPANS ? isfinite(d->low) && isfinite(d->high)
                                  : isfinite(d->x) && isfinite(d->y))
            return true;
    }
    return false;
}

/* Series without any number go, and panels without any series. */
static void drop_empty(qg_figure *f)
{
    int kept = 0;
    for (int i = 0; i < f->n_panels; i++) {
        qg_panel p = f->panel[i];
        int n = 0;
        for (int k = 0; k < p.n_series; k++)
            if (has_number(&p.series[k]))
                p.series[n++] = p.series[k];
        p.n_series = n;
        if (n > 0)
            f->panel[kept++] = p;
    }
    f->n_panels = kept;
}

/* The part of a panel with these series, or these names along an axis. */
typedef struct qg_part {
    int first, n;
    bool of_series, of_columns; /* neither: of rows */
} qg_part;

static qg_code copy_part(qg_figure *to, const qg_panel *from, qg_part part)
{
    qg_panel *p;
    QG_TRY(qg_figure_panel(&p, to, NULL));
    *p = *from;
    if (part.of_series) {
        p->series = from->series + part.first;
        p->n_series = part.n;
        p->room = part.n;
        return QG_OK;
    }
    qg_axis *a = part.of_columns ? &p->x : &p->y;
    a->name += part.first;
    a->n_names = a->room = part.n;
    QG_NEW(p->series, to->arena, from->n_series);
    for (int i = 0; i < from->n_series; i++) {
        const qg_plot_series *s = &from->series[i];
        p->series[i] = *s;
        p->series[i].datum = NULL;
        p->series[i].n = p->series[i].room = 0;
        for (int k = 0; k < s->n; k++) {
            qg_datum d = s->datum[k];
            double *at = part.of_columns ? &d.x : &d.y;
            *at -= part.first;
            if (*at >= 0 && *at < part.n)
                QG_TRY(qg_series_add(to, &p->series[i], d));
        }
    }
    return QG_OK;
}

static qg_code split_panel(qg_figure *to, const qg_panel *p)
{
    bool series = p->n_series > SERIES;
    bool columns = !series && p->x.name && p->x.n_names > COLUMNS;
    bool rows = !series && !columns && p->y.name && p->y.n_names > NAMES && !p->x.name;
    int n = series ? p->n_series : columns ? p->x.n_names : rows ? p->y.n_names : 1;
    int most = series ? SERIES : columns ? COLUMNS : rows ? NAMES : 1;
    int parts = (n + most - 1) / most;
    for (int i = 0; i < parts; i++) {
        int first = (int)((int64_t)n * i / parts), end = (int)((int64_t)n * (i + 1) / parts);
        qg_part of = {first, end - first, series || parts == 1, columns};
        if (parts == 1)
            of = (qg_part){0, p->n_series, true, false};
        QG_TRY(copy_part(to, p, of));
        if (parts > 1) {
            qg_panel *q = &to->panel[to->n_panels - 1];
            q->title =
                qg_arena_printf(to->arena, "%s (%d of %d)", p->title ? p->title : "", i + 1, parts);
            if (!q->title)
                return QG_ENOMEM;
        }
    }
    return QG_OK;
}

static qg_code split_crowded(qg_figure *f)
{
    qg_figure to = *f;
    to.panel = NULL;
    to.n_panels = to.room = 0;
    for (int i = 0; i < f->n_panels; i++)
        QG_TRY(split_panel(&to, &f->panel[i]));
    *f = to;
    return QG_OK;
}

/* A name has one style all over the figure, precisions in all figures of a file. */
static qg_code set_styles(qg_figure *f, const qg_reading *r)
{
    qg_axis names = {0};
    double at;
    for (int i = 0; i < r->n; i++)
        if (*r->cell[i].precision)
            QG_TRY(qg_axis_place(&at, f, &names, r->cell[i].precision));
    for (int i = 0; i < f->n_panels; i++) {
        for (int k = 0; k < f->panel[i].n_series; k++) {
            qg_plot_series *s = &f->panel[i].series[k];
            if (*s->name) {
                QG_TRY(qg_axis_place(&at, f, &names, s->name));
                s->style = (int)at;
            }
        }
    }
    return QG_OK;
}

static void share_axis(qg_figure *f, bool upright)
{
    double low = (double)NAN, high = (double)NAN, l, h;
    for (int i = 0; i < f->n_panels; i++) {
        qg_panel_range(&l, &h, &f->panel[i], upright);
        low = l < low || isnan(low) ? l : low;
        high = h > high || isnan(high) ? h : high;
    }
    for (int i = 0; i < f->n_panels; i++) {
        qg_axis *a = upright ? &f->panel[i].y : &f->panel[i].x;
        a->low = isnan(a->low) ? low : a->low;
        a->high = isnan(a->high) ? high : a->high;
    }
}

static bool same_colours(const qg_panel *a, const qg_panel *b)
{
    return a->value_title && b->value_title && strcmp(a->value_title, b->value_title) == 0;
}

/* Colours mean the same in all panels where they have the same title. */
static void share_colours(qg_figure *f)
{
    for (int i = 0; i < f->n_panels; i++) {
        qg_panel *p = &f->panel[i];
        double low = (double)NAN, high = (double)NAN;
        for (int k = 0; k < f->n_panels; k++)
            for (int j = 0; j < f->panel[k].n_series && same_colours(p, &f->panel[k]); j++)
                for (int d = 0; d < f->panel[k].series[j].n; d++) {
                    double v = f->panel[k].series[j].datum[d].value;
                    if (!isfinite(v))
                        continue;
                    low = v < low || isnan(low) ? v : low;
                    high = v > high || isnan(high) ? v : high;
                }
        p->value_low = isnan(p->value_low) ? low : p->value_low;
        p->value_high = isnan(p->value_high) ? high : p->value_high;
    }
}

qg_code qg_figure_prepare(qg_figure *f, const qg_reading *r)
{
    drop_empty(f);
    QG_TRY(set_styles(f, r));
    QG_TRY(split_crowded(f));
    if (f->share_x)
        share_axis(f, false);
    if (f->share_y)
        share_axis(f, true);
    share_colours(f);
    return QG_OK;
}
