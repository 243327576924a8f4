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
    QG_TRY(write_as(dir, f, "csv", qg_figure_csv));
    QG_TRY(write_as(dir, f, "numbers.csv", qg_figure_numbers));
    return write_as(dir, f, "tex", qg_figure_pgfplots);
}

/* A page as large as the figure; nothing in it depends on the day. */
static const char MAKEFILE[] =
    "# PDFs of the figures, for a paper or a slide: make, or make NAME.pdf\n"
    "TEX = $(wildcard *.tex)\n"
    "PAGE = \\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{pgfplots}"
    "\\pdfinfoomitdate=1 \\pdftrailerid{}\\pdfsuppressptexinfo=-1 "
    "\\begin{document}\\hsize=150mm\\textwidth\\hsize\\linewidth\\hsize\\parindent=0pt "
    "\\setbox0=\\vbox{\\input{$*.tex}}\\pdfhorigin=2mm\\pdfvorigin=2mm"
    "\\pdfpagewidth=154mm\\pdfpageheight=\\dimexpr\\ht0+\\dp0+4mm\\relax"
    "\\shipout\\box0\\end{document}\n\n"
    "all: $(TEX:.tex=.pdf)\n\n"
    "%.pdf: %.tex %.numbers.csv\n"
    "\t@if command -v pdflatex >/dev/null; then \\\n"
    "\t  SOURCE_DATE_EPOCH=0 FORCE_SOURCE_DATE=1 pdflatex -interaction=batchmode"
    " -halt-on-error -jobname '$*' '$(PAGE)' >/dev/null || { tail -n 20 '$*.log'; exit 1; }; \\\n"
    "\t  rm -f '$*.aux' '$*.log'; \\\n"
    "\telse echo '$@: not made, there is no pdflatex (Debian: texlive-latex-recommended,"
    " texlive-pictures)'; fi\n";

static qg_code write_makefile(const char *dir, qg_arena *a)
{
    char *path = qg_path_join(a, dir, "Makefile");
    return path ? qg_file_write(path, MAKEFILE, sizeof MAKEFILE - 1) : QG_ENOMEM;
}

qg_code qg_figures_write(const char *dir, qg_reading *r)
{
    QG_TRY(qg_mkdirs(dir));
    QG_TRY(write_makefile(dir, r->arena));
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
