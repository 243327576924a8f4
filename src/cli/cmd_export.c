/*
 * cmd_export.c - qgrid export: tables of a results file for other programs and for papers.
 */
#include "cli.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/report.h"

#include <string.h>

enum { OPT_ONLY = 256 };

// clang-format off
const qg_cli_option qg_cmd_export_options[] = {
    {'f', "format", "FORMAT", "text, csv, json, jsonl, markdown, latex or netcdf (csv, or as FILE ends); of cells: thermostat, predictions"},
    {OPT_ONLY, "only", "GLOB", "only what is about cells whose names match, e.g. 'finetuned_*/int8*'"},
    {'o', "output", "FILE", "write FILE, or into this folder a file for each table"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_export_examples[] =
    "  qgrid export results/full_matrix.h5\n"
    "  qgrid export results/full_matrix.h5 summary -o summary.csv\n"
    "  qgrid export results/full_matrix.h5 'stability*' -f latex -o tables/\n";
// clang-format on

typedef struct arguments {
    const char *file, *tables, *format, *only, *output;
} arguments;

/* The format whose suffix a file's name has; NULL: none. */
static const char *format_of(const char *path)
{
    const char *point = path ? strrchr(path, '.') : NULL;
    for (const char *const *f = qg_export_formats(); point && *f; f++)
        if (qg_export_suffix(*f) && strcmp(qg_export_suffix(*f), point + 1) == 0)
            return *f;
    return NULL;
}

static bool is_format(const char *name)
{
    const char *const *f = qg_export_formats();
    while (*f && strcmp(*f, name) != 0)
        f++;
    return *f != NULL;
}

/* -1 to go on, else an exit status. */
static int parse(arguments *a, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("export");
    char names[200];
    int key, status = -1;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == 'f')
            a->format = optarg;
        else if (key == 'o')
            a->output = optarg;
        else if (key == OPT_ONLY)
            a->only = optarg;
    }
    if (status >= 0)
        return status;
    if (argc - optind > 2)
        return qg_cli_usage(cmd, "a results file and a table are expected");
    if (a->format && !is_format(a->format) && !qg_export_cell_kind(a->format))
        return qg_cli_usage(cmd, "there is no format '%s': %s, thermostat, predictions", a->format,
                            qg_join_names(names, sizeof names, qg_export_formats()));
    if (a->output && !a->output[0])
        return qg_cli_usage(cmd, "--output needs a name");
    a->file = argc - optind > 0 ? argv[optind] : NULL;
    a->tables = argc - optind > 1 ? argv[optind + 1] : NULL;
    if (a->format && qg_export_cell_kind(a->format) && (a->tables || !a->file))
        return qg_cli_usage(
            cmd, "--format %s is of cells: a results file and --only GLOB, no table", a->format);
    if (!a->format)
        a->format = format_of(a->output);
    if (!a->format)
        a->format = a->tables ? "csv" : "text";
    return -1;
}

static qg_code put(const char *path, const qg_str *s)
{
    if (path)
        return qg_file_write(path, s->data ? s->data : "", s->len);
    if (s->data)
        fwrite(s->data, 1, s->len, stdout);
    return QG_OK;
}

static bool is_folder(const char *path)
{
    return path && (path[strlen(path) - 1] == '/' || qg_dir_exists(path));
}

/* One table, to standard output (path NULL) or into a file. */
static qg_code export_one(qg_reading *r, const arguments *a, const char *table, const char *path)
{
    qg_str s = {0};
    int64_t rows = 0;
    qg_code rc = qg_export_table(&s, &rows, r, table, a->format);
    if (rc == QG_OK && rows == 0)
        qg_note("%s: the table %s has no rows%s", a->file, table,
                a->only ? " for these cells" : " in this file");
    if (rc == QG_OK)
        rc = put(path, &s);
    qg_str_fini(&s);
    return rc;
}

/* Every table that has rows, in a file of its own. */
static qg_code export_into(qg_reading *r, const arguments *a, const char *const *table, int n)
{
    int written = 0;
    QG_TRY(qg_mkdirs(a->output));
    for (int i = 0; i < n; i++) {
        qg_str s = {0};
        int64_t rows = 0;
        const char *path =
            qg_arena_printf(r->arena, "%s/%s.%s", a->output, table[i], qg_export_suffix(a->format));
        qg_code rc = path ? qg_export_table(&s, &rows, r, table[i], a->format) : QG_ENOMEM;
        if (rc == QG_OK && rows > 0)
            rc = put(path, &s);
        qg_str_fini(&s);
        QG_TRY(rc);
        written += rows > 0;
    }
    printf("%d of %d tables have rows: %s\n", written, n, a->output);
    return QG_OK;
}

