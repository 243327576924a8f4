/*
 * page.c - the page of a report, section by section.
 */
#include "page.h"

#include "qgrid/environment.h"

#include <string.h>

/* ------------------------------------------------------------------------------------- the frame
 */

static qg_code text_of(const char **out, const qg_page *p, const char *group, const char *name)
{
    char *text;
    QG_TRY(qg_store_attr_text(&text, p->r->store, p->r->arena, group, name));
    *out = text ? text : "";
    return QG_OK;
}

static void state_of_study(const qg_page *p)
{
    int open, done, failed;
    qg_reading_count(p->r, &open, &done, &failed);
    if (open + failed > 0)
        qg_str_addf(p->out,
                    "<p class=\"alert\" role=\"note\"><strong>This study is not complete.</strong> "
                    "%d of %d cells are done, %d failed, %d are open: what is missing reads “–”."
                    "</p>\n",
                    done, open + done + failed, failed, open);
}

static qg_code head(const qg_page *p)
{
    const char *job;
    QG_TRY(text_of(&job, p, "/", "job_name"));
    qg_str_add(p->out,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    qg_page_text(p, job);
    qg_str_add(p->out, ": report</title>\n<style>\n");
    qg_str_add(p->out, qg_page_style);
    qg_str_add(p->out, "</style>\n</head>\n<body>\n"
                       "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n<h1>");
    qg_page_text(p, job);
    qg_str_add(p->out, "</h1>\n");
    state_of_study(p);
    qg_str_add(p->out, "</header>\n<nav aria-label=\"Sections\">\n<ol>\n");
    for (int s = 1; s < QG_SECTIONS; s++)
        if (p->shown[s]) {
            qg_str_addf(p->out, "<li><a href=\"#%s\">", qg_section_names[s].id);
            qg_page_text(p, qg_section_names[s].title);
            qg_str_add(p->out, "</a></li>\n");
        }
    qg_str_add(p->out, "<li><a href=\"#cells\">Cells</a></li>\n</ol>\n</nav>\n"
                       "<main id=\"main\">\n");
    return QG_OK;
}

static void end(const qg_page *p)
{
    qg_str_add(p->out, "</main>\n<footer><p>Made by qgrid from the results file alone.</p></footer>"
                       "\n<script>\n");
    qg_str_add(p->out, qg_page_script);
    qg_str_add(p->out, "</script>\n</body>\n</html>\n");
}

/* ----------------------------------------------------------------------------------- its sections
 */

static qg_code tables_of(const qg_page *p, int section)
{
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        qg_table t;
        if (!(e->use & QG_SHOW) || e->kind[0] || section != QG_SECTION_QUALITY)
            continue;
        qg_mark mark = qg_arena_mark(p->r->arena);
        QG_TRY(qg_table_read(&t, e, p->r, NULL));
        if (t.n_rows > 0)
            QG_TRY(qg_page_table(p, &t, e));
        qg_arena_release(p->r->arena, mark);
    }
    return QG_OK;
}

static qg_code section(const qg_page *p, int s)
{
    const qg_section_name *name = &qg_section_names[s];
    qg_str_addf(p->out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">", name->id,
                name->id, name->id);
    qg_page_text(p, name->title);
    qg_str_add(p->out, "</h2>\n");
    QG_TRY(tables_of(p, s));
    qg_str_add(p->out, "</section>\n");
    return qg_str_status(p->out);
}

qg_code qg_page_write(qg_page *p)
{
    QG_TRY(qg_page_count_texts(p));
    QG_TRY(head(p));
    for (int s = 1; s < QG_SECTIONS; s++)
        if (p->shown[s])
            QG_TRY(section(p, s));
    QG_TRY(qg_page_cells(p));
    end(p);
    return qg_str_status(p->out);
}
