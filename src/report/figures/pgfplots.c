/*
 * pgfplots.c - a figure for a paper: a picture a panel, which reads its numbers from a CSV file
 * that has nothing but numbers.
 */
#include "figure.h"
#include "scale.h"

#include "report/format.h"

#include <math.h>
#include <string.h>

/* What every file begins with: where the numbers are, which rows a plot takes, colours. */
static const char HEAD[] =
    "\\providecommand\\qgriddir{.}%\n"
    "\\pgfplotsset{compat=1.16,qgrid only/.style={x filter/.code={%\n"
    "  \\edef\\qgridgroup{\\thisrow{group}}\\edef\\qgridwanted{#1}%\n"
    "  \\ifx\\qgridgroup\\qgridwanted\\else\\def\\pgfmathresult{}\\fi}},\n"
    "  qgrid/.style={tick label style={font=\\scriptsize},label style={font=\\scriptsize},\n"
    "    title style={font=\\footnotesize\\bfseries,align=center},grid=major,"
    "grid style={black!12},\n"
    "    axis lines=left,axis line style={-},unbounded coords=jump,scaled ticks=false,\n"
    "    tick label style={/pgf/number format/fixed},\n"
    "    legend style={font=\\scriptsize,draw=none,at={(0.5,0)},yshift=-10mm,anchor=north,"
    "legend columns=4}}}%\n"
    "\\definecolor{qgrid0}{HTML}{0072B2}\\definecolor{qgrid1}{HTML}{D55E00}%\n"
    "\\definecolor{qgrid2}{HTML}{00855F}\\definecolor{qgrid3}{HTML}{B3598F}%\n"
    "\\definecolor{qgrid4}{HTML}{B07700}\\definecolor{qgrid5}{HTML}{2F9BD0}%\n"
    "\\definecolor{qgrid6}{HTML}{555555}%\n";

static const char *const marks[] = {"*", "square*", "triangle*", "diamond*", "x", "pentagon*"};
static const char *const dashes[] = {"solid", "dashed", "densely dotted", "dashdotted",
                                     "densely dashed"};

/* Where a datum is along an axis of names: series lie beside each other. */
static double beside(const qg_panel *p, int series, double place)
{
    const qg_plot_series *s = &p->series[series];
    if (!p->y.name || s->mark == QG_CELLS || s->mark == QG_SPANS)
        return place;
    return place + (series - (p->n_series - 1) / 2.0) * 0.8 / p->n_series;
}

static void add_number(qg_str *out, double v)
{
    char text[64];
    qg_str_add(out, ",");
    qg_str_add(out, isfinite(v) ? qg_table_exact_number(text, sizeof text, v) : "nan");
}

/* A length of an error bar: none where the interval is not known. */
static void add_length(qg_str *out, double v)
{
    add_number(out, isfinite(v) ? fmax(v, 0) : 0);
}

static void add_row(qg_str *out, const qg_panel *p, int series, const qg_datum *d)
{
    double at = p->y.name ? d->x : d->y;
    bool span = p->series[series].mark == QG_SPANS;
    add_number(out, span ? d->low : d->x);
    add_number(out, beside(p, series, d->y));
    add_length(out, span ? 0 : at - d->low);
    add_length(out, d->high - (span ? d->low : at));
    add_length(out, at - d->q1);
    add_length(out, d->q3 - at);
    add_number(out, d->value);
    qg_str_add(out, "\n");
}

qg_code qg_figure_numbers(qg_str *out, const qg_figure *f)
{
    qg_str_add(out, "group,x,y,minus,plus,qminus,qplus,value\n");
    for (int i = 0; i < f->n_panels; i++) {
        const qg_panel *p = &f->panel[i];
        for (int k = 0; k < p->n_series; k++) {
            for (int j = 0; j < p->series[k].n; j++) {
                const qg_datum *d = &p->series[k].datum[j];
                if (p->series[k].mark == QG_CELLS && !isfinite(d->value))
                    continue;
                qg_str_addf(out, "%d", 1000 * (i + 1) + k);
                add_row(out, p, k, d);
            }
        }
    }
    return qg_str_status(out);
}

static void add_names(qg_str *out, char axis, const qg_axis *a)
{
    qg_str_addf(out, "  %cmin=-0.5,%cmax=%d.5,%ctick={", axis, axis, a->n_names - 1, axis);
    for (int i = 0; i < a->n_names; i++)
        qg_str_addf(out, i ? ",%d" : "%d", i);
    qg_str_addf(out, "},%cticklabels={", axis);
    for (int i = 0; i < a->n_names; i++) {
        qg_str_add(out, i ? ",{" : "{");
        qg_latex_text(out, a->name[i]);
        qg_str_add(out, "}");
    }
    qg_str_add(out, "},\n");
}

