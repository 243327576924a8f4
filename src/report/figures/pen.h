/*
 * pen.h - what figures are drawn with: coordinates, escaped texts, shapes.
 */
#ifndef QGRID_REPORT_FIGURES_PEN_H
#define QGRID_REPORT_FIGURES_PEN_H

#include "scale.h"

/* Coordinates are in units that are 1 px where a figure is WIDTH px wide. */
enum { WIDTH = 430, GAP = 14, LINE = 14, MARKERS = 6, COLOURS = 7, DASHES = 5 };

/* A panel on the paper. */
typedef struct qg_frame {
    const qg_panel *p;
    double left, top, right, bottom; /* of the area of the data */
    double outer, width;             /* left side of all of it, its width */
    double head, height;             /* height of title and note; of all of it */
    double row;                      /* height of a row, where the y axis has names */
    qg_scale x, y;
} qg_frame;

/** Appends a coordinate: at most one digit behind the point. */
void qg_pen_number(qg_str *out, double v);

/** Appends a text for XML: markup escaped, what XML has not in it replaced. */
void qg_pen_escape(qg_str *out, const char *text);

/** Width of a text of a class in px, by its columns. */
double qg_pen_width(const char *text, const char *kind);

/** Appends a <text> at x, y; `anchor` start, middle or end. It is cut to `room`, its whole is then
 *  what the pointer shows. */
void qg_pen_text(qg_str *out, double x, double y, const char *kind, const char *anchor, double room,
                 const char *text);

/** The same, reading upwards. */
void qg_pen_upright(qg_str *out, double x, double y, const char *anchor, double room,
                    const char *text);

/** Appends a straight line, a rectangle (corners in any order), the marker of a style. */
void qg_pen_line(qg_str *out, const char *kind, double x1, double y1, double x2, double y2);
void qg_pen_box(qg_str *out, const char *kind, double x1, double y1, double x2, double y2);
void qg_pen_marker(qg_str *out, int style, double x, double y, double radius);

/** A colour "#rrggbb" of a heat map at a share from 0 to 1; `both`: of two directions, 0.5 is
 *  neutral. `out` has room for 8 bytes. Returns whether dark text reads well on it. */
bool qg_pen_colour(char out[8], double share, bool both);

/** Where a value lies between the limits of a panel's colours, 0 to 1; NaN where there is none. */
double qg_value_share(const qg_panel *p, double value);

/** Where the rows of a panel's series are, and its data. */
double qg_frame_row(const qg_frame *fr, double place, int series);

/** Draws the legend below *y, which is moved. */
void qg_svg_legend(qg_str *out, const qg_figure *f, double *y);

/** Draws the data of a panel. */
void qg_svg_marks(qg_str *out, const qg_frame *fr);

#endif
