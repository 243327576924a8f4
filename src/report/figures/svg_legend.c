/*
 * svg_legend.c - what colours, markers and areas of a figure mean.
 */
#include "pen.h"

#include <math.h>
#include <string.h>

/* Whether a series is the first of its name in the figure. */
static bool is_first(const qg_figure *f, int panel, int series)
{
    const char *name = f->panel[panel].series[series].name;
    for (int i = 0; i <= panel; i++)
        for (int k = 0; k < (i < panel ? f->panel[i].n_series : series); k++)
            if (strcmp(f->panel[i].series[k].name, name) == 0)
                return false;
    return true;
}

static bool has_several_names(const qg_figure *f)
{
    int n = 0;
    for (int i = 0; i < f->n_panels; i++)
        for (int k = 0; k < f->panel[i].n_series; k++)
            n += is_first(f, i, k);
    return n > 1;
}

static void draw_sample(qg_str *out, const qg_plot_series *s, double x, double y)
{
    qg_str_addf(out, "<g class=\"c%d\">", s->style % COLOURS);
    if (s->mark == QG_LINE) {
        qg_str_addf(out, "<g class=\"d%d\">", s->style % DASHES);
        qg_pen_line(out, "l", x, y, x + 22, y);
        qg_str_add(out, "</g>");
    }
    if (s->mark == QG_BARS || s->mark == QG_SPANS)
        qg_pen_box(out, s->mark == QG_BARS ? "r" : "s", x + 5, y - 4, x + 17, y + 4);
    else if (s->mark == QG_STEPS)
        qg_pen_box(out, "w", x + 5, y - 4, x + 17, y + 4);
    else if (!s->plain)
        qg_pen_marker(out, s->style, x + 11, y, 3.5);
    qg_str_add(out, "</g>\n");
}

/* Names of series in lines, below *y, which is moved. */
static void draw_names(qg_str *out, const qg_figure *f, double *y)
{
    double x = 0;
    if (!has_several_names(f))
        return;
    for (int i = 0; i < f->n_panels; i++) {
        for (int k = 0; k < f->panel[i].n_series; k++) {
            const qg_plot_series *s = &f->panel[i].series[k];
            double width = fmin(qg_pen_width(s->name, "k"), 200) + 40;
            if (!*s->name || !is_first(f, i, k))
                continue;
            if (x > 0 && x + width > WIDTH) {
                x = 0;
                *y += LINE + 2;
            }
            draw_sample(out, s, x, *y + 8);
            qg_pen_text(out, x + 26, *y + 12, "k", "start", 200, s->name);
            x += width;
        }
    }
    *y += LINE + 6;
}

/* What colours and areas mean, once for each title. */
static void draw_meanings(qg_str *out, const qg_figure *f, double *y)
{
    const char *last = NULL, *last_size = NULL;
    for (int i = 0; i < f->n_panels; i++) {
        const qg_panel *p = &f->panel[i];
        char text[32], colour[8];
        if (p->size_title && (!last_size || strcmp(last_size, p->size_title) != 0)) {
            qg_str line = {0};
            qg_str_addf(&line, "area: %s", p->size_title);
            qg_pen_text(out, 0, *y + 11, "i", "start", WIDTH, line.data ? line.data : "");
            qg_str_fini(&line);
            *y += LINE;
        }
        last_size = p->size_title ? p->size_title : last_size;
        if (!p->value_title || (last && strcmp(last, p->value_title) == 0) || isnan(p->value_low))
            continue;
        last = p->value_title;
        double x = fmin(qg_pen_width(last, "k"), 230) + 8, low = p->value_low;
        double high = p->value_high;
        if (!isnan(p->value_middle)) {
            double reach = fmax(high - p->value_middle, p->value_middle - low);
            low = p->value_middle - reach;
            high = p->value_middle + reach;
        }
        qg_pen_text(out, 0, *y + 11, "i", "start", 230, last);
        qg_number_text(text, low);
        qg_pen_text(out, x, *y + 11, "k", "start", 60, text);
        x += qg_pen_width(text, "k") + 6;
        for (int k = 0; k < 20; k++) {
            qg_pen_colour(colour, (k + 0.5) / 20, !isnan(p->value_middle));
            qg_str_addf(out, "<g fill=\"%s\">", colour);
            qg_pen_box(out, "v", x + 5 * k, *y + 2, x + 5 * k + 5.2, *y + 12);
            qg_str_add(out, "</g>");
        }
        qg_pen_text(out, x + 106, *y + 11, "k", "start", 60, qg_number_text(text, high));
        *y += LINE + 6;
    }
}

void qg_svg_legend(qg_str *out, const qg_figure *f, double *y)
{
    draw_names(out, f, y);
    draw_meanings(out, f, y);
}
