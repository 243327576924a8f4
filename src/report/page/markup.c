/*
 * markup.c - a table as HTML: heads that name columns and rows, numbers that lead to their cells.
 */
#include "page.h"
#include "report/figures/figure.h"
#include "report/format.h"

#include "qgrid/display.h"

#include <math.h>
#include <string.h>

/* A table with more rows than one looks through begins on the page, and is whole beside it. */
enum { MOST_ROWS = 250, FIRST_ROWS = 20, LONG_TEXT = 48 };

void qg_page_text(const qg_page *p, const char *text)
{
    qg_display_markup(p->out, text, strlen(text));
}

qg_code qg_page_find(int *out, const qg_page *p, const char *row, const char *head)
{
    const qg_read_cell *c = qg_reading_cell(p->r, row);
    const char *star = strchr(row, '*');
    *out = -1;
    if (!c && star && head) {
        char *name =
            qg_arena_printf(p->r->arena, "%.*s%s%s", (int)(star - row), row, head, star + 1);
        if (!name)
            return QG_ENOMEM;
        c = qg_reading_cell(p->r, name);
    }
    if (c)
        *out = (int)(c - p->r->cell);
    return QG_OK;
}

/* Times are of one run, and so is their change. */
static bool is_timing(const qg_table *t, int col)
{
    const qg_column *c = &t->column[col];
    if (col > 0 && strcmp(c->head, "change") == 0)
        return is_timing(t, col - 1);
    return c->unit &&
           (strcmp(c->unit, "ms") == 0 || strcmp(c->unit, "s") == 0 || strcmp(c->unit, "1/s") == 0);
}

static void number(const qg_page *p, const qg_column *c, double v)
{
    char text[64];
    qg_str_add(p->out, isnan(v) ? "–" : qg_table_number(text, sizeof text, c, v));
}

/* What stands in a cell of a table, as a link where it is of a cell of the study. */
static void linked(const qg_page *p, const qg_column *c, const qg_value *v, int cell, bool again)
{
    if (cell >= 0) {
        qg_str_addf(p->out, "<a href=\"#c%d\"%s", cell, again ? " tabindex=\"-1\"" : "");
        if (p->texts[cell] > 0)
            qg_str_addf(p->out, " title=\"n = %lld\"", (long long)p->texts[cell]);
        qg_str_add(p->out, ">");
    }
    if (v->text)
        qg_page_text(p, v->text);
    else
        number(p, c, v->number);
    if (cell >= 0)
        qg_str_add(p->out, "</a>");
}

/* Bytes are sorted by their number. */
static void class_of(const qg_page *p, const qg_table *t, int col, const qg_value *v, bool best)
{
    const qg_column *c = &t->column[col];
    char text[64];
    if (qg_table_is_numeric(t, col))
        qg_str_add(p->out, best ? " class=\"num best\"" : " class=\"num\"");
    else if (v && v->text && strlen(v->text) > LONG_TEXT)
        qg_str_add(p->out, " class=\"wrap\"");
    if (v && c->format == QG_BYTES && !v->text && !isnan(v->number))
        qg_str_addf(p->out, " data-v=\"%s\"", qg_table_exact_number(text, sizeof text, v->number));
    if (is_timing(t, col))
        qg_str_add(p->out, " data-timing");
}

static void head(const qg_page *p, const qg_table *t, int first)
{
    if (t->shape == QG_LIST)
        return;
    qg_str_add(p->out, "<thead><tr>");
    for (int col = first; col < t->n_columns; col++) {
        const qg_column *c = &t->column[col];
        qg_str_add(p->out, "<th scope=\"col\"");
        class_of(p, t, col, NULL, false);
        qg_str_add(p->out, ">");
        qg_page_text(p, c->head && c->head[0] ? c->head : t->title ? t->title : "name");
        if (c->unit) {
            qg_str_add(p->out, " <small>");
            qg_page_text(p, c->unit);
            qg_str_add(p->out, "</small>");
        }
        qg_str_add(p->out, "</th>");
    }
    qg_str_add(p->out, "</tr></thead>\n");
}

/* A row of a table; `best` of its values, or NULL. */
static qg_code body_row(const qg_page *p, const qg_table *t, int first, const qg_value *v,
                        const bool *best)
{
    int own = -1;
    const char *name = v[first].text ? v[first].text : "";
    for (int col = first; col < t->n_columns && own < 0; col++)
        if (v[col].text)
            QG_TRY(qg_page_find(&own, p, v[col].text, NULL));
    qg_str_add(p->out, "<tr");
    if (own >= 0 && p->r->cell[own].precision[0]) {
        qg_str_add(p->out, " data-p=\"");
        qg_page_text(p, p->r->cell[own].precision);
        qg_str_add(p->out, "\"");
    }
    qg_str_add(p->out, ">");
    for (int col = first; col < t->n_columns; col++) {
        const qg_column *c = &t->column[col];
        int cell = own;
        if (cell < 0 && col > first && (!v[col].text || v[col].text[0] != '-'))
            QG_TRY(qg_page_find(&cell, p, name, c->head));
        qg_str_add(p->out, col == first ? "<th scope=\"row\"" : "<td");
        class_of(p, t, col, &v[col], best[col]);
        qg_str_add(p->out, ">");
        linked(p, c, &v[col], cell, own >= 0 && col > first);
        if (v[col].significant)
            qg_str_add(p->out, "<abbr title=\"Holm p &lt; 0.05\">†</abbr>");
        qg_str_add(p->out, col == first ? "</th>" : "</td>");
    }
    qg_str_add(p->out, "</tr>\n");
    return QG_OK;
}