static qg_code export_tables(qg_reading *r, const arguments *a)
{
    const char *const *table;
    int n;
    QG_TRY(qg_export_names(&table, &n, r->arena, a->tables));
    if (is_folder(a->output))
        return export_into(r, a, table, n);
    if (n > 1)
        return QG_FAIL(QG_EUSAGE,
                       "'%s' matches %d tables: a folder for their files is expected, -o DIR/",
                       a->tables, n);
    return export_one(r, a, table[0], a->output);
}

/* EXPERIMENT.PRECISION.METHOD.SUFFIX in the folder. */
static const char *path_of_cell(qg_arena *arena, const arguments *a, const char *cell)
{
    char *name = qg_arena_printf(arena, "%s", cell);
    for (char *p = name; p && *p; p++)
        *p = *p == '/' ? '.' : *p;
    return name ? qg_arena_printf(arena, "%s/%s.%s", a->output, name,
                                  qg_export_cell_suffix(a->format))
                : NULL;
}

static qg_code export_cell(qg_reading *r, const arguments *a, const qg_read_cell *c,
                           const char *path)
{
    qg_str s = {0};
    qg_mark mark = qg_arena_mark(r->arena);
    qg_code rc = qg_export_cell(&s, r, c, a->format);
    if (rc == QG_OK)
        rc = put(path, &s);
    qg_str_fini(&s);
    if (rc == QG_OK)
        qg_arena_release(r->arena, mark);
    return rc;
}

/* All done cells of the format's kind: one as it was asked for, several into a folder. */
static qg_code export_cells(qg_reading *r, const arguments *a)
{
    const char *kind = qg_export_cell_kind(a->format);
    const qg_read_cell *one = NULL;
    int n = 0;
    for (int i = 0; i < r->n; i++) {
        if (strcmp(r->cell[i].kind, kind) != 0 || r->cell[i].state != QG_STATE_DONE)
            continue;
        one = &r->cell[i];
        n++;
    }
    if (n == 0)
        return QG_FAIL_AT(QG_EUSAGE, r->path, 0, 0, NULL, "has no cell of kind %s that is done%s",
                          kind, a->only ? " among these" : "");
    bool folder = is_folder(a->output);
    if (n > 1 && !folder)
        return QG_FAIL(
            QG_EUSAGE,
            "%d cells: choose one with --only, or name a folder for their files, -o DIR/", n);
    if (!folder)
        return export_cell(r, a, one, a->output);
    QG_TRY(qg_mkdirs(a->output));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (strcmp(c->kind, kind) != 0 || c->state != QG_STATE_DONE)
            continue;
        const char *path = path_of_cell(r->arena, a, c->name);
        QG_TRY(path ? export_cell(r, a, c, path) : QG_ENOMEM);
    }
    printf("%d files: %s\n", n, a->output);
    return QG_OK;
}

static qg_code list_tables(qg_arena *arena, qg_reading *r, const arguments *a)
{
    qg_str s = {0};
    qg_code rc = qg_export_list(&s, arena, r, a->format);
    if (rc == QG_OK)
        rc = put(a->output, &s);
    qg_str_fini(&s);
    return rc;
}

static qg_code export_file(qg_arena *arena, const arguments *a)
{
    qg_reading r, part;
    QG_TRY(qg_reading_open(&r, arena, a->file));
    qg_code rc = qg_reading_note(&r);
    part = r;
    if (rc == QG_OK && a->only)
        rc = qg_reading_only(&part, &r, a->only);
    if (rc == QG_OK && part.n == 0)
        rc = QG_FAIL_AT(QG_EUSAGE, r.path, 0, 0, NULL, "'%s' matches none of its %d cells",
                        a->only ? a->only : "*", r.n);
    if (rc == QG_OK)
        rc = a->tables                        ? export_tables(&part, a)
             : qg_export_cell_kind(a->format) ? export_cells(&part, a)
                                              : list_tables(arena, &part, a);
    if (rc == QG_OK)
        rc = qg_store_damage(r.store);
    qg_error kept = *qg_error_last();
    qg_reading_close(&r);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

int qg_cmd_export(int argc, char **argv)
{
    arguments a = {0};
    int status = parse(&a, argc, argv);
    if (status >= 0)
        return status;
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return qg_cli_fail();
    qg_code rc = a.file ? export_file(arena, &a) : list_tables(arena, NULL, &a);
    status = rc == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    qg_arena_destroy(arena);
    return qg_cli_flush(status);
}