static void add_limits(qg_str *out, const qg_panel *p, char axis, bool upright)
{
    const qg_axis *a = upright ? &p->y : &p->x;
    qg_scale s;
    double low, high;
    char text[64];
    if (a->name) {
        add_names(out, axis, a);
        return;
    }
    qg_panel_range(&low, &high, p, upright);
    qg_scale_fit(&s, isnan(a->low) ? low : a->low, isnan(a->high) ? high : a->high, false, 5);
    qg_str_addf(out, "  %cmin=%s,", axis, qg_table_exact_number(text, sizeof text, s.low));
    qg_str_addf(out, "%cmax=%s,", axis, qg_table_exact_number(text, sizeof text, s.high));
    if (a->title && *a->title) {
        qg_str_addf(out, "%clabel={", axis);
        qg_latex_text(out, a->title);
        qg_str_add(out, "},");
    }
    qg_str_add(out, "\n");
}

static bool has_cells(const qg_panel *p)
{
    return p->n_series > 0 && p->series[0].mark == QG_CELLS;
}

/* Room for names or numbers beside an axis, in mm at \scriptsize. */
static double beside_width(const qg_panel *p)
{
    size_t longest = 6;
    for (int i = 0; i < p->y.n_names; i++)
        longest = strlen(p->y.name[i]) > longest ? strlen(p->y.name[i]) : longest;
    return 1.4 * (double)(longest > 40 ? 40 : longest) + 6;
}

static void add_axis(qg_str *out, const qg_panel *p)
{
    qg_str_add(out, "\\begin{tikzpicture}\n\\begin{axis}[qgrid,\n");
    if (p->title) {
        qg_str_add(out, "  title={");
        qg_latex_text(out, p->title);
        qg_str_add(out, "},\n");
    }
    if (has_cells(p))
        qg_str_addf(out,
                    "  x=%.2fmm,y=7mm,grid=none,axis line style={draw=none},tickwidth=0pt,"
                    "xticklabel style={rotate=90},\n",
                    fmin(7, 110.0 / p->x.n_names));
    else
        qg_str_addf(out,
                    "  scale only axis,width=\\dimexpr%s\\linewidth-%.1fmm\\relax,height=%dmm,\n",
                    p->half ? "0.48" : "0.98", beside_width(p),
                    p->y.name ? 2 + p->y.n_names * (3 + 2 * p->n_series)
                    : p->half ? 35
                              : 45);
    add_limits(out, p, 'x', false);
    add_limits(out, p, 'y', true);
    qg_str_add(out, p->y.name ? "  y dir=reverse]\n" : "  ]\n");
}

static void add_rules(qg_str *out, const qg_panel *p)
{
    char text[64];
    for (int i = 0; i < p->n_rules; i++) {
        qg_table_exact_number(text, sizeof text, p->rule[i].at);
        if (p->rule[i].kind == QG_DIAGONAL)
            qg_str_add(out, "\\draw[dashed,gray] (rel axis cs:0,0)--(rel axis cs:1,1);\n");
        else if (p->rule[i].kind == QG_UPRIGHT)
            qg_str_addf(out,
                        "\\draw[dashed,gray] ({axis cs:%s,0}|-{rel axis cs:0,0})--"
                        "({axis cs:%s,0}|-{rel axis cs:0,1});\n",
                        text, text);
        else
            qg_str_addf(out,
                        "\\draw[dashed,gray] ({rel axis cs:0,0}|-{axis cs:0,%s})--"
                        "({rel axis cs:1,0}|-{axis cs:0,%s});\n",
                        text, text);
    }
}

/* One \addplot over the rows of a group; `minus` and `plus` name columns of error bars. */
static void add_plot(qg_str *out, const qg_figure *f, int group, const char *options, char axis,
                     const char *minus, const char *plus)
{
    qg_str_addf(out, "\\addplot+[qgrid only=%d,%s", group, options);
    if (minus)
        qg_str_addf(out, ",error bars/.cd,%c dir=both,%c explicit,error mark=none", axis, axis);
    qg_str_add(out, "]\n  table[col sep=comma,x=x,y=y");
    if (minus)
        qg_str_addf(out, ",%c error minus=%s,%c error plus=%s", axis, minus, axis, plus);
    qg_str_addf(out, "] {\\qgriddir/%s.numbers.csv};\n", f->name);
}