static void block_head(const qg_page *p, const qg_table *t, const char *name)
{
    qg_str_addf(p->out, "<tr class=\"block\"><th colspan=\"%d\" scope=\"rowgroup\">",
                t->n_columns - 1);
    qg_page_text(p, name ? name : "");
    qg_str_add(p->out, "</th></tr>\n");
}

static int64_t shown_rows(const qg_table *t)
{
    return t->n_rows <= MOST_ROWS ? t->n_rows : FIRST_ROWS;
}

static qg_code body(const qg_page *p, const qg_table *t)
{
    int first = t->blocks ? 1 : 0;
    const char *block = NULL;
    bool *best;
    QG_TRY(qg_table_best(&best, t));
    head(p, t, first);
    qg_str_add(p->out, "<tbody>\n");
    for (int64_t row = 0; row < shown_rows(t); row++) {
        const qg_value *v = t->value + row * t->n_columns;
        if (t->blocks && (!block || strcmp(block, v[0].text) != 0)) {
            qg_str_add(p->out, block ? "</tbody>\n<tbody>\n" : "");
            block = v[0].text;
            block_head(p, t, block);
        }
        QG_TRY(body_row(p, t, first, v, best + row * t->n_columns));
    }
    qg_str_add(p->out, "</tbody>\n");
    return QG_OK;
}

/* A table that is too large for the folder. */
static qg_code left_out(const qg_page *p, const qg_table *t, const qg_table_entry *e)
{
    qg_str_add(p->out, "<p class=\"note\">");
    qg_page_text(p, e->caption);
    qg_str_addf(p->out, " These are %lld rows: <code>qgrid export &#39;", (long long)t->n_rows);
    qg_page_text(p, p->r->path);
    qg_str_addf(p->out, "&#39; %s --format csv</code> prints them.</p>\n", e->name);
    return qg_str_status(p->out);
}

qg_code qg_page_table(const qg_page *p, const qg_table *t, const qg_table_entry *e)
{
    if (t->n_rows > QG_PAGE_ROWS)
        return left_out(p, t, e);
    qg_str_addf(p->out,
                "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"of-%s\">"
                "<table id=\"table-%s\"><caption id=\"of-%s\">",
                e->name, e->name, e->name);
    if (e->title && t->shape != QG_LIST) {
        qg_str_add(p->out, "<b>");
        qg_page_text(p, e->title);
        qg_str_add(p->out, "</b> ");
    }
    qg_page_text(p, e->caption);
    qg_str_addf(p->out,
                " <span class=\"files\"><a href=\"tables/%s.csv\">CSV</a> <a "
                "href=\"tables/%s.tex\">LaTeX</a></span>",
                e->name, e->name);
    if (shown_rows(t) < t->n_rows)
        qg_str_addf(p->out, " These are the first %lld of %lld rows.", (long long)shown_rows(t),
                    (long long)t->n_rows);
    qg_str_add(p->out, "</caption>\n");
    QG_TRY(body(p, t));
    qg_str_add(p->out, "</table></div>\n");
    return qg_str_status(p->out);
}

/* ---------------------------------------------------------------------------------------- figures
 */

/* A page that is too large is none: a figure for which it has no room lies beside it. */
enum { MOST_OF_ONE = 300000, MOST_OF_ALL = 2200000 };

static qg_code drawing(const qg_page *p, const qg_figure *f)
{
    size_t before = p->out->len;
    QG_TRY(qg_figure_svg(p->out, f));
    size_t bytes = p->out->len - before;
    if (bytes > MOST_OF_ONE || *p->drawn + bytes > MOST_OF_ALL) {
        p->out->len = before;
        qg_str_addf(p->out,
                    "<p><b>%s</b> is too large for this page: <a href=\"figures/%s.svg\">the "
                    "figure</a>.</p>",
                    f->title, f->name);
        return qg_str_status(p->out);
    }
    *p->drawn += bytes;
    return QG_OK;
}

static qg_code figure(const qg_page *p, const qg_figure *f)
{
    qg_str_addf(p->out, "<figure id=\"figure-%s\"%s><div class=\"scroll\">\n", f->name,
                f->of_timing ? " data-timing" : "");
    QG_TRY(drawing(p, f));
    qg_str_add(p->out, "</div><figcaption>");
    qg_page_text(p, f->caption);
    qg_str_addf(p->out,
                " <span class=\"files\"><a href=\"figures/%s.svg\">SVG</a> <a "
                "href=\"figures/%s.csv\">CSV</a></span></figcaption></figure>\n",
                f->name, f->name);
    return qg_str_status(p->out);
}

qg_code qg_page_figures(const qg_page *p, int section)
{
    for (const qg_figure_entry *e = qg_figure_entries; e->name; e++) {
        qg_figure f;
        if (e->section != section)
            continue;
        qg_mark mark = qg_arena_mark(p->r->arena);
        QG_TRY(qg_figure_read(&f, e, p->r));
        if (f.n_panels > 0)
            QG_TRY(figure(p, &f));
        qg_arena_release(p->r->arena, mark);
    }
    return QG_OK;
}
