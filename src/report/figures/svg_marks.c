/*
 * svg_marks.c - the data of a panel: points, lines, bars, boxes, cells, each with what the pointer
 * shows.
 */
#include "pen.h"

#include <math.h>
#include <string.h>

/* Series beside each other in one row of names. */
enum { STEP = 11, MANY = 80 };
static const double RADIUS = 3.5;

double qg_frame_row(const qg_frame *fr, double place, int series)
{
    double middle = fr->top + (place + 0.5) * fr->row;
    return middle + (series - (fr->p->n_series - 1) / 2.0) * STEP;
}

static double x_of(const qg_frame *fr, const qg_datum *d)
{
    const qg_axis *a = &fr->p->x;
    return a->name ? fr->left + (d->x + 0.5) * (fr->right - fr->left) / a->n_names
                   : qg_scale_at(&fr->x, d->x);
}

static double y_of(const qg_frame *fr, const qg_datum *d, int series)
{
    return fr->p->y.name ? qg_frame_row(fr, d->y, series) : qg_scale_at(&fr->y, d->y);
}

/* "; name" of what is not empty. */
static void say(qg_str *out, const char *separator, const char *text)
{
    if (!text || !*text)
        return;
    if (out->len > 0)
        qg_str_add(out, separator);
    qg_str_add(out, text);
}

static void say_place(qg_str *out, const qg_axis *a, double v)
{
    char text[32];
    if (a->name) {
        say(out, ", ", v >= 0 && v < a->n_names ? a->name[(int)v] : NULL);
        return;
    }
    say(out, ", ", a->title);
    qg_str_addf(out, "%s%s", a->title && *a->title ? " " : "", qg_number_text(text, v));
}

/* What a datum says: names, numbers with intervals, what they are over. */
static void say_datum(qg_str *out, const qg_panel *p, const qg_plot_series *s, const qg_datum *d)
{
    char low[32], high[32];
    say(out, ", ", s->name);
    if (p->y.name)
        say_place(out, &p->y, d->y);
    if (s->mark != QG_SPANS)
        say_place(out, &p->x, d->x);
    if (!p->y.name)
        say_place(out, &p->y, d->y);
    if (s->mark == QG_BOXES)
        qg_str_addf(out, ", middle half %s to %s", qg_number_text(low, d->q1),
                    qg_number_text(high, d->q3));
    if (!isnan(d->low) && !isnan(d->high))
        qg_str_addf(out,
                    s->mark == QG_BOXES || s->mark == QG_SPANS ? ", from %s to %s" : " [%s, %s]",
                    qg_number_text(low, d->low), qg_number_text(high, d->high));
    if (s->mark == QG_CELLS || (p->value_title && !isnan(d->value)))
        qg_str_addf(out, ", %s%s%s", s->mark == QG_CELLS || !p->value_title ? "" : p->value_title,
                    s->mark == QG_CELLS ? "" : " ", qg_number_text(low, d->value));
    if (p->size_title && !isnan(d->size))
        qg_str_addf(out, ", %s %s", p->size_title, qg_number_text(low, d->size));
    if (!isnan(d->n))
        qg_str_addf(out, ", n = %s", qg_number_text(low, d->n));
    say(out, "; ", d->detail);
}

static void open_datum(qg_str *out, const qg_frame *fr, const qg_plot_series *s, const qg_datum *d)
{
    qg_str text = {0};
    say_datum(&text, fr->p, s, d);
    qg_str_addf(out, "<g><title>");
    if (text.data)
        qg_pen_escape(out, text.data);
    qg_str_add(out, "</title>");
    out->failed |= text.failed;
    qg_str_fini(&text);
}

static void close_datum(qg_str *out)
{
    qg_str_add(out, "</g>\n");
}

/* Area of a point among those of its panel. */
static double radius_of(const qg_frame *fr, const qg_datum *d)
{
    double most = 0;
    for (int i = 0; i < fr->p->n_series && fr->p->size_title; i++)
        for (int k = 0; k < fr->p->series[i].n; k++)
            most = fmax(most, fr->p->series[i].datum[k].size);
    return most > 0 && d->size >= 0 ? 3 + 7 * sqrt(d->size / most) : RADIUS;
}

