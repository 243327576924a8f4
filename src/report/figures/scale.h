/*
 * scale.h - from numbers to places on paper: limits, ticks, digits.
 */
#ifndef QGRID_REPORT_FIGURES_SCALE_H
#define QGRID_REPORT_FIGURES_SCALE_H

#include "figure.h"

enum { QG_TICKS = 24 };

typedef struct qg_scale {
    double low, high; /* low < high; both above 0 of a logarithmic one */
    bool log;
    double from, to; /* where low and high are */
    double tick[QG_TICKS];
    int n_ticks;
    int digits; /* that ticks need behind the point */
} qg_scale;

/** Limits that hold [low, high] and end at ticks, about `want` of them with steps of 1, 2 or 5. No
 *  finite limits: 0 to 1. Equal ones are moved apart. A logarithmic scale of what is not above 0
 *  becomes a plain one. */
void qg_scale_fit(qg_scale *s, double low, double high, bool log, int want);

/** Where a number is; what lies outside is put at the nearer end; NaN: NaN. */
double qg_scale_at(const qg_scale *s, double v);

/** Smallest and largest finite number of a panel along an axis, intervals and rules included; NaN
 *  where there is none. */
void qg_panel_range(double *low, double *high, const qg_panel *p, bool upright);

/** A number as people read it: five significant digits, no exponent where it can be avoided, never
 *  "-0". `out` has room for 32 bytes. Returns out. */
char *qg_number_text(char out[32], double v);

/** The same with so many digits behind the point. */
char *qg_fixed_text(char out[32], double v, int digits);

#endif
