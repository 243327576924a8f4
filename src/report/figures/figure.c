/*
 * figure.c - figures in memory, and the registry.
 */
#include "prepare.h"

#include <math.h>
#include <string.h>

const qg_figure_entry qg_figure_entries[] = {
#define QG_FIGURE(name, section, title, caption)                                                   \
    {#name, QG_SECTION_##section, title, caption, qg_figure_##name},
#include "figures.def"
#undef QG_FIGURE
    {0},
};

qg_code qg_figure_panel(qg_panel **out, qg_figure *f, const char *title)
{
    for (int i = 0; i < f->n_panels && title; i++) {
        *out = &f->panel[i];
        if ((*out)->title && strcmp((*out)->title, title) == 0)
            return QG_OK;
    }
    if (f->n_panels == f->room) {
        int room = f->room ? 2 * f->room : 4;
        QG_GROW(f->panel, f->arena, f->n_panels, room);
        f->room = room;
    }
    qg_panel *p = &f->panel[f->n_panels++];
    *p = (qg_panel){.title = title, .digits = 4};
    p->x.low = p->x.high = p->y.low = p->y.high = (double)NAN;
    p->value_low = p->value_high = p->value_middle = (double)NAN;
    *out = p;
    return QG_OK;
}

qg_code qg_panel_series(qg_plot_series **out, qg_figure *f, qg_panel *p, const char *name,
                        qg_mark_kind mark)
{
    for (int i = 0; i < p->n_series; i++) {
        *out = &p->series[i];
        if ((*out)->mark == mark && strcmp((*out)->name, name) == 0)
            return QG_OK;
    }
    if (p->n_series == p->room) {
        int room = p->room ? 2 * p->room : 4;
        QG_GROW(p->series, f->arena, p->n_series, room);
        p->room = room;
    }
    *out = &p->series[p->n_series++];
    **out = (qg_plot_series){.name = name, .mark = mark};
    return QG_OK;
}

qg_code qg_series_add(qg_figure *f, qg_plot_series *s, qg_datum d)
{
    if (s->n == s->room) {
        int room = s->room ? 2 * s->room : 8;
        QG_GROW(s->datum, f->arena, s->n, room);
        s->room = room;
    }
    s->datum[s->n++] = d;
    return QG_OK;
}

qg_code qg_axis_place(double *out, qg_figure *f, qg_axis *a, const char *name)
{
    for (int i = 0; i < a->n_names; i++) {
        if (strcmp(a->name[i], name) == 0) {
            *out = i;
            return QG_OK;
        }
    }
    if (a->n_names == a->room) {
        int room = a->room ? 2 * a->room : 8;
        QG_GROW(a->name, f->arena, a->n_names, room);
        a->room = room;
    }
    *out = a->n_names;
    a->name[a->n_names++] = name;
    return QG_OK;
}

void qg_panel_add_rule(qg_panel *p, int kind, double at, const char *text)
{
    if (p->n_rules < QG_RULES)
        p->rule[p->n_rules++] = (qg_rule){.kind = kind, .at = at, .text = text};
}

static bool has_finite(const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i]))
            return true;
    return false;
}

/* One block of a matrix as a panel. */
static qg_code add_block(qg_figure *f, const qg_matrix *m, int64_t block, const char *title,
                         const char *value_title)
{
    const double *x = m->x + block * m->rows * m->columns;
    qg_panel *p;
    qg_plot_series *s;
    if (!has_finite(x, m->rows * m->columns))
        return QG_OK;
    if (m->block && title)
        title = qg_arena_printf(f->arena, "%s, %s", title, m->block[block]);
    else if (m->block)
        title = m->block[block];
    if (!title && m->block)
        return QG_ENOMEM;
    QG_TRY(qg_figure_panel(&p, f, title));
    p->value_title = value_title;
    QG_TRY(qg_panel_series(&s, f, p, "", QG_CELLS));
    for (int64_t i = 0; i < m->rows * m->columns; i++) {
        qg_datum d = QG_DATUM(0, 0);
        QG_TRY(qg_axis_place(&d.x, f, &p->x, m->column ? m->column[i % m->columns] : ""));
        QG_TRY(qg_axis_place(&d.y, f, &p->y, m->row[i / m->columns]));
        d.value = x[i];
        QG_TRY(qg_series_add(f, s, d));
    }
    return QG_OK;
}

qg_code qg_figure_add_heat_map(int *first, qg_figure *f, const qg_matrix *m, const char *title,
                               const char *value_title)
{
    *first = f->n_panels;
    for (int64_t b = 0; m->x && b < m->blocks; b++)
        QG_TRY(add_block(f, m, b, title, value_title));
    return QG_OK;
}

qg_code qg_figure_read(qg_figure *out, const qg_figure_entry *e, qg_reading *r)
{
    *out =
        (qg_figure){.name = e->name, .title = e->title, .caption = e->caption, .arena = r->arena};
    QG_TRY(e->read(out, r));
    return qg_figure_prepare(out, r);
}
