/*
 * figure.h - a figure as data, and the registry of figures that a results file has.
 *
 * A figure is a line of figures.def and a function that reads a results file into panels, axes and
 * series. How it is drawn is nothing of its business: svg.c, csv.c and pgfplots.c write any figure,
 * and another format needs no more than this header.
 *
 * A heat map of any dataset of the file is one call: qg_figure_add_heat_map() below.
 */
#ifndef QGRID_REPORT_FIGURES_FIGURE_H
#define QGRID_REPORT_FIGURES_FIGURE_H

#include "report/section.h"
#include "report/table.h"

/* What is drawn for each datum of a series. */
typedef enum qg_mark_kind {
    QG_POINTS, /* a marker, and its interval as a line */
    QG_LINE,   /* markers joined by a line; intervals as a band */
    QG_BARS,   /* from 0 to the value: upright, or lying where the y axis has names */
    QG_STEPS,  /* outlines of upright bars */
    QG_BOXES,  /* from q1 to q3 with the middle at the value, whiskers from low to high */
    QG_CELLS,  /* squares of a heat map, coloured by `value` */
    QG_SPANS   /* lying bars from low to high, in the colour of the series */
} qg_mark_kind;

/* NaN: there is no such number, or it is not known. */
typedef struct qg_datum {
    double x, y;        /* along an axis of names: the place of the name, from 0 */
    double low, high;   /* 95 % interval along the axis of numbers, unless the figure says else */
    double q1, q3;      /* quartiles, of boxes */
    double n;           /* texts, runs, seeds: what the number is over */
    double value;       /* what colours a cell, or a point of a panel with a colour title */
    double size;        /* area of a point beside others; width of an upright bar */
    const char *detail; /* more to say when the pointer is on it, or NULL. Borrowed, as all texts */
} qg_datum;

/* A datum at a place, with nothing else known. */
#define QG_DATUM(X, Y)                                                                             \
    (qg_datum)                                                                                     \
    {                                                                                              \
        .x = (X), .y = (Y), .low = (double)NAN, .high = (double)NAN, .q1 = (double)NAN,            \
        .q3 = (double)NAN, .n = (double)NAN, .value = (double)NAN, .size = (double)NAN             \
    }

typedef struct qg_plot_series {
    const char *name;
    qg_mark_kind mark;
    bool band;  /* low and high of a line are drawn as a band */
    bool plain; /* a line without markers */
    int style;  /* colour, marker and dashes: the same for a name all over the figure */
    qg_datum *datum;
    int n, room;
} qg_plot_series;

/* An axis of numbers, or of names. */
typedef struct qg_axis {
    const char *title;
    const char **name; /* NULL: of numbers */
    int n_names, room;
    double low, high; /* limits; NaN: those of the data */
    bool log;
    bool zero; /* 0 is on it */
} qg_axis;

/* A line across a panel that numbers are to be compared with. */
typedef struct qg_rule {
    enum { QG_UPRIGHT, QG_LYING, QG_DIAGONAL } kind;
    double at;
    const char *text;
} qg_rule;

enum { QG_RULES = 4 };

typedef struct qg_panel {
    const char *title, *note; /* NULL: none */
    qg_axis x, y;
    qg_plot_series *series;
    int n_series, room;
    qg_rule rule[QG_RULES];
    int n_rules;
    bool half;                                  /* half as wide as the figure */
    const char *value_title;                    /* what colours mean */
    const char *size_title;                     /* what areas mean */
    double value_low, value_high, value_middle; /* NaN: of the data; no middle: one direction */
    int digits;                                 /* behind the point, in cells and hover texts */
} qg_panel;

typedef struct qg_figure {
    const char *name, *title, *caption;
    bool of_timing;        /* has what differs from run to run */
    bool share_x, share_y; /* axes of numbers have the same limits in all panels */
    qg_panel *panel;
    int n_panels, room; /* none: there is nothing to show */
    qg_arena *arena;
} qg_figure;

