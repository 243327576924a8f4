/*
 * cells.c - the index of cells: what each is, how many texts it has, how to see all of it.
 */
#include "page.h"

#include "qgrid/units_read.h"

#include <string.h>

qg_code qg_page_count_texts(qg_page *p)
{
    qg_read_units u;
    QG_NEW(p->texts, p->r->arena, p->r->n);
    QG_TRY(qg_units_read(&u, p->r->store, p->r->arena));
    for (int i = 0; i < u.n; i++) {
        const qg_read_cell *c = qg_reading_cell(p->r, u.cell[i]);
        if (c)
            p->texts[c - p->r->cell] += u.count[i];
    }
    return QG_OK;
}

static qg_code one_cell(const qg_page *p, int i)
{
    const qg_read_cell *c = &p->r->cell[i];
    const char *why = qg_read_cell_why(p->r, c);
    if (!why)
        return QG_ENOMEM;
    qg_str_addf(p->out, "<tr id=\"c%d\"", i);
    if (c->precision[0]) {
        qg_str_add(p->out, " data-p=\"");
        qg_page_text(p, c->precision);
        qg_str_add(p->out, "\"");
    }
    qg_str_add(p->out, "><th scope=\"row\"><code>");
    qg_page_text(p, c->name);
    qg_str_add(p->out, "</code></th><td>");
    qg_page_text(p, c->kind);
    qg_str_add(p->out, "</td><td>");
    qg_page_text(p, qg_read_cell_state(c));
    if (p->texts[i] > 0)
        qg_str_addf(p->out, "</td><td class=\"num\">%lld</td><td>", (long long)p->texts[i]);
    else
        qg_str_add(p->out, "</td><td class=\"num\">–</td><td>");
    qg_page_text(p, why);
    qg_str_add(p->out, "</td></tr>\n");
    return QG_OK;
}

qg_code qg_page_cells(const qg_page *p)
{
    qg_str_add(p->out, "<section id=\"cells\" aria-labelledby=\"h-cells\">\n"
                       "<h2 id=\"h-cells\">Cells</h2>\n<p>All numbers of a cell: <code>qgrid show "
                       "'");
    qg_page_text(p, p->r->path);
    qg_str_add(p->out,
               "' CELL</code>.</p>\n"
               "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"of-cells\">"
               "<table id=\"table-cells\"><caption id=\"of-cells\">Every cell of the study; texts "
               "are those that its numbers are of</caption>\n<thead><tr><th scope=\"col\">cell</th>"
               "<th scope=\"col\">kind</th><th scope=\"col\">state</th><th scope=\"col\" "
               "class=\"num\">texts</th><th scope=\"col\">why</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < p->r->n; i++)
        QG_TRY(one_cell(p, i));
    qg_str_add(p->out, "</tbody></table></div>\n</section>\n");
    return qg_str_status(p->out);
}
