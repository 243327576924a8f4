/*
 * folder.c - a report as a folder: the page, and what is beside it.
 */
#include "page.h"
#include "report/figures/figure.h"
#include "report/format.h"

#include "qgrid/file.h"

#include <string.h>

static int section_of(const char *id, size_t len)
{
    for (int s = 1; s < QG_SECTIONS; s++)
        if (strlen(qg_section_names[s].id) == len && memcmp(qg_section_names[s].id, id, len) == 0)
            return s;
    return QG_NO_SECTION;
}

/* Which sections are wanted. */
static qg_code choose(qg_page *p, const char *only)
{
    for (int s = 1; s < QG_SECTIONS && !only; s++)
        p->shown[s] = true;
    for (size_t len; only && only[0]; only += len + (only[len] == ',')) {
        len = strcspn(only, ",");
        int s = section_of(only, len);
        if (s == QG_NO_SECTION) {
            const char *names[QG_SECTIONS];
            char known[400];
            for (int i = 1; i < QG_SECTIONS; i++)
                names[i - 1] = qg_section_names[i].id;
            names[QG_SECTIONS - 1] = NULL;
            return QG_FAIL(QG_EUSAGE, "there is no section '%.*s'; sections are: %s", (int)len,
                           only, qg_join_names(known, sizeof known, names));
        }
        p->shown[s] = true;
    }
    return QG_OK;
}

static qg_code write_page(const char *dir, qg_page *p)
{
    const char *path = qg_path_join(p->r->arena, dir, "index.html");
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_page_write(p));
    return qg_file_write(path, p->out->data, p->out->len);
}

/* ------------------------------------------------------------------------------------------ tables
 */

/* Writes a table in all formats, or removes what an earlier report has left of it. */
static qg_code write_table(const char *dir, const qg_table *t, const qg_table_entry *e)
{
    bool kept = t->n_rows > 0 && t->n_rows <= QG_PAGE_ROWS;
    for (const qg_table_format *f = qg_table_formats; f->name; f++) {
        qg_str s = {0};
        char *name = qg_arena_printf(t->arena, "%s.%s", e->name, f->suffix);
        char *path = name ? qg_path_join(t->arena, dir, name) : NULL;
        qg_code rc = !path ? QG_ENOMEM : kept ? f->write(&s, t, e) : qg_remove(path);
        if (rc == QG_OK && kept)
            rc = qg_file_write(path, s.data, s.len);
        qg_str_fini(&s);
        QG_TRY(rc);
    }
    return QG_OK;
}

static bool is_of_file(const qg_table_entry *e)
{
    for (int s = 1; s < QG_SECTIONS; s++)
        if (qg_page_has(e, s))
            return true;
    return false;
}

qg_code qg_page_write_tables(const qg_page *p, const char *dir)
{
    qg_arena *a = p->r->arena;
    QG_TRY(qg_mkdirs(dir));
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        qg_table t;
        if (!is_of_file(e))
            continue;
        qg_mark mark = qg_arena_mark(a);
        QG_TRY(qg_table_read(&t, e, p->r, NULL));
        QG_TRY(write_table(dir, &t, e));
        qg_arena_release(a, mark);
    }
    return QG_OK;
}

static qg_code write_folder(const char *dir, qg_page *p)
{
    const char *tables = qg_path_join(p->r->arena, dir, "tables");
    const char *figures = qg_path_join(p->r->arena, dir, "figures");
    if (!tables || !figures)
        return QG_ENOMEM;
    QG_TRY(qg_page_write_tables(p, tables));
    QG_TRY(qg_figures_write(figures, p->r));
    QG_TRY(write_page(dir, p));
    return qg_page_write_crate(p, dir);
}

qg_code qg_report_write(const char *dir, qg_reading *r, const qg_report_wish *wish)
{
    qg_str out = {0};
    qg_page p = {.out = &out, .r = r, .wish = wish};
    QG_TRY(choose(&p, wish->only));
    QG_TRY(qg_mkdirs(dir));
    qg_code rc = write_folder(dir, &p);
    qg_str_fini(&out);
    return rc;
}