static void draw_point(qg_str *out, const qg_frame *fr, const qg_plot_series *s, int series,
                       const qg_datum *d)
{
    double x = x_of(fr, d), y = y_of(fr, d, series);
    char colour[8];
    if (isnan(x) || isnan(y))
        return;
    open_datum(out, fr, s, d);
    if (!isnan(d->low) && !isnan(d->high) && !s->band) {
        if (fr->p->y.name)
            qg_pen_line(out, "l", qg_scale_at(&fr->x, d->low), y, qg_scale_at(&fr->x, d->high), y);
        else
            qg_pen_line(out, "l", x, qg_scale_at(&fr->y, d->low), x, qg_scale_at(&fr->y, d->high));
    }
    double share = fr->p->value_title ? qg_value_share(fr->p, d->value) : (double)NAN;
    if (!isnan(share)) {
        qg_pen_colour(colour, share, !isnan(fr->p->value_middle));
        qg_str_addf(out, "<g style=\"color:%s\" class=\"o\">", colour);
    }
    qg_pen_marker(out, s->style, x, y, radius_of(fr, d));
    if (!isnan(share))
        qg_str_add(out, "</g>");
    close_datum(out);
}

static void add_corner(qg_str *out, bool *begun, double x, double y)
{
    qg_str_add(out, *begun ? "L" : "M");
    qg_pen_number(out, x);
    qg_str_add(out, " ");
    qg_pen_number(out, y);
    *begun = true;
}

/* Places of a line as a path, broken where there is none. */
static void draw_path(qg_str *out, const qg_frame *fr, const qg_plot_series *s, int series)
{
    bool begun = false;
    qg_str_addf(out, "<path class=\"l d%d\" d=\"", s->style % DASHES);
    for (int k = 0; k < s->n; k++) {
        double x = x_of(fr, &s->datum[k]), y = y_of(fr, &s->datum[k], series);
        if (isnan(x) || isnan(y))
            begun = false;
        else
            add_corner(out, &begun, x, y);
    }
    qg_str_add(out, "\"><title>");
    qg_pen_escape(out, s->name);
    qg_str_add(out, "</title></path>\n");
}

static bool has_band(const qg_datum *d)
{
    return !isnan(d->low) && !isnan(d->high) && !isnan(d->x);
}

static void draw_band(qg_str *out, const qg_frame *fr, const qg_plot_series *s)
{
    for (int first = 0; first < s->n;) {
        bool begun = false;
        int end = first;
        while (end < s->n && has_band(&s->datum[end]))
            end++;
        if (end - first > 1) {
            qg_str_add(out, "<path class=\"b\" d=\"");
            for (int k = first; k < end; k++)
                add_corner(out, &begun, x_of(fr, &s->datum[k]),
                           qg_scale_at(&fr->y, s->datum[k].high));
            for (int k = end - 1; k >= first; k--)
                add_corner(out, &begun, x_of(fr, &s->datum[k]),
                           qg_scale_at(&fr->y, s->datum[k].low));
            qg_str_add(out, "Z\"/>\n");
        }
        first = end > first ? end : first + 1;
    }
}

static void draw_line(qg_str *out, const qg_frame *fr, const qg_plot_series *s, int series)
{
    if (s->band)
        draw_band(out, fr, s);
    draw_path(out, fr, s, series);
    for (int k = 0; k < s->n && !s->plain && s->n <= MANY; k++)
        draw_point(out, fr, s, series, &s->datum[k]);
}

/* Upright bars of a width in x, or lying ones in the row of a name. */
static void draw_bar(qg_str *out, const qg_frame *fr, const qg_plot_series *s, int series,
                     const qg_datum *d)
{
    const char *kind = s->mark == QG_STEPS ? "w" : "r";
    double y = y_of(fr, d, series);
    if (isnan(d->x) || isnan(d->y))
        return;
    open_datum(out, fr, s, d);
    if (fr->p->y.name)
        qg_pen_box(out, kind, qg_scale_at(&fr->x, 0), y - STEP / 2.0 + 1, qg_scale_at(&fr->x, d->x),
                   y + STEP / 2.0 - 1);
    else
        qg_pen_box(out, kind, qg_scale_at(&fr->x, d->x - d->size / 2), y,
                   qg_scale_at(&fr->x, d->x + d->size / 2), qg_scale_at(&fr->y, 0));
    if (!isnan(d->low) && !isnan(d->high) && fr->p->y.name)
        qg_pen_line(out, "a", qg_scale_at(&fr->x, d->low), y, qg_scale_at(&fr->x, d->high), y);
    else if (!isnan(d->low) && !isnan(d->high))
        qg_pen_line(out, "a", qg_scale_at(&fr->x, d->x), qg_scale_at(&fr->y, d->low),
                    qg_scale_at(&fr->x, d->x), qg_scale_at(&fr->y, d->high));
    close_datum(out);
}

