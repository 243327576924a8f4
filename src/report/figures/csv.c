/*
 * csv.c - the data of a figure as CSV: a row a datum.
 */
#include "figure.h"

#include "report/format.h"

#include <math.h>

/* A number, or the name at its place. */
static qg_value place(const qg_axis *a, double v)
{
    if (a->name && v >= 0 && v < a->n_names)
        return (qg_value){.text = a->name[(int)v]};
    return (qg_value){.number = a->name ? (double)NAN : v};
}

static qg_code add_datum(qg_table *t, const qg_panel *p, const char *series, const qg_datum *d)
{
    const double rest[] = {d->low, d->high, d->q1, d->q3, d->value, d->size, d->n};
    qg_value *v;
    QG_TRY(qg_table_add_row(&v, t));
    v[0].text = p->title ? p->title : "";
    v[1].text = series;
    v[2] = place(&p->x, d->x);
    v[3] = place(&p->y, d->y);
    for (int i = 0; i < 7; i++)
        v[4 + i].number = rest[i];
    v[11].text = d->detail ? d->detail : "";
    return QG_OK;
}

qg_code qg_figure_csv(qg_str *out, const qg_figure *f)
{
    static const char *const head[] = {"panel", "series", "x",     "y",    "low", "high",
                                       "q1",    "q3",     "value", "size", "n",   "detail"};
    const qg_table_entry e = {.name = f->name, .kind = "", .shape = QG_COLUMNS};
    qg_table t = {.name = f->name, .shape = QG_COLUMNS, .arena = f->arena};
    for (int i = 0; i < 12; i++) {
        const qg_column c = {.head = head[i], .format = QG_SIGNIFICANT, .digits = 5};
        QG_TRY(qg_table_add_columns(&t, &c, 1));
    }
    for (int i = 0; i < f->n_panels; i++) {
        const qg_panel *p = &f->panel[i];
        for (int k = 0; k < p->n_series; k++)
            for (int j = 0; j < p->series[k].n; j++)
                QG_TRY(add_datum(&t, p, p->series[k].name, &p->series[k].datum[j]));
    }
    return qg_table_write_csv(out, &t, &e);
}
