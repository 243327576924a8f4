/*
 * csv.c - the data of a figure as CSV: a row a datum.
 */
#include "pen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The shortest number that reads back as it was; nothing for NaN. */
static void add_number(qg_str *out, double v)
{
    char text[40];
    if (isnan(v))
        return;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    qg_str_add(out, isinf(v) ? (v > 0 ? "inf" : "-inf") : text);
}

/* A text in quotes. What a spreadsheet would compute gets an apostrophe before it. */
static void add_text(qg_str *out, const char *text)
{
    if (!text)
        return;
    qg_str_add(out, "\"");
    if (strchr("=+-@\t\r", *text) && *text)
        qg_str_add(out, "'");
    for (; *text; text++) {
        if (*text == '"')
            qg_str_add(out, "\"");
        qg_str_addn(out, text, 1);
    }
    qg_str_add(out, "\"");
}

/* A number, or the name at its place. */
static void add_place(qg_str *out, const qg_axis *a, double v)
{
    if (!a->name)
        add_number(out, v);
    else if (v >= 0 && v < a->n_names)
        add_text(out, a->name[(int)v]);
    qg_str_add(out, ",");
}

qg_code qg_figure_csv(qg_str *out, const qg_figure *f)
{
    qg_str_add(out, "panel,series,x,y,low,high,q1,q3,value,size,n,detail\n");
    for (int i = 0; i < f->n_panels; i++) {
        const qg_panel *p = &f->panel[i];
        for (int k = 0; k < p->n_series; k++) {
            for (int j = 0; j < p->series[k].n; j++) {
                const qg_datum *d = &p->series[k].datum[j];
                const double rest[] = {d->low, d->high, d->q1, d->q3, d->value, d->size, d->n};
                add_text(out, p->title);
                qg_str_add(out, ",");
                add_text(out, p->series[k].name);
                qg_str_add(out, ",");
                add_place(out, &p->x, d->x);
                add_place(out, &p->y, d->y);
                for (int c = 0; c < 7; c++) {
                    add_number(out, rest[c]);
                    qg_str_add(out, ",");
                }
                add_text(out, d->detail);
                qg_str_add(out, "\n");
            }
        }
    }
    return qg_str_status(out);
}