typedef qg_code qg_figure_reader(qg_figure *out, qg_reading *r);

/* A line of figures.def. */
typedef struct qg_figure_entry {
    const char *name;
    int section; /* qg_section */
    const char *title, *caption;
    qg_figure_reader *read;
} qg_figure_entry;

extern const qg_figure_entry qg_figure_entries[]; /* ended by name NULL */

#define QG_FIGURE(name, section, title, caption) qg_figure_reader qg_figure_##name;
#include "figures.def"
#undef QG_FIGURE

/** The figure of a file; n_panels 0 where there is nothing to show. Memory of r->arena.
 *  @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_figure_read(qg_figure *out, const qg_figure_entry *e, qg_reading *r) QG_MUST_USE;

/* ---------------------------------------------------------------------- building; all are local */

/** The panel of a title, made as the last one if there is none (NULL is never there yet); pointers
 *  to others are void. @errors QG_ENOMEM. */
qg_code qg_figure_panel(qg_panel **out, qg_figure *f, const char *title) QG_MUST_USE;

/** The series of a name and mark in a panel, made if there is none; pointers to others are void.
 *  @errors QG_ENOMEM. */
qg_code qg_panel_series(qg_plot_series **out, qg_figure *f, qg_panel *p, const char *name,
                        qg_mark_kind mark) QG_MUST_USE;

/** Appends a datum. @errors QG_ENOMEM. */
qg_code qg_series_add(qg_figure *f, qg_plot_series *s, qg_datum d) QG_MUST_USE;

/** The place of a name along an axis, where it is put last if it is new. @errors QG_ENOMEM. */
qg_code qg_axis_place(double *out, qg_figure *f, qg_axis *a, const char *name) QG_MUST_USE;

/** A line to compare with; `text` says what it is. More than QG_RULES are left out. */
void qg_panel_add_rule(qg_panel *p, int kind, double at, const char *text);

/** A panel of a dataset with its names along both sides, one for each block: rows downwards.
 *  Nothing where the file has no such dataset, or no finite number in it. Limits of the colours are
 *  set in the new panels, *first to f->n_panels. @errors QG_ENOMEM. */
qg_code qg_figure_add_heat_map(int *first, qg_figure *f, const qg_matrix *m, const char *title,
                               const char *value_title) QG_MUST_USE;

/* ---------------------------------------------------------------------- writing; all are local */

/** Appends one <svg>: for a file of its own, or for a page. Its ids begin with the figure's name.
 *  Colours follow the reader's system, or data-theme="light" or "dark" of an element around it.
 *  @errors QG_ENOMEM. */
qg_code qg_figure_svg(qg_str *out, const qg_figure *f) QG_MUST_USE;

/** Appends all data as CSV: a row a datum, with the names of panel, series and places.
 *  @errors QG_ENOMEM. */
qg_code qg_figure_csv(qg_str *out, const qg_figure *f) QG_MUST_USE;

/** Appends the numbers alone, as CSV that TeX can read: a row a datum, `group` says of which
 * series.
 *  @errors QG_ENOMEM. */
qg_code qg_figure_numbers(qg_str *out, const qg_figure *f) QG_MUST_USE;

/** Appends pgfplots that reads these numbers from \qgriddir/NAME.numbers.csv: a picture a panel.
 *  @errors QG_ENOMEM. */
qg_code qg_figure_pgfplots(qg_str *out, const qg_figure *f) QG_MUST_USE;

/** Writes DIR/NAME.svg, .csv, .tex and .numbers.csv for every figure that has something to show,
 *  and DIR/Makefile, which makes PDFs of them where there is pdflatex; the folder is made. @errors
 * QG_EIO, QG_ESTORE, QG_ENOMEM. */
qg_code qg_figures_write(const char *dir, qg_reading *r) QG_MUST_USE;

#endif