static void draw_box(qg_str *out, const qg_frame *fr, const qg_plot_series *s, int series,
                     const qg_datum *d)
{
    double x = x_of(fr, d), y = y_of(fr, d, series), half = STEP / 2.0 - 1.5;
    if (isnan(x) || isnan(y) || isnan(d->q1) || isnan(d->q3))
        return;
    open_datum(out, fr, s, d);
    if (!isnan(d->low) && !isnan(d->high))
        qg_pen_line(out, "l", qg_scale_at(&fr->x, d->low), y, qg_scale_at(&fr->x, d->high), y);
    qg_pen_box(out, "x", qg_scale_at(&fr->x, d->q1), y - half, qg_scale_at(&fr->x, d->q3),
               y + half);
    qg_pen_line(out, "q", x, y - half, x, y + half);
    qg_pen_marker(out, s->style, x, y, RADIUS - 1);
    close_datum(out);
}

static void draw_cell(qg_str *out, const qg_frame *fr, const qg_plot_series *s, const qg_datum *d)
{
    double width = (fr->right - fr->left) / fr->p->x.n_names;
    double x = x_of(fr, d), y = qg_frame_row(fr, d->y, 0), share = qg_value_share(fr->p, d->value);
    char colour[8], text[32];
    bool dark = false;
    open_datum(out, fr, s, d);
    if (isnan(share)) {
        qg_pen_box(out, "n", x - width / 2, y - fr->row / 2, x + width / 2, y + fr->row / 2);
    } else {
        dark = qg_pen_colour(colour, share, !isnan(fr->p->value_middle));
        qg_str_addf(out, "<g fill=\"%s\">", colour);
        qg_pen_box(out, "e", x - width / 2, y - fr->row / 2, x + width / 2, y + fr->row / 2);
        qg_str_add(out, "</g>");
    }
    qg_fixed_text(text, d->value, fr->p->digits);
    if (isnan(d->value))
        snprintf(text, sizeof text, "\xe2\x80\x93");
    char *shown = text;
    if (qg_pen_width(text, "k") > width &&
        strstr(text, "0.")) { /* without the 0 before the point */
        shown = strstr(text, "0.");
        if (shown > text)
            *shown = *text;
        shown += shown == text;
    }
    if (qg_pen_width(shown, "k") - 2 <= width)
        qg_pen_text(out, x, y + 3.5,
                    isnan(share) ? "k"
                    : dark       ? "k on"
                                 : "k off",
                    "middle", width + 6, shown);
    close_datum(out);
}

static void draw_span(qg_str *out, const qg_frame *fr, const qg_plot_series *s, const qg_datum *d)
{
    double y = fr->top + (d->y + 0.5) * fr->row;
    if (isnan(d->low) || isnan(d->high))
        return;
    open_datum(out, fr, s, d);
    qg_pen_box(out, "s", qg_scale_at(&fr->x, d->low), y - fr->row / 2 + 2,
               qg_scale_at(&fr->x, d->high), y + fr->row / 2 - 2);
    double width = qg_scale_at(&fr->x, d->high) - qg_scale_at(&fr->x, d->low);
    if (qg_pen_width(s->name, "k") + 4 <= width)
        qg_pen_text(out, qg_scale_at(&fr->x, (d->low + d->high) / 2), y + 3.5, "k in", "middle",
                    width, s->name);
    close_datum(out);
}

void qg_svg_marks(qg_str *out, const qg_frame *fr)
{
    for (int i = 0; i < fr->p->n_series; i++) {
        const qg_plot_series *s = &fr->p->series[i];
        qg_str_addf(out, "<g class=\"c%d\">\n", s->style % COLOURS);
        if (s->mark == QG_LINE)
            draw_line(out, fr, s, i);
        for (int k = 0; k < s->n; k++) {
            const qg_datum *d = &s->datum[k];
            switch (s->mark) {
            case QG_POINTS:
                draw_point(out, fr, s, i, d);
                break;
            case QG_BARS:
            case QG_STEPS:
                draw_bar(out, fr, s, i, d);
                break;
            case QG_BOXES:
                draw_box(out, fr, s, i, d);
                break;
            case QG_CELLS:
                draw_cell(out, fr, s, d);
                break;
            case QG_SPANS:
                draw_span(out, fr, s, d);
                break;
            case QG_LINE:
                break;
            }
        }
        qg_str_add(out, "</g>\n");
    }
}