static void add_cells(qg_str *out, const qg_figure *f, const qg_panel *p, int group)
{
    char low[64], high[64];
    double from = p->value_low, to = p->value_high;
    bool both = !isnan(p->value_middle);
    if (both) {
        double reach = fmax(to - p->value_middle, p->value_middle - from);
        from = p->value_middle - reach;
        to = p->value_middle + reach;
    }
    qg_table_exact_number(low, sizeof low, isfinite(from) ? from : 0);
    qg_table_exact_number(high, sizeof high, isfinite(to) && to > from ? to : from + 1);
    qg_str_addf(out, "\\pgfplotsset{colormap={qgridmap}{%s},point meta min=%s,point meta max=%s}\n",
                both ? "rgb255=(166,77,8) rgb255=(245,245,245) rgb255=(18,82,150)"
                     : "rgb255=(255,255,255) rgb255=(120,170,212)",
                low, high);
    qg_str_addf(out,
                "\\addplot[scatter,only marks,mark=square*,mark size=3.4mm,qgrid only=%d,"
                "point meta=explicit,scatter/use mapped color={draw=mapped color,fill=mapped "
                "color},\n  nodes near coords={\\pgfmathprintnumber[fixed,fixed zerofill,"
                "precision=%d]{\\pgfplotspointmeta}},every node near coord/.append style="
                "{anchor=center,font=\\tiny,black}]\n  table[col sep=comma,x=x,y=y,meta=value] "
                "{\\qgriddir/%s.numbers.csv};\n",
                group, p->digits, f->name);
}

static void add_series(qg_str *out, const qg_figure *f, const qg_panel *p, int group,
                       const qg_plot_series *s)
{
    char how[160];
    int colour = s->style % 7;
    char axis = p->y.name ? 'x' : 'y';
    const char *mark = marks[s->style % 6], *dash = dashes[s->style % 5];
    switch (s->mark) {
    case QG_CELLS:
        add_cells(out, f, p, group);
        return;
    case QG_LINE:
        snprintf(how, sizeof how, "qgrid%d,%s,mark=%s,mark options={solid,scale=0.8,fill=qgrid%d}",
                 colour, dash, s->plain ? "none" : mark, colour);
        break;
    case QG_BARS:
    case QG_STEPS:
        snprintf(how, sizeof how, "%cbar,bar shift=0pt,bar width=%.6f,mark=none,%s",
                 p->y.name ? 'x' : 'y', s->n > 0 && s->datum[0].size > 0 ? s->datum[0].size : 0.6,
                 s->mark == QG_STEPS ? "draw=black,dashed,fill=none" : "");
        if (s->mark == QG_BARS)
            snprintf(how + strlen(how), sizeof how - strlen(how), "draw=none,fill=qgrid%d", colour);
        break;
    case QG_BOXES:
        snprintf(how, sizeof how, "only marks,mark=|,forget plot,qgrid%d,mark options={solid}",
                 colour);
        add_plot(out, f, group, how, axis, "minus", "plus");
        snprintf(how, sizeof how,
                 "only marks,mark=%s,mark options={solid,scale=0.6},qgrid%d,error bars/error bar "
                 "style={line width=2.2pt}",
                 mark, colour);
        add_plot(out, f, group, how, axis, "qminus", "qplus");
        return;
    case QG_SPANS:
        snprintf(how, sizeof how,
                 "only marks,mark=none,qgrid%d,error bars/error bar style={line width=5pt}",
                 colour);
        break;
    case QG_POINTS:
        snprintf(how, sizeof how,
                 "only marks,mark=%s,mark options={solid,scale=0.8,fill=qgrid%d},qgrid%d", mark,
                 colour, colour);
        break;
    }
    add_plot(out, f, group, how, axis, s->mark == QG_STEPS ? NULL : "minus", "plus");
}

qg_code qg_figure_pgfplots(qg_str *out, const qg_figure *f)
{
    qg_str_add(out, "% ");
    qg_latex_text(out, f->title);
    qg_str_add(out, ". Needs \\usepackage{pgfplots}; \\newcommand\\qgriddir{...} before it says "
                    "where its numbers are.\n");
    qg_str_add(out, HEAD);
    for (int i = 0; i < f->n_panels; i++) {
        const qg_panel *p = &f->panel[i];
        add_axis(out, p);
        add_rules(out, p);
        for (int k = 0; k < p->n_series; k++) {
            add_series(out, f, p, 1000 * (i + 1) + k, &p->series[k]);
            if (p->n_series < 2 || p->series[k].mark == QG_CELLS || !*p->series[k].name)
                continue;
            qg_str_add(out, "\\addlegendentry{");
            qg_latex_text(out, p->series[k].name);
            qg_str_add(out, "}\n");
        }
        qg_str_addf(out, "\\end{axis}\n\\end{tikzpicture}%s\n",
                    p->half && i + 1 < f->n_panels ? "%\n\\hfill" : "\\par");
    }
    return qg_str_status(out);
}
