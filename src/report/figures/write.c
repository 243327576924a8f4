/*
 * write.c - the files of all figures.
 */
#include "figure.h"

#include "qgrid/file.h"

typedef qg_code writer(qg_str *out, const qg_figure *f);

static qg_code write_as(const char *dir, const qg_figure *f, const char *suffix, writer *w)
{
    qg_str s = {0};
    char *name = qg_arena_printf(f->arena, "%s.%s", f->name, suffix);
    char *path = name ? qg_path_join(f->arena, dir, name) : NULL;
    qg_code rc = path ? w(&s, f) : QG_ENOMEM;
    if (rc == QG_OK)
        rc = qg_file_write(path, s.data, s.len);
    qg_str_fini(&s);
    return rc;
}

static qg_code write_figure(const char *dir, const qg_figure *f)
{
    QG_TRY(write_as(dir, f, "svg", qg_figure_svg));
    return write_as(dir, f, "csv", qg_figure_csv);
}

qg_code qg_figures_write(const char *dir, qg_reading *r)
{
    QG_TRY(qg_mkdirs(dir));
    for (const qg_figure_entry *e = qg_figure_entries; e->name; e++) {
        qg_figure f;
        qg_mark mark = qg_arena_mark(r->arena);
        QG_TRY(qg_figure_read(&f, e, r));
        if (f.n_panels > 0)
            QG_TRY(write_figure(dir, &f));
        qg_arena_release(r->arena, mark);
    }
    return QG_OK;
}
