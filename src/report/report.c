/*
 * report.c - which tables of the registry are printed for what.
 */
#include "format.h"

#include <string.h>

/* *n tables with heads have been printed before: an empty line separates those of a file. */
static qg_code print_table(int *n, FILE *to, const qg_table *t, int indent)
{
    qg_str s = {0};
    if (indent == 0 && t->shape != QG_LIST && (*n)++ > 0)
        qg_str_add(&s, "\n");
    qg_code rc = qg_table_text(&s, t, indent);
    if (rc == QG_OK)
        fputs(s.data, to);
    qg_str_fini(&s);
    return rc;
}

qg_code qg_report_print(FILE *to, qg_reading *r, const qg_read_cell *c, int use)
{
    int printed = 0;
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        qg_table t;
        if (!(e->use & use) || strcmp(e->kind, c ? c->kind : "") != 0)
            continue;
        qg_mark mark = qg_arena_mark(r->arena);
        QG_TRY(qg_table_read(&t, e, r, c));
        if (t.n_rows > 0)
            QG_TRY(print_table(&printed, to, &t, c ? 2 : 0));
        qg_arena_release(r->arena, mark);
    }
    return QG_OK;
}

qg_code qg_report_json(qg_str *out, qg_reading *r, const qg_read_cell *c, int use)
{
    int written = 0;
    qg_str_add(out, "[");
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        qg_table t;
        if (!(e->use & use) || strcmp(e->kind, c ? c->kind : "") != 0)
            continue;
        qg_mark mark = qg_arena_mark(r->arena);
        QG_TRY(qg_table_read(&t, e, r, c));
        if (t.n_rows > 0) {
            qg_str_add(out, written++ ? ",\n" : "");
            QG_TRY(qg_table_write_json(out, &t, e));
            out->len--; /* the end of its line */
        }
        qg_arena_release(r->arena, mark);
    }
    qg_str_add(out, "]");
    return qg_str_status(out);
}
